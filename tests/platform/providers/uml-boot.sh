#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# uml-boot.sh VERSION ROW - run the suite "provider" for a row of
# tests/driver/provider-bed.c, in the user-mode Linux that uml.sh builds
#
# Exit code: 0 if all tests passed and the kernel log has nothing that should not
# be there; it is in .build/log/provider-VERSION-ROW.log.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/initramfs.sh"

[ $# -eq 2 ] || die "usage: uml-boot.sh VERSION ROW"
VERSION=$1
ROW=$2
DIR=$BUILD/providers
LINUX=$DIR/uml-$VERSION/um/linux
LOG=$BUILD/log/provider-$VERSION-$ROW.log
TIMEOUT=240

# Of a provider and its copy with fixes one comes up.
case $ROW in
*-fixed) FIXED=1 ;;
*) FIXED=0 ;;
esac

[ -x "$LINUX" ] || die "no $LINUX; tests/platform/providers/uml.sh $VERSION builds it"

TMP=$(mktemp -d)
ROOT=$TMP/root
trap 'rm -rf "$TMP"' EXIT

pack() {
  initramfs_begin
  cp "$TOP/tests/platform/providers/uml-init" "$ROOT/init"
  add_file "$DIR/guest/guest-tests" /bin/guest-tests
  initramfs_end "$TMP/initrd"
}

mkdir -p "$BUILD/log"
pack
dtc -I dts -O dtb -o "$TMP/dtb" "$TOP/tests/platform/providers/uml/uml.dts"
# User-mode Linux cannot wait for files, so its lines are pipes.
mkfifo "$TMP/log" "$TMP/code"
cat "$TMP/log" >"$LOG" &
tr -d '\r' <"$TMP/code" >"$TMP/result" &
timeout "$TIMEOUT" "$LINUX" mem=448M con=null con0=null,fd:1 \
  ssl=null ssl1=null,fd:4 ssl2=null,fd:5 "dtb=$TMP/dtb" "initrd=$TMP/initrd" \
  "altera_msgdma.fixed=$FIXED" "PROVIDER=$ROW" </dev/null \
  4> >(tr -d '\r') >"$TMP/log" 2>&1 5>"$TMP/code" ||
  true
wait

result=$(cat "$TMP/result")
code=${result#exit }
if [ "$result" = "$code" ]; then
  echo "${0##*/}: the kernel ended before the tests did; see ${LOG#"$TOP"/}"
  code=1
fi
# The kernel says at boot that it has what the scan looks for.
"$TOP/tests/vm/scan-log.sh" "$LOG" || code=1
exit "$code"
