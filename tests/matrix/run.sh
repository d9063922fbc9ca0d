#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [CELL...] - the guest tests on all kernels, architectures and user
# spaces, and what else is about more than one; says at the end what passed where
#
# Repetitions within a test are fewer than in "make check", unless --thorough.
# What passed is not run again until something it depends on changes, so a run
# that was cut goes on where it was; --all runs everything.  The logs stay in
# .build/matrix.  --document writes table and reasons into Documentation/matrix.rst
# as well, if nothing failed.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/count.sh"
. "$TOP/tests/vm/page.sh"
cd "$TOP"

DIR=$BUILD/matrix
TABLE=Documentation/matrix.rst
AGAIN=
DOCUMENT=
QUICK=1
# Two lanes: those of one build in the same places.
LANE_PC=(amd64-6.1 amd64-5.10 amd64-6.12 amd64-7 i386-6.1 packages)
LANE_ARM=(arm64-6.1 armhf-armmp armhf-lpae pl330 zynq devicetree)
WANTED=()

usage() {
  cat <<EOF
Usage: run.sh [--all] [--thorough] [--document] [CELL...]
Cells: ${LANE_PC[*]} ${LANE_ARM[*]}
EOF
}

# in_cell CELL COMMAND...: with the environment that chooses its kernel
in_cell() {
  local cell=$1 root

  shift
  case $cell in
  amd64-6.1) env "$@" ;;
  amd64-*)
    root=$(tests/vm/amd64.sh "${cell#amd64-}") || return
    KROOT=$root env "$@"
    ;;
  i386-6.1) USERLAND=i386 env "$@" ;;
  arm64-6.1) ARCH=arm64 env "$@" ;;
  armhf-armmp | pl330) ARCH=armhf env "$@" ;;
  armhf-lpae) ARCH=armhf FLAVOUR=armmp-lpae env "$@" ;;
  zynq)
    root=$(tests/kernel/build.sh zynq) || return
    ARCH=armhf FLAVOUR=zynq KROOT=$root env "$@"
    ;;
  packages | devicetree) env "$@" ;;
  esac
}

# tests_of CELL
tests_of() {
  case $1 in
  packages) tests/package/deb/run.sh ;;
  pl330) tests/platform/pl330/run.sh ;;
  zynq) tests/platform/zynq/run.sh ;;
  devicetree) tests/platform/dt/run.sh ;;
  *) guest_tests "$1" ;;
  esac
}

# What the machines with a device tree have to be booted for anew
guest_tests() {
  local code=0

  in_cell "$1" env "FPGABUF_QUICK=$QUICK" tests/driver/run.sh || code=$?
  case $1 in
  arm*) in_cell "$1" tests/driver/run.sh dt doctor_dt || code=$? ;;
  esac
  return "$code"
}

# Everything that cells are made of, also what git does not know yet
inputs() {
  git ls-files -z -co --exclude-standard drivers uapi tools tests/driver \
    tests/kernel tests/lib tests/matrix tests/model tests/package \
    tests/platform tests/vm \
    Documentation/examples Documentation/devicetree Documentation/board.rst \
    Makefile | sort -zu |
    xargs -0 sha256sum | sha256sum
}

# state CELL: that, and the kernel
state() {
  echo "$INPUTS ${QUICK:-0} $(in_cell "$1" tests/vm/kernel.sh)"
}

