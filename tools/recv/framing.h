/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parses a framed stream, and checks that its frames fit each other
 *
 * Documentation/framing.rst has the format.  The caller asks what comes next: bytes
 * of a header, which it reads into this object, or bytes of a capture, which it
 * reads elsewhere.  So no byte of a capture is copied.
 */
#ifndef FPGABUF_RECV_FRAMING_H
#define FPGABUF_RECV_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fpgabuf/fpgabuf.h>


/**
 * struct framing - a framed stream on its way
 * @header: the last header, or as much of it as has come
 * @have: bytes of @header that have come
 * @want: bytes of @header that must come
 * @frame: the fields of the last complete header
 * @left: bytes of its capture that have not come yet
 * @ended: the frame that ends the stream has come
 * @next_sequence: number of the next capture if none is left out; valid if @frames is
 *	not 0
 * @frames: headers that have come
 * @first_sequence: number of the first capture
 * @captures: captures that have come, the last one perhaps in part
 * @gaps: captures after the first before which samples may be missing
 * @partial: captures that are shorter than was asked for
 * @errors: captures that ended with an error
 * @timeouts: captures that took too long
 * @skipped_captures: captures that the sender has left out
 * @skipped_bytes: bytes of these
 * @skipped_before: some captures were left out before the first one; their number is
 *	not known
 * @has_clock: the header of the last capture has the clocks
 * @clock: the clocks
 * @error: the error, as a sentence
 */
struct framing {
	uint8_t header[FPGABUF_FRAME_HEADER_MAX];
	size_t have;
	size_t want;
	struct fpgabuf_frame frame;
	uint64_t left;
	bool ended;
	uint64_t next_sequence;
	uint64_t frames;
	uint64_t first_sequence;
	uint64_t captures;
	uint64_t gaps;
	uint64_t partial;
	uint64_t errors;
	uint64_t timeouts;
	uint64_t skipped_captures;
	uint64_t skipped_bytes;
	bool skipped_before;
	bool has_clock;
	struct fpgabuf_frame_clock clock;
	char error[160];
};

void framing_start(struct framing *framing);

/*
 * Number of bytes of a header that come next, and where to read them to; 0:
 * @framing->left bytes of a capture come first.
 */
size_t framing_header_room(struct framing *framing, uint8_t **at);

/*
 * Bytes of the header have come.  Returns 1 if it is complete, 0 if not, -1 if it is
 * invalid.
 */
int framing_header_got(struct framing *framing, size_t len);

/* Bytes of the capture have come, @framing->left at most. */
void framing_data_got(struct framing *framing, size_t len);

/* May samples be missing between this capture and the one before? */
bool framing_broken(const struct framing *framing);

/* The stream has ended.  Returns 0, or -1 if it must not end here. */
int framing_finish(struct framing *framing);

#endif /* FPGABUF_RECV_FRAMING_H */
