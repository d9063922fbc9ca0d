/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that a tool captures from: opened, with a ring of regions, and with the
 * words of the tool for errors
 *
 * Functions that fail have printed why when they return.
 */
#ifndef FPGABUF_COMMON_CAPTURING_H
#define FPGABUF_COMMON_CAPTURING_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/progress.h"

/* A region that is in use for longer after it was given back is reported */
#define BUSY_PATIENCE_NS	(10 * NS_PER_SEC)

struct capturing;

/**
 * struct capturing_words - words of a tool for its messages
 * @region: a region, such as "a picture"
 * @smaller: the remedy if it is too large, such as "a smaller --region-size"
 * @fewer: another remedy, such as "fewer --regions"; NULL if the number is fixed.
 *	With it messages count the regions
 * @still_busy: reports a region that has been in use for %BUSY_PATIENCE_NS although it
 *	was given back; returns a negative errno if the tool shall end
 */
struct capturing_words {
	const char *region;
	const char *smaller;
	const char *fewer;
	int (*still_busy)(const struct capturing *c, unsigned int slot,
			  const struct fpgabuf_ring_slot *seen);
};

/**
 * struct capturing_told - what has been reported of a region
 * @kept_ns: since when the channel keeps it
 * @busy_ns: since when it is in use
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
 * @counts: counts of the ring at the last call
 * @told: by region
 * @lost_count: captures without a known length have been reported
 * @refusals: number of refused regions at the last look
 * @look_ns: when to look at the regions again
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

/* Opens the device.  Call capturing_close() even if it fails. */
int capturing_open(struct capturing *capturing, const char *path,
		   const struct capturing_words *words);
void capturing_close(struct capturing *capturing);

/*
 * Makes a ring: @setup is for fpgabuf_ring_create().  With @verbose, reports regions
 * that are smaller than usual.
 */
int capturing_make_ring(struct capturing *capturing,
			const struct fpgabuf_ring_setup *setup, bool verbose);

/* Call it once each turn: reports regions that do not come back. */
int capturing_watch(struct capturing *capturing);

/* A capture was taken: reports the first failure in a row. */
void capturing_note(struct capturing *capturing,
		    const struct fpgabuf_capture *capture);

/* Prints why a call of the ring has failed with @err, and returns @err. */
int capturing_fail(struct capturing *capturing, int err);

#endif /* FPGABUF_COMMON_CAPTURING_H */
