/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that a tool captures from: opened, with a ring of regions, and with words
 * for what goes wrong
 *
 * Functions that fail have said why when they return.
 */
#ifndef FPGABUF_COMMON_CAPTURING_H
#define FPGABUF_COMMON_CAPTURING_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/progress.h"

/* So long somebody may use a region that was given back */
#define BUSY_PATIENCE_NS	(10 * NS_PER_SEC)

struct capturing;

/**
 * struct capturing_words - what a tool says
 * @region: what a region is to it, as "a picture"
 * @smaller: what to choose if that is too large, as "a smaller --region-size"
 * @fewer: or this, as "fewer --regions"; then they are counted in messages.  NULL if
 *	their number is fixed
 * @still_busy: a region has been in use for %BUSY_PATIENCE_NS although it was given
 *	back: says so, and returns a negative errno if that is the end
 */
struct capturing_words {
	const char *region;
	const char *smaller;
	const char *fewer;
	int (*still_busy)(const struct capturing *c, unsigned int slot,
			  const struct fpgabuf_ring_slot *seen);
};

/**
 * struct capturing_told - what has been said of a region
 * @kept_ns: that the channel keeps it, since then
 * @busy_ns: that somebody uses it, since then
 */
struct capturing_told {
	int64_t kept_ns;
	int64_t busy_ns;
};

/**
 * struct capturing - the device and its regions
 * @device: the device
 * @info: its limits
 * @ring: the regions
 * @path: of the device, for messages
 * @words: of the tool
 * @progress: the line that messages must not be appended to, or NULL
 * @quiet: say nothing but errors
 * @counts: what the ring has done, as of the last call
 * @told: by region
 * @lost_count: it has been said that there are captures that nobody counts
 * @refusals: regions were refused so often when they were looked at last
 * @look_ns: when to look at them again
 */
struct capturing {
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
	struct fpgabuf_ring *ring;
	const char *path;
	const struct capturing_words *words;
	struct progress *progress;
	bool quiet;
	struct fpgabuf_ring_counts counts;
	struct capturing_told *told;
	bool lost_count;
	uint64_t refusals;
	int64_t look_ns;
};

/* Opens the device.  Whatever it returns, capturing_close() is right. */
int capturing_open(struct capturing *capturing, const char *path,
		   const struct capturing_words *words);
void capturing_close(struct capturing *capturing);

/*
 * Makes a ring: @setup is what fpgabuf_ring_create() takes.  With @verbose, says that
 * regions are smaller than is usual.
 */
int capturing_make_ring(struct capturing *capturing,
			const struct fpgabuf_ring_setup *setup, bool verbose);

/* Once each turn: says which regions do not come back. */
int capturing_watch(struct capturing *capturing);

/* A capture has been taken: says it if it is the first in a row that has failed. */
void capturing_note(struct capturing *capturing,
		    const struct fpgabuf_capture *capture);

/* Says why a call of the ring has failed with @err, and returns that. */
int capturing_fail(struct capturing *capturing, int err);

#endif /* FPGABUF_COMMON_CAPTURING_H */
