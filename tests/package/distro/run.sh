#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [RELEASE...] - does what the README tells to do work on a machine that
# was just installed?
#
# For each release (default: bookworm and trixie, Debian 12 and 13; sid is one
# as well) a minimal Debian is made, the repository is cloned into it as it was
# last committed, and "make" is run there as root, once for each of TARGETS
# (default: demo, demo+RTL=1, check and lint; "+" stands for a space).  It has the network and the processors of this
# machine, but none of its packages.
#
# The logs stay in .build/log/distro-RELEASE-TARGET.log, and the root of a
# release that failed in .build/distro.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/apt.sh"
. "$TOP/tests/vm/debian.sh"
cd "$TOP"

DIR=$BUILD/distro
LOGS=$BUILD/log
RELEASES=("$@")
[ $# -gt 0 ] || RELEASES=(bookworm trixie)
read -ra TARGETS <<<"${TARGETS:-demo demo+RTL=1 check lint}"
PASSED=0
FAILED=0
INSIDE=

[ "$(id -u)" -eq 0 ] || die "run it as root: it unpacks a Debian and runs in it"

# inside COMMAND...: run it in the root; all that it has started ends with it
inside() {
  # shellcheck disable=SC2016 # the other shell expands it
  unshare --mount --pid --fork --kill-child sh -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    if [ -e /dev/kvm ]; then
      touch "$root/dev/kvm"
      mount --bind /dev/kvm "$root/dev/kvm"
    fi
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      ${http_proxy:+"http_proxy=$http_proxy"} \
      ${https_proxy:+"https_proxy=$https_proxy"} "$@"' \
    - "$ROOT" "$@" <&0 &
  INSIDE=$!
  wait "$INSIDE"
}

# unshare itself does not listen to anything else.
cleanup() {
  [ -z "$INSIDE" ] || kill -KILL "$INSIDE" 2>/dev/null || true
}

# What somebody needs to get this far: git for the clone, which is made from
# outside, and make.
install() {
  debian_root "$1" "$ROOT" --variant=minbase --include=git,make &&
    git clone -q "$TOP" "$ROOT/root/fpgabuf"
}

# counted LOG: what the tests themselves said at last
counted() {
  grep -E '^([0-9]+ passed, [0-9]+ failed|lint: .*|What arrived is .*)$' "$1" |
    tail -n 1
}

# verdict CODE NAME LOG SECONDS
verdict() {
  local said

  said=$(counted "$3") || said='it did not come to its last line'
  if [ "$1" -eq 0 ]; then
    echo "ok - $2: $said ($4 s)"
    PASSED=$((PASSED + 1))
    return
  fi
  echo "FAIL - $2: $said (exit code $1, $4 s); see ${3#"$TOP"/}"
  grep -E '^FAIL|FAILED$|^  FAIL|\.sh: |\*\*\*' "$3" | head -n 20 ||
    tail -n 20 "$3"
  FAILED=$((FAILED + 1))
}

# try RELEASE TARGET
try() {
  local log=$LOGS/distro-$1-$2.log code=0 start=$SECONDS words

  read -ra words <<<"${2//+/ }"
  inside make -C /root/fpgabuf "${words[@]}" >"$log" 2>&1 </dev/null || code=$?
  verdict "$code" "$1: make ${words[*]}" "$log" $((SECONDS - start))
}

# tools: what it was tried with
tools() {
  inside sh <<'END' || echo '  and nobody knows with which tools'
. /etc/os-release
cd /root/fpgabuf
echo "  $PRETTY_NAME: Linux $(tests/vm/kernel.sh 2>/dev/null)," \
  "gcc $(gcc -dumpfullversion)," \
  "QEMU $(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
END
}

# release NAME
release() {
  local log=$LOGS/distro-$1.log target before=$FAILED

  ROOT=$DIR/$1
  # Two of us at once would spoil it.
  exec 9>"$ROOT.lock"
  flock 9
  echo
  echo "== $1, fresh and minimal"
  if ! install "$1" >"$log" 2>&1; then
    verdict 1 "$1: make a root" "$log" 0
    return
  fi
  for target in "${TARGETS[@]}"; do
    try "$1" "$target"
  done
  tools
  [ "$FAILED" -gt "$before" ] || rm -rf "$ROOT"
}

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$DIR" "$LOGS"
echo "commit $(git rev-parse --short HEAD) in ${RELEASES[*]}; make ${TARGETS[*]}"
for name in "${RELEASES[@]}"; do
  release "$name"
done
echo
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]
