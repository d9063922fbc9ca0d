#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Zynq, AXI DMA, a recording with SigMF metadata on an NVMe disk
#
# In the FPGA: an AXI DMA with scatter-gather, whose stream has TLAST at the end of each
# capture.  Width of Buffer Length Register: 26.  In the device tree: the controller, and
# a capture node with dmas = <&axi_dma 1>.
#
# The disk is mounted at $FOLDER, with a file system that knows O_DIRECT.  Replay it:
#   fpgabuf-record --replay NAME.sigmf-meta --sigmf COPY
set -e
FOLDER=${FOLDER:-/data}
BYTES=${BYTES:-10G}

fpgabuf-record --bytes "$BYTES" --sigmf --datatype ci16_le --sample-rate 20000000 \
  "$FOLDER/capture"
ls -l "$FOLDER/capture.sigmf-data" "$FOLDER/capture.sigmf-meta"
