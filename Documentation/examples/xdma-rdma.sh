#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A PCIe card with XDMA, RDMA to another machine
#
# In the FPGA: Xilinx' DMA for PCIe with an AXI stream, which sends packets as long as a
# capture.  The kernel has CONFIG_XILINX_XDMA, and fpgabuf-xdma is installed.
#
# On the machine that receives, which has an RDMA device, too, before:
#   fpgabuf-recv --rdma --framed --output samples ADDRESS:5000
set -e
PEER=${PEER:-other:5000}
BYTES=${BYTES:-100G}
CARD=${CARD:-10ee 9024}

# SIMULATED=1: with whatever FPGA there is
if [ -z "$SIMULATED" ]; then
  modprobe fpgabuf-xdma
  echo "$CARD" >/sys/bus/pci/drivers/fpgabuf-xdma/new_id
fi

# Registered memory counts as locked.
# shellcheck disable=SC3045 # Debian's sh and busybox know it
ulimit -l unlimited
fpgabuf-send --engine rdma --framed --bytes "$BYTES" "$PEER"