# counts LOG: tests that passed, that failed, and things that were skipped
counts() {
  awk "$SKIPS"'
    $1 == "tests" && NF == 6 { passed += $4; failed += $5 }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# cell NAME: leaves NAME.log, and NAME.state if it passed
cell() {
  local log=$DIR/$1.log code=0 state begin passed failed skipped

  state=$(state "$1")
  if [ -z "$AGAIN" ] && [ "$(cat "$DIR/$1.state" 2>/dev/null)" = "$state" ]; then
    echo "ok - $1: has passed before"
    return
  fi
  rm -f "$DIR/$1.state"
  begin=$SECONDS
  tests_of "$1" >"$log" 2>&1 </dev/null || code=$?
  read -r passed failed skipped <<<"$(counts "$log")"
  if [ "$code" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]; then
    echo "$state" >"$DIR/$1.state"
    echo "ok - $1: $passed passed, $skipped skipped, $((SECONDS - begin)) s"
  else
    echo "FAIL - $1: $failed of $((passed + failed)) tests, exit code $code; see ${log#"$TOP"/}"
    grep -E 'FAILED|\.sh: ' "$log" | head -n 20 || :
  fi
}

# lane CELL...: one after the other
lane() {
  local name

  for name; do
    if [[ " ${WANTED[*]} " = *" $name "* ]]; then
      cell "$name"
    fi
  done
}

# kernel_of LOG: as the guest said it
kernel_of() {
  sed -n 's/^kernel: //p' "$1" | head -n 1
}

row() {
  printf '   %-18s %-30s %6s %6s %7s\n' "$@"
}

table() {
  local name passed failed skipped

  row '=================' '=============================' ====== ====== =======
  row cell kernel passed failed skipped
  row '=================' '=============================' ====== ====== =======
  for name in "${LANE_PC[@]}" "${LANE_ARM[@]}"; do
    [ -e "$DIR/$name.log" ] || continue
    read -r passed failed skipped <<<"$(counts "$DIR/$name.log")"
    row "$name" "$(kernel_of "$DIR/$name.log")" "$passed" "$failed" "$skipped"
  done
  row '=================' '=============================' ====== ====== =======
}

# Those that run the guest tests, by suite
suites() {
  local name logs=()

  for name in "${LANE_PC[@]}" "${LANE_ARM[@]}"; do
    case $name in
    *-*) [ ! -e "$DIR/$name.log" ] || logs+=("$DIR/$name.log") ;;
    esac
  done
  awk -f tests/matrix/suites.awk "${logs[@]}"
}

# What was skipped, once for each reason, with the cells, and how often if more than
# once there
reasons() {
  local name

  for name in "${LANE_PC[@]}" "${LANE_ARM[@]}"; do
    [ -e "$DIR/$name.log" ] || continue
    sed -nE "s/^ *skipped: (.*)/$name\t\\1/p" "$DIR/$name.log" |
      sed -E 's/passed$//'
  done | awk -F '\t' '
    !seen[$2]++ { reason[++reasons] = $2 }
    !times[$2, $1]++ { cells[$2] = cells[$2] " " $1 }
    END {
      for (i = 1; i <= reasons; i++) {
        text = "- " reason[i] ":"
        n = split(cells[reason[i]], cell, " ")
        for (j = 1; j <= n; j++) {
          often = times[reason[i], cell[j]]
          text = text (j > 1 ? ", " : " ") cell[j] (often > 1 ? " (" often ")" : "")
        }
        print text
      }
    }'
}

document() {
  {
    printf '.. table::\n\n'
    table
  } | write_part "$TABLE" matrix
}

while [ $# -gt 0 ]; do
  case $1 in
  --all) AGAIN=1 ;;
  --document) DOCUMENT=1 ;;
  --thorough) QUICK= ;;
  -h | --help)
    usage
    exit
    ;;
  *)
    [[ " ${LANE_PC[*]} ${LANE_ARM[*]} " = *" $1 "* ]] || {
      usage >&2
      exit 2
    }
    WANTED+=("$1")
    ;;
  esac
  shift
done

[ -z "$DOCUMENT" ] || [ ${#WANTED[@]} -eq 0 ] ||
  die "--document is for all cells, and you name some"
[ ${#WANTED[@]} -gt 0 ] || WANTED=("${LANE_PC[@]}" "${LANE_ARM[@]}")

mkdir -p "$DIR"
INPUTS=$(inputs)
{
  lane "${LANE_PC[@]}" &
  lane "${LANE_ARM[@]}"
  wait
} | tee "$DIR/result"

echo
table
echo
suites
echo
reasons
echo
passed=$(grep -c '^ok - ' "$DIR/result" || :)
# One that has not ended, as its lane was cut, is no success either.
wanted=$(printf '%s\n' "${WANTED[@]}" | sort -u | wc -l)
failed=$((wanted - passed))
if [ "$failed" -eq 0 ] && [ -n "$DOCUMENT" ]; then
  document
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
