/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What time the timestamps of a framed stream stand for
 *
 * They are of a clock that means nothing on another machine, nor after the next
 * boot.  So the header of each capture says how far that clock is behind others.
 * Documentation/framing.rst has the format.
 */
#ifndef FPGABUF_COMMON_FRAME_CLOCK_H
#define FPGABUF_COMMON_FRAME_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"

/* Bytes of the header of a capture that says so */
#define FRAME_CLOCK_SIZE	72

/**
 * struct frame_clock - nanoseconds to be added to a timestamp
 * @utc_ns: for CLOCK_REALTIME
 * @tai_ns: for CLOCK_TAI; the same if nobody has told the kernel the difference
 */
struct frame_clock {
	int64_t utc_ns;
	int64_t tai_ns;
};

/* As it is now, on this machine. */
struct frame_clock frame_clock_now(void);

/*
 * Turns the header of a capture, with room for it, into one that says so.  Receivers
 * that do not know that skip the fields.
 */
void frame_clock_put(const struct frame_clock *clock,
		     uint8_t header[FRAME_CLOCK_SIZE]);

/* Reads it from a header of @size bytes.  False: that does not say so. */
bool frame_clock_get(const uint8_t *header, size_t size,
		     struct frame_clock *clock);

void json_clock(struct json *json, const struct frame_clock *clock);

#endif /* FPGABUF_COMMON_FRAME_CLOCK_H */
