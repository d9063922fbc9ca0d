/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, its regions, and who holds them
 *
 * A region goes round: idle -> queued for capture -> shared -> idle, the last
 * when nobody holds it any more.  Functions that fail have said why when they
 * return.
 */
#ifndef FPGABUF_SHARE_POOL_H
#define FPGABUF_SHARE_POOL_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/busy.h"
#include "common/controller.h"
#include "share/options.h"

enum shared_state { REGION_IDLE, REGION_QUEUED, REGION_SHARED };

/**
 * struct shared_region - a region and where it is
 * @region: the region
 * @state: where it is
 * @holders: clients that were told of the capture and have not given it back;
 *	while the capture is being told, one more
 * @busy: whether QUEUE has refused it
 * @complained: it has been said that it is in use for long
 */
struct shared_region {
	struct fpgabuf_region *region;
	enum shared_state state;
	unsigned int holders;
	struct busy busy;
	bool complained;
};

/**
 * struct pool - the device and all regions
 * @device: the device
 * @path: its path, for messages
 * @quiet: say nothing but errors
 * @info: its limits
 * @regions: the regions
 * @region_count: how many there are
 * @region_size: bytes of each
 * @length: bytes to capture into each
 * @queued: how many are queued
 * @full: the DMA controller takes no more before one of them has come back
 * @lost_count: it has been said that there are captures that nobody counts
 * @failures: captures that failed, but for what may happen
 * @captures: captures that had bytes
 * @bytes: bytes they had
 * @gaps: captures before which samples may be missing, behind the first
 * @partial: captures shorter than asked for
 * @timeouts: captures that the driver ended because they took too long
 * @busy_retries: refusals because pages were in use
 */
struct pool {
	struct fpgabuf_device *device;
	const char *path;
	bool quiet;
	struct fpgabuf_info info;
	struct shared_region *regions;
	unsigned int region_count;
	uint64_t region_size;
	uint64_t length;
	unsigned int queued;
	bool full;
	bool lost_count;
	struct failures failures;
	uint64_t captures;
	uint64_t bytes;
	uint64_t gaps;
	uint64_t partial;
	uint64_t timeouts;
	uint64_t busy_retries;
};

int pool_open(struct pool *pool, const struct share_options *options);
void pool_close(struct pool *pool);

/* Queues all idle regions, as far as the device takes them. */
int pool_fill(struct pool *pool);

/*
 * Takes the oldest finished capture; its cookie is the number of the region,
 * which the caller holds then.  Returns 1, or 0 if there is none, or a negative
 * errno: -ENODEV the device has gone, others that it is of no use any more.
 */
int pool_take(struct pool *pool, struct fpgabuf_dequeue *capture);

/* Ends the captures under way: they can be taken now. */
int pool_cancel(struct pool *pool);

void pool_hold(struct pool *pool, unsigned int index);
void pool_drop(struct pool *pool, unsigned int index);

/* Regions that somebody holds. */
unsigned int pool_held(const struct pool *pool);

/* When pool_fill() should be called although nothing happened; or 0. */
int64_t pool_retry_ns(const struct pool *pool);

#endif /* FPGABUF_SHARE_POOL_H */
