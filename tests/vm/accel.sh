#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# accel.sh - print kvm or tcg: what QEMU is to run our kernel with
#
# A /dev/kvm that can be opened proves little: inside other virtual machines
# it may hang stock kernels.  So KVM is taken if a guest boots and ends with
# it, and the answer is kept for this kernel and this QEMU.

set -eu
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/arch.sh"

# A guest needs about 2 s with KVM.
PROBE_SECONDS=12

probe() {
  if [ "${QEMU##*-}" != "$(uname -m)" ] ||
    ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
    echo tcg
    return
  fi
  note "trying KVM, for at most $PROBE_SECONDS s"
  if "$TOP/tests/vm/run.sh" --accel kvm --timeout "$PROBE_SECONDS" -- true \
    >/dev/null 2>&1; then
    echo kvm
  else
    note "KVM does not boot our kernel here, emulating instead"
    echo tcg
  fi
}

KVER=$("$TOP/tests/vm/kernel.sh")
qemu=$("$QEMU" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')
cache=$BUILD/accel/$KVER-qemu-$qemu
if ! [ -s "$cache" ]; then
  mkdir -p "$BUILD/accel"
  answer=$(mktemp "$BUILD/accel/new.XXXXXX")
  probe >"$answer"
  mv "$answer" "$cache"
fi
cat "$cache"
