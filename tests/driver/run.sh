#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [SUITE[.TEST]...] - the guest tests, on kernels booted as they need them
#
# All of one call run in one boot.  "tests/run --list" knows the names.
#
# FPGABUF_QUICK=1: with fewer repetitions
# FPGABUF_THOROUGH=1: with more of them, where that takes many minutes
# REPEAT=N: all N times, until one fails
# GDB=DIR: QEMU listens to gdb at DIR/socket, and the tests begin when there is a
# line in DIR/begin, a FIFO

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/arch.sh"

KVER=$("$TOP/tests/vm/kernel.sh")
export KVER
echo "kernel: $KVER"
KO=$BUILD/modules/$KVER
COPIES=tests/driver/kmod/fpgabuf-test-copies.ko
# In Debian this is the daemon as well, it looks at its name.
UDEVADM=$(program udevadm)

# The debug kernel is slow, needs memory for itself, and is asked what it has
# seen when the tests have run.  COVERAGE=1: the programs were built to count
# what they execute.  Both write that to the last disk.
PATIENCE=1
WRAPPER=
WRAPPER_ARGS=()
case $KVER in
*-debug-*)
  PATIENCE=3
  WRAPPER=debug-run
  WRAPPER_OPTIONS=(--mem 1G --append 'page_poison=1 cma=64M')
  COVERAGE_DIR=$BUILD/debug/coverage
  FPGABUF_QUICK=1
  echo 'This kernel is slow: of large regions only the last MiB is sent'
  ;;
*)
  if [ -n "${COVERAGE:-}" ]; then
    WRAPPER=coverage-run
    WRAPPER_OPTIONS=()
    OBJ=$BUILD/coverage
    COVERAGE_DIR=$OBJ/guest
  fi
  ;;
esac

if [ -n "${FPGABUF_QUICK:-}" ]; then
  echo 'quick: what a test does 100 times or more is done a tenth as often (what'
  echo 'loads or unbinds drivers: a third)'
fi

make -s --no-print-directory -C "$TOP" modules
make -s -C "$TOP/tests/driver" O="$OBJ/guest" "${CROSS[@]}"

# wrapper_options LOG: into the array OPTIONS
wrapper_options() {
  local disk

  if [ -z "$WRAPPER" ]; then
    return
  fi
  disk=$COVERAGE_DIR/$1.tar
  mkdir -p "$COVERAGE_DIR"
  rm -f "$disk"
  truncate -s 16M "$disk"
  OPTIONS+=("${WRAPPER_OPTIONS[@]}" --disk "$disk"
    --file "$TOP/tests/driver/$WRAPPER:/bin/$WRAPPER")
}

# guest LOG OPTION... -- COMMAND [ARGUMENT...]: boot, run the tests
guest() {
  local name=$1

  shift
  OPTIONS=()
  while [ "$1" != -- ]; do
    OPTIONS+=("$1")
    shift
  done
  shift
  wrapper_options "$name"
  # Not every kernel can count copies.
  if [ -e "$KO/$COPIES" ]; then
    OPTIONS+=(--ko "$KO/$COPIES")
  fi
  # Nor is FFTW there for every architecture.
  if [ -e "$OBJ/guest/tools/fpgabuf-scope" ]; then
    OPTIONS+=(--file "$OBJ/guest/tools/fpgabuf-scope")
  fi
  "$TOP/tests/vm/run.sh" --log "$OBJ/log/$name.kernel.log" \
    --net pair --module vgem \
    --ko "$KO/drivers/fpgabuf/fpgabuf.ko" \
    --ko "$KO/drivers/fpgabuf/sim/fpgabuf-sim.ko" \
    --ko "$KO/drivers/fpgabuf/user/fpgabuf-user.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-remap.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-importer.ko" \
    --ko "$KO/tests/driver/kmod/fpgabuf-test-master.ko" \
    --file "$OBJ/guest/guest-tests" \
    --file "$OBJ/guest/tools/fpgabuf-send" \
    --file "$OBJ/guest/tools/fpgabuf-recv" \
    --file "$OBJ/guest/tools/fpgabuf-info" \
    --file "$OBJ/guest/tools/fpgabuf-doctor" \
    --file "$OBJ/guest/tools/fpgabuf-share" \
    --file "$OBJ/guest/capture-first" \
    --file "$OBJ/guest/capture-send" \
    --file "$OBJ/guest/capture-disk" \
    --file "$OBJ/guest/receive-frames" \
    --file "$OBJ/guest/user-master" \
    --file "$TOP/Documentation/examples/cyclone5-tcp.sh:/gallery/cyclone5-tcp.sh" \
    --file "$UDEVADM" --file "$UDEVADM:/bin/systemd-udevd" \
    --file "$TOP/tools/udev/60-fpgabuf.rules:/etc/udev/rules.d/60-fpgabuf.rules" \
    --file "$TOP/tools/udev/fpgabuf.sysusers.conf:/etc/fpgabuf.sysusers.conf" \
    "${OPTIONS[@]}" "${GDB_OPTIONS[@]}" -- ${WRAPPER:+"$WRAPPER"} "${WRAPPER_ARGS[@]}" "$@"
}

