#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Cyclone V, a DMA master of your own, TCP
#
# In the FPGA: drivers/fpgabuf/rtl/fpgabuf_writer.v.  Its registers are behind the
# lightweight bridge, and it writes through an FPGA-to-SDRAM port.  In the device tree:
# a node with compatible = "generic-uio", its registers and its interrupt.
#
# On the machine that receives, before:
#   fpgabuf-recv --framed --output samples 0.0.0.0:5000
set -e
PEER=${PEER:-other:5000}
BYTES=${BYTES:-1G}

# SIMULATED=1: with whatever FPGA there is
if [ -z "$SIMULATED" ]; then
  modprobe uio_pdrv_genirq of_id=generic-uio
  modprobe fpgabuf-user alignment=8 address_bits=32
  fpgabuf-uio --uio /dev/uio0 writer &
  trap 'kill $!' EXIT # waits until the master is quiet
fi

fpgabuf-send --framed --bytes "$BYTES" "$PEER"
