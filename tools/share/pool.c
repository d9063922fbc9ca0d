// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/explain.h"
#include "common/message.h"
#include "share/pool.h"

/*
 * What a client gave back, or held when it was killed, may be in use for a
 * while: packets in flight hold pages until the peer has acknowledged them.
 */
#define COMPLAIN_NS		(10 * NS_PER_SEC)

/* What a region has if nobody said how much */
#define USUAL_REGION_SIZE	(1 << 20)

static void fail_alloc(const struct pool *p, uint64_t size, int err)
{
	char what[32];
	const struct alloc_failure failure = {
		what, size, "a smaller --region-size", "fewer --regions"
	};

	snprintf(what, sizeof(what), "region %u", p->region_count + 1);
	explain_alloc(&p->info, &failure, err);
}

static void explain_gone(const struct pool *p)
{
	message("%s has gone", p->path);
	remedy("it was removed, or its driver unbound; start again when it is back");
}

/* Clients shall not write to what all of them read. */
static int add_region(struct pool *p, uint64_t size)
{
	struct shared_region *r = &p->regions[p->region_count];
	int err;

	err = fpgabuf_device_alloc_access(p->device, size, O_RDONLY,
					  &r->region);
	if (err) {
		fail_alloc(p, size, err);
		return err;
	}
	p->region_count++;
	p->region_size = fpgabuf_region_size(r->region);
	return 0;
}

static int add_regions(struct pool *p, const struct share_options *o)
{
	uint64_t size = controller_region_size(&p->info, o->region_size,
					       USUAL_REGION_SIZE);
	int err = 0;

	if (o->verbose && !o->region_size && size < USUAL_REGION_SIZE)
		message("regions have %" PRIu64 " bytes: the DMA controller takes no more as one capture",
			size);
	p->regions = calloc(o->regions, sizeof(*p->regions));
	if (!p->regions) {
		message("out of memory");
		return -ENOMEM;
	}
	while (!err && p->region_count < o->regions)
		err = add_region(p, size);
	if (err)
		return err;
	p->length = controller_capture_length(&p->info, size, p->region_size);
	if (p->length)
		return 0;
	message("a region is shorter than the shortest capture");
	remedy("use a --region-size of at least %u bytes", p->info.alignment);
	return -EINVAL;
}

int pool_open(struct pool *pool, const struct share_options *options)
{
	int err;

	*pool = (struct pool){
		.path = options->device,
		.quiet = options->quiet,
	};
	err = fpgabuf_device_open(options->device, O_NONBLOCK, &pool->device);
	if (!err)
		err = fpgabuf_device_info(pool->device, &pool->info);
	if (err)
		explain_open(options->device, err);
	else
		err = add_regions(pool, options);
	if (err)
		pool_close(pool);
	return err;
}

void pool_close(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->region_count; i++)
		fpgabuf_region_close(pool->regions[i].region);
	free(pool->regions);
	fpgabuf_device_close(pool->device);
}

static void complain(const struct pool *p, struct shared_region *r)
{
	struct fpgabuf_region_info info;

	r->complained = true;
	if (fpgabuf_device_region_info(p->device, r->region, &info))
		return;
	message("region %d was given back, but is in use for %d s now",
		(int)(r - p->regions), (int)(COMPLAIN_NS / NS_PER_SEC));
	remedy("%" PRIu64 " page references, %u importers: clients should give captures back when their sends have completed, not before",
	       (uint64_t)info.in_use, info.importers);
}

/* Clients may take their time, but a channel that does not stop is the end. */
static int back_off(struct pool *p, struct shared_region *r)
{
	const struct busy_region region = {
		p->path, p->device, &p->info, r->region
	};
	enum busy_reason reason = busy_again(&r->busy, &region);

	p->busy_retries++;
	if (reason == BUSY_IN_USE && !r->complained &&
	    busy_ns(&r->busy) >= COMPLAIN_NS)
		complain(p, r);
	return reason == BUSY_STUCK ? -EIO : 0;
}

static int fail_queue(const struct pool *p, int err)
{
	if (err == -ENODEV)
		explain_gone(p);
	else
		explain_queue(p->path, &p->info, p->length,
			      "a smaller --region-size", err);
	return err;
}