TESTS=(guest-tests)
[ -z "${REPEAT:-}" ] || TESTS+=(--repeat "$REPEAT")
GDB_OPTIONS=()
if [ -n "${GDB:-}" ]; then
  TESTS=(gdb-run "${TESTS[@]}")
  GDB_OPTIONS=(--file "$TOP/tests/driver/gdb-run" --input "$GDB/begin"
    --qemu-arg -gdb --qemu-arg "unix:$GDB/socket,server=on,wait=off"
    --accel tcg --timeout 86400)
fi

# Debian's kernels zero all memory when it is allocated; then nobody would
# notice if the driver did not.
stock() {
  guest guest --append init_on_alloc=0 --scratch-disk 16M \
    --timeout $((900 * PATIENCE * (${FPGABUF_THOROUGH:+3}+1))) \
    -- env "FPGABUF_SEED=${FPGABUF_SEED-}" \
    ${FPGABUF_QUICK:+"FPGABUF_QUICK=1"} \
    ${FPGABUF_THOROUGH:+"FPGABUF_THOROUGH=1"} "${TESTS[@]}" "$@"
}

bounced() {
  if [ "$ARCH" = armhf ] &&
    ! grep -qx CONFIG_ARM_LPAE=y "$KROOT/boot/config-$KVER"; then
    echo "skipped: suite sync, kernel $KVER sets up no swiotlb without CONFIG_ARM_LPAE"
    return
  fi
  guest guest-swiotlb --append swiotlb=force --scratch-disk 16M \
    --timeout $((300 * PATIENCE)) -- "${TESTS[@]}" "$@"
}

# When it gets no memory the debugging of DMA switches itself off, and says so:
# here it is off from the beginning.
injected() {
  if [ "$WRAPPER" != debug-run ]; then
    echo 'skipped: suite inject, only the debug kernel makes calls fail'
    return
  fi
  guest guest-inject --append dma_debug=off --timeout $((300 * PATIENCE)) \
    -- "${TESTS[@]}" "$@"
}

# A screen and a video output that keep what they are given, where the kernel has
# their drivers
staying() {
  local drivers=() screen

  if modprobe -d "${KROOT:-/}" -S "$KVER" -n vivid 2>/dev/null; then
    drivers+=(--module vivid)
  fi
  # Of bochs only newer ones import.
  for screen in cirrus bochs; do
    if modprobe -d "${KROOT:-/}" -S "$KVER" -n "$screen" 2>/dev/null; then
      drivers+=(--vga "$screen")
      break
    fi
  done
  # A quiet host needs a tenth; one with ten processes for each processor, 900 s.
  guest guest-standing "${drivers[@]}" --scratch-disk 16M \
    --timeout $((2700 * PATIENCE * (${FPGABUF_THOROUGH:+9}+1))) \
    -- env ${FPGABUF_QUICK:+"FPGABUF_QUICK=1"} \
    ${FPGABUF_THOROUGH:+"FPGABUF_THOROUGH=1"} "${TESTS[@]}" "$@"
}

# Devices that do not stop are of no use any more, until the next boot.
poisoned() {
  local WRAPPER_ARGS=()

  [ "$WRAPPER" != debug-run ] || WRAPPER_ARGS=(--stay)
  guest guest-poison --append init_on_alloc=0 --timeout $((300 * PATIENCE)) \
    -- "${TESTS[@]}" "$@"
}

# Needs drivers of screens, which not every kernel has.
showing() {
  local driver

  for driver in cirrus bochs; do
    modprobe -d "${KROOT:-/}" -S "$KVER" -n "$driver" 2>/dev/null || {
      echo "skipped: suite show, kernel $KVER has no driver $driver"
      return
    }
  done
  guest guest-show --vga cirrus --vga bochs --timeout 600 \
    --file "$OBJ/guest/tools/fpgabuf-show" -- "${TESTS[@]}" "$@"
}

