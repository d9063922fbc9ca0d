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
 *
 * What can happen is watched by an epoll descriptor.  It watches the socket for
 * edges: a level would report a socket that is writable, or dead while the
 * device still holds pages, for ever.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sender.h"

/*
 * A call is charged against RLIMIT_MEMLOCK with all it offers, not with what
 * the socket accepts; so a call offers no more than pays off.  Short pieces that
 * are ready go in one call up to that.  Headers do not count: with them, as many
 * calls are made as without.
 */
#define MAX_SEND	((size_t)1 << 20)

static struct fpgabuf_buffer *buffer_at(const struct fpgabuf_sender *s,
					uint64_t pos)
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

int fpgabuf_sender_watch(struct fpgabuf_sender *s, int fd, uint32_t events,
			 uint32_t what)
{
	struct epoll_event event = { .events = events, .data.u32 = what };

	return epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static size_t headers_size(const struct fpgabuf_sender *s)
{
	return s->depth * sizeof(*s->headers);
}

static void sender_free(struct fpgabuf_sender *s)
{
	if (s->headers)
		munmap(s->headers, headers_size(s));
	if (s->epfd >= 0)
		close(s->epfd);
	free(s->ring);
	free(s);
}

static int sender_init(struct fpgabuf_sender *s, int fd, unsigned int depth)
{
	s->fd = fd;
	s->depth = depth;
	s->max_pieces = FPGABUF_MAX_PIECES;
	s->room = MAX_SEND;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0)
		return -errno;
	s->ring = calloc(depth, sizeof(*s->ring));
	if (!s->ring)
		return -ENOMEM;
	fpgabuf_sender_obstacle_of(fd, s->obstacle, sizeof(s->obstacle));
	return fpgabuf_sender_watch(s, fd, EPOLLOUT | EPOLLET,
				    FPGABUF_WATCH_SOCKET);
}

static pid_t this_thread(void)
{
	return syscall(SYS_gettid);
}

/* Which of them the kernel refuses depends on the engine: so all are. */
static int check_thread(const struct fpgabuf_sender *s)
{
	return s->owner && s->owner != this_thread() ? -EPERM : 0;
}

int fpgabuf_sender_new(int sockfd, enum fpgabuf_engine engine,
		       unsigned int depth, unsigned int flags,
		       uint32_t first_id, struct fpgabuf_sender **sender)
{
	struct fpgabuf_sender *s;
	int err;

	if (depth < 1 || depth > FPGABUF_SENDER_MAX_DEPTH ||
	    flags & ~FPGABUF_SENDER_ONE_THREAD)
		return -EINVAL;
	err = check_socket(sockfd);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->first_id = first_id;
	if (flags & FPGABUF_SENDER_ONE_THREAD)
		s->owner = this_thread();
	err = sender_init(s, sockfd, depth);
	if (!err)
		err = fpgabuf_engine_open(s, engine);
	if (err)
		sender_free(s);
	else
		*sender = s;
	return err;
}

int fpgabuf_sender_create(int sockfd, enum fpgabuf_engine engine,
			  unsigned int depth, struct fpgabuf_sender **sender)
{
	return fpgabuf_sender_new(sockfd, engine, depth, 0, 0, sender);
}

int fpgabuf_sender_create_with(int sockfd, enum fpgabuf_engine engine,
			       unsigned int depth, unsigned int flags,
			       struct fpgabuf_sender **sender)
{
	return fpgabuf_sender_new(sockfd, engine, depth, flags, 0, sender);
}

void fpgabuf_sender_destroy(struct fpgabuf_sender *sender)
{
	if (!sender)
		return;
	sender->ops->close(sender);
	sender_free(sender);
}

/* Room for @n buffers, if the sender has not ended */
static int check_room(const struct fpgabuf_sender *s, size_t n)
{
	if (s->error)
		return s->error;
	return s->depth - (s->tail - s->head) < n ? -EAGAIN : 0;
}

static int submit(struct fpgabuf_sender *s, const struct fpgabuf_buffer *b)
{
	int err;

	if (!b->addr || !b->len)
		return -EINVAL;
	err = check_room(s, 1);
	if (err)
		return err;
	*buffer_at(s, s->tail++) = *b;
	s->held++;
	return 0;
}

int fpgabuf_sender_submit(struct fpgabuf_sender *sender, const void *addr,
			  size_t len, uint64_t token)
{
	const struct fpgabuf_buffer b = {
		.addr = addr,
		.len = len,
		.token = token,
	};

	return submit(sender, &b);
}

