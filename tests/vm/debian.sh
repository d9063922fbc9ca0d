# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Makes the root of a fresh Debian; sourced, not run, after common.sh and
# apt.sh.  As root.

# debian_root RELEASE DIR OPTION...: from the archive that this machine gets its
# own packages from, in the way it reaches that; the options are for mmdebstrap
debian_root() {
  local release=$1 dir=$2 sources=()

  shift 2
  apt_in "$dir.apt" amd64
  copy_sources && other_suites "$release" || return
  mapfile -t sources < <(find "$APT/sources.list.d" -type f -size +0)
  [ ${#sources[@]} -gt 0 ] || {
    echo 'no source of this machine is one of its own release'
    return 1
  }
  apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries)' \
    >"$APT/reach" || :
  rm -rf "$dir" || return
  mmdebstrap --mode=root --aptopt="$APT/reach" "$@" "$release" "$dir" \
    "${sources[@]}" || return
  rm -r "$APT"
}
