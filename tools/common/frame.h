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

#include <stddef.h>
#include <stdint.h>

/* Bytes of a header of this version. */
#define FRAME_HEADER_SIZE	48

/* The same with the field of requests behind it. */
#define FRAME_LONG_SIZE		56

/* Most bytes of a header of any version. */
#define FRAME_HEADER_MAX	1024

/* The first four have the values of FPGABUF_CAPTURE_*. */
#define FRAME_PARTIAL	0x0001U	/* shorter than was asked for */
#define FRAME_ERROR	0x0002U	/* the capture ended with an error */
#define FRAME_TIMEOUT	0x0004U	/* ... because it took too long */
#define FRAME_GAP	0x0008U	/* the FPGA may have lost samples before it */
#define FRAME_END	0x0100U	/* no capture: the stream ends as it should */
#define FRAME_FLAGS	0x010fU	/* all of them */

/* Requests to the receiver, in the last header of a stream */
#define FRAME_WANTS_RECEIPT	0x1U	/* see receipt.h */

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

/* The same with requests, which receivers that do not know them skip. */
void frame_encode_long(const struct frame *frame, uint64_t requests,
		       uint8_t bytes[FRAME_LONG_SIZE]);

/* The requests in a header of @size bytes, 0 if it has no such field. */
uint64_t frame_requests(const uint8_t *bytes, size_t size);

/*
 * Reads a header.  A longer one of a later version is read as far as this
 * version knows it; the rest, up to @header_size, is for the caller to skip.
 *
 * -EBADMSG: not a header; -EPROTONOSUPPORT: of a version that is not compatible
 * with this one.
 */
int frame_decode(const uint8_t bytes[FRAME_HEADER_SIZE], struct frame *frame);

#endif /* FPGABUF_COMMON_FRAME_H */
