// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The engine that sends with IORING_OP_SEND_ZC
 *
 * A request must not wait (MSG_DONTWAIT), so its result is there when the call that
 * submits it returns, and the stream stays in order.  epoll tells when the socket is
 * writable again.  A second completion, the notification, comes later: the kernel has
 * let go of the memory.
 *
 * For registered memory only the notification tells this, because packets then hold
 * no references.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender.h"

#ifdef FPGABUF_HAVE_LIBURING

#include <liburing.h>

/* Since Linux 6.2 and 6.1.x; older headers lack them. */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE	(1U << 3)
#define IORING_NOTIF_USAGE_ZC_COPIED	(1U << 31)
#endif

/*
 * Since Linux 6.1: completions wait until the thread that made the ring asks for
 * them.  Otherwise they interrupt this thread while it waits in the kernel, which
 * looks like a signal to epoll_wait(2) and some ioctls.  An eventfd tells when to
 * ask; the ring itself becomes readable only after that.
 */
#ifdef IORING_SETUP_DEFER_TASKRUN
#define ONE_THREAD	(IORING_SETUP_SINGLE_ISSUER | \
			 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG)
#else
#define ONE_THREAD	0
#endif

/* Sends in flight; a full socket takes at most a few hundred. */
#define SLOTS	1024U

/**
 * struct slot - a request that the kernel has
 * @buffer: the buffer that it begins in
 * @result: its result
 * @answered: the result has come
 * @continues: this is the rest of the request before, which the socket took in part
 * @whole: number of the last request that does not continue another, this one or an
 *	earlier one
 */
struct slot {
	struct fpgabuf_buffer *buffer;
	int result;
	bool answered;
	bool continues;
	unsigned int whole;
};

/**
 * struct uring - the state of the engine
 * @ring: the ring; a request's number is that of its slot
 * @slots: the requests in flight
 * @unused: slots that are free
 * @unused_count: how many there are
 * @event: tells that something has completed, or -1 if the ring does
 * @flags: of every request
 * @cut: bytes of the stream before the place where the socket cut the last request
 * @whole: number of the last request that does not continue another
 * @copied: whether these were copied, by their number modulo the size, which is twice
 *	as many as can be in flight
 * @first: registered memory, or NULL
 * @size: bytes of it
 */
struct uring {
	struct io_uring ring;
	struct slot slots[SLOTS];
	uint16_t unused[SLOTS];
	unsigned int unused_count;
	int event;
	unsigned int flags;
	uint64_t cut;
	unsigned int whole;
	bool copied[2 * SLOTS];
	const char *first;
	size_t size;
};

static int check_kernel(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool supported;

	if (!probe)
		return -EOPNOTSUPP;
	supported = io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) &&
		    io_uring_opcode_supported(probe, IORING_OP_SENDMSG_ZC);
	io_uring_free_probe(probe);
	return supported ? 0 : -EOPNOTSUPP;
}

/* Room for all notifications: a ring that overflows delays them. */
static int ring_init(struct io_uring *ring, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | flags,
		.cq_entries = 2 * SLOTS,
	};

	return io_uring_queue_init_params(1, ring, &params);
}

static int deferred_ring_open(struct uring *u)
{
	int err;

	if (!ONE_THREAD)
		return -EINVAL;
	u->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (u->event < 0)
		return -errno;
	err = ring_init(&u->ring, ONE_THREAD);
	if (err)
		goto err_event;
	err = io_uring_register_eventfd(&u->ring, u->event);
	if (err)
		goto err_ring;
	return 0;

err_ring:
	io_uring_queue_exit(&u->ring);
err_event:
	close(u->event);
	u->event = -1;
	return err;
}

static void ring_close(struct uring *u)
{
	io_uring_queue_exit(&u->ring);
	if (u->event >= 0)
		close(u->event);
}

