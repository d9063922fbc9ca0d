/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, its regions, and their holders
 *
 * A region without holders goes back to the ring.  Functions that fail have printed
 * why when they return.
 */
#ifndef FPGABUF_SHARE_POOL_H
#define FPGABUF_SHARE_POOL_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/capturing.h"
#include "share/options.h"

/**
 * struct pool - the device and all regions
 * @capturing: the device and its ring
 * @region_count: how many regions there are
 * @region_size: bytes of each
 * @holders: by region, the clients that were told of the capture and have not given
 *	it back; while the capture is being told, one more
 * @paused: nothing is captured until pool_fill()
 */
struct pool {
	struct capturing capturing;
	unsigned int region_count;
	uint64_t region_size;
	unsigned int *holders;
	bool paused;
};

int pool_open(struct pool *pool, const struct share_options *options);
void pool_close(struct pool *pool);

/* Queues all idle regions, as far as the device takes them. */
int pool_fill(struct pool *pool);

/*
 * Takes the oldest finished capture, which the caller then holds, and queues idle
 * regions unless it pauses.  Returns 1, or 0 if there is none, or a negative errno:
 * -ENODEV the device has gone; any other: the device can no longer capture.
 */
int pool_take(struct pool *pool, struct fpgabuf_capture *capture);

/* Ends the captures under way, which can then be taken. */
int pool_pause(struct pool *pool);

/* Prints that the device has gone. */
void pool_explain_gone(const struct pool *pool);

struct fpgabuf_region *pool_region(const struct pool *pool, unsigned int index);

/* The number that the device gave the last capture of a region. */
uint64_t pool_sequence(const struct pool *pool, unsigned int index);

void pool_hold(struct pool *pool, unsigned int index);
void pool_drop(struct pool *pool, unsigned int index);

/* Number of regions that have holders. */
unsigned int pool_held(const struct pool *pool);

/* Does the next capture depend only on the device? */
bool pool_waits(const struct pool *pool);

/* When to call pool_fill() although nothing happened, or 0. */
int64_t pool_retry_ns(const struct pool *pool);

#endif /* FPGABUF_SHARE_POOL_H */
