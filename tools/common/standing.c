// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/standing.h"

/* Others may look at a region for a moment. */
#define BUSY_NS		NS_PER_SEC
#define BUSY_MS		5

static struct fpgabuf_region *region_of(const struct source *source,
					unsigned int slot)
{
	return fpgabuf_source_region(source->from, slot);
}

void *standing_map(const struct source *source, unsigned int slot)
{
	void *map = mmap(NULL, source->region_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED,
			 fpgabuf_region_fd(region_of(source, slot)), 0);

	return map == MAP_FAILED ? NULL : map;
}

const void *standing_at(const struct source *source, unsigned int slot,
			const void *map, const void *addr)
{
	const char *begin = fpgabuf_region_addr(region_of(source, slot));

	return (const char *)map + ((const char *)addr - begin);
}

int standing_settle(const struct source *source, unsigned int slot)
{
	const int64_t end = clock_ns() + BUSY_NS;
	int err;

	if (!source->capturing)
		return 0;
	do {
		err = fpgabuf_device_baseline(source->capturing->device,
					      region_of(source, slot), NULL);
	} while (err == -EBUSY && clock_ns() < end && !poll(NULL, 0, BUSY_MS));
	return err;
}