# Needs a driver that gives a PCI device to programs.  The device's addresses have 28
# bits if nobody says otherwise.
driven() {
  modprobe -d "${KROOT:-/}" -S "$KVER" -n uio_pci_generic 2>/dev/null || {
    echo "skipped: suite uio, kernel $KVER has no driver uio_pci_generic"
    return
  }
  guest guest-uio --module uio_pci_generic --timeout $((600 * PATIENCE)) \
    --qemu-arg -device --qemu-arg edu,dma_mask=0xffffffff \
    --file "$OBJ/guest/tools/fpgabuf-uio" \
    --file "$TOP/tests/driver/edu.master:/edu.master" \
    -- "${TESTS[@]}" "$@"
}

# Python is that of this machine, with what the tests import, so it has a boot of its
# own.
scripted() {
  local line files=() package=$OBJ/guest/tools/python

  if [ "$ARCH" != amd64 ] || [ -n "$SYSROOT" ]; then
    echo "skipped: suite python, Python is only there for amd64"
    return
  fi
  if ! [ -e "$package/fpgabuf/_core.abi3.so" ]; then
    echo "skipped: suite python, python3-dev is not there"
    return
  fi
  while read -r line; do
    files+=(--file "$line")
  done < <("$TOP/tests/vm/python.sh" "$package")
  guest guest-python "${files[@]}" --timeout $((900 * PATIENCE)) \
    --file "$TOP/tests/driver/python/guest.py:/python/guest.py" \
    --file "$TOP/Documentation/examples/capture-numpy.py:/python/capture-numpy.py" \
    --file "$TOP/Documentation/examples/capture-async.py:/python/capture-async.py" \
    -- env ${FPGABUF_QUICK:+"FPGABUF_QUICK=1"} "${TESTS[@]}" "$@"
}

# GStreamer and SoapySDR are those of this machine as well.  GStreamer's libraries come
# with the programs; what it loads itself is here.
plugged() {
  local tools=$OBJ/guest/tools elements file

  for file in gst-client soapy-client; do
    if [ "$ARCH" != amd64 ] || ! [ -e "$OBJ/guest/$file" ]; then
      echo "skipped: suites gstreamer and soapysdr, the plugins were not built"
      return
    fi
  done
  for file in gst-launch-1.0 SoapySDRUtil; do
    (program "$file") >/dev/null 2>&1 || {
      echo "skipped: suites gstreamer and soapysdr, there is no $file"
      return
    }
  done
  elements=$(pkg-config --variable=pluginsdir gstreamer-1.0)/libgstcoreelements.so
  guest guest-plugins --timeout $((600 * PATIENCE)) \
    --file "$(program gst-launch-1.0)" --file "$(program SoapySDRUtil)" \
    --file "$tools/libfpgabuf.so.0:/lib/libfpgabuf.so.0" \
    --file "$elements:/plugins/libgstcoreelements.so" \
    --file "$tools/gstreamer/libgstfpgabuf.so:/plugins/libgstfpgabuf.so" \
    --file "$tools/soapysdr/libfpgabufSupport.so:/modules/libfpgabufSupport.so" \
    --file "$OBJ/guest/gst-client" --file "$OBJ/guest/soapy-client" \
    -- env GST_PLUGIN_SYSTEM_PATH=/plugins GST_REGISTRY=/tmp/registry \
    GST_REGISTRY_FORK=no SOAPY_SDR_PLUGIN_PATH=/modules "${TESTS[@]}" "$@"
}

# GNU Radio, which is large and there only if somebody has asked for it
radioed() {
  local tools=$OBJ/guest/tools line files=()

  if [ "$ARCH" != amd64 ] || ! [ -e "$tools/soapysdr/libfpgabufSupport.so" ]; then
    echo "skipped: suite gnuradio, the SoapySDR module was not built"
    return
  fi
  if ! /usr/bin/python3 -c 'import gnuradio.soapy' 2>/dev/null; then
    echo "skipped: suite gnuradio, gnuradio is not there"
    return
  fi
  while read -r line; do
    files+=(--file "$line")
  done < <("$TOP/tests/vm/python.sh" "$tools/python" gnuradio.blocks gnuradio.gr \
    gnuradio.soapy tempfile)
  guest guest-gnuradio "${files[@]}" --mem 2G --timeout $((900 * PATIENCE)) \
    --file "$tools/soapysdr/libfpgabufSupport.so:/modules/libfpgabufSupport.so" \
    --file "$TOP/tests/driver/plugins/flowgraph.py:/python/flowgraph.py" \
    -- env SOAPY_SDR_PLUGIN_PATH=/modules "${TESTS[@]}" "$@"
}

