/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many regions a stream needs, so that the FPGA always has one to write to
 *
 * A region is held from the end of its capture until the peer has acknowledged all of
 * it.  Meanwhile the FPGA goes on: it fills one region, and the next one must be
 * queued before that is full.
 */
#ifndef FPGABUF_PLAN_PLAN_H
#define FPGABUF_PLAN_PLAN_H

#include <stdint.h>

/**
 * struct stream - the rates and delays of a stream
 * @rate: bytes captured a second, 1 or more
 * @link: bytes a second that the connection carries, @rate or more
 * @region_size: bytes of a region, 1 or more
 * @rtt_us: microseconds from a packet to its acknowledgement
 * @delay_us: microseconds that a completion takes beyond that
 */
struct stream {
	uint64_t rate;
	uint64_t link;
	uint64_t region_size;
	uint64_t rtt_us;
	uint64_t delay_us;
};

/**
 * struct plan - the regions and memory that it needs
 * @capture_us: microseconds to fill a region
 * @sending_us: microseconds to send one
 * @held_us: microseconds from the end of a capture until its region is free
 * @held: regions that are held at once
 * @regions: regions in all
 * @bytes: their memory
 * @on_its_way: bytes that are not acknowledged yet, at full speed
 * @start_regions: regions with which nothing is lost even while TCP speeds up
 * @socket: bytes that the buffers of both sockets must take
 */
struct plan {
	double capture_us;
	double sending_us;
	double held_us;
	uint64_t held;
	uint64_t regions;
	uint64_t bytes;
	uint64_t on_its_way;
	uint64_t start_regions;
	uint64_t socket;
};

/*
 * 0, or -ERANGE if there is no plan: the link is slower than the FPGA, or the number
 * of bytes does not fit.
 */
int plan_make(const struct stream *stream, struct plan *plan);

#endif /* FPGABUF_PLAN_PLAN_H */
