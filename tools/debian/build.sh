#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh - build the Debian packages of what git tracks, or of what is in the
# tarball of "make dist", into .build/deb
#
# DEB_VERSION  their version, instead of that of the tools
# DEB_DIR      where to, instead of .build/deb

set -euo pipefail
. "$(dirname "$0")/../../tests/vm/common.sh"
cd "$TOP"

VERSION=${DEB_VERSION:-$(source_version)}
DIR=${DEB_DIR:-$BUILD/deb}
SOURCE=$DIR/fpgabuf-$VERSION

# What changed is in git's log; so the packages say of which commit they are.
changelog() {
  cat <<END
fpgabuf ($VERSION) unstable; urgency=medium

  * Built from commit $(source_commit name).

 -- $(sed -n 's/^Maintainer: //p' tools/debian/control)  $(source_commit date)
END
}

# files: what to build from
files() {
  if [ -e .commit ]; then
    find . -path ./.build -prune -o -type f -printf '%P\0'
  else
    git ls-files -z
  fi
}

make_source() {
  rm -rf "$DIR" && mkdir -p "$SOURCE" || return
  files | xargs -0 cp --parents -t "$SOURCE" || return
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
