#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scan-log.sh FILE - print the lines of a kernel log that should not be there
#
# Exit code: 0 there are none, 1 there are some.

set -eu
. "$(dirname "$0")/common.sh"

# Extended regular expressions, case matters.  A stock kernel says none of this
# in our virtual machine.
BAD='BUG[: ]
WARNING:
Oops
Call Trace
cut here
end trace
Kernel panic
[Uu]nable to handle
general protection
divide error
double fault
invalid opcode
segfault at
Bad page
bad page state
page allocation failure
Out of memory
oom-kill
corruption
refcount_t:
KASAN
KFENCE
KCSAN
UBSAN
kmemleak
DMA-API:
ODEBUG: Out of memory
swiotlb buffer is full
lockup
detected stall
rcu: INFO:
kthread starved
blocked for more than
nobody cared
possible (recursive|circular|irq lock)
turning off the locking correctness validator
inconsistent lock state
suspicious RCU usage
non-static key
held lock freed
still has locks held
scheduling while atomic
sleeping function called
Objects remaining
still has objects
memory leak
cannot create duplicate filename
does not have a release\(\) function
is marked as being used
unregister_netdevice: waiting
Attempted to kill init'

# What the debug kernel says when it boots: that it will look, or shall not.  And what
# the suite "sync" asks for, on a device that nothing else uses there.
GOOD='DMA-API: preallocated [0-9]+ debug entries$
DMA-API: debugging (enabled by kernel config|disabled on kernel command line)$
kmemleak: Kernel memory leak detector initialized \(mem pool available: [0-9]+\)$
fpgabuf-sim\.1: swiotlb buffer is full
kmemleak: Automatic memory scanning thread (started|ended)$'

[ $# -eq 1 ] || die "usage: scan-log.sh FILE"
[ -r "$1" ] || die "cannot read $1"

found=$(tr -d '\r' <"$1" | grep -aE -- "$BAD" | grep -avE -- "$GOOD" || true)
if [ -n "$found" ]; then
  echo "${0##*/}: the kernel log has lines that should not be there:"
  # shellcheck disable=SC2001 # every line
  sed 's/^/  /' <<<"$found"
  exit 1
fi
