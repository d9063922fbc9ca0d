// SPDX-License-Identifier: GPL-2.0-only
/* The source that captures: a device, and a ring of its regions. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/capturing.h"
#include "common/message.h"
#include "common/stall.h"
#include "send/source.h"

/**
 * struct device - the device
 * @source: what every source has
 * @capturing: the device and its ring
 */
struct device {
	struct source source;
	struct capturing capturing;
};

static struct capturing *capturing_of(struct source *source)
{
	return &((struct device *)source)->capturing;
}

static int still_busy(const struct capturing *c, unsigned int slot,
		      const struct fpgabuf_ring_slot *seen)
{
	(void)c;
	(void)slot;
	message("a region was sent, but its memory is still in use after %d s",
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

static int device_watch(struct source *source)
{
	return capturing_watch(capturing_of(source));
}

static void device_note(struct source *source,
			const struct fpgabuf_capture *capture)
{
	capturing_note(capturing_of(source), capture);
}

static int device_fail(struct source *source, int err)
{
	return capturing_fail(capturing_of(source), err);
}

static void device_close(struct source *source)
{
	fpgabuf_source_destroy(source->from);
	capturing_close(capturing_of(source));
	free(source);
}

static const struct source_kind device_kind = {
	.watch = device_watch,
	.note = device_note,
	.fail = device_fail,
	.close = device_close,
};

static int map_region(struct device *d, unsigned int slot)
{
	struct fpgabuf_region *region =
		fpgabuf_ring_region(d->capturing.ring, slot);
	struct fpgabuf_region_info info;
	void *addr;
	int err;

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

static int make_ring(struct device *d, const struct send_options *o)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = o->regions,
		.access = O_RDWR,
		.region_size = o->region_size,
	};
	unsigned int i;
	int err;

	err = capturing_make_ring(&d->capturing, &setup, o->verbose);
	for (i = 0; i < setup.regions && !err; i++)
		err = map_region(d, i);
	return err;
}

static int open_device(struct device *d, const struct send_options *o)
{
	int err;

	err = capturing_open(&d->capturing, o->device, &words);
	d->capturing.quiet = o->quiet;
	d->source.gaps_worth = controller_gaps(&d->capturing.info);
	if (!err)
		err = make_ring(d, o);
	if (err)
		return err;
	err = fpgabuf_source_of_ring(d->capturing.ring, &d->source.from);
	return source_begin(&d->source, err);
}

struct source *source_open_device(const struct send_options *options)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d) {
		message("out of memory");
		return NULL;
	}
	d->source = (struct source){
		.kind = &device_kind,
		.name = options->device,
		.silence = STALL_OF_FPGA,
		.bytes_wanted = options->bytes,
		.captures_wanted = options->captures,
		.capacity = options->regions,
	};
	if (!open_device(d, options))
		return &d->source;
	device_close(&d->source);
	return NULL;
}
