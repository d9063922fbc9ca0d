#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh NAME - build a kernel of our own, unless it is there, and print the
# name of the folder that it is installed in, for KROOT
#
# NAME is debug, for ARCH=amd64, or zynq, for ARCH=armhf FLAVOUR=zynq, which has
# the driver in its tree.  What is in the kernel is in NAME.config.
#
# zynq-image is the one of the disk image: without the driver and without what looks for
# bugs, with tools/image/zynq.config.
#
# It is also unpatched or patched: the newest kernel, for ARCH=amd64, without or with
# the patches of Documentation/upstream.  Both are of upstream.config, have one
# folder, and the second one is built in a minute or two.
#
# It is built anew when its configuration, its source or the compiler change.

set -euo pipefail
shopt -s inherit_errexit
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/kernel/identity.sh"

VERSION=6.12
HERE=$TOP/tests/kernel

[ $# -eq 1 ] || die "usage: build.sh debug|zynq|zynq-image|unpatched|patched"
NAME=$1
case $NAME in
debug | unpatched | patched)
  KARCH=x86_64
  PREFIX=
  IMAGE=bzImage
  ;;
zynq*)
  KARCH=arm
  PREFIX=arm-linux-gnueabihf-
  IMAGE=zImage
  ;;
*) die "no recipe for $NAME: it is debug, zynq, zynq-image, unpatched or patched" ;;
esac
CONFIG=$HERE/$NAME.config
DIR=$BUILD/$NAME
ROOT=$DIR/root
PATCHES=()
case $NAME in
*patched)
  VERSION=newest
  CONFIG=$HERE/upstream.config
  DIR=$BUILD/upstream
  ROOT=$DIR/$NAME
  [ "$NAME" = unpatched ] || PATCHES=("$TOP"/Documentation/upstream/*.patch)
  ;;
esac
STAMP=$ROOT/made-of

# image_config: with what an image needs instead of what the tests do
image_config() {
  sed '/^# The driver/,$d' "$HERE/zynq.config"
  cat "$TOP/tools/image/zynq.config"
}

kbuild() {
  make -s -C "$TREE" O="$DIR/build" ARCH="$KARCH" CROSS_COMPILE="$PREFIX" "$@"
}

made_of() {
  sed -n '/^VERSION/,/^EXTRAVERSION/p' "$TREE/Makefile"
  "${PREFIX}gcc" --version | head -n 1
  cat "$CONFIG"
  [ ! -e "$TREE/.fpgabuf.patch" ] || cat "$TREE/.fpgabuf.patch"
  patches
}

# copy_of SOURCE: by hard links, which nothing of this writes to
copy_of() {
  local copy=$DIR/tree

  if ! cmp -s "$1/Makefile" "$copy/Makefile"; then
    rm -rf "$copy" "$copy.new"
    cp -al "$1" "$copy.new" && mv "$copy.new" "$copy" || return
  fi
  echo "$copy"
}

# with_driver COPY: put the driver into it
with_driver() {
  if ! "$HERE/in-tree.sh" add "$1" 2>"$DIR/in-tree.log"; then
    cat "$DIR/in-tree.log" >&2
    return 1
  fi
}

# with_patches SOURCE COPY: have those patches in it, and no others.  What they change
# is written anew, so that it is built again.
with_patches() {
  local state=$2/.upstream.patches file

  [ -e "$state" ] || : >"$state"
  ! cmp -s "$state" <(patches) || return 0
  cat "$state" <(patches) | sed -n 's,^+++ b/,,p' | sort -u | while read -r file; do
    cp --remove-destination "$1/$file" "$2/$file" || return
  done || return
  patches | (cd "$2" && patch -s -p1 -F0) || return
  patches >"$state"
}

# patches: without their messages
patches() {
  [ ${#PATCHES[@]} -eq 0 ] || sed -s '1,/^---$/d' "${PATCHES[@]}"
}

# A line whose dependencies are missing is dropped without a word.
configure() {
  local refused

  kbuild KCONFIG_ALLCONFIG="$CONFIG" allnoconfig || return
  refused=$(grep '^CONFIG_' "$CONFIG" | grep -vxF -f "$DIR/build/.config" || :)
  if [ -n "$refused" ]; then
    echo "The kernel does not take these lines of $CONFIG:"
    echo "$refused"
    return 1
  fi
}

compile() {
  local targets=("$IMAGE" modules)

  [ "$KARCH" != arm ] || targets+=(dtbs)
  kbuild -j"$(nproc)" "${targets[@]}"
}

install_it() {
  local release

  rm -rf "$ROOT"
  mkdir -p "$ROOT/boot" || return
  kbuild INSTALL_MOD_PATH="$ROOT" modules_install || return
  release=$(kbuild kernelrelease) || return
  cp "$DIR/build/arch/${KARCH%_64}/boot/$IMAGE" \
    "$ROOT/boot/vmlinuz-$release" || return
  if [ "$KARCH" = arm ]; then
    # Where Debian's are
    kbuild INSTALL_DTBS_PATH="$ROOT/usr/lib/linux-image-$release" \
      dtbs_install || return
  fi
  made_of >"$STAMP"
}

mkdir -p "$DIR/build"
exec 9>"$DIR/lock"
flock 9
TREE=$("$TOP/tests/vm/source.sh" "$VERSION")
if [ "$NAME" = zynq-image ]; then
  CONFIG=$DIR/config
  image_config >"$CONFIG"
fi
case $NAME in
zynq)
  TREE=$(copy_of "$TREE")
  with_driver "$TREE"
  ;;
*patched)
  SOURCE=$TREE
  TREE=$(copy_of "$SOURCE")
  with_patches "$SOURCE" "$TREE" || die "Documentation/upstream does not apply to $SOURCE"
  ;;
esac
if ! cmp -s "$STAMP" <(made_of); then
  {
    note "building the $NAME kernel; it takes 10 minutes or more the first time"
    step "$NAME-config" 'configure it' configure ||
      die "see .build/log/$NAME-config.log"
    step "$NAME-build" 'compile it' compile ||
      die "see .build/log/$NAME-build.log"
    step "$NAME-install" 'install it below .build' install_it ||
      die "see .build/log/$NAME-install.log"
  } >&2
fi
echo "$ROOT"