int fpgabuf_sender_submit_copy(struct fpgabuf_sender *sender, const void *addr,
			       size_t len, uint64_t token)
{
	const struct fpgabuf_buffer b = {
		.addr = addr,
		.len = len,
		.token = token,
		.copy = true,
	};

	return submit(sender, &b);
}

static int check_pieces(const struct fpgabuf_sender *s,
			const struct iovec *iov, unsigned int count)
{
	unsigned int i;

	if (!count || count > s->depth)
		return -EINVAL;
	for (i = 0; i < count; i++)
		if (!iov[i].iov_base || !iov[i].iov_len)
			return -EINVAL;
	return check_room(s, count);
}

int fpgabuf_sender_submitv(struct fpgabuf_sender *sender,
			   const struct iovec *iov, unsigned int count,
			   uint64_t token)
{
	unsigned int i;
	int err;

	err = check_pieces(sender, iov, count);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		*buffer_at(sender, sender->tail++) = (struct fpgabuf_buffer){
			.addr = iov[i].iov_base,
			.len = iov[i].iov_len,
			.token = token,
			.copy = iov[i].iov_len < FPGABUF_SENDER_SHORT,
			.more = i + 1 < count,
		};
	sender->held++;
	return 0;
}

/* Not from the heap: the network may read headers after the sender has gone. */
static int make_headers(struct fpgabuf_sender *s)
{
	void *mem;

	if (s->headers)
		return 0;
	mem = mmap(NULL, headers_size(s), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	s->headers = mem;
	return 0;
}

static char *header_at(const struct fpgabuf_sender *s, uint64_t pos)
{
	return s->headers[pos % s->depth];
}

int fpgabuf_sender_submit_with_header(struct fpgabuf_sender *sender,
				      const void *header, size_t header_len,
				      const void *addr, size_t len,
				      uint64_t token)
{
	const struct fpgabuf_buffer b = {
		.addr = addr,
		.len = len,
		.header = header_len,
		.token = token,
	};
	int err;

	if (!header || !header_len || header_len > FPGABUF_SENDER_HEADER)
		return -EINVAL;
	err = make_headers(sender);
	if (!err)
		err = submit(sender, &b);
	if (!err)
		memcpy(header_at(sender, sender->tail - 1), header, header_len);
	return err;
}

int fpgabuf_sender_register(struct fpgabuf_sender *sender, const void *addr,
			    size_t len)
{
	int err;

	if (!addr || !len)
		return -EINVAL;
	if (!sender->ops->register_memory)
		return -EOPNOTSUPP;
	err = check_thread(sender);
	if (err)
		return err;
	return sender->ops->register_memory(sender, addr, len);
}

int fpgabuf_sender_fd(const struct fpgabuf_sender *sender)
{
	return sender->epfd;
}

static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

void fpgabuf_sender_completed(struct fpgabuf_sender *s, uint32_t n,
			      uint32_t copied)
{
	s->stats.completions += n;
	s->stats.copied += copied;
	s->starved = false;
	/* Nothing of ours is in the socket: it cannot be full. */
	if (!s->outstanding)
		s->blocked = false;
	if (copied)
		fpgabuf_engine_reconsider(s);
}

/* Reads what has happened since the last time. */
static int attend(struct fpgabuf_sender *s)
{
	struct epoll_event events[2];
	uint32_t seen = 0;
	int i, n, err = 0;

	/* Cannot fail: it does not wait, and its arguments are good. */
	n = epoll_wait(s->epfd, events, 2, 0);
	for (i = 0; i < n; i++)
		if (events[i].data.u32 == FPGABUF_WATCH_SOCKET)
			seen = events[i].events;
	/*
	 * Completions are events of the socket, too: only when it is writable again
	 * a third of its buffer is free, and less is not worth a call.
	 */
	if (seen & EPOLLOUT)
		s->blocked = false;
	/* A completion is an event of the socket, or of the engine. */
	if (n > 0)
		err = s->ops->collect(s);
	if (!err && seen & (EPOLLERR | EPOLLHUP))
		err = socket_error(s->fd);
	return err;
}

static size_t left_of(const struct fpgabuf_buffer *b)
{
	return b->header + b->len - b->accepted;
}

static size_t header_left(const struct fpgabuf_buffer *b)
{
	return b->accepted < b->header ? b->header - b->accepted : 0;
}

/* What is left of a long one is not short: it goes with what follows. */
static bool is_copied(const struct fpgabuf_sender *s,
		      const struct fpgabuf_buffer *b)
{
	return b->copy || b->len < s->short_below || fpgabuf_engine_copies(s);
}

static void add_piece(struct fpgabuf_pieces *p, const char *addr, size_t len)
{
	p->iov[p->count++] = (struct iovec){ (char *)addr, len };
	p->len += len;
}

static void add_header(const struct fpgabuf_sender *s, struct fpgabuf_pieces *p,
		       uint64_t pos)
{
	const struct fpgabuf_buffer *b = buffer_at(s, pos);

	add_piece(p, header_at(s, pos) + b->accepted, header_left(b));
}

/* What is left of a buffer, as far as there is room; false: a part remains. */
static bool add_buffer(const struct fpgabuf_sender *s, struct fpgabuf_pieces *p,
		       uint64_t pos)
{
	const struct fpgabuf_buffer *b = buffer_at(s, pos);
	size_t len = left_of(b) - header_left(b);
	const char *addr = b->addr + b->len - len;
	bool whole = len <= p->room;

	if (header_left(b))
		add_header(s, p, pos);
	if (!whole)
		len = p->room;
	add_piece(p, addr, len);
	p->room -= len;
	return whole;
}

/* The next one can go in the same call. */
static bool goes_along(const struct fpgabuf_sender *s,
		       const struct fpgabuf_pieces *p, uint64_t pos)
{
	const struct fpgabuf_buffer *b = buffer_at(s, pos);

	return p->room && p->count + 1 + !!b->header <= s->max_pieces &&
	       is_copied(s, b) == p->copy;
}

/* From the cursor on, what can be sent in the same way by one call */
static void gather(const struct fpgabuf_sender *s, struct fpgabuf_pieces *p)
{
	const struct fpgabuf_buffer *first = buffer_at(s, s->cursor);
	uint64_t at = s->cursor;
	bool whole;

	p->count = 0;
	p->len = 0;
	p->room = MAX_SEND;
	p->copy = is_copied(s, first);
	do {
		whole = add_buffer(s, p, at++);
	} while (at != s->tail && goes_along(s, p, at));
	p->copy = p->copy || p->len < s->copy_below;
	p->more = at != s->tail || !whole;
}

/* Only one piece goes at a time: alone, a header is not worth pinning. */
static void take_header(const struct fpgabuf_sender *s,
			struct fpgabuf_pieces *p)
{
	p->count = 0;
	p->len = 0;
	p->copy = true;
	p->more = true;
	add_header(s, p, s->cursor);
}

static ssize_t send_pieces(struct fpgabuf_sender *s, struct fpgabuf_pieces *p)
{
	fpgabuf_engine_retry(s);
	if (s->max_pieces == 1 && header_left(buffer_at(s, s->cursor)))
		take_header(s, p);
	else
		gather(s, p);
	if (p->copy)
		return fpgabuf_send_now(s, p, 0);
	return s->ops->send(s, buffer_at(s, s->cursor), p);
}

/* Nothing is pinned, so the limit is below what one call offers, and stays so. */
static ssize_t send_fewer(struct fpgabuf_sender *s, struct fpgabuf_pieces *p)
{
	ssize_t n = -ENOBUFS;

	while (n == -ENOBUFS && !s->outstanding && p->count > 1) {
		s->max_pieces = p->count / 2;
		n = send_pieces(s, p);
	}
	return n;
}

/*
 * No room for a zero-copy send.  Completions make room, if some are to come.
 * If not, no event would ever wake us: fewer pieces may fit, and a piece that
 * does not fit alone goes as a copy.
 */
static ssize_t send_without_room(struct fpgabuf_sender *s,
				 struct fpgabuf_pieces *p)
{
	uint32_t before = s->outstanding;
	ssize_t n = -ENOBUFS;
	int err;

	err = s->ops->collect(s);
	if (err)
		return err;
	if (s->outstanding != before)
		n = send_pieces(s, p);
	if (n == -ENOBUFS)
		n = send_fewer(s, p);
	if (n != -ENOBUFS)
		return n;
	if (s->outstanding) {
		s->starved = true;
		return -ENOBUFS;
	}
	n = fpgabuf_send_now(s, p, 0);
	if (n > 0)
		s->stats.fallback_copies++;
	return n;
}

/* The socket has taken @n bytes more. */
static void accept_bytes(struct fpgabuf_sender *s, size_t n)
{
	s->stats.sends++;
	s->stats.bytes += n;
	while (n) {
		struct fpgabuf_buffer *b = buffer_at(s, s->cursor);
		size_t part = n < left_of(b) ? n : left_of(b);

		b->accepted += part;
		n -= part;
		if (!left_of(b))
			s->cursor++;
	}
}

/*
 * A socket that has taken a part is full, and tells when it is not.  A part is also
 * taken if the rest cannot be read: so this is believed only if a completion will come,
 * which is an event as well.
 */
static bool is_full(const struct fpgabuf_sender *s,
		    const struct fpgabuf_pieces *p, size_t taken)
{
	return taken < p->len && s->outstanding;
}

/* Sends until the socket is full, or the ring is empty. */
static int push(struct fpgabuf_sender *s)
{
	while (s->cursor != s->tail && !s->starved && !s->blocked) {
		struct fpgabuf_pieces pieces;
		ssize_t n = send_pieces(s, &pieces);

		if (n == -ENOBUFS)
			n = send_without_room(s, &pieces);
		if (n == -ENOBUFS)
			break;
		if (n == -EAGAIN) {
			s->blocked = true;
			break;
		}
		if (n < 0)
			return n;
		accept_bytes(s, n);
		fpgabuf_engine_note(s, pieces.len, n);
		s->blocked = is_full(s, &pieces, n);
	}
	return 0;
}

int fpgabuf_sender_run(struct fpgabuf_sender *sender)
{
	int err;

	err = check_thread(sender);
	if (err)
		return err;
	err = attend(sender);
	if (!err && !sender->error)
		err = push(sender);
	if (!sender->error)
		sender->error = err;
	return sender->error;
}

int fpgabuf_sender_abort(struct fpgabuf_sender *sender)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (!sender->error)
		sender->error = -ECONNABORTED;
	/* Only TCP throws away what it has; the others hold nothing of ours. */
	if (!connect(sender->fd, &none, sizeof(none)) ||
	    !shutdown(sender->fd, SHUT_RDWR) || errno == ENOTCONN)
		return 0;
	return -errno;
}

