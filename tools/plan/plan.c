// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>

#include "plan/plan.h"

#define US_PER_S	1e6

/* The region that the FPGA writes to, and the next one, which must be queued in time */
#define BEYOND_HELD	2

/* The initial window of TCP: 10 segments (RFC 6928) */
#define FIRST_WINDOW	(10 * 1448.0)

/* More than any memory has, and doubles are exact up to there. */
#define MAX_BYTES	0x1p53

/*
 * Most bytes that are captured and not acknowledged while TCP connects and speeds up.
 * TCP doubles the data with each round trip, and the FPGA does not wait for it:
 * fpgabuf-send connects when the device captures, and not before.
 */
static double start_bytes(double per_rtt)
{
	double window = FIRST_WINDOW, captured = 2 * per_rtt, acked = 0;
	double most = captured;

	while (window < per_rtt) {
		captured += per_rtt;
		acked += window;
		window *= 2;
		most = fmax(most, captured - acked);
	}
	return most;
}

static double regions_for(double bytes, const struct stream *s)
{
	return ceil(bytes / s->region_size) + BEYOND_HELD;
}

int plan_make(const struct stream *s, struct plan *plan)
{
	double per_us = s->rate / US_PER_S;
	double sending_us = s->region_size / (s->link / US_PER_S);
	double held_us = sending_us + s->rtt_us + s->delay_us;
	double regions = regions_for(held_us * per_us, s);
	double start = regions_for(start_bytes(s->rtt_us * per_us) +
				   (sending_us + s->delay_us) * per_us, s);

	if (s->link < s->rate || start * s->region_size > MAX_BYTES)
		return -ERANGE;
	*plan = (struct plan){
		.capture_us = s->region_size / per_us,
		.sending_us = sending_us,
		.held_us = held_us,
		.held = regions - BEYOND_HELD,
		.regions = regions,
		.bytes = regions * s->region_size,
		.on_its_way = ceil((s->rtt_us + s->delay_us) * per_us),
		.start_regions = start,
	};
	/*
	 * The kernel wakes up a sender when a third of its buffer is free; and the
	 * window that a receiver offers is half of its buffer.
	 */
	plan->socket = 2 * plan->on_its_way;
	return 0;
}
