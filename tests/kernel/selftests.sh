#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selftests.sh DIR - run the kselftests that were installed into DIR, on the
# stock kernel, with the modules that were built for it
#
# They find the modules as on any machine: by modprobe.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/arch.sh"

KVER=$("$TOP/tests/vm/kernel.sh")
export KVER
KO=$BUILD/modules/$KVER/drivers/fpgabuf
STAGE=$BUILD/selftests
MODULES=lib/modules/$KVER
LOG=$BUILD/log/selftests.kernel.log

# What modprobe shall find in the guest
stage_modules() {
  local word path rest

  rm -rf "$STAGE"
  mkdir -p "$STAGE/$MODULES"
  cp "$KROOT/$MODULES"/modules.{builtin,builtin.modinfo,order} \
    "$STAGE/$MODULES"
  modprobe -d "${KROOT:-/}" -S "$KVER" --show-depends vgem |
    while read -r word path rest; do
      [ "$word" != insmod ] || cp "$path" "$STAGE/$MODULES"
    done
  cp "$KO/fpgabuf.ko" "$KO/sim/fpgabuf-sim.ko" "$STAGE/$MODULES"
  depmod -b "$STAGE" "$KVER"
}

# add_files DIR GUEST: everything in DIR, into the array FILES
add_files() {
  local file

  while read -r file; do
    FILES+=(--file "$1/$file:$2/$file")
  done < <(cd "$1" && find . -type f -printf '%P\n')
}

# Its own timeout cannot do what the runner of kselftest wants.
in_guest() {
  FILES=(--file "$(program modprobe):/sbin/modprobe"
    --file "$(program timeout):/usr/bin/timeout"
    --file "$TOP/tests/kernel/selftests-guest.sh:/bin/selftests-guest")
  add_files "$1" /kselftest
  add_files "$STAGE/$MODULES" "/$MODULES"
  "$TOP/tests/vm/run.sh" --log "$LOG" --append init_on_alloc=0 \
    --timeout 900 "${FILES[@]}" -- selftests-guest
}

# verdict: all that are listed have passed, none was skipped, and what they say
# is TAP, which their runner puts behind a "#"
verdict() {
  awk -v wanted="$(wc -l <"$1/kselftest-list.txt")" '
    { print }
    NR == 1 && $0 != "TAP version 13" { bad = "it is not TAP" }
    /^(not )?ok / { programs += /^ok / && !/# SKIP/ }
    /^# 1\.\./ { planned += substr($2, 4) }
    /^# ok [0-9]+ / { tests++ }
    END {
      if (programs != wanted) bad = programs " of " wanted " programs passed"
      if (!tests || tests != planned) bad = tests " of " planned " tests passed"
      if (bad) print "FAIL - kselftest: " bad
      else print "ok - kselftest: " programs " programs, " tests " tests passed"
      exit bad != ""
    }'
}

[ $# -eq 1 ] || die "usage: selftests.sh DIR"
make -s --no-print-directory -C "$TOP" modules
stage_modules
in_guest "$1" | verdict "$1"