static int ring_open(struct uring *u, bool one_thread)
{
	int err = -EINVAL;

	u->event = -1;
	if (one_thread)
		err = deferred_ring_open(u);
	/* This kernel does not know such rings. */
	if (err == -EINVAL)
		err = ring_init(&u->ring, 0);
	if (err)
		return err;
	err = check_kernel(&u->ring);
	if (err)
		ring_close(u);
	return err;
}

static int uring_open(struct fpgabuf_sender *s)
{
	struct uring *u;
	unsigned int i;
	int err;

	/* Asks for the kind of socket; the ring itself does not need it. */
	err = fpgabuf_enable_zerocopy(s->fd);
	if (err)
		return err;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	err = ring_open(u, s->owner);
	if (err)
		goto err_free;
	err = fpgabuf_sender_watch(s, u->event >= 0 ? u->event :
						      u->ring.ring_fd,
				   EPOLLIN, FPGABUF_WATCH_ENGINE);
	if (err)
		goto err_ring;
	for (i = 0; i < SLOTS; i++)
		u->unused[u->unused_count++] = i;
	u->flags = IORING_SEND_ZC_REPORT_USAGE;
	u->cut = UINT64_MAX;
	s->stats.copied_exact = 1;
	s->state = u;
	return 0;

err_ring:
	ring_close(u);
err_free:
	free(u);
	return err;
}

static void uring_close(struct fpgabuf_sender *s)
{
	struct uring *u = s->state;

	ring_close(u);
	free(u);
}

static void release_slot(struct fpgabuf_sender *s, struct slot *slot)
{
	struct uring *u = s->state;

	slot->buffer->pending--;
	s->outstanding--;
	u->unused[u->unused_count++] = slot - u->slots;
}

/*
 * Since Linux 6.10 bytes may join the packet of the request before, see
 * io_link_skb() there.  If all bytes do, the request has no packet of its own, and
 * the kernel always reports a copy.  MSG_EOR ends the packet with a request that is
 * taken whole, so that only the rest of a request can join, and the report about its
 * beginning is right.
 */
static bool was_copied(struct uring *u, const struct slot *slot, uint32_t usage)
{
	bool copied = usage & IORING_NOTIF_USAGE_ZC_COPIED;
	bool *first = &u->copied[slot->whole % (2 * SLOTS)];

	if (slot->continues)
		return copied && *first;
	*first = copied;
	return copied;
}

/* The kernel has let go of the memory of a request. */
static void notify(struct fpgabuf_sender *s, struct slot *slot, uint32_t usage)
{
	release_slot(s, slot);
	/* A request that the socket did not take gets a notification as well. */
	if (slot->result > 0)
		fpgabuf_sender_completed(s, 1, was_copied(s->state, slot, usage));
	else
		s->starved = false;
}

static void take(struct fpgabuf_sender *s, const struct io_uring_cqe *cqe)
{
	struct uring *u = s->state;
	struct slot *slot = &u->slots[cqe->user_data];

	if (cqe->flags & IORING_CQE_F_NOTIF) {
		notify(s, slot, cqe->res);
		return;
	}
	slot->result = cqe->res;
	slot->answered = true;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		notify(s, slot, 0);
}

static int uring_collect(struct fpgabuf_sender *s)
{
	struct uring *u = s->state;
	struct io_uring_cqe *cqe;
	uint64_t count;

	/* First: a completion after the look below makes a new event. */
	if (u->event >= 0 && read(u->event, &count, sizeof(count)) < 0 &&
	    errno != EAGAIN)
		return -errno;
	while (!io_uring_peek_cqe(&u->ring, &cqe)) {
		take(s, cqe);
		io_uring_cqe_seen(&u->ring, cqe);
	}
	return 0;
}

static bool is_registered(const struct uring *u, const char *addr, size_t len)
{
	return u->first && addr >= u->first && len <= u->size &&
	       (size_t)(addr - u->first) <= u->size - len;
}

static void prepare_one(struct uring *u, struct io_uring_sqe *sqe, int fd,
			const struct iovec *piece, int flags)
{
	const char *addr = piece->iov_base;
	size_t len = piece->iov_len;

	if (is_registered(u, addr, len))
		io_uring_prep_send_zc_fixed(sqe, fd, addr, len, flags,
					    u->flags, 0);
	else
		io_uring_prep_send_zc(sqe, fd, addr, len, flags, u->flags);
}

