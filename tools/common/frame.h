/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools say to each other behind the header that the library knows
 *
 * Documentation/framing.rst has the format.
 */
#ifndef FPGABUF_COMMON_FRAME_H
#define FPGABUF_COMMON_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <fpgabuf/fpgabuf.h>

/* A header with the field of requests behind it */
#define FRAME_LONG_SIZE		56

/* Requests to the receiver, in the last header of a stream */
#define FRAME_WANTS_RECEIPT	0x1U	/* see receipt.h */

/* A header with requests, which receivers that do not know them skip. */
void frame_encode_long(const struct fpgabuf_frame *frame, uint64_t requests,
		       uint8_t bytes[FRAME_LONG_SIZE]);

/* The requests in a header of @size bytes, 0 if it has no such field. */
uint64_t frame_requests(const uint8_t *bytes, size_t size);

#endif /* FPGABUF_COMMON_FRAME_H */
