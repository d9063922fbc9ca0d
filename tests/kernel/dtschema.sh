#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dtschema.sh - make .build/dtschema/root, unless it is there, and print the name of
# the folder of programs in it, for PATH
#
# The newest kernels ask for newer tools for bindings than Debian 12 has.  Nothing is
# installed; they run with the Python and the C library that they were made for, which
# come with them.
#
# Remove the folder to get what is newest today.

set -eu
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/apt.sh"
. "$TOP/tests/vm/unpacked.sh"

[ $# -eq 0 ] || die "usage: dtschema.sh"
SUITE=sid
DIR=$BUILD/dtschema
ROOT=$DIR/root
DEBS=$DIR/apt/archives

apt_in "$DIR/apt" amd64

download() {
  apt_get --no-install-recommends --download-only --yes install dt-schema
}

unpack() {
  local deb

  rm -rf "$ROOT" && mkdir -p "$ROOT" || return
  for deb in "$DEBS"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" |
      tar -x -C "$ROOT" --exclude='./usr/share/doc' --exclude='./usr/share/man' ||
      return
  done
}

# Each by the loader of its own C library
relocate() {
  local lib=$ROOT/usr/lib/x86_64-linux-gnu program

  mkdir -p "$ROOT/programs" || return
  for program in "$ROOT"/usr/bin/dt-*; do
    cat >"$ROOT/programs/${program##*/}" <<END
#!/bin/sh
export PYTHONHOME='$ROOT/usr' PYTHONPATH='$ROOT/usr/lib/python3/dist-packages'
exec '$lib/ld-linux-x86-64.so.2' --library-path '$lib' '$ROOT/usr/bin/python3' \\
  '$program' "\$@"
END
    chmod +x "$ROOT/programs/${program##*/}" || return
  done
  "$ROOT/programs/dt-validate" --version
}

unpacked dtschema "tools for bindings of $SUITE" '100 MB' "$SUITE"
echo "$ROOT/programs"
