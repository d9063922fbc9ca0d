/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The capturing half: a device, its regions, and which of them are where
 *
 * A region goes round: idle -> queued for capture -> taken by the sender ->
 * idle.  Functions that fail have said why when they return.
 */
#ifndef FPGABUF_SEND_SOURCE_H
#define FPGABUF_SEND_SOURCE_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "send/options.h"

enum slot_state { SLOT_IDLE, SLOT_QUEUED, SLOT_TAKEN };

/**
 * struct slot - a region and where it is
 * @region: the region
 * @addr: where it is mapped
 * @state: where it is
 * @length: bytes asked for, when it is queued
 * @busy_since_ns: first refusal because its pages were in use; 0 = none
 * @retry_ns: when to try again
 * @backoff_ns: how long the last pause was
 */
struct slot {
	struct fpgabuf_region *region;
	const void *addr;
	enum slot_state state;
	uint64_t length;
	int64_t busy_since_ns;
	int64_t retry_ns;
	int64_t backoff_ns;
};

/**
 * struct source - the device and all slots
 * @device: the device
 * @path: its path, for messages
 * @info: its limits
 * @slots: the regions
 * @slot_count: how many there are
 * @backend: one of enum fpgabuf_backend, or 0 if the regions differ
 * @region_size: bytes of every region
 * @queued: slots that are queued
 * @planned: bytes they were asked for, together
 * @stopping: no further capture is wanted
 * @bytes_wanted: bytes to take in all, or %UNLIMITED
 * @captures_wanted: captures to take in all, or %UNLIMITED
 * @bytes: bytes taken
 * @captures: captures taken, without empty ones
 * @gaps: captures before which samples may be missing
 * @partial: captures shorter than asked for
 * @timeouts: captures that the driver ended because they took too long
 * @busy_retries: refusals because the pages were in use
 */
struct source {
	struct fpgabuf_device *device;
	const char *path;
	struct fpgabuf_info info;
	struct slot *slots;
	unsigned int slot_count;
	uint32_t backend;
	uint64_t region_size;
	unsigned int queued;
	uint64_t planned;
	bool stopping;
	uint64_t bytes_wanted;
	uint64_t captures_wanted;
	uint64_t bytes;
	uint64_t captures;
	uint64_t gaps;
	uint64_t partial;
	uint64_t timeouts;
	uint64_t busy_retries;
};

int source_open(struct source *source, const struct send_options *options);
void source_close(struct source *source);

/* Queues idle regions, as many as are wanted and allowed. */
int source_fill(struct source *source);

/*
 * Takes the oldest finished capture that has bytes.  Returns 1 and where they
 * are, 0 if there is none, or a negative errno.
 */
int source_take(struct source *source, unsigned int *slot, uint64_t *bytes);

/* The sender has let go of a slot that was taken. */
void source_release(struct source *source, unsigned int slot);

/* Ends the captures under way; what they have is still there to be taken. */
int source_stop(struct source *source);

/* Nothing is queued and nothing more will be. */
bool source_finished(const struct source *source);

/* When source_fill() should be called although nothing happened; or 0. */
int64_t source_retry_ns(const struct source *source);

#endif /* FPGABUF_SEND_SOURCE_H */
