// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that captures: a device, its regions, and which of them are where
 *
 * A region goes round: idle -> queued for capture -> taken by who sends it ->
 * idle.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/busy.h"
#include "common/clock.h"
#include "common/controller.h"
#include "common/explain.h"
#include "common/message.h"
#include "common/stall.h"
#include "send/source.h"

/* With pages that are in use although they were sent */
#define BUSY_PATIENCE_NS	(10 * NS_PER_SEC)

/* What was meant to be captured, if nobody said how much */
#define USUAL_REGION_SIZE	(1 << 20)

enum slot_state { SLOT_IDLE, SLOT_QUEUED, SLOT_TAKEN };

/**
 * struct slot - a region and where it is
 * @region: the region
 * @addr: where it is mapped
 * @state: where it is
 * @length: bytes asked for, when it is queued
 * @busy: whether QUEUE has refused it
 */
struct slot {
	struct fpgabuf_region *region;
	const void *addr;
	enum slot_state state;
	uint64_t length;
	struct busy busy;
};

/**
 * struct device - the device and all slots
 * @source: what every source has
 * @handle: the device
 * @info: its limits
 * @slots: the regions
 * @quiet: say nothing but errors
 * @asked: bytes that regions were to have
 * @queued: slots that are queued
 * @full: the DMA controller takes no more before one of them has come back
 * @planned: bytes they were asked for, together
 * @had_gap: a capture without bytes, which is not sent, had a gap before it
 * @lost_count: it has been said that there are captures that nobody counts
 */
struct device {
	struct source source;
	struct fpgabuf_device *handle;
	struct fpgabuf_info info;
	struct slot *slots;
	bool quiet;
	uint64_t asked;
	unsigned int queued;
	bool full;
	uint64_t planned;
	bool had_gap;
	bool lost_count;
};

static struct device *device_of(struct source *source)
{
	return (struct device *)source;
}

static const struct device *const_device_of(const struct source *source)
{
	return (const struct device *)source;
}

static void fail_alloc(const struct device *d, uint64_t size, int err)
{
	char what[32];
	const struct alloc_failure failure = {
		what, size, "a smaller --region-size", "fewer --regions"
	};

	snprintf(what, sizeof(what), "region %u", d->source.slot_count + 1);
	explain_alloc(&d->info, &failure, err);
}

static int map_slot(struct device *d, struct slot *slot)
{
	struct fpgabuf_region_info info;
	void *addr;
	int err;

	err = fpgabuf_region_map(slot->region, PROT_READ, &addr);
	if (!err)
		err = fpgabuf_device_region_info(d->handle, slot->region,
						 &info);
	if (err) {
		message("cannot map a region: %s", strerror(-err));
		return err;
	}
	slot->addr = addr;
	if (d->source.slot_count == 1)
		d->source.backend = info.backend;
	else if (d->source.backend != info.backend)
		d->source.backend = 0;
	d->source.region_size = info.size;
	return 0;
}

static int add_slot(struct device *d, uint64_t size)
{
	struct slot *slot = &d->slots[d->source.slot_count];
	int err;

	err = fpgabuf_device_alloc(d->handle, size, &slot->region);
	if (err) {
		fail_alloc(d, size, err);
		return err;
	}
	d->source.slot_count++;
	return map_slot(d, slot);
}

static int add_slots(struct device *d, const struct send_options *o)
{
	int err = 0;

	d->slots = calloc(o->regions, sizeof(*d->slots));
	if (!d->slots) {
		message("out of memory");
		return -ENOMEM;
	}
	d->source.capacity = o->regions;
	d->asked = controller_region_size(&d->info, o->region_size,
					  USUAL_REGION_SIZE);
	if (o->verbose && !o->region_size && d->asked < USUAL_REGION_SIZE)
		message("regions have %" PRIu64 " bytes: the DMA controller takes no more as one capture",
			d->asked);
	while (!err && d->source.slot_count < o->regions)
		err = add_slot(d, d->asked);
	if (!err && d->source.region_size < d->info.alignment) {
		message("a region is shorter than the shortest capture");
		remedy("use a --region-size of at least %u bytes",
		       d->info.alignment);
		err = -EINVAL;
	}
	return err;
}