/* @msg is read until the request has been answered. */
static void prepare(struct uring *u, int fd, unsigned int number,
		    const struct msghdr *msg)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR;

	if (msg->msg_iovlen == 1) {
		prepare_one(u, sqe, fd, msg->msg_iov, flags);
	} else {
		io_uring_prep_sendmsg_zc(sqe, fd, msg, flags);
		sqe->ioprio |= u->flags;
	}
	io_uring_sqe_set_data64(sqe, number);
}

/* The answer of a request that does not wait is there at once. */
static int submit(struct fpgabuf_sender *s, struct slot *slot)
{
	struct uring *u = s->state;
	struct io_uring_cqe *cqe;
	int n;

	n = io_uring_submit(&u->ring);
	if (n != 1) {
		release_slot(s, slot);
		/* It stays in the ring, so nothing may be sent any more. */
		return -EIO;
	}
	while (!slot->answered) {
		n = io_uring_wait_cqe(&u->ring, &cqe);
		if (n && n != -EINTR)
			return n;
		uring_collect(s);
	}
	return 0;
}

static int request(struct fpgabuf_sender *s, struct fpgabuf_buffer *first,
		   const struct fpgabuf_pieces *pieces)
{
	const struct msghdr msg = {
		.msg_iov = (struct iovec *)pieces->iov,
		.msg_iovlen = pieces->count,
	};
	struct uring *u = s->state;
	bool continues = u->cut == s->stats.bytes;
	unsigned int number;
	struct slot *slot;
	int err;

	if (!u->unused_count)
		return -ENOBUFS;
	number = u->unused[--u->unused_count];
	slot = &u->slots[number];
	*slot = (struct slot){
		.buffer = first,
		.continues = continues,
		.whole = continues ? u->whole : ++u->whole,
	};
	first->pending++;
	s->outstanding++;
	prepare(u, s->fd, number, &msg);
	err = submit(s, slot);
	return err ? err : slot->result;
}

static ssize_t uring_send(struct fpgabuf_sender *s, struct fpgabuf_buffer *first,
			  const struct fpgabuf_pieces *pieces)
{
	struct uring *u = s->state;
	int n;

	do {
		n = request(s, first, pieces);
	} while (n == -EINTR);
	/* Early versions of 6.1 do not report copies. */
	if (n == -EINVAL && u->flags && !s->stats.zerocopy_sends) {
		u->flags = 0;
		s->stats.copied_exact = 0;
		n = request(s, first, pieces);
	}
	if (n == -ENOMEM)
		return -ENOBUFS;
	if (n > 0) {
		u->cut = (size_t)n < pieces->len ? s->stats.bytes + n :
						   UINT64_MAX;
		s->stats.zerocopy_sends++;
		if (is_registered(u, pieces->iov->iov_base, pieces->len))
			s->stats.registered_sends++;
	}
	return n;
}

static int uring_register(struct fpgabuf_sender *s, const void *addr,
			  size_t len)
{
	const struct iovec range = { (void *)addr, len };
	struct uring *u = s->state;
	int err;

	if (u->first)
		return -EBUSY;
	err = io_uring_register_buffers(&u->ring, &range, 1);
	if (err)
		return err;
	u->first = addr;
	u->size = len;
	/* A request names one piece of it. */
	s->max_pieces = 1;
	return 0;
}

const struct fpgabuf_engine_ops fpgabuf_uring_ops = {
	.open = uring_open,
	.close = uring_close,
	.send = uring_send,
	.collect = uring_collect,
	.register_memory = uring_register,
};

#else

static int no_uring(struct fpgabuf_sender *s)
{
	(void)s;
	return -ENOSYS;
}

const struct fpgabuf_engine_ops fpgabuf_uring_ops = { .open = no_uring };

#endif
