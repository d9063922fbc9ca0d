// SPDX-License-Identifier: GPL-2.0-only
/*
 * Framed streams: however the bytes come in pieces, the same comes out
 *
 * The first byte says how large the pieces are.  The stream is read a second
 * time byte by byte; and every sample, header and byte that is too much is
 * accounted for.
 */
#include <string.h>

#include "fuzz.h"
#include "recv/framing.h"

/**
 * struct outcome - what a reader of the stream found
 * @framing: where it ended
 * @samples: bytes of captures
 * @headers: bytes of headers that were complete
 * @used: bytes of the stream
 * @failed: it was wrong there
 */
struct outcome {
	struct framing framing;
	uint64_t samples;
	uint64_t headers;
	size_t used;
	bool failed;
};

static size_t least(size_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void check_header(const struct outcome *o)
{
	const struct framing *f = &o->framing;

	CHECK(f->frame.header_size >= FPGABUF_FRAME_HEADER_SIZE);
	CHECK(f->frame.header_size <= FPGABUF_FRAME_HEADER_MAX);
	CHECK(f->left == f->frame.length);
	CHECK(f->ended == !!(f->frame.flags & FPGABUF_FRAME_END));
	CHECK(f->captures + f->ended == f->frames);
	CHECK(f->gaps <= f->captures && f->partial <= f->captures);
	CHECK(f->errors <= f->captures && f->timeouts <= f->captures);
	/* Before the first frame nobody knows how many captures that was. */
	CHECK(!f->skipped_captures || f->skipped_bytes);
}

/* Takes what comes next, @piece bytes at most. */
static void step(struct outcome *o, struct input *in, size_t piece)
{
	struct framing *f = &o->framing;
	size_t room, n;
	uint8_t *at;
	int ret;

	room = framing_header_room(f, &at);
	CHECK((room == 0) == (f->left > 0));
	n = least(least(piece, in->left), room ? room : f->left);
	o->used += n;
	if (!room) {
		framing_data_got(f, n);
		o->samples += n;
	} else {
		CHECK(at >= f->header &&
		      at + room <= f->header + sizeof(f->header));
		memcpy(at, in->data, n);
		ret = framing_header_got(f, n);
		o->failed = ret < 0;
		if (ret > 0) {
			o->headers += f->frame.header_size;
			check_header(o);
		}
	}
	in->data += n;
	in->left -= n;
}

static void read_stream(struct outcome *o, struct input in, size_t piece)
{
	memset(o, 0, sizeof(*o));
	framing_start(&o->framing);
	while (in.left && !o->failed)
		step(o, &in, piece);
	if (!o->failed)
		CHECK(o->samples + o->headers + o->framing.have == o->used);
	CHECK(!o->failed == !*o->framing.error);
}

/* It ends well only with the frame that ends it. */
static void check_end(struct outcome *o)
{
	bool whole = o->framing.ended && !o->framing.have && !o->framing.left;

	if (o->failed)
		return;
	CHECK(framing_finish(&o->framing) == (whole ? 0 : -1));
	CHECK(whole == !*o->framing.error);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
	CHECK(a->failed == b->failed && a->samples == b->samples);
	CHECK(a->headers == b->headers);
	CHECK(a->framing.frames == b->framing.frames);
	CHECK(a->framing.captures == b->framing.captures);
	CHECK(a->framing.skipped_bytes == b->framing.skipped_bytes);
	CHECK(!strcmp(a->framing.error, b->framing.error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	size_t piece = 1 + input_number(&in, 1);
	static struct outcome once, again;

	read_stream(&once, in, piece);
	read_stream(&again, in, 1);
	check_same(&once, &again);
	check_end(&once);
	return 0;
}
