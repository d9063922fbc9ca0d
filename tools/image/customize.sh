#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# customize.sh ROOT BOARD - make ROOT, with kernel, driver and tools in it, a system for
# BOARD, with the simulated FPGA: a hook of mmdebstrap

set -eu

root=$1
board=$2

in_root() {
  chroot "$root" "$@"
}

# lines FILE LINE...: a file of these lines
lines() {
  file=$root/$1
  shift
  mkdir -p "${file%/*}"
  printf '%s\n' "$@" >"$file"
}

lines etc/hostname "fpgabuf-$board"
lines etc/hosts '127.0.0.1 localhost' "127.0.1.1 fpgabuf-$board" '::1 localhost'
lines etc/locale.conf 'LANG=C.UTF-8'
lines etc/systemd/network/80-wired.network '[Match]' 'Type=ether' '' '[Network]' \
  'DHCP=yes'
# On a busy host an emulated machine is slower than any real one.
lines etc/systemd/system.conf.d/patience.conf '[Manager]' \
  'DefaultTimeoutStartSec=15min' 'DefaultDeviceTimeoutSec=15min'
lines etc/systemd/system/systemd-networkd-wait-online.service.d/patience.conf \
  '[Service]' 'ExecStart=' \
  'ExecStart=/lib/systemd/systemd-networkd-wait-online --timeout=900'
sed -i 's/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 600/' "$root/etc/login.defs"
lines etc/modules-load.d/fpgabuf.conf fpgabuf fpgabuf-sim
# Each machine makes its own.
: >"$root/etc/machine-id"

in_root ldconfig
# What they are linked with is for build.sh to install.
for program in "$root"/usr/bin/fpgabuf-*; do
  if in_root ldd "/usr/bin/${program##*/}" | grep 'not found'; then
    exit 1
  fi
done
in_root systemd-sysusers
in_root systemctl enable systemd-networkd
in_root useradd --create-home --shell /bin/bash --groups fpgabuf,sudo fpga
echo 'fpga:fpga' | in_root chpasswd
# A password that everybody knows is good for the first login alone.
in_root chage --lastday 0 fpga
