// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/message.h"
#include "share/pool.h"

/*
 * A region that a client gave back, or held when it was killed, may be in use for a
 * while: packets in flight hold pages until the peer has acknowledged them.
 */
static int still_busy(const struct capturing *c, unsigned int slot,
		      const struct fpgabuf_ring_slot *seen)
{
	(void)c;
	message("region %u was given back, but is in use for %d s now", slot,
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	remedy("%" PRIu64 " page references, %u importers: clients should give captures back when their sends have completed, not before",
	       seen->page_references, seen->importers);
	return 0;
}

static const struct capturing_words words = {
	.region = "region",
	.smaller = "a smaller --region-size",
	.fewer = "fewer --regions",
	.still_busy = still_busy,
};

/* Clients must not write, because all of them read the same memory. */
static int make_ring(struct pool *p, const struct share_options *o)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = o->regions,
		.access = O_RDONLY,
		.region_size = o->region_size,
	};

	return capturing_make_ring(&p->capturing, &setup, o->verbose);
}

static int add_regions(struct pool *p, const struct share_options *o)
{
	int err;

	p->holders = calloc(o->regions, sizeof(*p->holders));
	if (!p->holders) {
		message("out of memory");
		return -ENOMEM;
	}
	err = make_ring(p, o);
	if (err)
		return err;
	p->region_count = o->regions;
	p->region_size = fpgabuf_region_size(pool_region(p, 0));
	return 0;
}

int pool_open(struct pool *pool, const struct share_options *options)
{
	int err;

	*pool = (struct pool){ 0 };
	err = capturing_open(&pool->capturing, options->device, &words);
	pool->capturing.quiet = options->quiet;
	if (!err)
		err = add_regions(pool, options);
	if (err)
		pool_close(pool);
	return err;
}

void pool_close(struct pool *pool)
{
	capturing_close(&pool->capturing);
	free(pool->holders);
}

void pool_explain_gone(const struct pool *pool)
{
	message("%s has gone", pool->capturing.path);
	remedy("it was removed, or its driver unbound; start again when it is back");
}

static int fail(struct pool *p, int err)
{
	if (err != -ENODEV)
		return capturing_fail(&p->capturing, err);
	pool_explain_gone(p);
	return err;
}

int pool_fill(struct pool *pool)
{
	int err;

	if (pool->paused)
		fpgabuf_ring_start(pool->capturing.ring);
	pool->paused = false;
	err = fpgabuf_ring_fill(pool->capturing.ring);
	return err ? fail(pool, err) : capturing_watch(&pool->capturing);
}

int64_t pool_retry_ns(const struct pool *pool)
{
	const int ms = fpgabuf_ring_timeout_ms(pool->capturing.ring);

	return ms < 0 ? 0 : clock_ns() + ms * NS_PER_MS;
}

bool pool_waits(const struct pool *pool)
{
	return fpgabuf_ring_reason(pool->capturing.ring) ==
	       FPGABUF_REASON_CAPTURE;
}

int pool_take(struct pool *pool, struct fpgabuf_capture *capture)
{
	const int ret = fpgabuf_ring_take(pool->capturing.ring, capture);
	int err;

	if (ret && ret != -EAGAIN && ret != -ENODATA)
		return fail(pool, ret);
	if (!ret) {
		capturing_note(&pool->capturing, capture);
		pool->holders[capture->slot] = 1;
	}
	err = capturing_watch(&pool->capturing);
	return err ? err : !ret;
}

int pool_pause(struct pool *pool)
{
	int err = fpgabuf_ring_stop(pool->capturing.ring);

	pool->paused = true;
	return err ? fail(pool, err) : 0;
}

struct fpgabuf_region *pool_region(const struct pool *pool, unsigned int index)
{
	return fpgabuf_ring_region(pool->capturing.ring, index);
}

uint64_t pool_sequence(const struct pool *pool, unsigned int index)
{
	struct fpgabuf_ring_slot seen;

	fpgabuf_ring_look(pool->capturing.ring, index, &seen);
	return seen.sequence;
}

void pool_hold(struct pool *pool, unsigned int index)
{
	pool->holders[index]++;
}

void pool_drop(struct pool *pool, unsigned int index)
{
	if (!--pool->holders[index])
		fpgabuf_ring_give(pool->capturing.ring, index);
}

unsigned int pool_held(const struct pool *pool)
{
	unsigned int i, held = 0;

	for (i = 0; i < pool->region_count; i++)
		held += pool->holders[i] != 0;
	return held;
}
