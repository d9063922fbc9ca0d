/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop from the capture to the screen
 *
 * A region goes round: taken from the ring -> ready -> on the screen -> given back.
 * A region is never captured into while it is visible.  The display keeps its
 * framebuffer, which is imported when the region is first shown.
 * Functions that fail have printed why when they return.
 */
#ifndef FPGABUF_SHOW_VIEWER_H
#define FPGABUF_SHOW_VIEWER_H

#include <fpgabuf/fpgabuf.h>

#include "common/capturing.h"
#include "common/progress.h"
#include "common/stall.h"
#include "show/frame.h"
#include "show/screen.h"

/* One region is visible, one is ready, and one is being captured into. */
#define SLOTS	3

enum slot_state { SLOT_FREE, SLOT_READY, SLOT_FLIPPING, SLOT_SHOWN };

/**
 * struct slot - a region that was captured into
 * @frame: its framebuffer, if it has been shown
 * @state: where it is
 * @turn: number of its capture
 */
struct slot {
	struct frame frame;
	enum slot_state state;
	uint64_t turn;
};

/**
 * struct viewer - state of the loop
 * @options: the command line
 * @sigfd: descriptor of the signals that end it; -1 after one came
 * @capturing: the capture device and its ring
 * @screen: the screen
 * @geometry: of the pictures
 * @slots: by region
 * @progress: the line for people
 * @stall: the wait for the next capture
 * @copying: pictures are copied, because the driver cannot import them
 * @reason: the call that failed
 * @imports: how often the driver imported a region
 * @framebuffers: how many framebuffers were made
 * @deadline_ns: when the next picture must have come
 * @end_ns: when to end; 0 = at a signal
 * @captured: whole pictures captured
 * @shown: pictures that were shown
 * @discarded: captures that were too short for a picture
 * @gaps: pictures after the first before which samples may be missing
 */
struct viewer {
	const struct show_options *options;
	int sigfd;
	struct capturing capturing;
	struct screen screen;
	struct geometry geometry;
	struct slot slots[SLOTS];
	struct progress progress;
	struct stall stall;
	bool copying;
	char reason[128];
	uint64_t imports;
	uint64_t framebuffers;
	int64_t deadline_ns;
	int64_t end_ns;
	uint64_t captured;
	uint64_t shown;
	uint64_t discarded;
	uint64_t gaps;
};

/* Opens device and screen, and makes the regions. */
int viewer_open(struct viewer *viewer, const struct show_options *options);

/*
 * Shows pictures until enough time has passed or a signal arrives at @sigfd, and then
 * restores the screen.
 */
int viewer_run(struct viewer *viewer, int sigfd);
void viewer_close(struct viewer *viewer);

#endif /* FPGABUF_SHOW_VIEWER_H */
