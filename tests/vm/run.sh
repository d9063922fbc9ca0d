#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - run a command as root in a fresh virtual machine

set -eu
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/arch.sh"
. "$TOP/tests/vm/initramfs.sh"

usage() {
  cat <<'EOF'
Usage: run.sh [options] -- COMMAND [ARGUMENT...]

Boots a stock kernel in QEMU, runs COMMAND there as root, shows what it prints
and exits with its exit code.

  --file HOST[:GUEST]   copy a file into the guest, with its libraries; GUEST
                        is /bin/NAME for an executable, /NAME for others
  --ko FILE             copy a module of ours to /lib/fpgabuf (not loaded)
  --module NAME         load a module of the stock kernel at boot
  --net user            a NIC 10.0.2.15; the host is 10.0.2.2
  --net pair            two NICs, wired together: eth0 10.77.0.1, and eth1
                        10.77.0.2 in the network namespace "peer"
  --nic MODEL           e1000e (default), or vmxnet3: faster, but its driver
                        copies the data of packets shorter than 128 bytes
  --vga MODEL           a screen: cirrus, whose driver shows memory of others,
                        or bochs, whose driver cannot
  --disk FILE[:ro]      /dev/vda, vdb, ... in order; serial disk0, disk1, ...
  --scratch-disk SIZE   the same, of zeros, gone afterwards
  --dt FILE             apply this source of a device tree overlay to the tree
                        of the machine (which ARCH=arm64 and armhf have); it
                        names its targets by their path.  With BOARD= it is no
                        overlay, but more source for the board's own tree
  --uart SOCKET         with BOARD=: what is written to this Unix socket comes
                        in at the first serial port
  --input FIFO          what COMMAND reads from its standard input; what is
                        written before COMMAND has printed a line may be lost
  --plugin FILE[,ARGS]  a plugin for QEMU's TCG, as -plugin takes it
  --qmp PATH            take commands for QEMU (QMP) from the FIFO PATH.in,
                        and answer in PATH.out
  --qemu PROGRAM        another QEMU than that of the machine
  --qemu-arg ARGUMENT   one more argument for QEMU; they come last, and in order
  --append ARGUMENTS    more arguments for the kernel
  --mem SIZE            memory (1G)
  --cpus N              processors (2)
  --timeout SECONDS     for everything (300)
  --log FILE            keep the kernel log here
  --accel kvm|tcg       instead of what accel.sh finds
  --icount              one emulated processor whose clock counts its
                        instructions: a nanosecond each

Exit code: that of COMMAND, or
  124  the command was happy, but scan-log.sh was not with the kernel log
  125  the guest died, or did not end in time
  126  QEMU's emulation broke the kernel before COMMAND began; without --input
       and --qmp this has been tried twice

Environment: KVER, KROOT, ARCH and FLAVOUR choose the kernel, see kernel.sh;
BOARD a machine without PCI, so without --vga and disks: arch.sh.
EOF
}

ACCEL=${ACCEL:-}
APPEND=
CPUS=2
DISKS=()
DT=
FILES=()
ICOUNT=()
INPUT=
KOS=()
LOG=
MEM=1G
NETS=()
NIC=e1000e
PLUGIN=()
QEMU_ARGS=()
QMP=()
STOCK=()
TIMEOUT=300
UART=(-chardev "null,id=uart")
VGAS=()
QEMU_PID=

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --help) usage && exit ;;
    --icount)
      ACCEL=tcg
      CPUS=1
      ICOUNT=(-icount "shift=0,sleep=off")
      shift
      continue
      ;;
    --) break ;;
    --*) [ $# -gt 1 ] || die "$1 needs an argument" ;;
    esac
    case $1 in
    --accel) ACCEL=$2 ;;
    --append) APPEND="$APPEND $2" ;;
    --cpus) CPUS=$2 ;;
    --disk) DISKS+=("$2") ;;
    --dt)
      [ "$ARCH" != amd64 ] || die "--dt: ARCH=amd64 has no device tree"
      DT=$2
      ;;
    --file) FILES+=("$2") ;;
    --input) INPUT=$2 ;;
    --ko) KOS+=("$2") ;;
    --log) LOG=$2 ;;
    --mem) MEM=$2 ;;
    --module) STOCK+=("$2") ;;
    --net)
      [[ $2 = user || $2 = pair ]] || die "--net $2? It is user or pair"
      NETS+=("$2")
      ;;
    --nic) NIC=$2 ;;
    --plugin) PLUGIN=(-plugin "$2") ;;
    --qemu) QEMU=$2 ;;
    --qemu-arg) QEMU_ARGS+=("$2") ;;
    --qmp)
      QMP=(-chardev "pipe,id=qmp,path=${2//,/,,}"
        -mon "chardev=qmp,mode=control")
      ;;
    --scratch-disk) DISKS+=("$(scratch "$2")") ;;
    --timeout) TIMEOUT=$2 ;;
    --uart)
      UART=(-chardev "socket,id=uart,path=${2//,/,,},server=on,wait=off")
      ;;
    --vga)
      [[ $2 = cirrus || $2 = bochs ]] || die "--vga $2? It is cirrus or bochs"
      VGAS+=("$2")
      ;;
    *) die "what is $1? See --help" ;;
    esac
    shift 2
  done
  [ $# -gt 1 ] || die "no command given. See --help"
  shift
  COMMAND=("$@")
  [ -z "$BOARD" ] || check_board
}

