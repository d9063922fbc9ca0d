// SPDX-License-Identifier: LGPL-2.1-or-later
/* The engine that copies: what was taken is done with. */
#include <sys/socket.h>

#include "sender.h"

/* Are there bytes behind these, which are about to follow? */
static bool more_waits(const struct fpgabuf_sender *s,
		       const struct fpgabuf_buffer *b, size_t len)
{
	return s->cursor + 1 != s->tail || b->accepted + len < b->len;
}

/*
 * A header, or a short piece, is no packet of its own if something follows.  What
 * is sent without a copy fills its packets by itself.
 */
ssize_t fpgabuf_send_now(struct fpgabuf_sender *s,
			  const struct fpgabuf_buffer *b, size_t len,
			  int flags)
{
	ssize_t n;

	if (!(flags & MSG_ZEROCOPY) && more_waits(s, b, len))
		flags |= MSG_MORE;
	do {
		n = send(s->fd, b->addr + b->accepted, len,
			 flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t copy_send(struct fpgabuf_sender *s, struct fpgabuf_buffer *b,
			 size_t len)
{
	return fpgabuf_send_now(s, b, len, 0);
}

static int copy_open(struct fpgabuf_sender *s)
{
	/* It counts what was copied against the caller's wish: nothing. */
	s->stats.copied_exact = 1;
	return 0;
}

static void copy_close(struct fpgabuf_sender *s)
{
	(void)s;
}

static int copy_collect(struct fpgabuf_sender *s)
{
	(void)s;
	return 0;
}

const struct fpgabuf_engine_ops fpgabuf_copy_ops = {
	.open = copy_open,
	.close = copy_close,
	.send = copy_send,
	.collect = copy_collect,
};
