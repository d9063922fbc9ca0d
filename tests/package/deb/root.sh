#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# root.sh DIR - make DIR the root of a fresh Debian, with what our packages
# depend on, a kernel, its headers and a compiler
#
# It is of this machine's release, and comes from its own archive.  What took
# long is kept in .build/deb-root; remove that to get what is newest today.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/apt.sh"
. "$TOP/tests/vm/debian.sh"

[ $# -eq 1 ] || die "usage: root.sh DIR"
ROOT=$1
CACHE=$BUILD/deb-root
PACKAGES=dkms,gcc,gstreamer1.0-tools,libc6-dev,libdrm2,libfftw3-double3
PACKAGES+=,libgstreamer-plugins-base1.0-0,libibverbs1,libjansson4,librdmacm1,liburing2
PACKAGES+=,linux-headers-amd64,linux-image-amd64,pkg-config,python3-numpy
PACKAGES+=,soapysdr-tools,systemd,udev

bootstrap() {
  local release

  release=$(. /etc/os-release && echo "$VERSION_CODENAME") || return
  debian_root "$release" "$CACHE/new" --variant=apt --include="$PACKAGES" ||
    return
  relative_links "$CACHE/new" || return
  mv "$CACHE/new" "$CACHE/base" && echo "$PACKAGES" >"$CACHE/packages"
}

# relative_links DIR: let the kernel's headers be found from outside as well
relative_links() {
  local link

  for link in "$1"/usr/lib/modules/*/{build,source}; do
    ln -sfn "../../../..$(readlink "$link")" "$link" || return
  done
}

copy() {
  rm -rf "$ROOT" && mkdir -p "${ROOT%/*}" && cp -a "$CACHE/base" "$ROOT"
}

mkdir -p "$CACHE"
# Two of us at once would spoil it.
exec 9>"$CACHE/lock"
flock 9
# It was made for packages with other needs.
if [ "$(cat "$CACHE/packages" 2>/dev/null)" != "$PACKAGES" ]; then
  rm -rf "$CACHE/base"
fi
if ! [ -e "$CACHE/base" ]; then
  step deb-root 'make a Debian to install into, once' bootstrap ||
    die "no Debian could be made, see .build/log/deb-root.log.
  The apt sources of this machine must be those of Debian, and in reach"
fi
step deb-root-copy "copy it" copy