/* Bytes that no capture has brought and none is on its way to bring. */
static uint64_t bytes_left(const struct device *d)
{
	uint64_t covered = d->source.bytes + d->planned;

	if (d->source.bytes_wanted == UNLIMITED)
		return UNLIMITED;
	if (d->source.bytes_wanted <= covered)
		return 0;
	return d->source.bytes_wanted - covered;
}

static bool wants_capture(const struct device *d)
{
	if (d->source.stopping || !bytes_left(d))
		return false;
	return d->source.captures + d->queued < d->source.captures_wanted;
}

/* As much as a region holds, but no more than what is left needs. */
static uint64_t next_length(const struct device *d)
{
	uint64_t align = d->info.alignment;
	uint64_t most = controller_capture_length(&d->info, d->asked,
						  d->source.region_size);
	uint64_t left = bytes_left(d);

	if (left >= most)
		return most;
	return (left + align - 1) / align * align;
}

static void explain_busy(struct device *d, struct slot *slot)
{
	struct fpgabuf_region_info info;

	message("a region was sent, but its memory is still in use after %d s",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	if (fpgabuf_device_region_info(d->handle, slot->region, &info))
		return;
	remedy("%" PRIu64 " page references, %u importers: does another program, or a packet capture, hold it?",
	       (uint64_t)info.in_use, info.importers);
}

/* An FPGA that does not go on is no failure, a channel that does not stop is. */
static int back_off(struct device *d, struct slot *slot)
{
	const struct busy_region region = {
		d->source.name, d->handle, &d->info, slot->region
	};
	enum busy_reason reason = busy_again(&slot->busy, &region);

	d->source.busy_retries++;
	if (reason == BUSY_STUCK)
		return -EIO;
	if (reason == BUSY_KEPT || busy_ns(&slot->busy) < BUSY_PATIENCE_NS)
		return 0;
	explain_busy(d, slot);
	return -EBUSY;
}

static int queue_slot(struct device *d, struct slot *slot)
{
	uint64_t length = next_length(d);
	int err;

	err = fpgabuf_device_queue(d->handle, slot->region, length,
				   slot - d->slots);
	if (err == -EBUSY)
		return back_off(d, slot);
	if (err == -ENOBUFS && d->queued) {
		d->full = true;
		return 0;
	}
	if (err) {
		explain_queue(d->source.name, &d->info, length,
			      "a smaller --region-size", err);
		return err;
	}
	slot->state = SLOT_QUEUED;
	slot->length = length;
	slot->busy = (struct busy){ 0 };
	d->queued++;
	d->planned += length;
	return 0;
}

static bool is_full(const struct device *d)
{
	return d->full || d->queued >= d->info.queue_depth;
}

static int device_fill(struct source *source)
{
	struct device *d = device_of(source);
	int64_t now = clock_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < source->slot_count && !err; i++) {
		struct slot *slot = &d->slots[i];

		if (!wants_capture(d) || is_full(d))
			break;
		if (slot->state == SLOT_IDLE && slot->busy.retry_ns <= now)
			err = queue_slot(d, slot);
	}
	return err;
}

static int64_t device_retry_ns(const struct source *source)
{
	const struct device *d = const_device_of(source);
	int64_t first = 0;
	unsigned int i;

	if (!wants_capture(d) || is_full(d))
		return 0;
	for (i = 0; i < source->slot_count; i++) {
		const struct slot *slot = &d->slots[i];

		if (slot->state != SLOT_IDLE || !slot->busy.retry_ns)
			continue;
		if (!first || slot->busy.retry_ns < first)
			first = slot->busy.retry_ns;
	}
	return first;
}

static void explain_capture(const struct device *d, int err)
{
	message("cannot take a capture from %s: %s", d->source.name,
		strerror(-err));
	if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
	else
		remedy("the kernel log (`dmesg`) may say more");
}

static int check_capture(struct device *d, const struct fpgabuf_dequeue *c)
{
	if (c->cookie >= d->source.slot_count ||
	    d->slots[c->cookie].state != SLOT_QUEUED ||
	    c->bytes > d->slots[c->cookie].length) {
		message("%s returned a capture that was not asked for",
			d->source.name);
		return -EPROTO;
	}
	return capture_failed(&d->source.failures, d->source.name, c->error);
}

