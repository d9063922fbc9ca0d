# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Captures from an FPGA into dma-bufs: driver and simulated FPGA"
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://LICENSES/GPL-2.0;md5=e6a75371ba4d16749254a51215d13f97"

FILESEXTRAPATHS:prepend := "${FPGABUF_DIST}:"
SRC_URI = "file://fpgabuf-${PV}.tar.gz"

inherit module

# The folder in the tarball has no name of a recipe.
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/fpgabuf-${PV}"
B = "${S}"

# kbuild reads the Makefile at the top.
FPGABUF_KBUILD = " \
    -C ${STAGING_KERNEL_DIR} M=${S} \
    CONFIG_FPGABUF=m CONFIG_FPGABUF_SIM=m CONFIG_FPGABUF_USER=m \
"
MAKE_TARGETS = "${FPGABUF_KBUILD} modules"
MODULES_INSTALL_TARGET = "${FPGABUF_KBUILD} modules_install"

KERNEL_MODULE_AUTOLOAD += "fpgabuf"
RPROVIDES:${PN} += "kernel-module-fpgabuf"
