// SPDX-License-Identifier: GPL-2.0-only
/* The carrier that is a socket, and a sender of the library on it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "send/carrier.h"

static int socket_connect(struct peer *p)
{
	int sock = link_connect(p->endpoint, p->options);

	if (sock < 0)
		return sock;
	p->sock = sock;
	return 0;
}

static int socket_connect_start(struct peer *p, const struct address *address)
{
	int sock = link_reconnect(address, p->options);

	if (sock < 0)
		return sock;
	p->sock = sock;
	return 0;
}

static int socket_connect_finish(struct peer *p)
{
	return link_error(p->sock);
}

/* The engine and the reason; the sender may change the engine later. */
static void socket_note(struct peer *p)
{
	const char *why, *obstacle = fpgabuf_sender_obstacle(p->sender);

	p->engine = fpgabuf_sender_engine(p->sender, &why);
	if (peer_is_spliced(p)) {
		p->engine = ENGINE_SPLICE;
		why = p->options->engine == ENGINE_SPLICE ?
			      "it was asked for" :
			      "it is the cheapest for bytes without headers to one peer";
	}
	snprintf(p->why, sizeof(p->why), "%s", why);
	snprintf(p->obstacle, sizeof(p->obstacle), "%s",
		 obstacle ? obstacle : "");
}

static void try_register(struct peer *p)
{
	int err;

	if (!p->source->fixed || p->engine != FPGABUF_ENGINE_URING)
		return;
	err = fpgabuf_sender_register(p->sender, p->source->fixed,
				      p->source->region_size);
	if (err && p->options->verbose)
		inform("the memory is not registered with io_uring: %s",
		       strerror(-err));
}

/* With a source that sends by itself, the sender only watches the socket. */
static enum fpgabuf_engine sender_engine(const struct peer *p)
{
	return peer_is_spliced(p) ? FPGABUF_ENGINE_COPY : p->options->engine;
}

static int socket_begin(struct peer *p)
{
	int err;

	err = fpgabuf_sender_create_with(p->sock, sender_engine(p),
					 p->source->slot_count + 1,
					 FPGABUF_SENDER_ONE_THREAD,
					 &p->sender);
	if (err)
		return err;
	link_name(p->sock, p->name);
	socket_note(p);
	try_register(p);
	return 0;
}

static int socket_submit(struct peer *p, const void *header, size_t size,
			 const struct fpgabuf_capture *c)
{
	if (!size)
		return fpgabuf_sender_submit(p->sender, c->addr, c->bytes,
					     c->slot);
	return fpgabuf_sender_submit_with_header(p->sender, header, size,
						 c->addr, c->bytes, c->slot);
}

static int socket_submit_end(struct peer *p)
{
	return fpgabuf_sender_submit_copy(p->sender, p->end_header,
					  sizeof(p->end_header), CARRIER_END);
}

static bool socket_reap(struct peer *p, uint64_t *token)
{
	return fpgabuf_sender_reap(p->sender, token);
}

static int socket_run(struct peer *p)
{
	return fpgabuf_sender_run(p->sender);
}

static void socket_abort(struct peer *p)
{
	fpgabuf_sender_abort(p->sender);
}

static void socket_stats(const struct peer *p,
			 struct fpgabuf_sender_stats *stats)
{
	fpgabuf_sender_stats(p->sender, stats);
}

static int socket_shut(struct peer *p)
{
	return shutdown(p->sock, SHUT_WR) < 0 ? -errno : 0;
}

static int socket_unacknowledged(struct peer *p)
{
	return link_unacknowledged(p->sock);
}

static int socket_closed(struct peer *p)
{
	return link_closed(p->sock, &p->inbox);
}

static void socket_hang_up(struct peer *p)
{
	fpgabuf_sender_destroy(p->sender);
	p->sender = NULL;
	if (p->sock >= 0 && p->broken)
		link_reset(p->sock);
	else if (p->sock >= 0)
		close(p->sock);
	p->sock = -1;
}

static struct pollfd socket_pollfd(const struct peer *p)
{
	struct pollfd pfd = { .fd = p->sock, .events = POLLIN };

	if (p->state == PEER_CONNECTING)
		pfd.events = POLLOUT;
	else if (p->state != PEER_CLOSING)
		pfd.fd = fpgabuf_sender_fd(p->sender);
	return pfd;
}

const struct carrier carrier_socket = {
	.connect = socket_connect,
	.connect_start = socket_connect_start,
	.connect_finish = socket_connect_finish,
	.begin = socket_begin,
	.note = socket_note,
	.submit = socket_submit,
	.submit_end = socket_submit_end,
	.reap = socket_reap,
	.run = socket_run,
	.abort = socket_abort,
	.stats = socket_stats,
	.shut = socket_shut,
	.unacknowledged = socket_unacknowledged,
	.closed = socket_closed,
	.hang_up = socket_hang_up,
	.pollfd = socket_pollfd,
};