/* A gap before a capture that is not sent is one before the next. */
static uint64_t account(struct device *d, struct fpgabuf_dequeue *c)
{
	struct slot *slot = &d->slots[c->cookie];
	uint64_t bytes;

	d->queued--;
	d->full = false;
	d->planned -= slot->length;
	slot->state = SLOT_IDLE;
	bytes = source_account(&d->source, c->status, c->bytes);
	if (d->had_gap)
		c->status |= FPGABUF_CAPTURE_GAP;
	d->had_gap = !bytes && c->status & FPGABUF_CAPTURE_GAP;
	if (bytes)
		slot->state = SLOT_TAKEN;
	return bytes;
}

/* Numbers are those of the stream: captures that are not sent have none. */
static void describe(const struct device *d, const struct fpgabuf_dequeue *c,
		     uint64_t bytes, struct capture *capture)
{
	*capture = (struct capture){
		.slot = c->cookie,
		.addr = d->slots[c->cookie].addr,
		.bytes = bytes,
		.flags = c->status,
		.sequence = d->source.captures - 1,
		.timestamp_ns = c->timestamp_ns,
	};
}

static void note_lost_count(struct device *d, const struct fpgabuf_dequeue *c)
{
	if (d->quiet || d->lost_count || !controller_lost_count(&d->info, c))
		return;
	d->lost_count = true;
	explain_lost_count(d->source.name);
}

static int device_take(struct source *source, struct capture *capture)
{
	struct device *d = device_of(source);
	struct fpgabuf_dequeue c;
	uint64_t bytes;
	int err;

	while (d->queued) {
		err = fpgabuf_device_dequeue(d->handle, &c);
		if (err == -EAGAIN || err == -EINTR)
			return 0;
		if (err) {
			explain_capture(d, err);
			return err;
		}
		err = check_capture(d, &c);
		if (err)
			return err;
		note_lost_count(d, &c);
		bytes = account(d, &c);
		if (bytes) {
			describe(d, &c, bytes, capture);
			return 1;
		}
	}
	return 0;
}

static void device_release(struct source *source, unsigned int slot)
{
	device_of(source)->slots[slot].state = SLOT_IDLE;
}

static int device_stop(struct source *source)
{
	struct device *d = device_of(source);
	int err;

	err = fpgabuf_device_cancel(d->handle, NULL);
	if (err)
		explain_capture(d, err);
	return err;
}

static bool device_finished(const struct source *source)
{
	const struct device *d = const_device_of(source);

	return !d->queued && !wants_capture(d);
}

/* Without a queued capture it has nothing to tell. */
static int device_fd(const struct source *source)
{
	const struct device *d = const_device_of(source);

	return d->queued ? fpgabuf_device_fd(d->handle) : -1;
}

static void device_close(struct source *source)
{
	struct device *d = device_of(source);
	unsigned int i;

	for (i = 0; i < source->slot_count; i++)
		fpgabuf_region_close(d->slots[i].region);
	free(d->slots);
	fpgabuf_device_close(d->handle);
	free(d);
}

static const struct source_ops device_ops = {
	.fill = device_fill,
	.take = device_take,
	.release = device_release,
	.stop = device_stop,
	.finished = device_finished,
	.fd = device_fd,
	.retry_ns = device_retry_ns,
	.close = device_close,
};

static int open_device(struct device *d, const struct send_options *options)
{
	int err;

	err = fpgabuf_device_open(options->device, O_NONBLOCK, &d->handle);
	if (!err)
		err = fpgabuf_device_info(d->handle, &d->info);
	if (err) {
		explain_open(options->device, err);
		return err;
	}
	d->source.gaps_worth = controller_gaps(&d->info);
	return add_slots(d, options);
}

struct source *source_open_device(const struct send_options *options)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d) {
		message("out of memory");
		return NULL;
	}
	d->source = (struct source){
		.ops = &device_ops,
		.name = options->device,
		.silence = STALL_OF_FPGA,
		.bytes_wanted = options->bytes,
		.captures_wanted = options->captures,
	};
	d->quiet = options->quiet;
	if (!open_device(d, options))
		return &d->source;
	device_close(&d->source);
	return NULL;
}
