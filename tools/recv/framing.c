// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recv/framing.h"

void framing_start(struct framing *f)
{
	memset(f, 0, sizeof(*f));
	f->want = FPGABUF_FRAME_HEADER_SIZE;
}

static int __attribute__((format(printf, 2, 3)))
wrong(struct framing *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->error, sizeof(f->error), format, args);
	va_end(args);
	return -1;
}

size_t framing_header_room(struct framing *f, uint8_t **at)
{
	if (f->left)
		return 0;
	*at = f->header + f->have;
	return f->want - f->have;
}

static int decode(struct framing *f)
{
	int err = fpgabuf_frame_decode(f->header, &f->frame);

	if (err == -EPROTONOSUPPORT)
		return wrong(f, "frame %" PRIu64 " is of a later version that is not compatible; a newer fpgabuf-recv may know it",
			     f->frames + 1);
	if (err)
		return wrong(f, "frame %" PRIu64 " has no valid header; was the stream sent with --framed?",
			     f->frames + 1);
	f->want = f->frame.header_size;
	return 0;
}

/* Skipped numbers and skipped bytes must fit each other. */
static int check_sequence(struct framing *f)
{
	const struct fpgabuf_frame *frame = &f->frame;
	uint64_t missing = frame->sequence - f->next_sequence;

	/* Only the sender knows the number of these captures. */
	if (!f->frames) {
		f->skipped_bytes += frame->skipped;
		f->skipped_before = frame->skipped;
		return 0;
	}
	if (frame->sequence < f->next_sequence)
		return wrong(f, "capture %" PRIu64 " comes where %" PRIu64 " should",
			     frame->sequence, f->next_sequence);
	if (missing && !frame->skipped)
		return wrong(f, "%" PRIu64 " captures are missing before %" PRIu64 ", and the sender does not say that it left them out",
			     missing, frame->sequence);
	if (!missing && frame->skipped)
		return wrong(f, "%" PRIu64 " bytes are said to be left out before capture %" PRIu64 ", but none is missing",
			     frame->skipped, frame->sequence);
	f->skipped_captures += missing;
	f->skipped_bytes += frame->skipped;
	return 0;
}

static void count_capture(struct framing *f)
{
	uint32_t flags = f->frame.flags;

	/* Samples before the first capture are not missing. */
	if (f->captures)
		f->gaps += !!(flags & FPGABUF_FRAME_GAP);
	else
		f->first_sequence = f->frame.sequence;
	f->captures++;
	f->partial += !!(flags & FPGABUF_FRAME_PARTIAL);
	f->errors += !!(flags & FPGABUF_FRAME_ERROR);
	f->timeouts += !!(flags & FPGABUF_FRAME_TIMEOUT);
}

static int begin_frame(struct framing *f)
{
	if (check_sequence(f))
		return -1;
	f->frames++;
	f->have = 0;
	f->want = FPGABUF_FRAME_HEADER_SIZE;
	f->left = f->frame.length;
	if (f->frame.flags & FPGABUF_FRAME_END) {
		f->ended = true;
	} else {
		f->next_sequence = f->frame.sequence + 1;
		count_capture(f);
		f->has_clock = !fpgabuf_frame_get_clock(f->header,
							f->frame.header_size,
							&f->clock);
	}
	return 1;
}

int framing_header_got(struct framing *f, size_t len)
{
	if (f->ended)
		return wrong(f, "more comes after the end of the stream");
	f->have += len;
	if (f->have < f->want)
		return 0;
	/* A header may have more fields than this version knows. */
	if (f->have == FPGABUF_FRAME_HEADER_SIZE && decode(f))
		return -1;
	return f->have < f->want ? 0 : begin_frame(f);
}

void framing_data_got(struct framing *f, size_t len)
{
	f->left -= len;
}

bool framing_broken(const struct framing *f)
{
	return f->captures == 1 || f->frame.skipped ||
	       f->frame.flags & FPGABUF_FRAME_GAP;
}

int framing_finish(struct framing *f)
{
	if (f->left)
		return wrong(f, "the stream ends in capture %" PRIu64 ", %" PRIu64 " bytes before its end",
			     f->frame.sequence, f->left);
	if (f->have)
		return wrong(f, "the stream ends in the header of frame %" PRIu64,
			     f->frames + 1);
	if (!f->ended)
		return wrong(f, "the stream was cut off after %" PRIu64 " captures: the sender did not end it",
			     f->captures);
	return 0;
}
