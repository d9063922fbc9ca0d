# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A folder of packages that are not installed; sourced, not run, after common.sh
# and apt.sh.
#
# Who sources it has $DIR, $ROOT=$DIR/root, $DEBS, and the functions download(),
# unpack(), from $DEBS to $ROOT, and relocate().

# depends PACKAGE PATTERN: names of packages it depends on
depends() {
  apt_cache depends "$1" |
    sed -nE "s/^ *(Pre)?Depends: ($2)\$/\2/p"
}

# unpacked_make NAME WHAT SIZE [SUITE...]
unpacked_make() {
  local log=".build/log/$1-*.log"

  note "making ${ROOT#"$TOP"/}, once; of the disk it needs $3"
  # Some other source may be out of reach; whether this matters shows next.
  step "$1-update" 'read the package lists' apt_update "${@:4}" ||
    note 'going on with what was read'
  step "$1-download" "download $2" download ||
    die "cannot get $2, see $log.
  The apt sources of this machine must be those of Debian, be in reach, and
  carry it.  Run this again then, it goes on from here"
  step "$1-unpack" 'unpack it' unpack ||
    die "cannot unpack to $ROOT; is the disk full? It needs $3"
  step "$1-relocate" 'make it usable where it is' relocate ||
    die "these are not the packages we know; see $log"
  rm -rf "$APT"
}

# unpacked NAME WHAT SIZE [SUITE...]: have $ROOT, with WHAT in it, of these suites
# or of the machine's own.  NAME is for the logs.
unpacked() {
  local version

  # Another version of this may want other packages.
  version=$(cat "$0" "$TOP"/tests/vm/{apt,merged,unpacked}.sh | sha256sum)
  mkdir -p "$DIR"
  # Two of us at once would spoil it.
  exec 9>"$DIR/lock"
  flock 9
  if [ "$(cat "$ROOT/complete" 2>/dev/null)" != "$version" ]; then
    unpacked_make "$@" >&2
    echo "$version" >"$ROOT/complete"
  fi
}
