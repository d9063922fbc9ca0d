# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What differs between the architectures of the guest, which is $ARCH: amd64
# (the default), or arm64 or armhf, which have a device tree.  Sourced after
# common.sh.
#
# USERLAND  i386: with the kernel of amd64 programs of 32 bit
# FLAVOUR   of the kernel; what kernel.sh looks for.  For armhf it may be armmp
#           (the default) or armmp-lpae, or zynq with KROOT from
#           tests/kernel/build.sh
# KROOT     where the kernel and its headers are, empty for /
# SYSROOT   where programs and libraries for the guest are, empty for /
# BOARD     instead of a machine that QEMU made up: with armhf smdkc210, which
#           has two Cortex-A9, and PL330 for DMA, but no PCI; or zynq, which has
#           one of each, and a Cadence GEM for a NIC
# BOARD_DTB its device tree, empty without BOARD
# OBJ       where programs for the guest are built
# CROSS     variables for make to build them
# MULTIARCH the folder of its libraries
# QEMU, MACHINE, CPU
# MACHINE_ARGS  what the kernel has to be told about it
# BOARD_NETS  what of --net it can do
# END       reboot or poweroff: what makes QEMU end
# LOG_PORT  the guest's names for the three ports run.sh listens to: kernel log,
# OUT_PORT  output of the command, and its exit code; the chardevs of QEMU that
# CODE_PORT belong to them are called log, out and code.  With only two ports the
#           exit code is in the log
# PORTS     arguments of QEMU for them
#
# shellcheck disable=SC2034 # used by those who source this

# userland ARCHITECTURE COMPILER: programs of another one than this machine's
userland() {
  SYSROOT=$BUILD/$1/root
  "$TOP/tests/vm/foreign.sh" "$1" >/dev/null
  OBJ=$BUILD/$1
  # Without the option a libc.so in SYSROOT would mean files of this machine.
  CROSS=("CC=$2-gcc --sysroot=$SYSROOT" "AR=$2-ar")
  export PKG_CONFIG_SYSROOT_DIR=$SYSROOT
  export PKG_CONFIG_LIBDIR=$SYSROOT/usr/lib/$MULTIARCH/pkgconfig
}

ARCH=${ARCH:-amd64}
MACHINE_ARGS=
case $ARCH in
amd64)
  KROOT=${KROOT:-}
  SYSROOT=
  OBJ=$BUILD
  CROSS=()
  MULTIARCH=x86_64-linux-gnu
  QEMU=qemu-system-x86_64
  MACHINE=pc
  # On a busy host the emulated timer is too slow for this check, which panics.
  MACHINE_ARGS=' no_timer_check'
  # "max" emulates string copies one byte at a time.
  CPU=Nehalem
  LOG_PORT=ttyS0
  OUT_PORT=ttyS1
  CODE_PORT=ttyS2
  PORTS=(-serial chardev:log -serial chardev:out -serial chardev:code)
  if [ "${USERLAND:-amd64}" = i386 ]; then
    MULTIARCH=i386-linux-gnu
    userland i386 i686-linux-gnu
  fi
  ;;
arm64)
  MULTIARCH=aarch64-linux-gnu
  QEMU=qemu-system-aarch64
  MACHINE=virt
  # "max" is slow: it emulates pointer authentication.
  CPU=cortex-a72
  ;;
armhf)
  MULTIARCH=arm-linux-gnueabihf
  FLAVOUR=${FLAVOUR:-armmp}
  QEMU=qemu-system-arm
  # A kernel with 32 bit for physical addresses finds no PCI above them.
  MACHINE=virt,highmem=off
  CPU=cortex-a15
  ;;
*) die "ARCH=$ARCH: it is amd64, arm64 or armhf" ;;
esac
FLAVOUR=${FLAVOUR:-$ARCH}
BOARD=${BOARD:-}
BOARD_DTB=
BOARD_NETS=
END=reboot

if [ "$ARCH" != amd64 ]; then
  KROOT=${KROOT:-$BUILD/$ARCH/root}
  userland "$ARCH" "$MULTIARCH"
  LOG_PORT=ttyAMA0
  OUT_PORT=ttyS0
  CODE_PORT=ttyS1
  # This machine has a single port of its own.
  PORTS=(-serial chardev:log
    -device "pci-serial-2x,chardev1=out,chardev2=code")
fi

case $BOARD in
'') ;;
smdkc210)
  [ "$ARCH" = armhf ] || die "BOARD=smdkc210 wants ARCH=armhf"
  MACHINE=smdkc210
  CPU=cortex-a9
  BOARD_DTB=exynos4210-smdkv310.dtb
  MACHINE_ARGS=' cpuidle.off=1'
  # QEMU does not reset it.
  END=poweroff
  LOG_PORT=ttySAC1
  OUT_PORT=ttySAC2
  CODE_PORT=ttySAC3
  # What comes in by the first is for a DMA channel.
  PORTS=(-serial chardev:uart -serial chardev:log -serial chardev:out
    -serial chardev:code)
  ;;
zynq)
  [ "$ARCH" = armhf ] || die "BOARD=zynq wants ARCH=armhf"
  MACHINE=xilinx-zynq-a9
  CPU=cortex-a9
  BOARD_DTB=zynq-zc702.dtb
  # QEMU does not start the second processor.
  MACHINE_ARGS=' maxcpus=1'
  BOARD_NETS=user
  LOG_PORT=ttyPS0
  OUT_PORT=ttyPS1
  CODE_PORT=$LOG_PORT
  # The board's console is the second one.
  PORTS=(-serial chardev:out -serial chardev:log)
  ;;
*) die "BOARD=$BOARD: it is smdkc210, zynq, or empty" ;;
esac

# program NAME: where a program for the guest is
program() {
  local dir

  # In Debian /sbin/ip is a link to /bin/ip, so /bin comes first.
  for dir in /bin /usr/bin /sbin /usr/sbin; do
    if [ -x "$SYSROOT$dir/$1" ]; then
      echo "$SYSROOT$dir/$1"
      return
    fi
  done
  die "no program $1 below ${SYSROOT:-/}; see tests/vm/deps.sh"
}

# library NAME
library() {
  local dir

  for dir in /lib /usr/lib; do
    if [ -r "$SYSROOT$dir/$MULTIARCH/$1" ]; then
      echo "$SYSROOT$dir/$MULTIARCH/$1"
      return
    fi
  done
  return 1
}