check_board() {
  [ $((${#DISKS[@]} + ${#VGAS[@]})) -eq 0 ] ||
    die "BOARD=$BOARD has no PCI for --vga or disks"
  [ ${#NETS[@]} -eq 0 ] || [ "${NETS[*]}" = "$BOARD_NETS" ] ||
    die "BOARD=$BOARD: --net can be ${BOARD_NETS:-nothing}"
}

# scratch SIZE: make an empty disk, print its file
scratch() {
  local file

  file=$(mktemp "$TMP/disk.XXXXXX")
  truncate -s "$1" "$file"
  echo "$file"
}

cleanup() {
  if [ -n "$QEMU_PID" ]; then
    kill "$QEMU_PID" 2>/dev/null || true
    wait "$QEMU_PID" || true
  fi
  rm -rf "$TMP"
}

make_initramfs() {
  local file host guest name

  ROOT=$TMP/root
  initramfs_begin
  if [ -z "$BOARD" ]; then
    add_module virtio_pci
    add_module virtio_blk
    add_module "$NIC"
  fi
  for name in "${STOCK[@]}" "${VGAS[@]}"; do
    add_module "$name"
  done
  for file in "${KOS[@]}"; do
    add_ko "$file"
  done
  for file in "${FILES[@]}"; do
    host=${file%%:*}
    guest=/${host##*/}
    [ ! -x "$host" ] || guest=/bin$guest
    case $file in *:*) guest=${file#*:} ;; esac
    add_file "$host" "$guest"
  done
  lines "$OUT_PORT" "$CODE_PORT" >"$ROOT/etc/vm/ports"
  echo "$END" >"$ROOT/etc/vm/end"
  lines "${NETS[@]}" >"$ROOT/etc/vm/nets"
  printf %s "$INPUT" >"$ROOT/etc/vm/input"
  lines "${MODULES[@]}" >"$ROOT/etc/vm/modules"
  quote "${COMMAND[@]}" >"$ROOT/etc/vm/command"
  initramfs_end "$TMP/initramfs"
}

lines() {
  [ $# -eq 0 ] || printf '%s\n' "$@"
}

# quote WORD...: the words as a line any shell reads back
quote() {
  local word

  for word; do
    printf "'%s' " "${word//\'/\'\\\'\'}"
  done
  echo
}

# The arguments of QEMU that depend on the options, into the array DEVICES
devices() {
  local disk file ro vga n=0

  DEVICES=()
  # In this order the pair gets the names eth0 and eth1, user the next one.
  # init tells NICs apart by their MAC addresses.
  if [[ " ${NETS[*]} " = *' pair '* ]]; then
    nic 02 hubport,id=pair0,hubid=0
    nic 03 hubport,id=pair1,hubid=0
  fi
  if [[ " ${NETS[*]} " = *' user '* ]]; then
    nic 01 user,id=user
  fi
  for disk in "${DISKS[@]}"; do
    ro=off
    file=$disk
    case $disk in *:ro) ro=on file=${disk%:ro} ;; esac
    # A comma ends the name, two stand for one.
    DEVICES+=(-drive "file=${file//,/,,},format=raw,if=none,id=disk$n,read-only=$ro"
      -device "virtio-blk-pci,drive=disk$n,serial=disk$n")
    n=$((n + 1))
  done
  # The model is also its name in QMP.
  for vga in "${VGAS[@]}"; do
    case $vga in
    cirrus) DEVICES+=(-device "cirrus-vga,id=cirrus") ;;
    bochs) DEVICES+=(-device "bochs-display,id=bochs") ;;
    esac
  done
}

# nic BYTE NETDEV: with BYTE the last of its MAC address.  Nothing boots from
# it, so it needs no ROM.
nic() {
  local id=${2#*id=} mac=52:54:00:fb:00:$1

  id=${id%%,*}
  DEVICES+=(-netdev "$2")
  if [ -n "$BOARD" ]; then
    DEVICES+=(-net "nic,netdev=$id,macaddr=$mac")
  else
    DEVICES+=(-device "$NIC,netdev=$id,mac=$mac,romfile=")
  fi
}

# Kernel arguments: end at the first oops, reboot (which ends QEMU) at once,
# and have patience with an emulated machine on a busy host.
KERNEL_ARGS="console=$LOG_PORT loglevel=7 printk.devkmsg=on panic=-1 oops=panic \
mitigations=off watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"

# arguments: those of QEMU, into the array ARGS
arguments() {
  devices
  # shellcheck disable=SC2054 # these commas are QEMU's
  ARGS=(-nodefaults -no-user-config -no-reboot -display none
    -machine "$MACHINE,accel=$ACCEL" -cpu "$CPU" -smp "$CPUS" -m "$MEM"
    -kernel "$KROOT/boot/vmlinuz-$KVER" -initrd "$TMP/initramfs"
    -append "$KERNEL_ARGS$MACHINE_ARGS$APPEND"
    -chardev "file,id=log,path=${LOG//,/,,}"
    -chardev stdio,id=out,signal=off
    -chardev "file,id=code,path=$TMP/code"
    "${PORTS[@]}" "${DEVICES[@]}" "${ICOUNT[@]}" "${PLUGIN[@]}"
    "${QMP[@]}")
  if [ -n "$BOARD" ]; then
    ARGS+=("${UART[@]}")
    board_tree
  elif [ -n "$DT" ]; then
    device_tree
  fi
  ARGS+=("${QEMU_ARGS[@]}")
}

# device_tree: have QEMU use its own device tree with the overlay in it.  What
# QEMU puts in depends on all the other arguments.
device_tree() {
  local complaints=$TMP/dt.err

  [ -r "$DT" ] || die "--dt: cannot read $DT"
  command -v fdtoverlay >/dev/null ||
    die "--dt: no device tree compiler; run tests/vm/deps.sh $ARCH"
  "$QEMU" "${ARGS[@]}" -machine "dumpdtb=$TMP/base.dtb" >"$complaints" 2>&1 ||
    die "--dt: QEMU gives no device tree: $(cat "$complaints")"
  # Its warnings count, but for one: an overlay has to repeat the cells of its
  # target, which are unnecessary where only children of children have a "reg".
  if ! dtc -I dts -O dtb -W no-avoid_unnecessary_addr_size \
    -o "$TMP/overlay.dtbo" "$DT" 2>"$complaints" || [ -s "$complaints" ]; then
    die "--dt: dtc complains: $(cat "$complaints")"
  fi
  fdtoverlay -i "$TMP/base.dtb" -o "$TMP/merged.dtb" "$TMP/overlay.dtbo" \
    2>"$complaints" ||
    die "--dt: fdtoverlay cannot apply $DT: $(cat "$complaints")"
  ARGS+=(-dtb "$TMP/merged.dtb")
}

# board_tree: have it use the board's, with the source behind it.  As an overlay
# that could not name nodes for properties: the tree came without symbols.
board_tree() {
  local base=$KROOT/usr/lib/linux-image-$KVER/$BOARD_DTB complaints=$TMP/dt.err

  [ -r "$base" ] || die "kernel $KVER has no $BOARD_DTB"
  [ -z "$DT" ] || [ -r "$DT" ] || die "--dt: cannot read $DT"
  # It would complain of much that it has itself made of the tree.
  { dtc -q -I dtb -O dts "$base" && cat ${DT:+"$DT"}; } |
    dtc -q -I dts -O dtb -o "$TMP/board.dtb" - 2>"$complaints" ||
    die "--dt: dtc complains: $(cat "$complaints")"
  ARGS+=(-dtb "$TMP/board.dtb")
}

# Seconds without a line in the log of a kernel that starts
SILENCE=${SILENCE:-100}

# watch_start: end a guest whose kernel hangs before it runs our init
watch_start() {
  local line lines status

  exec {lines}< <(tail --pid="$QEMU_PID" -n +1 -f "$LOG" 2>/dev/null)
  while :; do
    status=0
    IFS= read -r -t "$SILENCE" -u "$lines" line || status=$?
    if [ "$status" -gt 128 ]; then
      : >"$TMP/hung"
      kill "$QEMU_PID" 2>/dev/null || :
    fi
    [ "$status" -eq 0 ] || return 0
    [[ $line != *'Run /init as init process'* ]] || return 0
  done
}

timed_out() {
  [ "$QEMU_STATUS" -eq 124 ] || [ "$QEMU_STATUS" -eq 137 ]
}

# broken: QEMU's emulation broke the kernel before there was anything of ours.  It
# hung, or died of a breakpoint of its own: it puts one where it patches its code
# while other processors run, and TCG may let one of them meet it when the patch is
# complete.
broken() {
  [ "$ACCEL" = tcg ] || return 1
  ! grep -aq 'Run /init as init process' "$LOG" || return 1
  [ -e "$TMP/hung" ] || timed_out || grep -aq 'int3: 0000 \[#1\]' "$LOG"
}

boot() {
  arguments
  # The standard output goes through a pipe of our own because QEMU makes it
  # non-blocking, which others that share it would not expect.
  rm -f "$TMP/out"
  mkfifo "$TMP/out"
  cat "$TMP/out" &
  CAT_PID=$!
  # For reading and writing: else a FIFO would want somebody to write first.
  timeout -k 5 "$TIMEOUT" "$QEMU" "${ARGS[@]}" <>"${INPUT:-/dev/null}" \
    >"$TMP/out" 2>"$TMP/qemu.err" &
  QEMU_PID=$!
  QEMU_STATUS=0
  watch_start &
  wait "$QEMU_PID" || QEMU_STATUS=$?
  wait "$!"
  QEMU_PID=
  wait "$CAT_PID"
}

# why: how a guest ended that brought no exit code
why() {
  if timed_out; then
    echo "the guest did not end within $TIMEOUT s"
  elif [ -e "$TMP/hung" ]; then
    echo "the guest's kernel was silent for $SILENCE s before it ran our init"
  elif grep -q 'Kernel panic' "$LOG"; then
    echo "the guest's kernel panicked"
  elif [ "$QEMU_STATUS" -ne 0 ]; then
    echo "QEMU failed ($QEMU_STATUS): $(cat "$TMP/qemu.err")"
  else
    echo "the guest ended without an exit code"
  fi
}

# excerpt: where the trouble begins, or the end
excerpt() {
  local line

  line=$(grep -anEm 1 'cut here|BUG:|Oops|Kernel panic' "$LOG" | cut -d : -f 1)
  if [ -n "$line" ]; then
    tail -n "+$((line > 10 ? line - 10 : 1))" "$LOG" | head -n 40
  else
    tail -n 25 "$LOG"
  fi | tr -d '\r'
}

verdict() {
  local code file=$TMP/code

  [ "$CODE_PORT" != "$LOG_PORT" ] || file=$LOG
  code=$(tr -d '\r' <"$file" | sed -n 's/^exit \([0-9]*\)$/\1/p')
  if [ -z "$code" ]; then
    note "$(why); from its log:"
    excerpt >&2
    code=125
    ! broken || code=126
  fi
  if ! "$TOP/tests/vm/scan-log.sh" "$LOG" >&2 && [ "$code" -eq 0 ]; then
    code=124
  fi
  return "$code"
}

TMP=$(mktemp -d)
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

parse "$@"
LOG=${LOG:-$TMP/log}
mkdir -p "$(dirname "$LOG")"
: >"$LOG"
: >"$TMP/code"
for tool in "$QEMU" readelf; do
  command -v "$tool" >/dev/null || die "no $tool; see tests/vm/deps.sh"
done
KVER=$("$TOP/tests/vm/kernel.sh")
# The other machine makes the debug kernel interpret its slow ACPI tables.
case $KVER in *-debug-*) MACHINE=q35 ;; esac
ACCEL=${ACCEL:-$("$TOP/tests/vm/accel.sh")}
make_initramfs
boot
# With a FIFO somebody else takes part, who has to begin anew as well.
if broken && [ -z "$INPUT" ] && [ ${#QMP[@]} -eq 0 ]; then
  note "QEMU's emulation broke the kernel before our programs ran: once more"
  rm -f "$TMP/hung"
  : >"$LOG"
  boot
fi
verdict
