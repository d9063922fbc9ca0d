// SPDX-License-Identifier: LGPL-2.1-or-later
/* The engine that copies: bytes that the socket took are complete. */
#include <sys/socket.h>

#include "sender.h"

/*
 * A header, or a short piece, is not sent as a packet of its own if more data follow.
 * Zero-copy sends fill their packets themselves.
 */
ssize_t fpgabuf_send_now(struct fpgabuf_sender *s,
			 const struct fpgabuf_pieces *pieces, int flags)
{
	const struct msghdr msg = {
		.msg_iov = (struct iovec *)pieces->iov,
		.msg_iovlen = pieces->count,
	};
	ssize_t n;

	if (!(flags & MSG_ZEROCOPY) && pieces->more)
		flags |= MSG_MORE;
	do {
		n = sendmsg(s->fd, &msg, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t copy_send(struct fpgabuf_sender *s, struct fpgabuf_buffer *first,
			 const struct fpgabuf_pieces *pieces)
{
	(void)first;
	return fpgabuf_send_now(s, pieces, 0);
}

static int copy_open(struct fpgabuf_sender *s)
{
	/* It counts copies that the caller did not ask for: none. */
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
