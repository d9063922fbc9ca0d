/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the capture to the screen
 *
 * A region goes round: idle -> queued for capture -> ready -> on the screen ->
 * idle.  Only an idle one is queued, so nothing is captured into what is seen.
 * Functions that fail have said why when they return.
 */
#ifndef FPGABUF_SHOW_VIEWER_H
#define FPGABUF_SHOW_VIEWER_H

#include <fpgabuf/fpgabuf.h>

#include "common/busy.h"
#include "common/controller.h"
#include "common/progress.h"
#include "common/stall.h"
#include "show/frame.h"
#include "show/screen.h"

/* One is seen, one is about to be, and one is being captured. */
#define SLOTS	3

enum slot_state {
	SLOT_IDLE, SLOT_QUEUED, SLOT_READY, SLOT_FLIPPING, SLOT_SHOWN
};

/**
 * struct slot - a region and where it is
 * @region: the region
 * @addr: where it is mapped; NULL while nothing was to be copied from it
 * @frame: its framebuffer
 * @state: where it is
 * @turn: when it was queued, among the others
 * @busy: whether QUEUE has refused it
 */
struct slot {
	struct fpgabuf_region *region;
	const uint8_t *addr;
	struct frame frame;
	enum slot_state state;
	uint64_t turn;
	struct busy busy;
};

/**
 * struct viewer - everything there is
 * @options: the command line
 * @sigfd: descriptor of the signals that end it; -1 after one came
 * @device: the capture device
 * @info: its limits
 * @screen: the screen
 * @geometry: of the pictures
 * @slots: the regions
 * @progress: the line for people
 * @stall: the next capture
 * @copying: pictures are copied, since the driver cannot import them
 * @reason: why
 * @full: the DMA controller takes no more before a capture has come back
 * @lost_count: it has been said that there are captures that nobody counts
 * @turns: regions queued so far
 * @deadline_ns: when the next picture must have come
 * @end_ns: when to end; 0 = at a signal
 * @captured: whole pictures captured
 * @shown: pictures that came onto the screen
 * @discarded: captures that were too short for a picture
 * @failures: captures that failed, but for what may happen
 * @gaps: pictures behind the first before which samples may be missing
 * @busy_retries: refusals because a region was still in use
 */
struct viewer {
	const struct show_options *options;
	int sigfd;
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
	struct screen screen;
	struct geometry geometry;
	struct slot slots[SLOTS];
	struct progress progress;
	struct stall stall;
	bool copying;
	char reason[128];
	bool full;
	bool lost_count;
	uint64_t turns;
	int64_t deadline_ns;
	int64_t end_ns;
	uint64_t captured;
	uint64_t shown;
	uint64_t discarded;
	struct failures failures;
	uint64_t gaps;
	uint64_t busy_retries;
};

/* Opens device and screen, and makes the regions. */
int viewer_open(struct viewer *viewer, const struct show_options *options);

/*
 * Shows pictures until enough time has passed or a signal arrives at @sigfd.
 * Afterwards the screen is as it was before.
 */
int viewer_run(struct viewer *viewer, int sigfd);
void viewer_close(struct viewer *viewer);

#endif /* FPGABUF_SHOW_VIEWER_H */
