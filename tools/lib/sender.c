// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The sender: buffers in, tokens out when the network has let go of them
 *
 * Buffers stand in a ring in the order of the stream:
 *
 *	head ... cursor	all bytes accepted, waiting for completions
 *	cursor ... tail	bytes left to send (the first may be sent in part)
 *
 * head, cursor and tail only ever grow; the slot is the number modulo depth.
 * After an error cursor stands still, and head goes on to tail.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "completion.h"
#include "errqueue.h"

/*
 * A call is charged against RLIMIT_MEMLOCK with all it offers, not with what
 * the socket accepts; so a call offers no more than pays off.
 */
#define MAX_SEND	((size_t)1 << 20)

/* A full socket takes at most a few hundred sends, so this hardly ever ends. */
#define TRACKER_CAPACITY	4096U

/* What older kernels (5.10) answer for EOPNOTSUPP; no errno of user space. */
#define KERNEL_ENOTSUPP	524

struct buffer {
	const char *addr;
	size_t len;
	size_t accepted;
	uint64_t token;
	unsigned int pending;
};

struct fpgabuf_sender {
	int fd;
	enum fpgabuf_engine engine;
	int error;
	/* Only a completion can help; POLLOUT would wake for nothing. */
	bool starved;
	unsigned int depth;
	uint64_t head;
	uint64_t cursor;
	uint64_t tail;
	struct buffer *ring;
	struct fpgabuf_tracker tracker;
	struct fpgabuf_sender_stats stats;
};

static struct buffer *buffer_at(const struct fpgabuf_sender *s, uint64_t pos)
{
	return &s->ring[pos % s->depth];
}

static int check_socket(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	socklen_t type_len = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0)
		return -errno;
	if (type != SOCK_STREAM)
		return -EPROTOTYPE;
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return -errno;
	return 0;
}

