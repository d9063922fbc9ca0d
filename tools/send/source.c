// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/message.h"
#include "send/source.h"

/*
 * A page can be in use for a moment after its completion: the kernel reports
 * first and drops the reference of the packet later.  No event tells when.
 */
#define FIRST_BACKOFF_NS	NS_PER_MS
#define MAX_BACKOFF_NS		(64 * NS_PER_MS)
#define BUSY_PATIENCE_NS	(10 * NS_PER_SEC)

static void explain_open(const char *path, int err)
{
	message("cannot open %s: %s", path, strerror(-err));
	if (err == -ENOENT || err == -ENXIO)
		remedy("is the fpgabuf module loaded, and the FPGA bound to it? see `lsmod` and `ls /dev/fpgabuf*`");
	else if (err == -EACCES || err == -EPERM)
		remedy("join the group that owns the device (`ls -l %s`), or become root",
		       path);
	else if (err == -ENOTTY)
		remedy("it is not an fpgabuf device; choose another with --device");
}

static void explain_alloc(const struct source *s, uint64_t size, int err)
{
	message("cannot allocate region %u of %" PRIu64 " bytes: %s",
		s->slot_count + 1, size, strerror(-err));
	if (err == -ENOMEM)
		remedy("memory is fragmented or short: use a smaller --region-size or fewer --regions; the kernel log (`dmesg`) says what was tried");
	else if (err == -EDQUOT)
		remedy("all regions of the device may have %" PRIu64 " bytes together: use a smaller --region-size or fewer --regions",
		       (uint64_t)s->info.limit_bytes);
	else if (err == -EINVAL)
		remedy("the largest region has %" PRIu64 " bytes: use a smaller --region-size",
		       (uint64_t)s->info.max_region_size);
	else if (err == -EMFILE)
		remedy("raise the limit of open files (`ulimit -n`), or use fewer --regions");
}

static int map_slot(struct source *s, struct slot *slot)
{
	struct fpgabuf_region_info info;
	void *addr;
	int err;

	err = fpgabuf_region_map(slot->region, PROT_READ, &addr);
	if (!err)
		err = fpgabuf_device_region_info(s->device, slot->region,
						 &info);
	if (err) {
		message("cannot map a region: %s", strerror(-err));
		return err;
	}
	slot->addr = addr;
	if (s->slot_count == 1)
		s->backend = info.backend;
	else if (s->backend != info.backend)
		s->backend = 0;
	s->region_size = info.size;
	return 0;
}

static int add_slot(struct source *s, uint64_t size)
{
	struct slot *slot = &s->slots[s->slot_count];
	int err;

	err = fpgabuf_device_alloc(s->device, size, &slot->region);
	if (err) {
		explain_alloc(s, size, err);
		return err;
	}
	s->slot_count++;
	return map_slot(s, slot);
}

static int add_slots(struct source *s, const struct send_options *o)
{
	int err = 0;

	s->slots = calloc(o->regions, sizeof(*s->slots));
	if (!s->slots) {
		message("out of memory");
		return -ENOMEM;
	}
	while (!err && s->slot_count < o->regions)
		err = add_slot(s, o->region_size);
	if (!err && s->region_size < s->info.alignment) {
		message("a region is shorter than the shortest capture");
		remedy("use a --region-size of at least %u bytes",
		       s->info.alignment);
		err = -EINVAL;
	}
	return err;
}

int source_open(struct source *source, const struct send_options *options)
{
	int err;

	*source = (struct source){
		.path = options->device,
		.bytes_wanted = options->bytes,
		.captures_wanted = options->captures,
	};
	err = fpgabuf_device_open(options->device, O_NONBLOCK,
				  &source->device);
	if (!err)
		err = fpgabuf_device_info(source->device, &source->info);
	if (err) {
		explain_open(options->device, err);
		source_close(source);
		return err;
	}
	err = add_slots(source, options);
	if (err)
		source_close(source);
	return err;
}

void source_close(struct source *source)
{
	unsigned int i;

	for (i = 0; i < source->slot_count; i++)
		fpgabuf_region_close(source->slots[i].region);
	free(source->slots);
	fpgabuf_device_close(source->device);
}

/* Bytes that no capture has brought and none is on its way to bring. */
static uint64_t bytes_left(const struct source *s)
{
	uint64_t covered = s->bytes + s->planned;

	if (s->bytes_wanted == UNLIMITED)
		return UNLIMITED;
	return s->bytes_wanted > covered ? s->bytes_wanted - covered : 0;
}

static bool wants_capture(const struct source *s)
{
	if (s->stopping || !bytes_left(s))
		return false;
	return s->captures + s->queued < s->captures_wanted;
}

/* As much as a region holds, but no more than what is left needs. */
static uint64_t next_length(const struct source *s)
{
	uint64_t align = s->info.alignment;
	uint64_t most = s->region_size - s->region_size % align;
	uint64_t left = bytes_left(s);

	if (left >= most)
		return most;
	return (left + align - 1) / align * align;
}

