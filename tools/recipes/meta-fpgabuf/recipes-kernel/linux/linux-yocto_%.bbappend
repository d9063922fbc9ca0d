# SPDX-License-Identifier: GPL-2.0-only
FILESEXTRAPATHS:prepend := "${FPGABUF_KERNEL}:"
SRC_URI += "file://fpgabuf.cfg"