static int queue_region(struct pool *p, struct shared_region *r)
{
	int err;

	err = fpgabuf_device_queue(p->device, r->region, p->length,
				   r - p->regions);
	if (err == -EINTR)
		return 0;
	if (err == -EBUSY)
		return back_off(p, r);
	if (err == -ENOBUFS && p->queued) {
		p->full = true;
		return 0;
	}
	if (err)
		return fail_queue(p, err);
	r->state = REGION_QUEUED;
	r->busy = (struct busy){ 0 };
	r->complained = false;
	p->queued++;
	return 0;
}

static bool is_full(const struct pool *p)
{
	return p->full || p->queued >= p->info.queue_depth;
}

int pool_fill(struct pool *pool)
{
	int64_t now = clock_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < pool->region_count && !err; i++) {
		struct shared_region *r = &pool->regions[i];

		if (is_full(pool))
			break;
		if (r->state == REGION_IDLE && r->busy.retry_ns <= now)
			err = queue_region(pool, r);
	}
	return err;
}

int64_t pool_retry_ns(const struct pool *pool)
{
	int64_t first = 0;
	unsigned int i;

	if (is_full(pool))
		return 0;
	for (i = 0; i < pool->region_count; i++) {
		const struct shared_region *r = &pool->regions[i];

		if (r->state != REGION_IDLE || !r->busy.retry_ns)
			continue;
		if (!first || r->busy.retry_ns < first)
			first = r->busy.retry_ns;
	}
	return first;
}

static int check_capture(const struct pool *p, const struct fpgabuf_dequeue *c)
{
	if (c->cookie < p->region_count &&
	    p->regions[c->cookie].state == REGION_QUEUED &&
	    c->bytes <= p->length)
		return 0;
	message("%s returned a capture that was not asked for", p->path);
	return -EPROTO;
}

static void account(struct pool *p, const struct fpgabuf_dequeue *c)
{
	if (c->status & FPGABUF_CAPTURE_GAP && p->captures)
		p->gaps++;
	if (c->status & FPGABUF_CAPTURE_PARTIAL)
		p->partial++;
	if (c->status & FPGABUF_CAPTURE_TIMEOUT)
		p->timeouts++;
	if (!p->quiet && !p->lost_count &&
	    controller_lost_count(&p->info, c)) {
		p->lost_count = true;
		explain_lost_count(p->path);
	}
	if (c->bytes) {
		p->captures++;
		p->bytes += c->bytes;
	}
}

static int explain_dequeue(const struct pool *p, int err)
{
	if (err == -ENODEV)
		explain_gone(p);
	else
		message("cannot take a capture from %s: %s", p->path,
			strerror(-err));
	return err;
}

int pool_take(struct pool *pool, struct fpgabuf_dequeue *capture)
{
	int err;

	if (!pool->queued)
		return 0;
	err = fpgabuf_device_dequeue(pool->device, capture);
	if (err == -EAGAIN || err == -EINTR)
		return 0;
	if (err)
		return explain_dequeue(pool, err);
	err = check_capture(pool, capture);
	if (!err)
		err = capture_failed(&pool->failures, pool->path,
				     capture->error);
	if (err)
		return err;
	account(pool, capture);
	pool->queued--;
	pool->full = false;
	pool->regions[capture->cookie].state = REGION_SHARED;
	pool->regions[capture->cookie].holders = 1;
	return 1;
}

int pool_cancel(struct pool *pool)
{
	int err;

	if (!pool->queued)
		return 0;
	err = fpgabuf_device_cancel(pool->device, NULL);
	if (err)
		return explain_dequeue(pool, err);
	return 0;
}

void pool_hold(struct pool *pool, unsigned int index)
{
	pool->regions[index].holders++;
}

void pool_drop(struct pool *pool, unsigned int index)
{
	if (!--pool->regions[index].holders)
		pool->regions[index].state = REGION_IDLE;
}

unsigned int pool_held(const struct pool *pool)
{
	unsigned int i, held = 0;

	for (i = 0; i < pool->region_count; i++)
		held += pool->regions[i].holders != 0;
	return held;
}