# A disk, and a slow one.  They are large, and hardly filled.
recorded() {
  local disks=$OBJ/guest/disks code=0 name

  for name in nvme ext4 vfat nls_cp437 nls_ascii; do
    modprobe -d "${KROOT:-/}" -S "$KVER" -n "$name" 2>/dev/null || {
      echo "skipped: suite record, kernel $KVER has no module $name"
      return
    }
  done
  for name in mkfs.ext4 mkfs.fat; do
    (program "$name") >/dev/null 2>&1 || {
      echo "skipped: suite record, there is no $name for $ARCH"
      return
    }
  done

  mkdir -p "$disks"
  rm -f "$disks"/*
  truncate -s 6G "$disks/fast"
  truncate -s 256M "$disks/slow"
  guest guest-record --module nvme --module ext4 --module vfat \
    --module nls_cp437 --module nls_ascii --timeout $((900 * PATIENCE)) \
    --qemu-arg -drive --qemu-arg "file=${disks//,/,,}/fast,format=raw,if=none,id=fast" \
    --qemu-arg -device --qemu-arg nvme,drive=fast,serial=fast \
    --qemu-arg -drive --qemu-arg "file=${disks//,/,,}/slow,format=raw,if=none,id=slow,throttling.bps-write=$((4 << 20))" \
    --qemu-arg -device --qemu-arg nvme,drive=slow,serial=slow \
    --file "$OBJ/guest/tools/fpgabuf-record" \
    --file "$TOP/Documentation/examples/zynq-record.sh:/gallery/zynq-record.sh" \
    --file "$(program mkfs.ext4)" --file "$(program mkfs.fat)" \
    -- env ${FPGABUF_QUICK:+"FPGABUF_QUICK=1"} \
    ${FPGABUF_THOROUGH:+"FPGABUF_THOROUGH=1"} "${TESTS[@]}" "$@" || code=$?
  rm -rf "$disks"
  return "$code"
}

# Those that are no PC have a device tree.
DT=()
if [ "$ARCH" != amd64 ]; then
  DT=(--dt "$TOP/tests/driver/backends.dtso")
fi

device_tree() {
  guest guest-dt --append init_on_alloc=0 "${DT[@]}" --timeout 300 \
    -- "${TESTS[@]}" "$@"
}

# A long way, whose milliseconds are the same on every host
planned() {
  guest guest-plan --icount --module sch_netem --timeout 600 \
    --file "$(program tc):/usr/local/sbin/tc" --file "$OBJ/guest/tools/fpgabuf-plan" \
    -- "${TESTS[@]}" "$@"
}

# Soft-RoCE for both NICs
by_rdma() {
  . "$TOP/tests/vm/rdma.sh"
  rdma_options >"$OBJ/rdma" || {
    echo "skipped: suite rdma, $(cat "$OBJ/rdma")"
    return
  }
  guest guest-rdma "${RDMA[@]}" \
    --timeout $((900 * PATIENCE * (${FPGABUF_THOROUGH:+9}+1))) \
    --file "$TOP/tests/driver/rdma-wire" --file "$OBJ/guest/rdma-deaf" \
    --file "$TOP/Documentation/examples/xdma-rdma.sh:/gallery/xdma-rdma.sh" \
    -- env ${FPGABUF_QUICK:+"FPGABUF_QUICK=1"} \
    ${FPGABUF_THOROUGH:+"FPGABUF_THOROUGH=1"} "${TESTS[@]}" "$@"
}

# For tests/soak/run.sh
soaked() {
  guest guest-soak --timeout $((FPGABUF_SOAK_SECONDS * 3 + 600)) \
    -- env "FPGABUF_SOAK_SECONDS=$FPGABUF_SOAK_SECONDS" "${TESTS[@]}" "$@"
}

# The time of an idle guest passes at once.
simulated() {
  guest guest-day --icount --timeout 14400 \
    --file "$OBJ/guest/tools/fpgabuf-record" \
    -- env "FPGABUF_DAY_HOURS=${FPGABUF_DAY_HOURS:-24}" "${TESTS[@]}" "$@"
}

PERF=(--file "$OBJ/guest/guest-perf")

# No tests: they print a table.
cost() {
  guest guest-cost "${PERF[@]}" --icount "${DT[@]}" --timeout 300 -- guest-perf cost
}

door() {
  guest guest-door "${PERF[@]}" --icount --timeout 900 -- guest-perf door
}

# No test either: prints figures for tests/perf/run.sh and upstream.sh, which receive
# what is sent.
bench() {
  local dt=()

  [ "$ARCH" = amd64 ] || dt=(--dt "$TOP/tests/perf/bench.dtso")
  guest guest-bench "${PERF[@]}" --icount --net user --nic vmxnet3 --timeout 1800 \
    "${dt[@]}" \
    -- env "FPGABUF_BENCH_PORT=$FPGABUF_BENCH_PORT" guest-perf "$@"
}

# Nor is this, it is for tests/perf/profile.sh.  The disk gets the addresses of
# all functions.
profile() {
  guest guest-profile "${PERF[@]}" --icount --net user --nic vmxnet3 --timeout 900 \
    --plugin "$FPGABUF_BENCH_DIR/profile.so,out=$FPGABUF_BENCH_DIR/blocks" \
    --disk "$FPGABUF_BENCH_DIR/symbols" \
    -- env "FPGABUF_BENCH_PORT=$FPGABUF_BENCH_PORT" guest-perf profile
}

# Nor this, for tests/perf/record.sh
recording() {
  local disk=$FPGABUF_BENCH_DIR/disk

  rm -f "$disk"
  truncate -s 1G "$disk"
  guest guest-recording "${PERF[@]}" --icount --timeout 1800 --module nvme --module ext4 \
    --plugin "$FPGABUF_BENCH_DIR/profile.so,out=$FPGABUF_BENCH_DIR/blocks" \
    --qemu-arg -drive --qemu-arg "file=${disk//,/,,},format=raw,if=none,id=disk" \
    --qemu-arg -device --qemu-arg nvme,drive=disk,serial=disk \
    --file "$OBJ/guest/tools/fpgabuf-record" --file "$(program mkfs.ext4)" \
    --file "$(program dd):/usr/local/sbin/dd" -- guest-perf recording
  rm -f "$disk"
}

# The same of the tools as they are installed, over netem
pipeline() {
  guest guest-pipeline "${PERF[@]}" --icount --net user --nic vmxnet3 --timeout 3600 \
    --plugin "$FPGABUF_BENCH_DIR/profile.so,out=$FPGABUF_BENCH_DIR/blocks" \
    --module sch_netem --file "$(program tc):/usr/local/sbin/tc" \
    -- env "FPGABUF_BENCH_PORT=$FPGABUF_BENCH_PORT" guest-perf "$@"
}

# Each boot, whatever came of those before it
all() {
  local code=0

  stock || code=$?
  bounced sync capture doctor_caches || code=$?
  injected inject || code=$?
  poisoned poison || code=$?
  showing show || code=$?
  staying standing || code=$?
  driven uio || code=$?
  scripted python || code=$?
  plugged gstreamer soapysdr || code=$?
  recorded record || code=$?
  by_rdma rdma || code=$?
  return "$code"
}

case ${1-} in
'') all ;;
show | show.*) showing "$@" ;;
standing | standing.*) staying "$@" ;;
uio | uio.*) driven "$@" ;;
python | python.*) scripted "$@" ;;
gnuradio | gnuradio.*) radioed "$@" ;;
gstreamer | gstreamer.* | soapysdr | soapysdr.*) plugged "$@" ;;
record | record.*) recorded "$@" ;;
sync | sync.* | doctor_caches | doctor_caches.*) bounced "$@" ;;
inject | inject.*) injected "$@" ;;
poison | poison.*) poisoned "$@" ;;
dt | dt.* | doctor_dt | doctor_dt.*) device_tree "$@" ;;
plan | plan.*) planned "$@" ;;
rdma | rdma.*) by_rdma "$@" ;;
soak) soaked "$@" ;;
day | day.*) simulated "$@" ;;
cost) cost ;;
door) door ;;
bench | upstream) bench "$@" ;;
profile) profile ;;
recording) recording ;;
pipeline | pipeline.*) pipeline "$@" ;;
*) stock "$@" ;;
esac
