#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# pcie-guest.sh MODEL IOMMU - runs in the virtual machine that has the card: all
# tests of it, whatever came of those before
# pcie-guest.sh kexec IOMMU - runs there twice, the second time in the kernel that
# it has started the first time

set -eu

card=/sys/bus/pci/devices/0000:01:00.0
code=0

case $1 in
xdma)
  export PROVIDER=xdma BED=$card/resource2
  guest-tests pcie || code=1
  guest-tests provider || code=1
  # QEMU 11.1 falls over a card with MSI-X that is removed (it takes the pending
  # bits out of their BAR when that has gone), and here the card has MSI-X.
  [ "$2" = bare ] || guest-tests removal || code=1
  ;;
kexec)
  export PROVIDER=xdma BED=$card/resource2
  if grep -q fpgabuf_kexec /proc/cmdline; then
    guest-tests after_kexec || code=1
  else
    # The files of this machine are those that it was booted with.
    find / -xdev | cpio -o -H newc >/tmp/initramfs
    guest-tests kexec || code=1
  fi
  ;;
dwedma)
  export PROVIDER=dwedma BED=$card/resource4
  for module in dw-edma dw-edma-pcie fpgabuf fpgabuf-test-edma; do
    insmod "/lib/fpgabuf/$module.ko"
  done
  guest-tests provider || code=1
  ;;
esac
exit "$code"
