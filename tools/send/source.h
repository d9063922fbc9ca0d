/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the captures come from
 *
 * Each lies in a slot, which is taken until it is released.  There is one kind
 * of source for a device, and for other things that have captures.  Functions
 * that fail have said why when they return.
 */
#ifndef FPGABUF_SEND_SOURCE_H
#define FPGABUF_SEND_SOURCE_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/controller.h"
#include "send/options.h"

/**
 * struct capture - bytes to be sent
 * @slot: where they are
 * @addr: the first one
 * @bytes: how many
 * @flags: FPGABUF_CAPTURE_*
 * @sequence: number of the capture
 * @timestamp_ns: CLOCK_MONOTONIC when it was complete
 */
struct capture {
	unsigned int slot;
	const void *addr;
	uint64_t bytes;
	uint32_t flags;
	uint64_t sequence;
	uint64_t timestamp_ns;
};

struct source;

/**
 * struct source_ops - what a kind of source can do
 * @fill: get on with capturing; called before each wait
 * @take: take the oldest finished capture that has bytes; 1 and where it is, 0
 *	if there is none at the moment, or a negative errno
 * @release: nobody uses the bytes in a slot any more
 * @stop: end; what there is by now can still be taken
 * @finished: nothing more will come
 * @fd: becomes readable when take() has something; -1 = there is nothing to
 *	wait for
 * @retry_ns: when fill() should be called although nothing happened, or 0
 * @close: release everything
 */
struct source_ops {
	int (*fill)(struct source *source);
	int (*take)(struct source *source, struct capture *capture);
	void (*release)(struct source *source, unsigned int slot);
	int (*stop)(struct source *source);
	bool (*finished)(const struct source *source);
	int (*fd)(const struct source *source);
	int64_t (*retry_ns)(const struct source *source);
	void (*close)(struct source *source);
};

/**
 * struct source - what all kinds have
 * @ops: what it can do
 * @name: for messages
 * @silence: what to look at when nothing comes
 * @slot_count: how many slots
 * @capacity: how many of them can be taken at once
 * @backend: one of enum fpgabuf_backend, 0 if the slots differ, or
 *	%BACKEND_UNKNOWN
 * @region_size: bytes of every slot
 * @fixed: the memory of the only slot, if nobody will capture into it, and it
 *	is mapped for writing; or NULL
 * @stopping: no further capture is wanted
 * @bytes_wanted: bytes to take in all, or %UNLIMITED
 * @captures_wanted: captures to take in all, or %UNLIMITED
 * @bytes: bytes taken
 * @captures: captures taken, without empty ones
 * @gaps: captures before which samples may be missing, behind the first
 * @gaps_worth: what that number is worth
 * @partial: captures shorter than asked for
 * @timeouts: captures that the driver ended because they took too long
 * @failures: captures that failed otherwise
 * @missed: captures that were not told of in time
 * @busy_retries: refusals because the pages were in use
 */
struct source {
	const struct source_ops *ops;
	const char *name;
	const char *silence;
	unsigned int slot_count;
	unsigned int capacity;
	uint32_t backend;
	uint64_t region_size;
	void *fixed;
	bool stopping;
	uint64_t bytes_wanted;
	uint64_t captures_wanted;
	uint64_t bytes;
	uint64_t captures;
	uint64_t gaps;
	enum gaps_worth gaps_worth;
	uint64_t partial;
	uint64_t timeouts;
	struct failures failures;
	uint64_t missed;
	uint64_t busy_retries;
};

#define BACKEND_UNKNOWN	UINT32_MAX

/* Opens what the options name; NULL after having said why not. */
struct source *source_open(const struct send_options *options);

/* One function for each kind; source_open() knows which. */
struct source *source_open_device(const struct send_options *options);
struct source *source_open_fd(const struct send_options *options);
struct source *source_open_share(const struct send_options *options);

/*
 * For the kinds: notes what is known about a capture, and returns how many of
 * its bytes are wanted.
 */
uint64_t source_account(struct source *source, uint32_t flags, uint64_t bytes);

static inline void source_close(struct source *source)
{
	source->ops->close(source);
}

static inline int source_fill(struct source *source)
{
	return source->ops->fill(source);
}

static inline int source_take(struct source *source, struct capture *capture)
{
	return source->ops->take(source, capture);
}

static inline void source_release(struct source *source, unsigned int slot)
{
	source->ops->release(source, slot);
}

static inline int source_stop(struct source *source)
{
	source->stopping = true;
	return source->ops->stop(source);
}

static inline bool source_finished(const struct source *source)
{
	return source->ops->finished(source);
}

static inline int source_fd(const struct source *source)
{
	return source->ops->fd(source);
}

static inline int64_t source_retry_ns(const struct source *source)
{
	return source->ops->retry_ns(source);
}

#endif /* FPGABUF_SEND_SOURCE_H */
