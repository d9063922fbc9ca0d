#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the guest: first that the tests skip what they cannot have, then all.

set -u

# skips REASON COMMAND...
skips() {
  reason=$1
  shift
  said=$("$@")
  code=$?
  if [ "$code" -ne 4 ] || ! echo "$said" | grep -q "SKIP $reason"; then
    echo "exit code $code instead of 4, '$reason': $said"
    exit 1
  fi
}

skips 'must be root' su -s /bin/sh nobody -c /kselftest/fpgabuf/uapi
mv /lib/modules /lib/elsewhere
skips 'no module' /kselftest/fpgabuf/uapi
mv /lib/elsewhere /lib/modules
exec /kselftest/run_kselftest.sh