static void explain_busy(struct source *s, struct slot *slot)
{
	struct fpgabuf_region_info info;

	message("a region was sent, but its memory is still in use after %d s",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	if (fpgabuf_device_region_info(s->device, slot->region, &info))
		return;
	remedy("%" PRIu64 " page references, %u importers: does another program, or a packet capture, hold it?",
	       (uint64_t)info.in_use, info.importers);
}

static int back_off(struct source *s, struct slot *slot, int64_t now)
{
	s->busy_retries++;
	if (!slot->busy_since_ns) {
		slot->busy_since_ns = now;
		slot->backoff_ns = FIRST_BACKOFF_NS;
	} else if (now - slot->busy_since_ns >= BUSY_PATIENCE_NS) {
		explain_busy(s, slot);
		return -EBUSY;
	} else if (slot->backoff_ns < MAX_BACKOFF_NS) {
		slot->backoff_ns *= 2;
	}
	slot->retry_ns = now + slot->backoff_ns;
	return 0;
}

static void explain_queue(const struct source *s, int err)
{
	message("cannot queue a region on %s: %s", s->path, strerror(-err));
	if (err == -EUSERS)
		remedy("another program is capturing from this device");
	else if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
}

static int queue_slot(struct source *s, struct slot *slot, int64_t now)
{
	uint64_t length = next_length(s);
	int err;

	err = fpgabuf_device_queue(s->device, slot->region, length,
				   slot - s->slots);
	if (err == -EBUSY)
		return back_off(s, slot, now);
	if (err) {
		explain_queue(s, err);
		return err;
	}
	slot->state = SLOT_QUEUED;
	slot->length = length;
	slot->busy_since_ns = 0;
	slot->retry_ns = 0;
	s->queued++;
	s->planned += length;
	return 0;
}

int source_fill(struct source *source)
{
	int64_t now = clock_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < source->slot_count && !err; i++) {
		struct slot *slot = &source->slots[i];

		if (!wants_capture(source) ||
		    source->queued >= source->info.queue_depth)
			break;
		if (slot->state == SLOT_IDLE && slot->retry_ns <= now)
			err = queue_slot(source, slot, now);
	}
	return err;
}

int64_t source_retry_ns(const struct source *source)
{
	int64_t first = 0;
	unsigned int i;

	if (!wants_capture(source))
		return 0;
	for (i = 0; i < source->slot_count; i++) {
		const struct slot *slot = &source->slots[i];

		if (slot->state != SLOT_IDLE || !slot->retry_ns)
			continue;
		if (!first || slot->retry_ns < first)
			first = slot->retry_ns;
	}
	return first;
}

static void explain_capture(const struct source *s, int err)
{
	message("a capture on %s failed: %s", s->path, strerror(-err));
	if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
	else
		remedy("the kernel log (`dmesg`) may say more");
}

static int check_capture(const struct source *s,
			 const struct fpgabuf_dequeue *c)
{
	if (c->cookie >= s->slot_count ||
	    s->slots[c->cookie].state != SLOT_QUEUED ||
	    c->bytes > s->slots[c->cookie].length) {
		message("%s returned a capture that was not asked for",
			s->path);
		return -EPROTO;
	}
	if (!(c->status & FPGABUF_CAPTURE_ERROR))
		return 0;
	if (s->stopping && c->error == -ECANCELED)
		return 0;
	/* An FPGA that has nothing to say is no failure: ask again. */
	if (c->error == -ETIMEDOUT)
		return 0;
	explain_capture(s, c->error);
	return c->error ? c->error : -EIO;
}

/* Accounts for a good capture; returns the bytes of it that are wanted. */
static uint64_t account(struct source *s, const struct fpgabuf_dequeue *c)
{
	struct slot *slot = &s->slots[c->cookie];
	uint64_t bytes = c->bytes;

	s->queued--;
	s->planned -= slot->length;
	slot->state = SLOT_IDLE;
	if (c->status & FPGABUF_CAPTURE_GAP)
		s->gaps++;
	if (c->status & FPGABUF_CAPTURE_PARTIAL)
		s->partial++;
	if (c->status & FPGABUF_CAPTURE_TIMEOUT)
		s->timeouts++;
	if (bytes > s->bytes_wanted - s->bytes)
		bytes = s->bytes_wanted - s->bytes;
	if (bytes) {
		slot->state = SLOT_TAKEN;
		s->captures++;
		s->bytes += bytes;
	}
	return bytes;
}

int source_take(struct source *source, unsigned int *slot, uint64_t *bytes)
{
	struct fpgabuf_dequeue c;
	int err;

	while (source->queued) {
		err = fpgabuf_device_dequeue(source->device, &c);
		if (err == -EAGAIN || err == -EINTR)
			return 0;
		if (err) {
			explain_capture(source, err);
			return err;
		}
		err = check_capture(source, &c);
		if (err)
			return err;
		*slot = c.cookie;
		*bytes = account(source, &c);
		if (*bytes)
			return 1;
	}
	return 0;
}

void source_release(struct source *source, unsigned int slot)
{
	source->slots[slot].state = SLOT_IDLE;
}

int source_stop(struct source *source)
{
	int err;

	source->stopping = true;
	err = fpgabuf_device_cancel(source->device, NULL);
	if (err)
		explain_capture(source, err);
	return err;
}

bool source_finished(const struct source *source)
{
	return !source->queued && !wants_capture(source);
}
