// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which engine a sender gets. */
#include "sender.h"

/*
 * A call that pins pages, and the report that they are free again, cost as much as
 * copying this number of bytes (see Documentation/benchmark.rst).
 */
#define URING_BREAK_EVEN	((size_t)32 << 10)
#define ZEROCOPY_BREAK_EVEN	((size_t)64 << 10)

/* Many of 4 KiB in one call cost the same either way: not worth holding. */
#define SHORT			((size_t)8 << 10)

/* After a copy by the kernel, this many bytes are copied, at first and at most. */
#define FIRST_COPY_BYTES	((uint64_t)16 << 20)
#define MAX_COPY_BYTES		((uint64_t)1 << 30)

static size_t break_even(enum fpgabuf_engine engine)
{
	return engine == FPGABUF_ENGINE_URING ? URING_BREAK_EVEN :
						ZEROCOPY_BREAK_EVEN;
}

static const struct fpgabuf_engine_ops *find(enum fpgabuf_engine engine)
{
	switch (engine) {
	case FPGABUF_ENGINE_ZEROCOPY:
		return &fpgabuf_zerocopy_ops;
	case FPGABUF_ENGINE_COPY:
		return &fpgabuf_copy_ops;
	case FPGABUF_ENGINE_URING:
		return &fpgabuf_uring_ops;
	default:
		return NULL;
	}
}

static int use(struct fpgabuf_sender *s, enum fpgabuf_engine engine,
	       const char *why)
{
	s->engine = engine;
	s->ops = find(engine);
	s->why = why;
	return s->ops->open(s);
}

/*
 * io_uring costs less, the more so the shorter the pieces.  Where it is missing,
 * or forbidden, MSG_ZEROCOPY may be there.
 */
static const char *why_chosen(enum fpgabuf_engine engine)
{
	if (engine == FPGABUF_ENGINE_URING)
		return "the route has no known obstacle; less than 32 KiB at a time is copied, because that is cheaper";
	return "the route has no known obstacle, and there is no io_uring; less than 64 KiB at a time is copied, because that is cheaper";
}

static int choose_zero_copy(struct fpgabuf_sender *s)
{
	int err;

	err = use(s, FPGABUF_ENGINE_URING, why_chosen(FPGABUF_ENGINE_URING));
	if (!err)
		return 0;
	return use(s, FPGABUF_ENGINE_ZEROCOPY,
		   why_chosen(FPGABUF_ENGINE_ZEROCOPY));
}

static int choose(struct fpgabuf_sender *s)
{
	int err;

	s->chosen = true;
	if (*s->obstacle)
		return use(s, FPGABUF_ENGINE_COPY, s->obstacle);
	err = choose_zero_copy(s);
	if (!err) {
		s->copy_below = break_even(s->engine);
		s->short_below = SHORT;
	}
	if (err == -EOPNOTSUPP)
		return use(s, FPGABUF_ENGINE_COPY,
			   "this kernel has no zero-copy for this socket");
	return err;
}

int fpgabuf_engine_open(struct fpgabuf_sender *s, enum fpgabuf_engine engine)
{
	if (engine == FPGABUF_ENGINE_AUTO)
		return choose(s);
	if (!find(engine))
		return -EINVAL;
	return use(s, engine, "it was asked for");
}

/*
 * Falling back to a copy costs more than a plain send.  The cause may go, as a packet
 * capture does, so zero-copy is tried again, less often after each failure.
 */
void fpgabuf_engine_reconsider(struct fpgabuf_sender *s)
{
	if (!s->chosen || s->copy_below == SIZE_MAX)
		return;
	s->copy_bytes = s->copy_bytes ? 2 * s->copy_bytes : FIRST_COPY_BYTES;
	if (s->copy_bytes > MAX_COPY_BYTES)
		s->copy_bytes = MAX_COPY_BYTES;
	s->copy_until = s->stats.bytes + s->copy_bytes;
	s->copy_below = SIZE_MAX;
	s->why = "copying for a while since the kernel reported that it copied after all";
}

void fpgabuf_engine_retry(struct fpgabuf_sender *s)
{
	if (s->copy_below != SIZE_MAX || s->stats.bytes < s->copy_until)
		return;
	s->copy_below = break_even(s->engine);
	s->why = "trying again without a copy, after the kernel had copied for a while";
}

/*
 * A socket that takes little at a time, on a way with losses or with a slow reader,
 * makes short pieces of long ones.
 */
bool fpgabuf_engine_copies(const struct fpgabuf_sender *s)
{
	return s->room < s->copy_below;
}

void fpgabuf_engine_note(struct fpgabuf_sender *s, size_t offered, size_t taken)
{
	const bool copied = fpgabuf_engine_copies(s);

	if (taken < offered || taken > s->room)
		s->room = (3 * s->room + taken) / 4;
	if (fpgabuf_engine_copies(s) == copied)
		return;
	s->why = copied ? why_chosen(s->engine) :
			  "the socket takes so little at a time that copying is cheaper";
}
