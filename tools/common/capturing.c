// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/capturing.h"
#include "common/explain.h"
#include "common/message.h"

/* A single capture may fail; this many in a row mean that the device is broken. */
#define MAX_FAILURES	8

/* How often to look at regions that are in use */
#define LOOK_PERIOD_NS	(100 * NS_PER_MS)

int capturing_open(struct capturing *capturing, const char *path,
		   const struct capturing_words *words)
{
	int err;

	*capturing = (struct capturing){ .path = path, .words = words };
	err = fpgabuf_device_open(path, O_NONBLOCK, &capturing->device);
	if (!err)
		err = fpgabuf_device_info(capturing->device, &capturing->info);
	if (err)
		explain_open(path, err);
	return err;
}

void capturing_close(struct capturing *capturing)
{
	fpgabuf_ring_destroy(capturing->ring);
	fpgabuf_device_close(capturing->device);
	free(capturing->told);
}

static int fail_alloc(const struct capturing *c, unsigned int number,
		      uint64_t size, int err)
{
	const struct capturing_words *words = c->words;
	char what[32];
	const struct alloc_failure failure = {
		what, size, words->smaller, words->fewer
	};

	if (words->fewer)
		snprintf(what, sizeof(what), "%s %u", words->region, number);
	else
		snprintf(what, sizeof(what), "%s", words->region);
	explain_alloc(&c->info, &failure, err);
	return err;
}

static int fail_short(const struct capturing *c)
{
	message("a region is shorter than the shortest capture");
	remedy("use a --region-size of at least %u bytes", c->info.alignment);
	return -EINVAL;
}

/* One region at first, so that it is known which could not be had. */
static int make_ring(struct capturing *c, struct fpgabuf_ring_setup setup)
{
	const uint32_t regions = setup.regions;
	int err;

	setup.regions = 1;
	setup.max_failures = MAX_FAILURES;
	err = fpgabuf_ring_create(c->device, &setup, &c->ring);
	if (err == -EMSGSIZE)
		return fail_short(c);
	if (err)
		return fail_alloc(c, 1, setup.region_size, err);
	err = fpgabuf_ring_grow(c->ring, regions);
	if (err)
		return fail_alloc(c, fpgabuf_ring_regions(c->ring) + 1,
				  setup.region_size, err);
	return 0;
}

/* The user need not know what the DMA controller takes. */
static void choose_size(const struct capturing *c,
			struct fpgabuf_ring_setup *setup, bool verbose)
{
	if (setup->region_size)
		return;
	setup->region_size = controller_region_size(&c->info, 0,
						    FPGABUF_RING_REGION_SIZE);
	if (verbose && setup->region_size < FPGABUF_RING_REGION_SIZE)
		message("regions have %" PRIu64 " bytes: the DMA controller does not take longer captures",
			setup->region_size);
}

int capturing_make_ring(struct capturing *capturing,
			const struct fpgabuf_ring_setup *setup, bool verbose)
{
	struct fpgabuf_ring_setup chosen = *setup;
	int err;

	choose_size(capturing, &chosen, verbose);
	err = make_ring(capturing, chosen);
	if (err)
		return err;
	capturing->told = calloc(fpgabuf_ring_regions(capturing->ring),
				 sizeof(*capturing->told));
	if (capturing->told)
		return 0;
	message("out of memory");
	return -ENOMEM;
}

static void clear_line(const struct capturing *c)
{
	if (c->progress)
		progress_end(c->progress);
}

static void note_lost_count(struct capturing *c)
{
	if (c->quiet || c->lost_count || !c->counts.uncounted)
		return;
	c->lost_count = true;
	clear_line(c);
	message("a capture on %s ended early, and the DMA controller does not say how much came: it is left out",
		c->path);
	remedy("let the FPGA send packets as long as a capture");
}

static void explain_kept(const struct capturing *c)
{
	clear_line(c);
	message("the FPGA still has a region of %s whose capture has ended",
		c->path);
	remedy("its DMA channel cannot be stopped: the region comes back when the FPGA has filled it");
}

