#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [NAME...] - does anything notice?
#
# Each *.patch here is a mistake: what it is, and which test must see it.  The
# mistake is made in a copy of the sources, and the test must fail there; without
# the mistake it must pass.  NAME may have wildcards, such as 'kind-*'.
#
# "Seen by:" is one of these
#
#   kunit SUITE.TEST     a test on user-mode Linux, tests/kernel/kunit.sh
#   unit SUITE[.TEST]    one of tests/unit, or all of a suite
#
# "Hangs: yes": the test may as well never end.  "Unseen: why" is there instead of
# "Seen by:" where no test can see it.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
cd "$TOP"

HERE=tests/mutate
DIR=$BUILD/mutate
COPY=$DIR/tree
LOG=$DIR/log
JOBS=${JOBS:-$(nproc)}

# Where mistakes can be made, and what is needed to build and test that
PARTS=(drivers/fpgabuf tools uapi tests/lib tests/unit
  tests/driver/plugins)

# Seconds; a test of tests/unit that takes longer hangs.
PATIENCE=60

seen=0
unseen=0
failed=0

# field NAME PATCH
field() {
  sed -n "s/^$1: //p" "$2"
}

# The copy has no mistake.  What has not changed keeps its time, and is not built
# again.
refresh() {
  local file

  mkdir -p "$COPY"
  (cd "$COPY" && find . -type f) | while read -r file; do
    [ -e "$file" ] || rm "$COPY/$file"
  done
  find "${PARTS[@]}" -type f | while read -r file; do
    cmp -s "$file" "$COPY/$file" || install -D -m 644 "$file" "$COPY/$file"
  done
}

# plant PATCH: the mistake, in the copy.  It is made where it fits, not where it
# nearly does.
plant() {
  patch -d "$COPY" -p1 -s -F0 -r - --no-backup-if-mismatch <"$1"
}

# undo PATCH
undo() {
  sed -n 's,^+++ b/,,p' "$1" | while read -r file; do
    install -m 644 "$file" "$COPY/$file"
  done
}

# kunit LOG FILTER
kunit() {
  DRIVER=$COPY/drivers/fpgabuf tests/kernel/kunit.sh "$2" >"$1" 2>&1
}

# build_unit LOG: the compiler is to be quick
build_unit() {
  make -j"$JOBS" -C "$COPY/tests/unit" O="$DIR/unit" CFLAGS=-O0 >"$1" 2>&1
}

# run_unit LOG SUITE[.TEST]: 137 if it hangs
run_unit() {
  timeout -s KILL "$PATIENCE" "$DIR/unit/unit" "$2" >>"$1" 2>&1
}

# unit LOG SUITE[.TEST]
unit() {
  build_unit "$1" || return
  echo '  ok    build' >>"$1"
  run_unit "$@"
}

# built LOG: a mistake that the compiler sees is none for a test
built() {
  grep -q '^  ok    build' "$1"
}

# why_unseen PATCH LOG KIND TEST: says nothing if the test has seen it
why_unseen() {
  local code=0

  if ! plant "$1" >"$2" 2>&1; then
    echo 'the source has changed, the patch does not apply'
    return
  fi
  "$3" "$2" "$4" || code=$?
  if ! built "$2"; then
    echo 'it does not build'
  elif [ "$code" -eq 0 ]; then
    echo "$4 passes with it"
  elif [ "$code" -eq 137 ] && [ "$(field Hangs "$1")" != yes ]; then
    echo "$4 hangs with it"
  fi
}

# mistake PATCH
mistake() {
  local name log by test why

  name=$(basename "$1" .patch)
  log=$LOG/$name.log
  read -r by test <<<"$(field 'Seen by' "$1")"
  case $by in
  kunit | unit) why=$(why_unseen "$1" "$log" "$by" "$test") ;;
  '') why=$(only_planted "$1" "$log") ;;
  *) why="no such kind of test: $by" ;;
  esac
  undo "$1"
  verdict "$1" "$why"
}

# only_planted PATCH LOG: a mistake that no test sees
only_planted() {
  if [ -z "$(field Unseen "$1")" ]; then
    echo 'neither seen by a test, nor is there a reason'
  elif ! plant "$1" >"$2" 2>&1; then
    echo 'the source has changed, the patch does not apply'
  fi
}

# verdict PATCH WHY: no reason means that it was seen, or that it cannot be
verdict() {
  if [ -z "$2" ] && [ -n "$(field Unseen "$1")" ]; then
    unseen=$((unseen + 1))
    echo "unseen - $(field Mistake "$1") $(field Unseen "$1")"
  elif [ -z "$2" ]; then
    seen=$((seen + 1))
    echo "ok - $(field 'Seen by' "$1") sees: $(field Mistake "$1")"
  else
    failed=$((failed + 1))
    echo "FAIL - $(basename "$1" .patch): $2"
  fi
}

# tests_of KIND: those that the mistakes name
tests_of() {
  sed -n "s/^Seen by: $1 //p" "${PATCHES[@]}" | sort -u
}

# passes COMMAND LOG [TEST]: without mistakes a test must pass, or it would say
# nothing that it fails.
passes() {
  "$@" || {
    tail -n 20 "$2" >&2
    echo "without any mistake this fails: $1 ${*:3}" >&2
    return 1
  }
}

# All of KUnit at once, as it is the start of the kernel that takes long
sound() {
  local log=$LOG/sound.log tests test bad=0

  refresh
  [ -z "$(tests_of kunit)" ] || passes kunit "$log" 'fpgabuf*' || bad=1
  mapfile -t tests < <(tests_of unit)
  [ ${#tests[@]} -eq 0 ] || passes build_unit "$log" || return
  for test in "${tests[@]}"; do
    passes run_unit "$log" "$test" || bad=1
  done
  return "$bad"
}

patches() {
  local name

  for name in "${@:-*}"; do
    compgen -G "$HERE/$name.patch" || die "no mistake is called $name"
  done | sort -u
}

mkdir -p "$LOG"
mapfile -t PATCHES < <(patches "$@")
[ ${#PATCHES[@]} -gt 0 ] || exit 1
echo "${#PATCHES[@]} mistakes; each takes 5 seconds or, of the driver, some 15"
sound
for patch in "${PATCHES[@]}"; do
  mistake "$patch"
done
echo "$((seen * 100 / ${#PATCHES[@]})) % of the mistakes were seen; of $unseen it is known that they are not"
echo "$seen passed, $failed failed"
[ "$failed" -eq 0 ]
