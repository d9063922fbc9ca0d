#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh GROUP... - install the Debian packages that are missing
#
# The groups are those of GROUPS_KNOWN.  As root, or by sudo; says what it would
# do if it can be neither.

set -eu
. "$(dirname "$0")/common.sh"

LOG=$BUILD/log/deps.log
LOCK_SECONDS=300
GROUPS_KNOWN='build, unit, plugins, gnuradio, vm, arm64, armhf, demo, show, docs, lint, in-tree,
kunit, fuzz, debug, coverage, deb, check-deb, rpm, image, check-image, i386, newer,
mutate, dt, zynq, bench, providers, distro, gdb, rtl'

packages() {
  case $1 in
  build)
    echo gcc make libc6-dev libibverbs-dev libjansson-dev librdmacm-dev liburing-dev \
      pkg-config
    ;;
  unit)
    echo g++ libcunit1-dev libdrm-dev libfftw3-dev musl-tools pkg-config python3-dev \
      python3-jsonschema python3-numpy python3-prometheus-client
    ;;
  plugins)
    echo g++ gstreamer1.0-tools libgstreamer-plugins-base1.0-dev libsoapysdr-dev \
      soapysdr-tools
    ;;
  gnuradio) echo gnuradio ;;
  vm)
    # CUnit: the tests that run in a guest are built for it.
    echo qemu-system-x86 binutils busybox-static cpio dosfstools e2fsprogs \
      ibverbs-providers iproute2 kmod libcunit1-dev libfftw3-dev pkg-config udev xz-utils
    # A root directory of one's own brings its kernel along.
    if [ -z "${KROOT:-}" ]; then
      echo linux-image-amd64 linux-headers-amd64
    fi
    ;;
  arm64 | armhf)
    # What runs in that guest is fetched by foreign.sh.
    echo qemu-system-arm binutils device-tree-compiler cpio kmod make \
      pkg-config xz-utils
    case $1 in
    arm64) echo gcc-aarch64-linux-gnu ;;
    armhf) echo gcc-arm-linux-gnueabihf qemu-user ;;
    esac
    ;;
  demo) echo jq ;;
  show) echo gcc libc6-dev libdrm-dev netpbm pkg-config ;;
  docs) echo python3-sphinx perl xz-utils ;;
  lint)
    echo clang git groff-base mandoc patch perl python3-dev python3-pyflakes \
      shellcheck sparse xz-utils
    ;;
  in-tree)
    echo bc bison clang clang-19 coccinelle dt-schema flex git libelf-dev libssl-dev lld \
      lld-19 llvm llvm-19 ocaml-nox perl python3 rsync sparse xz-utils yamllint
    ;;
  kunit) echo gcc make libc6-dev bc bison flex python3 xz-utils ;;
  fuzz) echo clang make libc6-dev libdrm-dev libjansson-dev pkg-config ;;
  debug) echo bc bison flex kmod libelf-dev patch xz-utils ;;
  coverage) echo lcov ;;
  deb)
    echo debhelper dh-dkms dh-python dpkg-dev g++ gcc libdrm-dev libfftw3-dev \
      libgstreamer-plugins-base1.0-dev libibverbs-dev libjansson-dev librdmacm-dev \
      libsoapysdr-dev liburing-dev pkg-config python3-dev
    ;;
  check-deb) echo lintian mmdebstrap ;;
  rpm) echo rpm rpmlint ;;
  image)
    echo dosfstools e2fsprogs fakeroot genimage kmod mmdebstrap mtools \
      qemu-user-static uidmap
    ;;
  check-image) echo fdisk jq mtools perl qemu-system-arm qemu-utils u-boot-qemu ;;
  dt) echo cpp device-tree-compiler dt-schema xz-utils yamllint ;;
  bench) echo gnuplot-nox jq ;;
  mutate) echo patch ;;
  gdb) echo gdb ;;
  distro) echo git mmdebstrap util-linux ;;
  zynq) echo bc bison flex git ;;
  providers) echo bc bison device-tree-compiler flex patch xz-utils ;;
  rtl) echo g++ iverilog make patch verilator ;;
  i386) echo gcc-i686-linux-gnu ;;
  # A kernel whose programs are newer than this machine's C library
  newer) echo patchelf binutils ;;
  *) die "no group $1: $GROUPS_KNOWN" ;;
  esac
}

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing PACKAGE...
missing() {
  local package

  for package; do
    case $package in
    linux-*-amd64)
      # What counts is an image and headers that fit each other, whichever
      # package brought them; installing a meta package updates it.
      ARCH=amd64 "$TOP/tests/vm/kernel.sh" >/dev/null 2>&1 || echo "$package"
      ;;
    *) installed "$package" || echo "$package" ;;
    esac
  done | sort -u
}

apt() {
  "${ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o "DPkg::Lock::Timeout=$LOCK_SECONDS" "$@" >>"$LOG" 2>&1
}

update() {
  echo "  reading the package lists"
  apt update
}

install_packages() {
  # A machine that was just made has no lists; old lists name packages that
  # are gone.
  compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || update
  apt install --no-install-recommends "$@" || {
    update
    apt install --no-install-recommends "$@"
  }
}

[ $# -gt 0 ] || die "which groups? $GROUPS_KNOWN"

wanted=()
for group; do
  # shellcheck disable=SC2207 # package names have no spaces
  wanted+=($(packages "$group"))
done
# shellcheck disable=SC2207
MISSING=($(missing "${wanted[@]}"))
if [ ${#MISSING[@]} -eq 0 ]; then
  exit
fi

ROOT=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "these packages are missing; as root, run
  apt-get install --no-install-recommends ${MISSING[*]}"
  ROOT=(sudo)
fi

mkdir -p "$BUILD/log"
: >"$LOG"
start=$SECONDS
echo "Installing what $* needs: ${MISSING[*]}"
echo "  (takes a minute or two)"
install_packages "${MISSING[@]}" || {
  tail -n 20 "$LOG" >&2
  die "apt-get failed, see ${LOG#"$TOP"/}"
}
echo "  done in $((SECONDS - start)) s"
