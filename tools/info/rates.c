// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/clock.h"
#include "info/show.h"

/* A device that was bound again has the same name and new counters. */
static const struct device_state *same_device(const struct snapshot *s,
					      const struct device_state *d)
{
	unsigned int i;

	for (i = 0; s && i < s->device_count; i++)
		if (!strcmp(s->devices[i].path, d->path))
			return &s->devices[i];
	return NULL;
}

static double rate(uint64_t before, uint64_t now, double seconds)
{
	return (now >= before ? now - before : now) / seconds;
}

struct rates rates_since(const struct snapshot *before,
			 const struct snapshot *now, unsigned int device)
{
	const struct device_state *d = &now->devices[device];
	const struct device_state *b = same_device(before, d);
	struct rates r = { 0 };

	if (!b || now->ns <= before->ns)
		return r;
	r.seconds = (double)(now->ns - before->ns) / NS_PER_SEC;
	r.captures = rate(b->info.captures, d->info.captures, r.seconds);
	r.gaps = rate(b->info.gaps, d->info.gaps, r.seconds);
	r.busy = rate(b->info.busy, d->info.busy, r.seconds);
	r.synced = rate(b->synced_for_cpu, d->synced_for_cpu, r.seconds);
	return r;
}

uint64_t bytes_in_flight(const struct snapshot *now, unsigned int device)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < now->regions.count; i++)
		if (now->regions.list[i].device == (int)device)
			bytes += region_in_flight(&now->regions.list[i]);
	return bytes;
}
