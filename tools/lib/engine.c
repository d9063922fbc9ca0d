// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which engine a sender gets. */
#include "sender.h"

/*
 * Pinning pages and reading the report costs as much as copying some tens of
 * KiB.
 */
#define BREAK_EVEN	((size_t)32 << 10)

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
 * Between MSG_ZEROCOPY and io_uring there is hardly a difference in cost, for
 * memory that cannot stay registered; and there are more machines on which the
 * former is allowed.
 */
static int choose(struct fpgabuf_sender *s)
{
	int err;

	s->chosen = true;
	if (*s->obstacle)
		return use(s, FPGABUF_ENGINE_COPY, s->obstacle);
	err = use(s, FPGABUF_ENGINE_ZEROCOPY,
		  "nothing on the route is known to copy; pieces below 32 KiB are copied, as that is cheaper");
	if (err == -EOPNOTSUPP)
		return use(s, FPGABUF_ENGINE_COPY,
			   "this kernel has no zero-copy for this socket");
	if (!err)
		s->copy_below = BREAK_EVEN;
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

/* Zero-copy that is none costs more than a copy. */
void fpgabuf_engine_reconsider(struct fpgabuf_sender *s)
{
	if (!s->chosen || s->copy_below == SIZE_MAX)
		return;
	s->copy_below = SIZE_MAX;
	s->why = "copying since the kernel reported that it copied after all";
}
