// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "common/memlock.h"

/* For such a process the kernel does not count locked memory. */
static bool may_lock_all(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[0].effective & (1U << CAP_IPC_LOCK);
}

uint64_t memlock_limit(void)
{
	struct rlimit rlimit;

	if (may_lock_all() || getrlimit(RLIMIT_MEMLOCK, &rlimit) ||
	    rlimit.rlim_cur == RLIM_INFINITY)
		return MEMLOCK_NO_LIMIT;
	return rlimit.rlim_cur;
}
