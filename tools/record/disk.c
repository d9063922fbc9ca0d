// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#ifdef FPGABUF_HAVE_LIBURING
#include <liburing.h>
#endif

#include "common/message.h"
#include "record/disk.h"

/**
 * struct disk - where the requests go
 * @async: there is a ring
 * @event: readable when requests are done
 * @first: requests that wait for the end of the chain, the oldest
 * @last: the newest of them
 * @chain: requests of the chain that are not done
 * @taken: how many of these the kernel has
 * @ring: the chain
 */
struct disk {
	bool async;
	int event;
#ifdef FPGABUF_HAVE_LIBURING
	struct disk_request *first, *last;
	unsigned int chain, taken;
	struct io_uring ring;
#endif
};

static void do_write(struct disk_request *r)
{
	ssize_t n;

	do {
		n = pwrite(r->fd, r->addr, r->len, r->offset);
	} while (n < 0 && errno == EINTR);
	r->result = n < 0 ? -errno : n;
	r->done = true;
}

static void do_sync(struct disk_request *r)
{
	r->result = fsync(r->fd) < 0 ? -errno : 0;
	r->done = true;
}

#ifdef FPGABUF_HAVE_LIBURING

/* A kernel may not have io_uring, or not for this program. */
static void make_ring(struct disk *d, unsigned int depth)
{
	if (io_uring_queue_init(depth, &d->ring, 0))
		return;
	d->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->event >= 0 && !io_uring_register_eventfd(&d->ring, d->event)) {
		d->async = true;
		return;
	}
	io_uring_queue_exit(&d->ring);
}

static void end_ring(struct disk *d)
{
	if (d->async)
		io_uring_queue_exit(&d->ring);
}

static void prepare(struct io_uring_sqe *sqe, struct disk_request *r)
{
	if (r->addr && r->buffer)
		io_uring_prep_write_fixed(sqe, r->fd, r->addr, r->len,
					  r->offset, r->buffer - 1);
	else if (r->addr)
		io_uring_prep_write(sqe, r->fd, r->addr, r->len, r->offset);
	else
		io_uring_prep_fsync(sqe, r->fd, 0);
	sqe->flags |= IOSQE_IO_LINK;
	io_uring_sqe_set_data(sqe, r);
}

/* What the kernel does not take stays in the ring, and is taken later. */
static void submit(struct disk *d)
{
	int n = io_uring_submit(&d->ring);

	if (n > 0)
		d->taken += n;
}

/*
 * All that waits becomes a chain: each begins when the one before has written all of
 * its bytes.  If one has not, also because the program was killed, the kernel cancels
 * what is behind it.
 */
static void begin_chain(struct disk *d)
{
	struct io_uring_sqe *sqe, *last = NULL;

	while (d->first && (sqe = io_uring_get_sqe(&d->ring))) {
		prepare(sqe, d->first);
		d->first = d->first->next;
		d->chain++;
		last = sqe;
	}
	if (!last)
		return;
	last->flags &= ~IOSQE_IO_LINK;
	submit(d);
}

static bool begin(struct disk *d, struct disk_request *r)
{
	if (!d->async)
		return false;
	r->next = NULL;
	if (d->first)
		d->last->next = r;
	else
		d->first = r;
	d->last = r;
	if (!d->chain)
		begin_chain(d);
	return true;
}

static void collect(struct disk *d)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&d->ring, &cqe)) {
		struct disk_request *r = io_uring_cqe_get_data(cqe);

		r->result = cqe->res;
		r->done = true;
		d->chain--;
		d->taken--;
		io_uring_cqe_seen(&d->ring, cqe);
	}
	if (!d->chain)
		begin_chain(d);
	else if (!d->taken)
		submit(d);
}

static bool is_waited_for(const struct disk *d)
{
	return d->taken;
}

static int fix(struct disk *d, const struct iovec *buffers, unsigned int count)
{
	return io_uring_register_buffers(&d->ring, buffers, count);
}

static void unfix(struct disk *d)
{
	io_uring_unregister_buffers(&d->ring);
}

#else

static void make_ring(struct disk *d, unsigned int depth)
{
	(void)d;
	(void)depth;
}

static void end_ring(struct disk *d)
{
	(void)d;
}

static bool begin(struct disk *d, struct disk_request *r)
{
	(void)d;
	(void)r;
	return false;
}

static void collect(struct disk *d)
{
	(void)d;
}

static bool is_waited_for(const struct disk *d)
{
	(void)d;
	return false;
}

static int fix(struct disk *d, const struct iovec *buffers, unsigned int count)
{
	(void)d;
	(void)buffers;
	(void)count;
	return -EOPNOTSUPP;
}

static void unfix(struct disk *d)
{
	(void)d;
}

#endif

struct disk *disk_open(unsigned int depth)
{
	struct disk *new = calloc(1, sizeof(*new));

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->event = -1;
	make_ring(new, depth);
	return new;
}

void disk_close(struct disk *disk)
{
	if (!disk)
		return;
	end_ring(disk);
	if (disk->event >= 0)
		close(disk->event);
	free(disk);
}

bool disk_is_async(const struct disk *disk)
{
	return disk->async;
}

int disk_register(struct disk *disk, const struct iovec *buffers,
		  unsigned int count)
{
	return disk->async ? fix(disk, buffers, count) : -EOPNOTSUPP;
}

void disk_forget(struct disk *disk)
{
	unfix(disk);
}

void disk_write(struct disk *disk, struct disk_request *request)
{
	request->done = false;
	if (!begin(disk, request))
		do_write(request);
}

void disk_sync(struct disk *disk, struct disk_request *request)
{
	request->addr = NULL;
	request->done = false;
	if (!begin(disk, request))
		do_sync(request);
}

int disk_fd(const struct disk *disk)
{
	return disk->async ? disk->event : -1;
}

/* First the event: what is done after the look makes a new one. */
void disk_collect(struct disk *disk)
{
	uint64_t count;

	if (!disk->async)
		return;
	while (read(disk->event, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	collect(disk);
}

void disk_wait(struct disk *disk)
{
	struct pollfd fd = { .fd = disk->event, .events = POLLIN };

	if (is_waited_for(disk))
		poll(&fd, 1, -1);
	disk_collect(disk);
}
