#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--built] [BOARD] - does the image of "make image" boot, and can a user of the
# group fpgabuf send what was captured in it?
#
# It boots by U-Boot, or where Debian has none for the board, as U-Boot would do it.  It is
# used by its console.  --built takes the image that is there.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
. "$TOP/tests/vm/receiver.sh"
. "$TOP/tests/platform/image/console.sh"
cd "$TOP"

BYTES=$((8 << 20))
PASSWORD=Sieben-auf-1-Streich
TOOLS=$BUILD/tools
BUILT=

# What is there has the sums that it shall have.
whole() {
  (cd "$DIR" && sha256sum --quiet -c SHA256SUMS) &&
    grep -F "kernel: $(sed -n 's/^kernel: //p' "$DIR/manifest")" "$DIR/manifest" &&
    grep -E '^  systemd [0-9]' "$DIR/manifest"
}

# boot_files IMAGE: what is to be booted, for a QEMU without the board's U-Boot
boot_files() {
  local start

  start=$(sfdisk --json "$1" |
    jq '.partitiontable | .partitions[0].start * .sectorsize') &&
    mcopy -s -i "$1@@$start" :: "$TMP/boot"
}

# card IMAGE: it in an SD card, whose size is a power of two
card() {
  qemu-img create -q -f qcow2 -b "$1" -F raw "$TMP/card" 2G
}

# extlinux KEY: what U-Boot would read
extlinux() {
  sed -n "s/^  $1 //p" "$TMP/boot/extlinux/extlinux.conf"
}

# machine BOARD: the arguments of QEMU, in QEMU
machine() {
  case $1 in
  virt-arm64)
    QEMU=(qemu-system-aarch64 -machine virt -cpu cortex-a72 -smp 2
      -bios /usr/lib/u-boot/qemu_arm64/u-boot.bin
      -drive "file=$IMAGE,format=raw,if=virtio,snapshot=on"
      -nic "user,model=virtio-net-pci")
    ;;
  vexpress-armhf)
    boot_files "$IMAGE"
    # The machine has a sound card, the host has none.  Its controller for SD cards moves
    # each word by the processor, so a disk is quicker.
    export QEMU_AUDIO_DRV=none
    QEMU=(qemu-system-arm -machine vexpress-a15 -smp 2
      -kernel "$TMP/boot/vmlinuz" -initrd "$TMP/boot/initrd.img"
      -dtb "$TMP/boot/$(extlinux fdt | tr -d /)" -append "$(extlinux append)"
      -drive "file=$IMAGE,format=raw,if=none,id=disk,snapshot=on"
      -device 'virtio-blk-device,drive=disk'
      -nic "user,model=lan9118")
    ;;
  zynq)
    boot_files "$IMAGE"
    card "$IMAGE"
    # QEMU does not start the second processor; the console is the second port.
    QEMU=(qemu-system-arm -machine xilinx-zynq-a9
      -kernel "$TMP/boot/vmlinuz" -initrd "$TMP/boot/initrd.img"
      -dtb "$TMP/boot/$(extlinux fdt | tr -d /)"
      -append "$(extlinux append) maxcpus=1"
      -drive "file=$TMP/card,if=sd" -serial null
      -nic "user,model=cadence_gem")
    ;;
  *) die "no machine for $1" ;;
  esac
  QEMU+=(-m 1G -nodefaults -no-user-config -no-reboot -display none -serial stdio)
}

logs_in() {
  hear 'login: ' && say fpga &&
    hear 'Password: ' && say fpga
}

# The known password opens the door once.
changes_password() {
  hear 'Current password: ' && say fpga &&
    hear 'New password: ' && say "$PASSWORD" &&
    hear 'Retype new password: ' && say "$PASSWORD" &&
    hear '\$ ' && hush
}

as_root() {
  ask "echo '$PASSWORD' | sudo -S -p '' $1"
}

all_running() {
  as_root 'systemctl is-system-running --wait' && return
  as_root 'systemctl --failed --no-legend --plain'
  as_root 'journalctl --boot --priority=warning --no-pager --lines=40'
  return 1
}

in_group() {
  ask 'id -nG' && grep -w fpgabuf <<<"$ANSWER" && ask '! id -u | grep -x 0'
}

owned() {
  ask "stat -L -c '%G %a' /dev/fpgabuf0 /dev/fpgabuf/by-path/*" &&
    [ "$(sort -u <<<"$ANSWER")" = 'fpgabuf 660' ]
}

units() {
  as_root "systemctl list-unit-files --no-legend 'fpgabuf-*'" || return
  for unit in record@.service recv@.service send@.service share@.service \
    share@.socket; do
    grep -F "fpgabuf-$unit" <<<"$ANSWER" || return
  done
}

version() {
  ask 'fpgabuf-info --version' &&
    grep -x "fpgabuf-info $(source_version)" <<<"$ANSWER"
}

sends() {
  ask "fpgabuf-send --bytes $BYTES --region-size 1M 10.0.2.2:$PORT"
}

# The simulated FPGA counts, in numbers of 64 bit.
expected() {
  perl -e 'print pack "Q<*", $_ * 512 .. $_ * 512 + 511 for 0 .. $ARGV[0] / 4096 - 1' \
    "$BYTES"
}

arrived() {
  wait_receivers && cmp "$TMP/received" <(expected)
}

clean_log() {
  as_root dmesg >/dev/null
  echo "$ANSWER" >"$TMP/dmesg"
  grep -F 'fpgabuf0 captures' "$TMP/dmesg" && tests/vm/scan-log.sh "$TMP/dmesg"
}

ends() {
  say "echo '$PASSWORD' | sudo -S -p '' reboot"
  machine_ends
}

# board NAME
board() {
  local begin=$SECONDS

  DIR=$BUILD/image/$1
  IMAGE=$DIR/fpgabuf-$1.img
  [ -n "$BUILT" ] || tools/image/build.sh "$1"
  machine "$1"
  start_receiver received 6000 --bytes "$BYTES" --verify --output "$TMP/received"
  expect "$1: the image is what its sums and its manifest say" whole
  console "$BUILD/log/image-$1.log" "${QEMU[@]}"
  expect "$1: it boots, and a user logs in" logs_in
  expect "$1: and has to choose a password" changes_password
  expect "$1: all of its services run" all_running
  expect "$1: the user is in the group, and not root" in_group
  expect "$1: udev gave the devices to the group" owned
  expect "$1: the units are installed" units
  expect "$1: the tools have the version of the sources" version
  expect "$1: $BYTES bytes are captured and sent" sends
  expect "$1: they arrived, byte for byte" arrived
  expect "$1: the kernel has nothing to complain" clean_log
  expect "$1: it ends" ends
  echo "$1: $((SECONDS - begin)) s, $(du -sh "$DIR" | cut -f 1) of the disk"
}

cleanup() {
  stop_receivers
  stop_machine
}

if [ "${1-}" = --built ]; then
  BUILT=yes
  shift
fi
scratch cleanup
make -s tools
mkdir -p "$BUILD/log"
board "${1:-virt-arm64}"
summary
