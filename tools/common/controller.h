/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver tells of the DMA controller behind a capture device, and what
 * that means for who captures
 *
 * Drivers before version 2 of the interface tell nothing of it; then the tools
 * say nothing of it either.
 */
#ifndef FPGABUF_COMMON_CONTROLLER_H
#define FPGABUF_COMMON_CONTROLLER_H

#include <stdbool.h>

#include <linux/fpgabuf.h>

#include "common/json.h"

/* What is said instead of a number of gaps */
#define GAPS_NOT_KNOWN	"not known: the DMA controller is restarted by software between captures"

/**
 * enum gaps_worth - what the number of gaps is worth
 * @GAPS_UNTOLD: nobody has told
 * @GAPS_EXACT: samples are missing before so many captures, at most
 * @GAPS_UNKNOWN: every capture but the first has one, whether samples are missing
 *	or not
 */
enum gaps_worth { GAPS_UNTOLD, GAPS_EXACT, GAPS_UNKNOWN };

bool controller_is_told(const struct fpgabuf_info *info);
bool controller_can(const struct fpgabuf_info *info, uint64_t capability);
enum gaps_worth controller_gaps(const struct fpgabuf_info *info);

/* The number, and what it is worth, if that is known. */
void json_gaps(struct json *json, uint64_t gaps, enum gaps_worth worth);

/*
 * The size of a region if the user named none (@asked is 0): @usual, or as much
 * as the controller takes as one capture.
 */
uint64_t controller_region_size(const struct fpgabuf_info *info,
				uint64_t asked, uint64_t usual);

/*
 * How much to capture into a region of @size bytes that was made because @asked
 * were wanted.  A region is whole pages, and may so have become longer than what
 * the controller takes.
 */
uint64_t controller_capture_length(const struct fpgabuf_info *info,
				   uint64_t asked, uint64_t size);

/*
 * Is such an error of a capture no failure, but a reason to ask again?  The FPGA
 * had nothing to say, or the system was suspended.
 */
bool capture_may_follow(int error);

/**
 * struct failures - of the captures of a device
 * @in_a_row: without a good one between them
 * @total: in all
 */
struct failures {
	unsigned int in_a_row;
	uint64_t total;
};

/*
 * One capture may fail: its good bytes are good, and a gap follows.  Eight in a row
 * mean that the device is broken.  @error is that of a capture of @device.  Returns
 * 0 to go on, or -EIO; the first failure and the last are said.  What was canceled
 * is none; nor is the end of the device here, which QUEUE and DEQUEUE tell as well.
 */
int capture_failed(struct failures *failures, const char *device, int error);

/* Is it not known how much came, of a capture that ended early by itself? */
bool controller_lost_count(const struct fpgabuf_info *info,
			   const struct fpgabuf_dequeue *capture);

/* Says so; once is enough. */
void explain_lost_count(const char *device);

/*
 * Why QUEUE has refused @length bytes; @smaller is what to choose if they are too
 * many.
 */
void explain_queue(const char *device, const struct fpgabuf_info *info,
		   uint64_t length, const char *smaller, int err);

#endif /* FPGABUF_COMMON_CONTROLLER_H */