/* Each is said once, until the region has come back. */
static int look_at(struct capturing *c, unsigned int slot)
{
	struct capturing_told *told = &c->told[slot];
	struct fpgabuf_ring_slot seen;

	fpgabuf_ring_look(c->ring, slot, &seen);
	if (seen.state == FPGABUF_SLOT_KEPT &&
	    told->kept_ns != seen.busy_since_ns) {
		told->kept_ns = seen.busy_since_ns;
		explain_kept(c);
	}
	if (seen.state != FPGABUF_SLOT_BUSY ||
	    told->busy_ns == seen.busy_since_ns ||
	    clock_ns() - seen.busy_since_ns < BUSY_PATIENCE_NS)
		return 0;
	told->busy_ns = seen.busy_since_ns;
	clear_line(c);
	return c->words->still_busy(c, slot, &seen);
}

static int look_at_all(struct capturing *c)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < fpgabuf_ring_regions(c->ring) && !err; i++)
		err = look_at(c, i);
	return err;
}

static void update_counts(struct capturing *c)
{
	fpgabuf_ring_count(c->ring, &c->counts);
}

int capturing_watch(struct capturing *capturing)
{
	struct capturing *c = capturing;
	int64_t now;

	update_counts(c);
	note_lost_count(c);
	if (c->counts.busy_retries == c->refusals)
		return 0;
	now = clock_ns();
	if (now < c->look_ns)
		return 0;
	c->refusals = c->counts.busy_retries;
	c->look_ns = now + LOOK_PERIOD_NS;
	return look_at_all(c);
}

void capturing_note(struct capturing *capturing,
		    const struct fpgabuf_capture *capture)
{
	update_counts(capturing);
	if (capture->failures != 1)
		return;
	clear_line(capturing);
	message("a capture on %s failed: %s", capturing->path,
		strerror(-capture->error));
	remedy("the kernel log (`dmesg`) may say more");
}

static void explain_length(const struct capturing *c)
{
	const uint64_t length = fpgabuf_ring_length(c->ring);

	if (c->info.max_capture && length > c->info.max_capture)
		remedy("the DMA controller takes %" PRIu64
		       " bytes as one capture, not %" PRIu64 ": use %s",
		       (uint64_t)c->info.max_capture, length,
		       c->words->smaller);
	else
		remedy("the DMA controller does not take %" PRIu64
		       " bytes as one capture: use %s", length,
		       c->words->smaller);
}

static void explain_refusal(const struct capturing *c, int err)
{
	message("cannot queue a region on %s: %s", c->path, strerror(-err));
	if (err == -EMSGSIZE)
		explain_length(c);
	else if (err == -EUSERS)
		remedy("another program is capturing from this device");
	else if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
	else if (err == -ENOBUFS)
		remedy("the DMA controller has no room for it: use %s",
		       c->words->smaller);
	else if (err == -EIO)
		remedy("the kernel log (`dmesg`) says why; if the DMA channel did not stop, only a reboot helps");
}

static void explain_capture(const struct capturing *c, int err)
{
	message("cannot take a capture from %s: %s", c->path, strerror(-err));
	if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
	else
		remedy("the kernel log (`dmesg`) may say more");
}

static void explain_stuck(const struct capturing *c)
{
	message("the DMA channel of %s did not stop", c->path);
	remedy("it may still write to the region, so the region stays in use: reboot");
}

int capturing_fail(struct capturing *capturing, int err)
{
	const struct capturing *c = capturing;

	update_counts(capturing);
	clear_line(c);
	switch (fpgabuf_ring_reason(c->ring)) {
	case FPGABUF_REASON_QUEUE:
		explain_refusal(c, err);
		break;
	case FPGABUF_REASON_STUCK:
		explain_stuck(c);
		break;
	case FPGABUF_REASON_FAILURES:
		message("%u captures on %s failed in a row", MAX_FAILURES,
			c->path);
		break;
	case FPGABUF_REASON_NONSENSE:
		message("%s returned a capture that was not asked for", c->path);
		break;
	default:
		explain_capture(c, err);
	}
	return err;
}
