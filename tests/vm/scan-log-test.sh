#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does scan-log.sh find what it should, and nothing else?

set -eu
. "$(dirname "$0")/common.sh"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
failed=0

# expect CODE SENTENCE: scan the log on stdin
expect() {
  local code=0

  cat >"$TMP/log"
  "$TOP/tests/vm/scan-log.sh" "$TMP/log" >"$TMP/out" || code=$?
  if [ "$code" -eq "$1" ]; then
    echo "ok - $2"
  else
    echo "FAIL - $2 (exit code $code)"
    failed=1
  fi
}

expect 0 'an empty log passes' </dev/null

expect 0 'a log without trouble passes' <<'EOF'
[    0.000000] Kernel command line: console=ttyS0 panic=-1 oops=panic rcupdate.rcu_cpu_stall_timeout=120
[    0.267393] 	RCU CPU stall warnings timeout set to 120 (rcu_cpu_stall_timeout).
[    1.044715] PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug
[    1.447289] AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.
[    1.734114] x86/mm: Checked W+X mappings: passed, no W+X pages found.
[    3.101000] fpgabuf: loading out-of-tree module taints kernel.
[    3.102000] fpgabuf: module verification failed: signature and/or required key missing - tainting kernel
[    9.219586] reboot: Restarting system
EOF

expect 0 'what debugging says at boot passes' <<'EOF'
[    0.900000] kmemleak: Kernel memory leak detector initialized (mem pool available: 39114)
[    0.900001] kmemleak: Automatic memory scanning thread started
[    1.100000] DMA-API: preallocated 65536 debug entries
[    1.100001] DMA-API: debugging enabled by kernel config
EOF

while read -r line; do
  expect 1 "found: $line" <<EOF
[    1.000000] all is well
[    2.000000] $line
[    3.000000] all is well again
EOF
done <<'EOF'
BUG: kernel NULL pointer dereference, address: 0000000000000010
BUG: unable to handle page fault for address: ffffc90000000000
BUG: Bad page state in process fpgabuf-send  pfn:12345
BUG: sleeping function called from invalid context at mm/page_alloc.c:5148
BUG: scheduling while atomic: swapper/0/0/0x00000100
BUG: KASAN: use-after-free in fpgabuf_release+0x12/0x40 [fpgabuf]
BUG: KFENCE: out-of-bounds read in fpgabuf_release+0x12/0x40
BUG fpgabuf_region (Tainted: G           O      ): Objects remaining in fpgabuf_region on __kmem_cache_shutdown()
BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [insmod:92]
kernel BUG at mm/page_alloc.c:1234!
WARNING: CPU: 0 PID: 100 at mm/memory.c:1 vm_insert_page+0x1/0x2
WARNING: possible recursive locking detected
WARNING: suspicious RCU usage
Oops: 0002 [#1] PREEMPT SMP PTI
Call Trace:
------------[ cut here ]------------
---[ end trace 0000000000000000 ]---
Kernel panic - not syncing: sysrq triggered crash
general protection fault, probably for non-canonical address 0xdead000000000100
page_owner: page allocation failure: order:10, mode:0xcc0
insmod: page allocation failure: order:9, mode:0x40dc0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO)
refcount_t: underflow; use-after-free.
list_del corruption. prev->next should be ffff888003a0, but was dead000000000122
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
kmemleak: Cannot allocate a kmemleak_object structure
DMA-API: fpgabuf fpgabuf-sim.0: device driver has pending DMA allocations
DMA-API: debugging out of memory - disabling
ODEBUG: Out of memory. ODEBUG disabled
turning off the locking correctness validator.
fpgabuf-sim fpgabuf-sim.0: swiotlb buffer is full (sz: 524288 bytes)
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
INFO: task fpgabuf-send:123 blocked for more than 120 seconds.
irq 11: nobody cared (try booting with the "irqpoll" option)
sysfs: cannot create duplicate filename '/class/fpgabuf/fpgabuf0'
kobject: 'fpgabuf0' (00000000): does not have a release() function, it is broken
unregister_netdevice: waiting for eth1 to become free. Usage count = 1
Out of memory: Killed process 99 (fpgabuf-send)
fpgabuf-send[99]: segfault at 0 ip 0000 sp 0000 error 4 in libc.so.6
EOF

exit "$failed"