static int enable_zerocopy(int fd)
{
	int one = 1;

	if (!setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return 0;
	if (errno == KERNEL_ENOTSUPP || errno == ENOPROTOOPT)
		return -EOPNOTSUPP;
	return -errno;
}

static int check_create(int fd, enum fpgabuf_engine engine, unsigned int depth)
{
	int err;

	if (depth < 1 || depth > FPGABUF_SENDER_MAX_DEPTH)
		return -EINVAL;
	if (engine != FPGABUF_ENGINE_ZEROCOPY && engine != FPGABUF_ENGINE_COPY)
		return -EINVAL;
	err = check_socket(fd);
	if (err || engine == FPGABUF_ENGINE_COPY)
		return err;
	return enable_zerocopy(fd);
}

int fpgabuf_sender_create(int sockfd, enum fpgabuf_engine engine,
			  unsigned int depth, struct fpgabuf_sender **sender)
{
	struct fpgabuf_sender *s;
	int err;

	err = check_create(sockfd, engine, depth);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = sockfd;
	s->engine = engine;
	s->depth = depth;
	err = -ENOMEM;
	s->ring = calloc(depth, sizeof(*s->ring));
	if (!s->ring)
		goto err_sender;
	err = fpgabuf_tracker_init(&s->tracker, TRACKER_CAPACITY, 0);
	if (err)
		goto err_ring;
	*sender = s;
	return 0;

err_ring:
	free(s->ring);
err_sender:
	free(s);
	return err;
}

void fpgabuf_sender_destroy(struct fpgabuf_sender *sender)
{
	if (!sender)
		return;
	fpgabuf_tracker_exit(&sender->tracker);
	free(sender->ring);
	free(sender);
}

int fpgabuf_sender_submit(struct fpgabuf_sender *sender, const void *addr,
			  size_t len, uint64_t token)
{
	if (!addr || !len)
		return -EINVAL;
	if (sender->error)
		return sender->error;
	if (sender->tail - sender->head == sender->depth)
		return -EAGAIN;
	*buffer_at(sender, sender->tail++) = (struct buffer){
		.addr = addr,
		.len = len,
		.token = token,
	};
	return 0;
}

short fpgabuf_sender_events(const struct fpgabuf_sender *sender)
{
	bool sending = sender->cursor != sender->tail;

	return sending && !sender->starved && !sender->error ? POLLOUT : 0;
}

/* Reads all reports there are.  Each ends at least one id: that is the bound */
static int collect(struct fpgabuf_sender *s)
{
	struct fpgabuf_report r;
	int ret, err;

	while ((ret = fpgabuf_errqueue_read(s->fd, &r)) > 0) {
		err = fpgabuf_tracker_complete(&s->tracker, r.lo, r.hi);
		if (err)
			return err;
		s->stats.completions += r.hi - r.lo + 1;
		if (r.copied)
			s->stats.copied += r.hi - r.lo + 1;
		s->starved = false;
	}
	return ret;
}

static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

static ssize_t send_once(struct fpgabuf_sender *s, const struct buffer *b,
			 int flags)
{
	size_t len = b->len - b->accepted;
	ssize_t n;

	if (len > MAX_SEND)
		len = MAX_SEND;
	n = send(s->fd, b->addr + b->accepted, len,
		 flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

/* -ENOBUFS: the kernel, or the tracker, has no room for another send. */
static ssize_t send_zerocopy(struct fpgabuf_sender *s, struct buffer *b)
{
	ssize_t n;

	if (fpgabuf_tracker_full(&s->tracker))
		return -ENOBUFS;
	n = send_once(s, b, MSG_ZEROCOPY);
	if (n > 0) {
		fpgabuf_tracker_issue(&s->tracker, &b->pending);
		s->stats.zerocopy_sends++;
	}
	return n;
}

/*
 * No room for a zero-copy send.  Completions make room, if some are to come.
 * If not, no event would ever wake us, so this piece goes as a copy.
 */
static ssize_t send_without_room(struct fpgabuf_sender *s, struct buffer *b)
{
	uint32_t before = s->tracker.outstanding;
	ssize_t n;
	int err;

	err = collect(s);
	if (err)
		return err;
	if (s->tracker.outstanding != before) {
		n = send_zerocopy(s, b);
		if (n != -ENOBUFS)
			return n;
	}
	if (s->tracker.outstanding) {
		s->starved = true;
		return -EAGAIN;
	}
	n = send_once(s, b, 0);
	if (n > 0)
		s->stats.fallback_copies++;
	return n;
}

static ssize_t send_some(struct fpgabuf_sender *s, struct buffer *b)
{
	ssize_t n;

	if (s->engine == FPGABUF_ENGINE_COPY)
		return send_once(s, b, 0);
	n = send_zerocopy(s, b);
	return n == -ENOBUFS ? send_without_room(s, b) : n;
}

/* Sends until the socket is full, or the ring is empty. */
static int push(struct fpgabuf_sender *s)
{
	while (s->cursor != s->tail && !s->starved) {
		struct buffer *b = buffer_at(s, s->cursor);
		ssize_t n = send_some(s, b);

		if (n < 0)
			return n == -EAGAIN ? 0 : n;
		s->stats.sends++;
		s->stats.bytes += n;
		b->accepted += n;
		if (b->accepted == b->len)
			s->cursor++;
	}
	return 0;
}

int fpgabuf_sender_run(struct fpgabuf_sender *sender, short revents)
{
	int err = 0;

	if (revents & (POLLERR | POLLHUP)) {
		err = collect(sender);
		if (!err)
			err = socket_error(sender->fd);
	}
	if (!err && !sender->error)
		err = push(sender);
	if (!sender->error)
		sender->error = err;
	return sender->error;
}

int fpgabuf_sender_reap(struct fpgabuf_sender *sender, uint64_t *token)
{
	struct buffer *b = buffer_at(sender, sender->head);

	if (sender->head == sender->tail || b->pending)
		return 0;
	if (b->accepted != b->len && !sender->error)
		return 0;
	*token = b->token;
	sender->head++;
	return 1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool settled(const struct fpgabuf_sender *s)
{
	return !s->tracker.outstanding && (s->error || s->cursor == s->tail);
}

static int drain_with(struct fpgabuf_sender *s, int epfd, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct epoll_event event;
	int64_t left;

	for (;;) {
		fpgabuf_sender_run(s, POLLOUT | POLLERR);
		if (settled(s))
			return s->error;
		left = deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (epoll_wait(epfd, &event, 1, left) < 0)
			return -errno;
	}
}

/*
 * Edge-triggered, because a dead connection reports POLLERR | POLLHUP for ever
 * while the device still holds pages: a level would make the loop spin.
 */
int fpgabuf_sender_drain(struct fpgabuf_sender *sender, int timeout_ms)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int epfd, ret;

	if (timeout_ms < 0)
		return -EINVAL;
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		return -errno;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, sender->fd, &event) < 0)
		ret = -errno;
	else
		ret = drain_with(sender, epfd, timeout_ms);
	close(epfd);
	return ret;
}

void fpgabuf_sender_stats(const struct fpgabuf_sender *sender,
			  struct fpgabuf_sender_stats *stats)
{
	*stats = sender->stats;
}
