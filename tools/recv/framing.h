/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes a framed stream apart, and looks whether its frames fit each other
 *
 * Documentation/framing.rst has the format.  Who reads the stream asks what
 * comes next: bytes of a header, which belong here, or of a capture, which
 * belong elsewhere; so that no byte of a capture is copied.
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
 * @frame: what the last whole header says
 * @left: bytes of its capture that have not come yet
 * @ended: the frame that ends the stream has come
 * @next_sequence: the number the next capture has if none was left out; means
 *	something only when @frames is not 0
 * @frames: headers that have come
 * @first_sequence: number of the first capture
 * @captures: captures that have come, the last one perhaps in part
 * @gaps: those of them, behind the first, before which the FPGA may have lost samples
 * @partial: those of them that are shorter than was asked for
 * @errors: those of them that ended with an error
 * @timeouts: those of them that took too long
 * @skipped_captures: captures that the sender has left out
 * @skipped_bytes: bytes of those
 * @skipped_before: some of them were left out before the first capture; how many
 *	captures that were is not known
 * @has_clock: the last capture has told what its timestamp stands for
 * @clock: that
 * @error: what is wrong, in words
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
 * Bytes of a header that come next, and where they go; 0: @framing->left bytes
 * of a capture come first.
 */
size_t framing_header_room(struct framing *framing, uint8_t **at);

/*
 * So many of them have come.  Returns 1 if the header is complete, 0 if not,
 * -1 if it is wrong.
 */
int framing_header_got(struct framing *framing, size_t len);

/* So many bytes of the capture have come, @framing->left at most. */
void framing_data_got(struct framing *framing, size_t len);

/* May samples be missing between this capture and the one before? */
bool framing_broken(const struct framing *framing);

/* The stream is over.  Returns 0, or -1 if it may not be over here. */
int framing_finish(struct framing *framing);

#endif /* FPGABUF_RECV_FRAMING_H */
