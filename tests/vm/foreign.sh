#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# foreign.sh ARCHITECTURE - make .build/ARCHITECTURE/root, unless it is there,
# and print its name
#
# A folder with Debian's stock kernels for arm64 or armhf, what is needed to
# build modules for them, and the programs and libraries of a guest; for i386
# only these.
#
# Remove the folder to get what is newest today.

set -eu
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/merged.sh"
. "$(dirname "$0")/unpacked.sh"

[ $# -eq 1 ] || die "usage: foreign.sh ARCHITECTURE"
case $1 in
arm64) FLAVOURS=(arm64) ;;
armhf) FLAVOURS=(armmp armmp-lpae) ;;
# Only the user space; its kernel is that of amd64.
i386) FLAVOURS=() ;;
*) die "no recipe for $1: it is arm64, armhf or i386" ;;
esac
NAME=$1
DIR=$BUILD/$NAME
DEBS=$DIR/apt/archives
ROOT=$DIR/root

# Come with all they depend on.
GUEST=(busybox-static coreutils dash iproute2 libc6-dev libcunit1-dev libdrm-dev
  libjansson-dev liburing-dev udev)

# The second is for what runs here when modules are built.
apt_in "$DIR/apt" "$NAME" "$(dpkg --print-architecture)"

# kernel_packages FLAVOUR: the meta packages depend on the newest of their kind;
# the headers would bring a compiler that runs on that architecture, so here it
# is only what we name.
kernel_packages() {
  local image headers

  image=$(depends "linux-image-$1" 'linux-image-.*')
  headers=$(depends "linux-headers-$1" 'linux-headers-.*')
  [ -n "$image" ] && [ -n "$headers" ] || return
  echo "$image" "$headers"
  depends "$image" 'linux-(binary|modules)-[0-9].*'
  depends "$headers" 'linux-headers-.*-common'
  depends "$headers" 'linux-kbuild-[0-9].*' |
    sed "s/\$/:$(dpkg --print-architecture)/"
  if [ "$NAME" = armhf ]; then
    depends "$headers" 'linux-kbuild-[0-9].*'
  fi
}

download() {
  local flavour packages=()

  for flavour in "${FLAVOURS[@]}"; do
    packages+=("$(kernel_packages "$flavour")") || return
  done
  # A run that was interrupted may have left some that are superseded by now.
  apt_get autoclean || return
  # shellcheck disable=SC2068 # names of packages have no spaces
  [ ${#packages[@]} -eq 0 ] ||
    (cd "$DEBS" && apt_get download ${packages[@]}) || return
  apt_get --no-install-recommends --download-only --yes \
    install "${GUEST[@]}"
}

unpack() {
  local deb

  rm -rf "$ROOT" && mkdir -p "$ROOT" || return
  for deb in "$DEBS"/*.deb; do
    case $deb in
    */linux-kbuild-*_armhf.deb) unpack_modpost "$deb" || return ;;
    *) dpkg-deb -x "$deb" "$ROOT" || return ;;
    esac
  done
}

# unpack_modpost DEB: that of this machine thinks that tables of devices have
# addresses of 64 bit, whatever the module is for.  So it is the one that runs
# on that architecture.
unpack_modpost() {
  mkdir -p "$ROOT/modpost" &&
    dpkg-deb --fsys-tarfile "$1" |
    tar -x -C "$ROOT/modpost" --wildcards --transform 's#.*/##' \
      '*/scripts/mod/modpost.real-lsb-32'
}

# modpost_wrapper FILE: runs it
modpost_wrapper() {
  rm -f "$1"
  cat >"$1" <<END
#!/bin/sh
exec qemu-arm -L "$ROOT" "$ROOT/modpost/modpost.real-lsb-32" "\$@"
END
  chmod +x "$1"
}

# relink LINK: from the root it is in, not from that of this machine
relink() {
  local to

  to=$(readlink "$1") || return
  ln -sfn "$ROOT/usr/src/${to##*/}" "$1"
}

# Packages expect to be below /, and modules to be indexed when installed.
relocate() {
  local flavour modules

  merge_usr "$ROOT" || return
  for flavour in "${FLAVOURS[@]}"; do
    sed -i 's#^include /usr/src/#include ../#' \
      "$ROOT"/usr/src/linux-headers-*-"$flavour"/Makefile || return
  done
  for modules in "$ROOT"/lib/modules/*; do
    [ -d "$modules" ] || continue
    # In Debian 12 both are links to /usr/src/..., in 13 they are relative.
    relink "$modules/build" && relink "$modules/source" &&
      depmod -b "$ROOT" "${modules##*/}" || return
  done
  if [ "$NAME" = armhf ]; then
    modpost_wrapper "$(echo "$ROOT"/usr/lib/linux-kbuild-*/scripts/mod/modpost)"
  fi
}

# Whoever asks for this builds for it.
"$TOP/tests/vm/deps.sh" "$NAME" >&2
unpacked "$NAME" "kernels and a user space for $NAME" '700 MB'
echo "$ROOT"
