// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>

#include "common/message.h"
#include "common/rdma.h"
#include "common/resolve.h"
#include "recv/by-rdma.h"

/* What comes while the sink is busy waits here: 2 MiB. */
#define BUFFERS		32
#define BUFFER_SIZE	((size_t)64 << 10)

/* Until it has sent something, a peer takes no more of the memory that can be locked. */
#define GUEST_BUFFERS	2

/* Peers that may wait to be accepted */
#define BACKLOG		64

static int listen_at(struct rdma_listener *l, struct address *address)
{
	struct rdma_cm_id *id;
	int err;

	if (rdma_create_id(l->events, &id, NULL, RDMA_PS_TCP))
		return -errno;
	if (!rdma_bind_addr(id, (struct sockaddr *)&address->addr) &&
	    !rdma_listen(id, BACKLOG)) {
		l->id = id;
		return l->events->fd;
	}
	err = -errno;
	rdma_destroy_id(id);
	return err;
}

static int open_listener(struct rdma_listener *l,
			 const struct endpoint *endpoint)
{
	struct addresses addresses;
	unsigned int i;
	int fd;

	fd = resolve(endpoint, true, &addresses);
	if (fd)
		return fd;
	l->events = rdma_create_event_channel();
	if (!l->events)
		return -errno;
	if (fcntl(l->events->fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	fd = -EADDRNOTAVAIL;
	for (i = 0; i < addresses.count && fd < 0; i++)
		fd = listen_at(l, &addresses.list[i]);
	return fd;
}

static void explain(const struct endpoint *endpoint, int err)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, text);
	message("cannot listen at %s for RDMA: %s", text,
		resolve_strerror(err));
	if (err == -ENODEV || err == -EADDRNOTAVAIL)
		remedy("no RDMA device has this address: `rdma link` shows the devices; 0.0.0.0 or [::] means all");
	else if (err == -EADDRINUSE)
		remedy("choose another port; 0 takes any free one");
	else if (err == -ENOENT)
		remedy("load the kernel's module rdma_ucm");
}

int by_rdma_listen(struct rdma_listener *listener,
		   const struct endpoint *endpoint)
{
	int fd = open_listener(listener, endpoint);

	if (fd >= 0)
		return fd;
	explain(endpoint, fd);
	by_rdma_close(listener);
	return -1;
}

int by_rdma_port(const struct rdma_listener *listener)
{
	return ntohs(rdma_get_src_port(listener->id));
}

void by_rdma_close(struct rdma_listener *listener)
{
	if (listener->id)
		rdma_destroy_id(listener->id);
	if (listener->events)
		rdma_destroy_event_channel(listener->events);
	*listener = (struct rdma_listener){ 0 };
}

static int accept_link(struct rdma_cm_event *event, int keepalive_s,
		       struct rdma_link **link)
{
	const struct rdma_setup setup = {
		.buffers = BUFFERS,
		.few = GUEST_BUFFERS,
		.size = BUFFER_SIZE,
		.keepalive_s = keepalive_s,
	};

	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		return rdma_link_accept(event, &setup, link);
	rdma_ack_cm_event(event);
	return -EAGAIN;
}

/* This machine lacks something, whoever the peer is. */
static bool is_ours(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE ||
	       err == -ENOBUFS || err == -ENOSPC || err == -EPERM;
}

int by_rdma_accept(const struct rdma_listener *listener, int keepalive_s,
		   struct inlet *inlet, char peer[ENDPOINT_NAME_SIZE])
{
	struct rdma_cm_event *event;
	struct rdma_link *link;
	int err;

	if (rdma_get_cm_event(listener->events, &event))
		return -errno;
	err = accept_link(event, keepalive_s, &link);
	/* A peer that speaks otherwise, or has gone, is no concern of the others. */
	if (err)
		return is_ours(err) ? err : -ECONNABORTED;
	rdma_link_name(link, peer);
	*inlet = (struct inlet){
		.kind = &inlet_rdma,
		.fd = rdma_link_fd(link),
		.rdma = link,
	};
	return 0;
}

static ssize_t read_link(const struct inlet *inlet, void *at, size_t len)
{
	rdma_link_run(inlet->rdma);
	rdma_link_grow(inlet->rdma);
	return rdma_link_read(inlet->rdma, at, len);
}

static int peek_link(const struct inlet *inlet)
{
	rdma_link_run(inlet->rdma);
	return rdma_link_peek(inlet->rdma);
}

static void say_link(const struct inlet *inlet, const void *bytes, size_t len)
{
	rdma_link_send_copy(inlet->rdma, bytes, len);
}

static void close_link(struct inlet *inlet)
{
	rdma_link_leave(inlet->rdma);
}

static bool link_gone(const struct inlet *inlet)
{
	return rdma_link_run(inlet->rdma) || rdma_link_is_idle(inlet->rdma);
}

static void reset_link(struct inlet *inlet)
{
	rdma_link_free(inlet->rdma);
}

const struct inlet_kind inlet_rdma = {
	.read = read_link,
	.peek = peek_link,
	.say = say_link,
	.close = close_link,
	.gone = link_gone,
	.reset = reset_link,
};
