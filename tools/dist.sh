#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dist.sh - make a tarball of the last commit, which builds without git
#
# The same commit makes the same bytes, whoever makes it, when, and where: files,
# modes and the time come from the commit, and the owner is root.  The file .commit
# in it says which one, for scripts that ask git in a clone.
#
# DIST_DIR  where to, instead of .build/dist

set -euo pipefail
. "$(dirname "$0")/../tests/vm/common.sh"
cd "$TOP"

DIR=${DIST_DIR:-$BUILD/dist}
NAME=fpgabuf-$(source_version)
# What the settings of a user could change in the tarball
SETTINGS=(-c tar.umask=0022 -c core.autocrlf=false -c core.eol=lf
  -c core.attributesFile=)

# A tarball may be unpacked in a repository of somebody else.
is_clone() {
  [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(realpath "$TOP")" ]
}

# In full: how much of a name is enough differs by clone.
commit_file() {
  git log -1 --format='name: %H%ndate: %cD'
}

tarball() {
  git "${SETTINGS[@]}" archive --prefix="$NAME/" \
    --add-virtual-file="$NAME/.commit:$(commit_file)"$'\n' HEAD |
    gzip -9 -n
}

is_clone || die "this is no clone of the repository.
  A tarball is made of a commit: run it in a clone"
[ -z "$(git status --porcelain)" ] ||
  note "what is not committed is not in the tarball"

mkdir -p "$DIR"
tarball >"$DIR/$NAME.tar.gz.new"
mv "$DIR/$NAME.tar.gz.new" "$DIR/$NAME.tar.gz"
cd "$DIR"
sha256sum "$NAME.tar.gz" | sed "s#  #  ${DIR#"$TOP"/}/#"
