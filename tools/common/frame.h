/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The header before each capture in a framed stream
 *
 * Documentation/framing.rst has the format.  Reading it back is half of what a
 * receiver has to do: that sequence and skipped fit what came before, it must
 * see itself.
 */
#ifndef FPGABUF_COMMON_FRAME_H
#define FPGABUF_COMMON_FRAME_H

#include <stdint.h>

/* Bytes of a header of this version. */
#define FRAME_HEADER_SIZE	48

/* Most bytes of a header of any version. */
#define FRAME_HEADER_MAX	1024

/* The first four have the values of FPGABUF_CAPTURE_*. */
#define FRAME_PARTIAL	0x0001U	/* shorter than was asked for */
#define FRAME_ERROR	0x0002U	/* the capture ended with an error */
#define FRAME_TIMEOUT	0x0004U	/* ... because it took too long */
#define FRAME_GAP	0x0008U	/* the FPGA may have lost samples before it */
#define FRAME_END	0x0100U	/* no capture: the stream ends as it should */
#define FRAME_FLAGS	0x010fU	/* all of them */

/**
 * struct frame - what a header says
 * @header_size: bytes of the header, the data follow it; set by frame_decode()
 * @flags: FRAME_*
 * @sequence: number of the capture; one more than that of the frame before,
 *	unless captures were left out between them
 * @timestamp_ns: CLOCK_MONOTONIC of the sender when the capture was complete
 * @length: bytes of the capture, which follow the header
 * @skipped: bytes of the captures that were left out just before this one
 */
struct frame {
	uint16_t header_size;
	uint32_t flags;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint64_t length;
	uint64_t skipped;
};

void frame_encode(const struct frame *frame, uint8_t bytes[FRAME_HEADER_SIZE]);

/*
 * Reads a header.  A longer one of a later version is read as far as this
 * version knows it; the rest, up to @header_size, is for the caller to skip.
 *
 * -EBADMSG: not a header; -EPROTONOSUPPORT: of a version that is not compatible
 * with this one.
 */
int frame_decode(const uint8_t bytes[FRAME_HEADER_SIZE], struct frame *frame);

#endif /* FPGABUF_COMMON_FRAME_H */
