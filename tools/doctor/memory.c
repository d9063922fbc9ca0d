// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/controller.h"
#include "doctor/files.h"
#include "doctor/memory.h"

#define KIB	1024

uint64_t memory_random(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = clock_ns();
	return number | 1;
}

/* KiB of the contiguous memory allocator; 0 also if the kernel has none */
static unsigned long long cma_kib(const struct patient *p)
{
	char path[PATH_SIZE], text[8192];
	unsigned long long kib;
	const char *line;

	path_make(path, "%s/meminfo", p->places->proc);
	if (file_read(path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, "\nCmaTotal:");
	return line && sscanf(line, " CmaTotal: %llu", &kib) == 1 ? kib : 0;
}

/* CMA is the last resort, so it matters when nothing else has memory. */
static void check_cma(const struct patient *p, bool needed, struct findings *f)
{
	unsigned long long kib = cma_kib(p);

	if (kib) {
		found(f, VERDICT_OK, "cma", p->name, "the kernel has %llu KiB of CMA",
		      kib);
	} else if (!needed) {
		found(f, VERDICT_OK, "cma", p->name,
		      "the kernel has no CMA, and regions do not need it");
	} else {
		found(f, VERDICT_WRONG, "cma", p->name,
		      "the kernel has no CMA, and regions would need it");
		found_remedy(f, "boot with cma=64M, for regions that are read only; better set memory aside in the device tree (memory-region)");
	}
}

static void check_reserved(const struct patient *p, uint32_t backend,
			   struct findings *f)
{
	if (!patient_has_memory(p))
		return;
	if (backend == FPGABUF_BACKEND_CARVEOUT) {
		found(f, VERDICT_OK, "reserved", p->name,
		      "the region is in memory that the device tree sets aside");
		return;
	}
	found(f, VERDICT_UNKNOWN, "reserved", p->name,
	      "the device tree sets memory aside, but the region is not there: it is full, too small, or reusable");
	found_remedy(f, "fpgabuf-info as root says who holds regions; reusable memory is CMA, which only regions that are read only can have");
}

static const char *backend_name(uint32_t backend)
{
	switch (backend) {
	case FPGABUF_BACKEND_FOLIO:
		return "adjacent compound pages";
	case FPGABUF_BACKEND_PAGES:
		return "adjacent single pages, from which sends cost more";
	case FPGABUF_BACKEND_CARVEOUT:
		return "memory of the device tree";
	default:
		return "memory of a kind that this program does not know";
	}
}

static void explain(const struct patient *p, uint64_t size, int err,
		    struct findings *f)
{
	found(f, VERDICT_WRONG, "memory", p->name,
	      "there is no region of %" PRIu64 " KiB: %s", size / KIB,
	      strerror(-err));
	if (err == -ENOMEM)
		found_remedy(f, "memory is fragmented or short: echo 1 >/proc/sys/vm/compact_memory, use a smaller --region-size, start early, or set memory aside in the device tree (memory-region)");
	else if (err == -EIO)
		found_remedy(f, "the DMA controller does not reach this memory, and bounce buffers are full: set memory aside that it reaches (memory-region), or boot with a larger swiotlb=");
	else if (err == -EDQUOT)
		found_remedy(f, "see what the check \"quota\" says");
	else
		found_remedy(f, "look into the kernel log");
}

struct fpgabuf_region *memory_check(struct patient *p, struct findings *f)
{
	struct fpgabuf_alloc alloc = {
		.size = controller_region_size(&p->info, 0,
					       FPGABUF_RING_REGION_SIZE),
		.fd_flags = O_RDWR,
	};
	const uint64_t size = alloc.size;
	struct fpgabuf_region *region;
	int err;

	err = fpgabuf_device_alloc_with(p->device, &alloc, &region);
	if (err) {
		explain(p, size, err, f);
		check_cma(p, err == -ENOMEM, f);
		return NULL;
	}
	found(f, VERDICT_OK, "memory", p->name,
	      "a region of %" PRIu64 " KiB has %s", size / KIB,
	      backend_name(alloc.backend));
	check_cma(p, false, f);
	check_reserved(p, alloc.backend, f);
	return region;
}
