// SPDX-License-Identifier: GPL-2.0-only
/* The model test: what all processes share, in memory that outlives each. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

struct world *world;

const char * const kind_names[KINDS] = {
	[ALLOC] = "alloc",	 [QUEUE] = "queue",
	[DEQUEUE] = "dequeue",	 [CANCEL] = "cancel",
	[MMAP] = "mmap",	 [MUNMAP] = "munmap",
	[TOUCH] = "touch",	 [SYNC] = "sync",
	[POLL] = "poll",	 [INFO] = "info",
	[REGION_INFO] = "region-info",
	[SYNC_FILE] = "sync-file",
	[DUP] = "dup",		 [PASS] = "pass",
	[RECEIVE] = "receive",	 [CLOSE] = "close",
	[FORK] = "fork",	 [HOLD] = "vmsplice",
	[RELEASE] = "release",	 [IMPORT] = "import",
	[REGISTER] = "register", [UNREGISTER] = "unregister",
	[BASELINE] = "baseline",
	[SETTING] = "setting",	 [REOPEN] = "reopen",
	[KILL] = "kill",		 [UNBIND] = "unbind",
	[BIND] = "bind",
};

/* splitmix64: every number leads to another that has nothing to do with it. */
uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Somebody look what has happened. */
void world_wake(void)
{
	const uint64_t one = 1;

	if (write(world->event, &one, sizeof(one)) != sizeof(one))
		_exit(1);
}

/* The first one counts: what comes later may be a consequence. */
void world_diverge(unsigned int slot, const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&world->diverged, true))
		return;
	world->culprit = slot;
	va_start(args, format);
	vsnprintf(world->divergence, sizeof(world->divergence), format, args);
	va_end(args);
	atomic_store(&world->told, true);
	world_wake();
}

void world_count(enum kind kind)
{
	unsigned long total = atomic_fetch_add(&world->total, 1) + 1;

	atomic_fetch_add(&world->count[kind], 1);
	if (total % 256 == 0 || total == world->goal)
		world_wake();
}

/* The number of its platform device */
int world_platform(int device)
{
	return world->by_program ? 8 + device : device;
}
