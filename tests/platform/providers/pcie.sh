#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pcie.sh [KERNEL...] - capture through the DMA of PCIe cards
#
# The card is a program, card/, that the machine reaches through vfio-user.  On
# stock kernels of Debian, of tests/vm/amd64.sh, each with and without an IOMMU
# (VT-d), and with the kernel's own drivers of the card's DMA.  Prints the rows
# of these for the table of providers.
#
# DRIVER=folder takes the driver from another tree: it has drivers/fpgabuf and
# uapi below it.  MODELS=dwedma tests only that card, MODELS=xdma the other one.

set -euo pipefail
shopt -s inherit_errexit
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

[ $# -gt 0 ] || set -- 6.12 7
DRIVER=${DRIVER:-$TOP}
MODELS=${MODELS:-xdma dwedma}
DIR=$BUILD/providers
CARD=$DIR/card
FILE_SIZE=40M
# kexec boots twice.
TIMEOUT=480

TMP=$(mktemp -d)
PIDS=()
cleanup() {
  local pid

  for pid in "${PIDS[@]}"; do
    kill "$pid" 2>/dev/null || :
  done
  rm -rf "$TMP"
}
trap cleanup EXIT

# copy TREE FILE...: to where they are in TREE, below $KO.  A file that has not
# changed keeps its time, and is not built again.
copy() {
  local tree=$1 file

  shift
  for file; do
    mkdir -p "$KO/$(dirname "$file")"
    cmp -s "$tree/$file" "$KO/$file" || cp "$tree/$file" "$KO/$file"
  done
}

# The sources as they are, with Makefiles of their own
copy_sources() {
  local source

  source=$(tests/vm/source.sh "$(cut -d . -f 1,2 <<<"$KVER")")
  copy tests/platform/providers/kmod Makefile edma.c
  # shellcheck disable=SC2046 # names of files have no spaces
  copy "$DRIVER" $(cd "$DRIVER" && find drivers/fpgabuf uapi -type f)
  # shellcheck disable=SC2046
  copy "$source" $(cd "$source/drivers/dma" &&
    printf 'drivers/dma/%s ' dmaengine.h virt-dma.h xilinx/{Makefile,xdma*} \
      dw-edma/*)
}

modules() {
  copy_sources
  make -s -C "$KROOT/lib/modules/$KVER/build" M="$KO" CONFIG_FPGABUF=m \
    CONFIG_FPGABUF_XDMA=m CONFIG_XILINX_XDMA=m CONFIG_DW_EDMA=m \
    CONFIG_DW_EDMA_PCIE=m modules
}

build_card() {
  mkdir -p "$DIR"
  ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -o "$CARD" \
    tests/platform/providers/card/*.c
}

# start_card ARGUMENT...: when it has said so the machine can connect
start_card() {
  local ready=

  mkfifo "$TMP/ready"
  "$CARD" "$@" "$TMP/socket" "$TMP/file" >"$TMP/ready" &
  CARD_PID=$!
  PIDS=("$CARD_PID")
  exec 5<"$TMP/ready"
  read -r -t 10 -u 5 ready || :
  [ "$ready" = ready ] || die "the card does not start"
}

# machine IOMMU: arguments of run.sh for a machine with the card, into MACHINE_ARGS.
# A kernel that has a host to wait for would not trust its timer.
machine() {
  local args=(-object "memory-backend-memfd,id=ram,size=1G,share=on"
    -machine "q35,memory-backend=ram")

  MACHINE_ARGS=(--append no_timer_check)
  if [ "$1" = VT-d ]; then
    args+=(-machine kernel-irqchip=off
      -device "intel-iommu,caching-mode=on")
    MACHINE_ARGS+=(--append intel_iommu=on)
  fi
  args+=(-device "pcie-root-port,id=root-port,chassis=1"
    -device "{\"driver\": \"vfio-user-pci\", \"id\": \"card\",
      \"bus\": \"root-port\", \"x-no-posted-writes\": true,
      \"socket\": {\"type\": \"unix\", \"path\": \"$TMP/socket\"}}")
  for arg in "${args[@]}"; do
    MACHINE_ARGS+=(--qemu-arg "$arg")
  done
}

# guest TESTS IOMMU LOG: boot, and run the tests there.  One module is a file only, as
# what it depends on is none of the kernel's.  The kernel is what kexec starts.
guest() {
  local drivers=$KO/drivers

  tests/vm/run.sh --log "$3" --timeout "$TIMEOUT" --qemu "$PROGRAM" \
    "${MACHINE_ARGS[@]}" --qmp "$TMP/qmp" --disk "$TMP/file:ro" \
    --ko "$drivers/fpgabuf/fpgabuf.ko" \
    --ko "$drivers/fpgabuf/fpgabuf-xdma.ko" \
    --ko "$drivers/dma/xilinx/xdma.ko" --ko "$drivers/dma/dw-edma/dw-edma.ko" \
    --file "$drivers/dma/dw-edma/dw-edma-pcie.ko:/lib/fpgabuf/dw-edma-pcie.ko" \
    --ko "$KO/fpgabuf-test-edma.ko" \
    --file "$OBJ/guest/guest-tests" --file tests/platform/providers/pcie-guest.sh \
    --file "$KROOT/boot/vmlinuz-$KVER:/boot/vmlinuz" \
    -- pcie-guest.sh "$1" "$2"
}

# What QEMU says is not needed: the guest shows whether it did it.
remove_card() {
  printf '%s\n' '{"execute": "qmp_capabilities"}' \
    '{"execute": "device_del", "arguments": {"id": "card"}}' >"$TMP/qmp.in"
}

# verdict WHERE NAME RESULT: of a test in the guest
verdict() {
  case $3 in
  *passed)
    echo "ok - $1: $2"
    passed=$((passed + 1))
    ;;
  *)
    echo "FAIL - $1: $2"
    failed=$((failed + 1))
    ;;
  esac
}

# tests WHERE: reads what the guest says.  What a test prints stands between its
# name and its result.
tests() {
  local line name=

  while IFS= read -r line; do
    case $line in
    '  Test: '*' ...'*)
      name=${line#  Test: }
      line=${name##* ...}
      name=${name% ...*}
      ;;
    esac
    case $line in
    *passed | *FAILED)
      verdict "$1" "$name" "$line"
      name=
      ;;
    'table: '*) facts+=("$line") ;;
    'remove the card') remove_card ;;
    'Suite: '* | 'Run Summary:'* | *' CUnit '* | *sourceforge* | \
      'Elapsed time'* | '              suites'* | '               tests'* | \
      '             asserts'* | '') ;;
    *) printf '    %s\n' "${line#    }" ;;
    esac
  done
  [ -z "$name" ] || verdict "$1" "$name" 'did not end'
}

# boot_once MODEL IOMMU TESTS WHERE LOG: with MSI-X, or with MSI where an IOMMU
# remaps interrupts: else Linux takes one vector of it only
boot_once() {
  local code=0 msi=()

  rm -f "$TMP"/{socket,ready,out,qmp.in,qmp.out}
  mkfifo "$TMP"/{out,qmp.in,qmp.out}
  [ "$2" = bare ] || msi=(--msi)
  start_card "${msi[@]}" "$1"
  machine "$2"
  guest "$3" "$2" "$5" >"$TMP/out" 2>"$TMP/err" &
  PIDS+=($!)
  tests "$4" <"$TMP/out"
  wait "${PIDS[1]}" || code=$?
  return "$code"
}

# boot MODEL IOMMU [TESTS]
boot() {
  local code=0 tests=${3:-$1} where before=$failed log
  local tested=$((passed + failed))
  where="$KVER, $tests, $2"
  log=$OBJ/log/pcie-$KVER-$tests-$2.kernel.log

  boot_once "$1" "$2" "$tests" "$where" "$log" || code=$?
  # Nothing of ours has run yet, says run.sh.
  if [ "$code" -eq 126 ]; then
    cat "$TMP/err"
    wait "$CARD_PID" || :
    exec 5<&-
    code=0
    boot_once "$1" "$2" "$tests" "$where" "$log" || code=$?
  fi
  expect "$where: the machine ends" ended_well "$code" "$before" "$tested"
  expect "$where: its kernel has nothing to complain of" \
    tests/vm/scan-log.sh "$log"
  expect "$where: the card ends with it" wait "$CARD_PID"
  exec 5<&-
  PIDS=()
  if [ "$2" = VT-d ] && [ "$failed" -ne "$before" ]; then
    iommu[$1]=no
  fi
}

# ended_well CODE FAILED TESTED: with the numbers of before.  Tests that failed were
# told already, and the log is looked at next.
ended_well() {
  cat "$TMP/err"
  case $1 in
  0 | 124) [ $((passed + failed)) -gt "$3" ] ;;
  1) [ "$failed" -gt "$2" ] ;;
  *) false ;;
  esac
}

# Each fact once, if all boots agree on it
table() {
  local model

  for model in $MODELS; do
    facts+=("table: ${TITLES[$model]} | IOMMU | ${iommu[$model]-yes}")
  done
  printf '%s\n' "${facts[@]}" | awk '!seen[$0]++'
}

kernel() {
  local model machine

  KROOT=$(tests/vm/amd64.sh "$1")
  export KROOT
  KVER=$(tests/vm/kernel.sh)
  export KVER
  KO=$DIR/pcie-$KVER
  step "pcie-modules-$KVER" "build modules for $KVER" modules
  for machine in bare VT-d; do
    for model in $MODELS; do
      boot "$model" "$machine"
      [ "$model" = dwedma ] || boot xdma "$machine" kexec
    done
  done
  unset KROOT KVER
}

declare -A iommu
declare -A TITLES=([xdma]=XDMA [dwedma]='DesignWare eDMA')
facts=()
PROGRAM=$(tests/vm/qemu.sh)
step pcie-card 'build the card' build_card
make -s -C tests/driver O="$OBJ/guest" "${CROSS[@]}"
head -c "$FILE_SIZE" /dev/urandom >"$TMP/file"
for arg; do
  kernel "$arg"
done
table
summary
