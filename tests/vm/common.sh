# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script of the test bed needs; sourced, not run.

# shellcheck disable=SC2034 # used by those who source this
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034
BUILD=${BUILD:-$TOP/.build}

# modprobe and friends are not on the path of an ordinary user
PATH=$PATH:/usr/sbin:/sbin

# die MESSAGE...: say what is wrong and give up
die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# note MESSAGE...: progress for a human, kept away from stdout
note() {
  echo "${0##*/}: $*" >&2
}

# source_version: print the version of everything
source_version() {
  sed -n 's/^.define FPGABUF_VERSION.*"\(.*\)"/\1/p' \
    "$TOP/tools/lib/include/fpgabuf/fpgabuf.h"
}

# source_commit name|date: of the commit that these sources are.  The tarball of
# "make dist" has a file with both, as it has no git.
source_commit() {
  if [ -e "$TOP/.commit" ]; then
    sed -n "s/^$1: //p" "$TOP/.commit"
  elif [ "$1" = name ]; then
    git -C "$TOP" describe --always --dirty
  else
    git -C "$TOP" log -1 --format=%cD
  fi
}

# scratch COMMAND: TMP is a folder that goes at the end, after COMMAND.  A signal
# ends the script when the child that it waits for has ended.
scratch() {
  TMP=$(mktemp -d)
  # shellcheck disable=SC2064 # the command and the folder of now
  trap "$1 || :; rm -rf '$TMP'" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# step NAME SENTENCE COMMAND...: run COMMAND with its output in
# .build/log/NAME.log, and say how it went; of the output, if it failed, what
# names a failed test, wherever it is, and the end
step() {
  local log=$BUILD/log/$1.log sentence=$2 start=$SECONDS

  shift 2
  mkdir -p "$BUILD/log"
  if [ -t 1 ]; then
    printf '  ...   %s\r' "$sentence"
  fi
  if "$@" >"$log" 2>&1; then
    printf '  ok    %s (%d s)\n' "$sentence" $((SECONDS - start))
  else
    printf '  FAIL  %s (%d s)\n' "$sentence" $((SECONDS - start))
    {
      grep -E -A 4 '\.\.\.FAILED|^ *not ok|ERROR: .*Sanitizer' "$log" |
        head -n 40 || :
      tail -n 40 "$log"
    } | sed 's/^/        /'
    return 1
  fi
}
