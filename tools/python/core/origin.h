/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where captures come from, a ring or a client, for several threads and one event
 * loop; nothing of Python but the counter of users
 *
 * It lives until the object that made it, all captures and all calls have gone: views
 * of its memory may outlive a close().
 */
#ifndef FPGABUF_PYTHON_ORIGIN_H
#define FPGABUF_PYTHON_ORIGIN_H

#include <pthread.h>
#include <stdbool.h>

#include "device.h"

#define ORIGIN_WHY_SIZE	256

/**
 * struct origin - a source of the library, and its waiting
 * @users: objects and calls that use it; the GIL guards it
 * @device: the device of a ring
 * @ring: the ring, or NULL
 * @client: or the client
 * @source: what it is made into
 * @writable: the regions of the ring are mapped for writing
 * @lock: guards the calls of @source and the members below
 * @epoll: readable if origin_next() has something to do
 * @timer: fires when it is time to try again; in @epoll
 * @armed: the timer runs, or has fired
 * @closed: no more captures are wanted
 */
struct origin {
	unsigned int users;
	struct device *device;
	struct fpgabuf_ring *ring;
	struct fpgabuf_client *client;
	struct fpgabuf_source *source;
	bool writable;
	pthread_mutex_t lock;
	int epoll;
	int timer;
	bool armed;
	bool closed;
};

/**
 * origin_new() - make one, with the GIL
 *
 * Set device, and ring or client, then call origin_start().  NULL: no memory.
 */
struct origin *origin_new(void);

/* origin_get(), origin_put() - use it, or use it no longer; with the GIL */
struct origin *origin_get(struct origin *origin);
void origin_put(struct origin *origin);

/* The calls below are made without the GIL.  They return 0 or a negative errno. */

/* origin_start() - make the source, and what one can wait for */
int origin_start(struct origin *origin);

/*
 * origin_next() - take a capture if there is one
 * @why: room for ORIGIN_WHY_SIZE bytes, filled in if it fails
 *
 * -EBADF: it is closed; -EAGAIN: no capture has come yet.
 */
int origin_next(struct origin *origin, struct fpgabuf_capture *capture,
		char *why);

/*
 * origin_wait() - the same, but wait until CLOCK_MONOTONIC is @end_ns
 *
 * -ETIMEDOUT in place of -EAGAIN; -EINTR: a signal.
 */
int origin_wait(struct origin *origin, struct fpgabuf_capture *capture,
		int64_t end_ns, char *why);

int origin_fill(struct origin *origin, char *why);
int origin_release(struct origin *origin, uint32_t slot);
int origin_stop(struct origin *origin, char *why);
void origin_go_on(struct origin *origin);
int origin_grow(struct origin *origin, uint32_t regions);
void origin_limit(struct origin *origin, uint64_t captures, uint64_t bytes);
void origin_close(struct origin *origin);
void origin_count(struct origin *origin, struct fpgabuf_source_counts *counts);
uint32_t origin_regions(struct origin *origin);
int origin_look(struct origin *origin, uint32_t slot,
		struct fpgabuf_ring_slot *seen);
enum fpgabuf_reason origin_why(struct origin *origin, char *why);

#endif /* FPGABUF_PYTHON_ORIGIN_H */
