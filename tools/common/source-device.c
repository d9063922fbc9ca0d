// SPDX-License-Identifier: GPL-2.0-only
/* The source that captures: a device, and a ring of its regions. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "common/message.h"
#include "common/stall.h"
#include "common/source.h"

/**
 * struct device - the device
 * @source: what every source has
 * @capturing: the device and its ring
 */
struct device {
	struct source source;
	struct capturing capturing;
};

static int still_busy(const struct capturing *c, unsigned int slot,
		      const struct fpgabuf_ring_slot *seen)
{
	(void)c;
	(void)slot;
	message("a region was given back, but its memory is still in use after %d s",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	remedy("%" PRIu64 " page references, %u importers: does another program, or a packet capture, hold it?",
	       seen->page_references, seen->importers);
	return -EBUSY;
}

static const struct capturing_words words = {
	.region = "region",
	.smaller = "a smaller --region-size",
	.fewer = "fewer --regions",
	.still_busy = still_busy,
};

/* Captures may share one, which is mapped already then. */
static int map_region(struct device *d, unsigned int slot)
{
	struct fpgabuf_region *region =
		fpgabuf_ring_region(d->capturing.ring, slot);
	struct fpgabuf_region_info info;
	void *addr;
	int err;

	if (fpgabuf_region_addr(region))
		return 0;
	err = fpgabuf_region_map(region, PROT_READ, &addr);
	if (!err)
		err = fpgabuf_device_region_info(d->capturing.device, region,
						 &info);
	if (err) {
		message("cannot map a region: %s", strerror(-err));
		return err;
	}
	if (!slot)
		d->source.backend = info.backend;
	else if (d->source.backend != info.backend)
		d->source.backend = 0;
	d->source.region_size = info.size;
	return 0;
}

static bool is_shared(const struct fpgabuf_ring *ring)
{
	return fpgabuf_ring_regions(ring) > 1 &&
	       fpgabuf_ring_region(ring, 0) == fpgabuf_ring_region(ring, 1);
}

unsigned int source_slices(const struct source_setup *setup)
{
	return setup->slices ? setup->regions / 8 : 0;
}

static int make_ring(struct device *d, const struct source_setup *o)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = o->regions,
		.access = O_RDWR,
		.region_size = o->region_size,
		.slices = source_slices(o),
	};
	struct fpgabuf_ring *ring;
	unsigned int i;
	int err;

	err = capturing_make_ring(&d->capturing, &setup, o->verbose);
	if (err)
		return err;
	ring = d->capturing.ring;
	for (i = 0; i < fpgabuf_ring_regions(ring) && !err; i++)
		err = map_region(d, i);
	if (is_shared(ring))
		d->source.region_size = fpgabuf_ring_length(ring);
	return err;
}

static int device_open(struct source *source, const struct source_setup *o)
{
	struct device *d = (struct device *)source;
	int err;

	source->name = o->device;
	source->silence = STALL_OF_FPGA;
	source->capacity = o->regions;
	source->capturing = &d->capturing;
	err = capturing_open(&d->capturing, o->device, &words);
	d->capturing.quiet = o->quiet;
	source->gaps_worth = controller_gaps(&d->capturing.info);
	if (!err)
		err = make_ring(d, o);
	if (err)
		return err;
	err = fpgabuf_source_of_ring(d->capturing.ring, &source->from);
	return source_begin(source, err);
}

static int device_fail(struct source *source, int err)
{
	return capturing_fail(source->capturing, err);
}

static void device_close(struct source *source)
{
	capturing_close(source->capturing);
}

const struct source_kind source_device = {
	.size = sizeof(struct device),
	.open = device_open,
	.fail = device_fail,
	.close = device_close,
};
