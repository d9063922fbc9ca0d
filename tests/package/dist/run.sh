#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--whole] - does everybody get the same tarball of a commit, and can it be
# built where there is no git?
#
# It is the tarball of the last commit.  --whole: also run "make check" in what is
# unpacked, which takes twenty minutes.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
VERSION=$(source_version)
NAME=fpgabuf-$VERSION
# In the repository: git must not be asked, as it would tell of that.
DIR=$BUILD/dist-check
TREE=$DIR/$NAME
NOBODY=65534

case ${1-} in
'' | --whole) ;;
*) die "usage: run.sh [--whole]" ;;
esac

# make_dist PATH: its last line says the hash and the name.
make_dist() {
  make -s --no-print-directory -C "$1" dist | tail -n 1 >"$TMP/said" &&
    cat "$TMP/said"
}

first() {
  rm -rf "$DIR" "$BUILD/dist" && mkdir -p "$DIR" && make_dist . || return
  read -r HASH FILE <"$TMP/said"
  [ "$FILE" = ".build/dist/$NAME.tar.gz" ] &&
    sha256sum -c "$TMP/said"
}

same_hash() {
  local hash

  read -r hash _ <"$TMP/said"
  [ "$hash" = "$HASH" ]
}

again() {
  rm -r "$BUILD/dist" && make_dist . && same_hash
}

# What else may differ: path, umask, time zone, language, settings of the user
elsewhere() {
  local clone="$TMP/another path/clone"

  git clone -q "$TOP" "$clone" &&
    git -C "$clone" checkout -q "$(git rev-parse HEAD)" || return
  printf '%s\n' '[core]' 'autocrlf = true' '[tar]' 'umask = 0077' \
    "[safe]" "directory = *" >"$TMP/config"
  chmod 755 "$TMP" "$TMP/another path" && chmod 644 "$TMP/config" || return
  AS=()
  if [ "$(id -u)" -eq 0 ]; then
    chown -R "$NOBODY:$NOBODY" "$clone" || return
    AS=(setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups)
  fi
  (
    umask 077
    "${AS[@]}" env TZ=Pacific/Auckland LC_ALL=C.UTF-8 GZIP=-1 HOME=/nonexistent \
      "GIT_CONFIG_GLOBAL=$TMP/config" make -s --no-print-directory -C "$clone" dist
  ) | tail -n 1 >"$TMP/said"
  same_hash
}

uncommitted() {
  local clone="$TMP/another path/clone"

  [ "${#AS[@]}" -eq 0 ] || chown -R 0:0 "$clone" || return
  echo more >>"$clone/README.md"
  make_dist "$clone" 2>"$TMP/note" && same_hash &&
    grep -F 'what is not committed is not in the tarball' "$TMP/note"
}

# Files that git has, and the one that says which commit it is
same_files() {
  { git ls-tree -r --name-only HEAD && echo .commit; } | LC_ALL=C sort \
    >"$TMP/expected"
  tar -tzf "$FILE" | sed -n "/\/\$/d; s#^$NAME/##p" | LC_ALL=C sort |
    diff "$TMP/expected" -
}

# All of root, at the time of the commit
same_owner() {
  local date

  date=$(TZ=UTC0 git log -1 --format=%cd --date=format-local:'%Y-%m-%d %H:%M') ||
    return
  TZ=UTC0 tar --numeric-owner -tvzf "$FILE" |
    awk -v "date=$date" '$2 != "0/0" || $4 " " $5 != date { print; bad = 1 }
      END { exit bad }'
}

unpack() {
  tar -xzf "$FILE" -C "$DIR" && [ "$(ls "$DIR")" = "$NAME" ]
}

# without_git COMMAND...: whoever calls it leaves a line
without_git() {
  mkdir -p "$TMP/bin"
  printf '%s\n' '#!/bin/sh' "echo \"\$*\" >>'$TMP/git-calls'" 'exit 127' \
    >"$TMP/bin/git"
  chmod +x "$TMP/bin/git"
  (unset BUILD && cd "$TREE" && PATH=$TMP/bin:$PATH "$@") || return
  ! [ -s "$TMP/git-calls" ] || {
    echo "git was called:" && cat "$TMP/git-calls"
    return 1
  }
}

says_version() {
  without_git .build/tools/fpgabuf-info --version | grep -x "fpgabuf-info $VERSION"
}

# The same files that a clone installs: tests/package/install has the list.
installs() {
  without_git make -s install "DESTDIR=$TMP/root" || return
  [ -x "$TMP/root/usr/local/bin/fpgabuf-send" ] &&
    [ -e "$TMP/root/usr/local/lib/libfpgabuf.so.$VERSION" ]
}

# They say of which commit they are.
packages() {
  without_git tools/debian/build.sh &&
    dpkg-deb --fsys-tarfile "$TREE"/.build/deb/libfpgabuf0_*.deb |
    tar -xO ./usr/share/doc/libfpgabuf0/changelog.gz | gzip -dc |
      grep -F "Built from commit $(git rev-parse HEAD)."
}

no_dist() {
  ! without_git make -s dist 2>"$TMP/refused" || return
  rm -f "$TMP/git-calls"
  cat "$TMP/refused"
  grep -F 'this is no clone of the repository' "$TMP/refused" &&
    grep -F 'run it in a clone' "$TMP/refused"
}

# With git, which must not take the repository that it lies in for its own
no_dist_in_repository() {
  ! make -s -C "$TREE" dist 2>"$TMP/refused" || return
  grep -F 'this is no clone of the repository' "$TMP/refused"
}

expect 'make dist makes a tarball' first
expect 'and again the same' again
expect 'another clone, path, umask, time zone and setting make the same' elsewhere
if [ "$(id -u)" -ne 0 ]; then
  echo 'skip - another user makes the same: only root can become one'
fi
expect 'what is not committed is not in it, and a note says so' uncommitted
expect 'it has the files of the commit, and no others' same_files
expect "they are root's, of the time of the commit" same_owner
expect 'it unpacks into a folder with its version' unpack
expect 'modules and tools are built from it without git' \
  without_git make -s modules tools
expect 'they say its version' says_version
expect 'the unit tests pass in it' \
  without_git make -s -C tests/unit "O=$TREE/.build/unit" run
expect 'what was built can be installed' installs
expect 'the Debian packages are built from it, and say of which commit' packages
expect 'the RPM packages are built from it, and rpmlint finds nothing' \
  tests/package/dist/rpm.sh "$FILE" "$DIR/rpm"
expect 'the recipes for Buildroot and Yocto fit it' \
  tests/package/dist/recipes.sh "$TREE" "$DIR/recipes"
expect 'make dist in it says that it wants a clone' no_dist
expect '... also where it lies in a repository' no_dist_in_repository
if [ "${1-}" = --whole ]; then
  expect 'make check passes in it' without_git make check
fi

[ "$failed" -ne 0 ] || rm -rf "$DIR"
summary
