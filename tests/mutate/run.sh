#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [NAME...] - does anything notice?
#
# Each *.patch here is a mistake: what it is, and which test must see it.  The
# mistake is made in a copy of the driver, and the test must fail there; without
# the mistake it must pass.  NAME may have wildcards, such as 'kind-*'.
#
# "Seen by: kunit SUITE.TEST" is a test on user-mode Linux, tests/kernel/kunit.sh.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
cd "$TOP"

HERE=tests/mutate
DIR=$BUILD/mutate
COPY=$DIR/tree
LOG=$DIR/log
seen=0
unseen=0

# field NAME PATCH
field() {
  sed -n "s/^$1: //p" "$2"
}

# plant PATCH: the mistake, in the copy
plant() {
  rm -rf "$COPY"
  mkdir -p "$COPY/drivers"
  cp -r drivers/fpgabuf "$COPY/drivers/"
  patch -d "$COPY" -p1 -s --no-backup-if-mismatch <"$1"
}

# kunit LOG FILTER
kunit() {
  DRIVER=$COPY/drivers/fpgabuf tests/kernel/kunit.sh "$2" >"$1" 2>&1
}

# built LOG: a mistake that the compiler sees is none for a test
built() {
  grep -q '^  ok    build' "$1"
}

# mistake PATCH
mistake() {
  local name log by test code=0

  name=$(basename "$1" .patch)
  log=$LOG/$name.log
  read -r by test <<<"$(field 'Seen by' "$1")"
  [ "$by" = kunit ] || die "$1: no such kind of test: $by"
  if ! plant "$1" >"$log" 2>&1; then
    verdict "$name" 'the driver has changed, the patch does not apply'
    return
  fi
  kunit "$log" "$test" || code=$?
  if ! built "$log"; then
    verdict "$name" 'it does not build'
  elif [ "$code" -eq 0 ]; then
    verdict "$name" "$test passes with it"
  else
    verdict "$name" ''
  fi
}

# verdict NAME WHY: no reason means that it was seen
verdict() {
  local patch=$HERE/$1.patch

  if [ -z "$2" ]; then
    seen=$((seen + 1))
    echo "ok - $(field 'Seen by' "$patch") sees: $(field Mistake "$patch")"
  else
    unseen=$((unseen + 1))
    echo "FAIL - $1: $2"
  fi
}

# Without mistakes all must pass, or it would say nothing that one fails.
sound() {
  rm -rf "$COPY"
  mkdir -p "$COPY/drivers"
  cp -r drivers/fpgabuf "$COPY/drivers/"
  kunit "$LOG/sound.log" 'fpgabuf*' || {
    tail -n 20 "$LOG/sound.log" >&2
    die 'the tests fail without any mistake'
  }
}

patches() {
  local name

  for name in "${@:-*}"; do
    compgen -G "$HERE/$name.patch" || die "no mistake is called $name"
  done
}

mkdir -p "$LOG"
mapfile -t PATCHES < <(patches "$@")
[ ${#PATCHES[@]} -gt 0 ] || exit 1
echo "${#PATCHES[@]} mistakes; each takes some 15 seconds"
sound
for patch in "${PATCHES[@]}"; do
  mistake "$patch"
done
echo "$((seen * 100 / (seen + unseen))) % of the mistakes were seen"
echo "$seen passed, $unseen failed"
[ "$unseen" -eq 0 ]