/* The kernel will not read it any more, or never will. */
static bool is_back(const struct fpgabuf_sender *s,
		    const struct fpgabuf_buffer *b)
{
	return !b->pending && (!left_of(b) || s->error);
}

int fpgabuf_sender_reap(struct fpgabuf_sender *sender, uint64_t *token)
{
	while (sender->head != sender->tail) {
		const struct fpgabuf_buffer *b = buffer_at(sender,
							   sender->head);

		if (!is_back(sender, b))
			return 0;
		sender->head++;
		if (b->more)
			continue;
		*token = b->token;
		sender->held--;
		return 1;
	}
	return 0;
}

unsigned int fpgabuf_sender_in_flight(const struct fpgabuf_sender *sender)
{
	return sender->held;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool settled(const struct fpgabuf_sender *s)
{
	return !s->outstanding && (s->error || s->cursor == s->tail);
}

/*
 * Not with epoll_wait(): it returns EINTR also when io_uring has work for this
 * thread, poll() only when there is a signal.
 */
int fpgabuf_sender_drain(struct fpgabuf_sender *sender, int timeout_ms)
{
	struct pollfd pfd = { .fd = sender->epfd, .events = POLLIN };
	int64_t deadline = now_ms() + timeout_ms;
	int64_t left;
	int err;

	if (timeout_ms < 0)
		return -EINVAL;
	err = check_thread(sender);
	if (err)
		return err;
	for (;;) {
		fpgabuf_sender_run(sender);
		if (settled(sender))
			return sender->error;
		left = deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, left) < 0)
			return -errno;
	}
}

enum fpgabuf_engine fpgabuf_sender_engine(const struct fpgabuf_sender *sender,
					  const char **why)
{
	if (why)
		*why = sender->why;
	return sender->engine;
}

const char *fpgabuf_sender_obstacle(const struct fpgabuf_sender *sender)
{
	return *sender->obstacle ? sender->obstacle : NULL;
}

void fpgabuf_sender_stats(const struct fpgabuf_sender *sender,
			  struct fpgabuf_sender_stats *stats)
{
	*stats = sender->stats;
}
