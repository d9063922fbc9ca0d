#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - build the Debian packages, and install, use, upgrade and purge them
# in a root of their own

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

[ "$(id -u)" -eq 0 ] || die "run it as root: it unpacks a Debian and runs in it"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
DIR=$BUILD/deb-check
ROOT=$DIR/root
NAMES=(fpgabuf-dkms fpgabuf-recv libfpgabuf0 libfpgabuf-dev python3-fpgabuf
  gstreamer1.0-fpgabuf soapysdr-module-fpgabuf fpgabuf-tools)
MULTIARCH=x86_64-linux-gnu
NEXT=1000
# The last commit of version 0.1
OLD=5097c233701f3f3791d80aa6806fed7162b464f4

# inside COMMAND...: run it in the root
inside() {
  unshare --mount --pid --fork --mount-proc --root="$ROOT" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
    DEBIAN_FRONTEND=noninteractive "$@"
}

# packages DIR: all of them, without those for debuggers
packages() {
  local name

  for name in "${NAMES[@]}"; do
    find "$1" -name "${name}_*.deb"
  done
}

all_packages() {
  packages "$BUILD/deb" >"$TMP/packages"
  [ "$(wc -l <"$TMP/packages")" -eq ${#NAMES[@]} ]
}

# It may be on a machine without an FPGA.
receiver_alone() {
  dpkg-deb -f "$BUILD"/deb/fpgabuf-recv_*.deb Depends >"$TMP/needs" || return
  cat "$TMP/needs"
  ! grep -E 'libdrm|fpgabuf' "$TMP/needs"
}

old_version() {
  rm -rf "$DIR/old" && git clone -q --no-checkout . "$DIR/old" &&
    git -C "$DIR/old" checkout -q "$OLD" || return
  (unset BUILD && "$DIR/old/tools/debian/build.sh") &&
    install "$DIR/old/.build/deb" &&
    inside dkms status | grep -E "^fpgabuf/0\.1, $KVER, .*: installed"
}

# Warnings are for people to see, and count as well.
lintian_clean() {
  lintian --fail-on error,warning --allow-root "$BUILD"/deb/*.changes
}

# install DIR: everything they depend on must be there already
install() {
  local files

  mkdir -p "$ROOT/packages"
  mapfile -t files < <(packages "$1")
  cp "${files[@]}" "$ROOT/packages/" || return
  inside sh -c 'dpkg -i --auto-deconfigure /packages/*.deb' || return
  rm -r "$ROOT/packages"
}

# snapshot FILE: what is there, but for what dpkg, the group and the key with
# which DKMS signs leave behind
snapshot() {
  (cd "$ROOT" && find . -mindepth 1 -path ./proc -prune -o -printf '%P\n') |
    grep -vE '^(var/(log|lib/dpkg|cache/ldconfig)/|var/lib/dkms/mok\.)' |
    grep -vE '^(etc/(passwd|shadow|group|gshadow)-|etc/\.pwd\.lock)$' |
    LC_ALL=C sort >"$1"
}

# What "make install" installs, where Debian wants it
expected_files() {
  {
    grep -v -e '^#' -e /share/doc/ tests/package/install/files.txt | cut -d ' ' -f 3
    sed -n 's#@.*#.3#; s#^fpgabuf_#usr/local/share/man/man3/&#p' \
      tools/lib/libfpgabuf.symbols
  } | sed -E "s#^usr/local/#usr/#; s#^(usr/lib/)(libfpgabuf|pkgconfig|gstreamer-1|SoapySDR)#\1$MULTIARCH/\2#
    /\/man\//s#\$#.gz#" | LC_ALL=C sort
}

# The driver's sources and its modules have tests of their own; documents are
# where each package has its own.  Python's cache is made on this machine.
installed_files() {
  local file

  LC_ALL=C comm -13 "$TMP/before" "$TMP/installed" |
    grep -vE '^(usr/(src|share/doc|lib/modules)|var)/|/__pycache__/' |
    while read -r file; do
      [ -d "$ROOT/$file" ] && ! [ -L "$ROOT/$file" ] || echo "$file"
    done
}

same_files() {
  snapshot "$TMP/installed"
  expected_files >"$TMP/expected"
  [ -s "$TMP/expected" ] && diff "$TMP/expected" <(installed_files)
}

# built VERSION: DKMS has this version of the modules for the kernel, no other
built() {
  inside dkms status >"$TMP/status" || return
  cat "$TMP/status"
  [ "$(wc -l <"$TMP/status")" -eq 1 ] &&
    grep -E "^fpgabuf/$1, $KVER, .*: installed" "$TMP/status" &&
    [ -e "$ROOT/lib/modules/$KVER/updates/dkms/fpgabuf.ko" ] &&
    [ -e "$ROOT/lib/modules/$KVER/updates/dkms/fpgabuf-sim.ko" ] &&
    [ -e "$ROOT/lib/modules/$KVER/updates/dkms/fpgabuf-user.ko" ]
}

indexed() {
  modprobe -d "$ROOT" -S "$KVER" --show-depends fpgabuf-sim |
    grep -F updates/dkms/fpgabuf-sim.ko
}

# dpkg prints what was changed, and says nothing else.
verified() {
  inside dpkg --verify "${NAMES[@]}" >"$TMP/verify" && ! grep . "$TMP/verify"
}

program() {
  cp tests/package/install/program.c "$ROOT/tmp" || return
  # shellcheck disable=SC2016 # expanded by the shell inside
  inside sh -ec 'cd /tmp
    gcc -Wall -Werror -o program program.c $(pkg-config --cflags --libs libfpgabuf)
    readelf -d program | grep -F libfpgabuf.so.0
    ./program' || return
  rm "$ROOT"/tmp/program*
}

# It says what it lacks: there is no device inside.
python_module() {
  inside python3 -c 'import fpgabuf, fpgabuf.frames, fpgabuf.sigmf, numpy
try: fpgabuf.Device()
except fpgabuf.NotFound as error: print(error)' | grep -F 'module loaded'
}

# As above.  GStreamer writes down what it has found.
plugins() {
  ! inside env GST_REGISTRY=/tmp/registry gst-launch-1.0 fpgabufsrc ! fakesink \
    >"$TMP/said" 2>&1 &&
    grep -F 'module loaded' "$TMP/said" || return
  rm -f "$ROOT/tmp/registry"
  ! inside SoapySDRUtil --args=driver=fpgabuf --rate=1e6 --direction=RX \
    >"$TMP/said" 2>&1 && grep -F 'module loaded' "$TMP/said"
}

main_job() {
  INSTALLED=$ROOT KROOT=$ROOT SIZE=8M tests/vm/demo.sh
}

next_version() {
  DEB_VERSION=$NEXT DEB_DIR=$DIR/next tools/debian/build.sh &&
    install "$DIR/next"
}

old_gone() {
  [ -d "$ROOT/usr/src/fpgabuf-$NEXT" ] &&
    [ "$(find "$ROOT/usr/src" -maxdepth 1 -name 'fpgabuf-*' | wc -l)" -eq 1 ]
}

purge() {
  inside dpkg --purge "${NAMES[@]}"
}

nothing_left() {
  snapshot "$TMP/after"
  diff "$TMP/before" "$TMP/after"
}

expect 'the packages are built' tools/debian/build.sh
expect 'all of them' all_packages
expect 'lintian has no error and no warning' lintian_clean
expect 'the receiver needs neither driver, library nor libdrm' receiver_alone
tests/package/deb/root.sh "$ROOT"
KVER=$(KROOT=$ROOT tests/vm/kernel.sh)
export KVER
VERSION=$(dpkg-deb -f "$BUILD"/deb/fpgabuf-dkms_*.deb Version)

snapshot "$TMP/before"
if git cat-file -e "$OLD" 2>/dev/null; then
  expect 'version 0.1 installs' old_version
else
  echo 'skip - version 0.1 is upgraded: no commit of it here'
fi
expect 'they install, over version 0.1 if that is there' install "$BUILD/deb"
expect 'what make install installs is where Debian wants it' same_files
expect "DKMS has built the modules for $KVER" built "$VERSION"
expect 'modprobe finds them' indexed
expect 'dpkg --verify finds nothing wrong' verified
expect 'a program is built by pkg-config, and runs' program
expect 'the Python module finds its library' python_module
expect 'the plugins are found' plugins
expect 'they do the main job in the virtual machine' main_job
expect 'a newer version is installed over them' next_version
expect 'DKMS has built its modules, and has no others' built "$NEXT"
expect 'the old sources are gone' old_gone
expect 'they can be purged' purge
expect 'nothing of them is left' nothing_left

rm -rf "$ROOT"
summary
