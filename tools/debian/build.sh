#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh - build the Debian packages of what git tracks, into .build/deb
#
# DEB_VERSION  their version, instead of that of the tools
# DEB_DIR      where to, instead of .build/deb

set -euo pipefail
. "$(dirname "$0")/../../tests/vm/common.sh"
cd "$TOP"

VERSION=${DEB_VERSION:-$(sed -n \
  's/^.define FPGABUF_VERSION.*"\(.*\)"/\1/p' \
  tools/lib/include/fpgabuf/fpgabuf.h)}
DIR=${DEB_DIR:-$BUILD/deb}
SOURCE=$DIR/fpgabuf-$VERSION

# What changed is in git's log; so the packages say of which commit they are.
changelog() {
  cat <<END
fpgabuf ($VERSION) unstable; urgency=medium

  * Built from commit $(git describe --always --dirty).

 -- $(sed -n 's/^Maintainer: //p' tools/debian/control)  $(git log -1 --format=%cD)
END
}

make_source() {
  rm -rf "$DIR" && mkdir -p "$SOURCE" || return
  git ls-files -z | xargs -0 cp --parents -t "$SOURCE" || return
  cp -r "$SOURCE/tools/debian" "$SOURCE/debian" || return
  changelog >"$SOURCE/debian/changelog"
}

build() {
  (cd "$SOURCE" && dpkg-buildpackage --build=binary --no-sign)
}

step deb-source "copy the sources of version $VERSION" make_source
step deb-build 'build the packages' build
rm -rf "$SOURCE"
find "$DIR" -name '*.deb' -printf '%P\n' | sort | sed "s#^#  ${DIR#"$TOP"/}/#"
