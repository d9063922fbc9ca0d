// SPDX-License-Identifier: LGPL-2.1-or-later
/* What time the timestamps of a framed stream stand for. */
#include <errno.h>

#include "lib/frame.h"
#include "lib/internal.h"

static int64_t read_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * FPGABUF_NS_PER_SEC + t.tv_nsec;
}

/* The moment is the middle between the readings before and after. */
static int64_t ahead_ns(clockid_t clock)
{
	const int64_t before = fpgabuf_now_ns(), there = read_ns(clock);

	return there - before - (fpgabuf_now_ns() - before) / 2;
}

void fpgabuf_frame_read_clock(struct fpgabuf_frame_clock *clock)
{
	*clock = (struct fpgabuf_frame_clock){
		.utc_ns = ahead_ns(CLOCK_REALTIME),
		.tai_ns = ahead_ns(CLOCK_TAI),
	};
}

void fpgabuf_frame_put_clock(const struct fpgabuf_frame_clock *clock,
			     void *header)
{
	fpgabuf_frame_put_size(header, FPGABUF_FRAME_CLOCK_SIZE);
	fpgabuf_frame_put(header, FPGABUF_FRAME_REQUESTS_AT, 0);
	fpgabuf_frame_put(header, FPGABUF_FRAME_UTC_AT, clock->utc_ns);
	fpgabuf_frame_put(header, FPGABUF_FRAME_TAI_AT, clock->tai_ns);
}

int fpgabuf_frame_get_clock(const void *header, size_t size,
			    struct fpgabuf_frame_clock *clock)
{
	if (size < FPGABUF_FRAME_CLOCK_SIZE)
		return -ENODATA;
	clock->utc_ns = fpgabuf_frame_get(header, FPGABUF_FRAME_UTC_AT);
	clock->tai_ns = fpgabuf_frame_get(header, FPGABUF_FRAME_TAI_AT);
	return 0;
}
