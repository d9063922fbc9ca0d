#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# recipes.sh TREE DIR - do the recipes of tools/recipes/ fit the tarball that was
# unpacked, and built, in TREE?
#
# Neither Buildroot nor Yocto is here.  So this is what they would do: compare versions
# and hashes, and call make like the recipes; results are in DIR.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"

[ $# -eq 2 ] || die "usage: recipes.sh TREE DIR"
TREE=$(realpath "$1")
DIR=$(realpath -m "$2")
RECIPES=$TOP/tools/recipes
BUILDROOT=$RECIPES/buildroot/package/fpgabuf
VERSION=$(source_version)
KERNEL=/lib/modules/$("$TOP/tests/vm/kernel.sh")/build
bad=0

# wrong WORD...
wrong() {
  echo "$*"
  bad=1
}

# The version is in names of files, too.
versions() {
  local recipe

  grep -qx "FPGABUF_VERSION = $VERSION" "$BUILDROOT/fpgabuf.mk" ||
    wrong "fpgabuf.mk: not version $VERSION"
  grep -qF "fpgabuf-$VERSION.tar.gz" "$BUILDROOT/Config.in" ||
    wrong "Config.in: not version $VERSION"
  for recipe in "$RECIPES"/meta-fpgabuf/recipes-*/*/*.bb; do
    [[ $recipe == *_$VERSION.bb ]] || wrong "${recipe##*/}: not version $VERSION"
  done
}

hashes() {
  (cd "$TREE" && sed -n 's/^sha256  //p' "$BUILDROOT/fpgabuf.hash" |
    sha256sum --quiet -c) || wrong 'fpgabuf.hash: wrong'
  (cd "$TREE" && grep -rhoE 'file://[^;]*;md5=[0-9a-f]*' "$RECIPES/meta-fpgabuf" |
    sed -E 's#file://(.*);md5=(.*)#\2  \1#' | md5sum --quiet -c) ||
    wrong 'LIC_FILES_CHKSUM: wrong'
}

# named FILE: the files of the tarball that it names, and those of the layer
named() {
  local file

  while read -r file; do
    compgen -G "$TREE/$file" >/dev/null || wrong "$1: no $file in the tarball"
  done < <(grep -ohE '\b(LICENSES|tools|drivers|uapi)/[A-Za-z0-9._/-]*\w' "$1")
  while read -r file; do
    [ -e "$RECIPES/kernel/$file" ] || wrong "$1: no kernel/$file"
  done < <(sed -n 's#.*file://\([a-z]*\.cfg\).*#\1#p' "$1")
}

# Their variables for make are those of tools/Makefile.
variables() {
  local name

  while read -r name; do
    grep -qE "^${name%=} = " "$TREE/tools/Makefile" ||
      wrong "tools/Makefile has no $name"
  done < <(grep -hoE '\b[a-z]+dir=' "$RECIPES"/meta-fpgabuf/recipes-*/*/*.bb)
}

# options: the package has an option for the driver.  Buildroot's configuration is that
# of the kernel, whose program reads it.
options() {
  mkdir -p "$DIR" || return
  printf 'config %s\n\tdef_bool y\n' BR2_LINUX_KERNEL BR2_TOOLCHAIN_HAS_THREADS \
    BR2_TOOLCHAIN_HEADERS_AT_LEAST_5_4 >"$DIR/Kconfig"
  printf 'config BR2_STATIC_LIBS\n\tbool\nsource "%s"\n' "$BUILDROOT/Config.in" \
    >>"$DIR/Kconfig"
  echo BR2_PACKAGE_FPGABUF=y >"$DIR/wanted"
  (cd "$DIR" && CONFIG_='' KCONFIG_ALLCONFIG=wanted KCONFIG_CONFIG=config \
    "$KERNEL/scripts/kconfig/conf" --alldefconfig Kconfig) >"$DIR/conf.log" 2>&1 ||
    cat "$DIR/conf.log"
  grep -qx BR2_PACKAGE_FPGABUF_DRIVER=y "$DIR/config" ||
    wrong 'Config.in: the driver cannot be chosen'
}

# As both call it: in place, for their kernel
modules() {
  mkdir -p "$DIR/modules" &&
    cp -r "$TREE"/{Makefile,drivers,uapi} "$DIR/modules" || return
  make -s -C "$KERNEL" M="$DIR/modules" \
    CONFIG_FPGABUF=m CONFIG_FPGABUF_SIM=m CONFIG_FPGABUF_USER=m modules
}

tools() {
  make -s -C "$TREE/tools" O="$TREE/.build/tools" PREFIX=/usr python= gst= soapy= \
    DESTDIR="$DIR/root" install
}

# built FILE...
built() {
  local file

  for file; do
    [ -e "$file" ] || wrong "not built: $file"
  done
}

build() {
  modules || wrong 'make modules fails'
  tools || wrong 'make install fails'
  built "$DIR"/modules/drivers/fpgabuf/{fpgabuf,sim/fpgabuf-sim,user/fpgabuf-user}.ko \
    "$DIR"/root/usr/bin/fpgabuf-{send,recv} "$DIR"/root/usr/lib/libfpgabuf.so.0 \
    "$DIR"/root/usr/share/bash-completion/completions/fpgabuf-recv \
    "$DIR"/root/usr/lib/systemd/system/fpgabuf-recv@.service
}

cd "$TOP"
rm -rf "$DIR"
versions
hashes
mapfile -t files < <(find "$RECIPES" -type f ! -name '*.md')
for file in "${files[@]}"; do
  named "$file"
done
variables
options
build
exit "$bad"
