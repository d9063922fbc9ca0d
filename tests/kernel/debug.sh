#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug.sh - build the debug kernel, unless it is there, and print the name of
# the folder that it is installed in, for KROOT
#
# It is built anew when its configuration, its source or the compiler change.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

VERSION=6.12
CONFIG=$TOP/tests/kernel/debug.config
DIR=$BUILD/debug
ROOT=$DIR/root
STAMP=$ROOT/made-of

[ $# -eq 0 ] || die "takes no arguments"

kbuild() {
  make -s -C "$TREE" O="$DIR/build" ARCH=x86_64 "$@"
}

made_of() {
  sed -n '/^VERSION/,/^EXTRAVERSION/p' "$TREE/Makefile"
  gcc --version | head -n 1
  cat "$CONFIG"
}

# A line whose dependencies are missing is dropped without a word.
configure() {
  local refused

  kbuild KCONFIG_ALLCONFIG="$CONFIG" allnoconfig || return
  refused=$(grep '^CONFIG_' "$CONFIG" | grep -vxF -f "$DIR/build/.config")
  if [ -n "$refused" ]; then
    echo "The kernel does not take these lines of $CONFIG:"
    echo "$refused"
    return 1
  fi
}

compile() {
  kbuild -j"$(nproc)" bzImage modules
}

install_it() {
  local release

  rm -rf "$ROOT"
  mkdir -p "$ROOT/boot" || return
  kbuild INSTALL_MOD_PATH="$ROOT" modules_install || return
  release=$(kbuild kernelrelease) || return
  cp "$DIR/build/arch/x86/boot/bzImage" "$ROOT/boot/vmlinuz-$release" || return
  made_of >"$STAMP"
}

TREE=$("$TOP/tests/vm/source.sh" "$VERSION")
mkdir -p "$DIR/build"
exec 9>"$DIR/lock"
flock 9
if ! cmp -s "$STAMP" <(made_of); then
  {
    note "building the debug kernel, once; it takes 10 minutes or more"
    step debug-config 'configure it' configure ||
      die 'see .build/log/debug-config.log'
    step debug-build 'compile it' compile ||
      die 'see .build/log/debug-build.log'
    step debug-install 'install it below .build' install_it ||
      die 'see .build/log/debug-install.log'
  } >&2
fi
echo "$ROOT"
