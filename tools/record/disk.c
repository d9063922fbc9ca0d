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
 * @ring: the requests
 */
struct disk {
	bool async;
	int event;
#ifdef FPGABUF_HAVE_LIBURING
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

/* Returns NULL if it has to be done without. */
static struct io_uring_sqe *next_entry(struct disk *d)
{
	return d->async ? io_uring_get_sqe(&d->ring) : NULL;
}

/*
 * Each begins when those before it have ended.  An entry that the kernel does not
 * take stays in the ring, and is taken with the next.
 */
static void submit(struct disk *d, struct io_uring_sqe *sqe,
		   struct disk_request *r)
{
	sqe->flags |= IOSQE_IO_DRAIN;
	io_uring_sqe_set_data(sqe, r);
	io_uring_submit(&d->ring);
}

static bool begin_write(struct disk *d, struct disk_request *r)
{
	struct io_uring_sqe *sqe = next_entry(d);

	if (!sqe)
		return false;
	io_uring_prep_write(sqe, r->fd, r->addr, r->len, r->offset);
	submit(d, sqe, r);
	return true;
}

static bool begin_sync(struct disk *d, struct disk_request *r)
{
	struct io_uring_sqe *sqe = next_entry(d);

	if (!sqe)
		return false;
	io_uring_prep_fsync(sqe, r->fd, 0);
	submit(d, sqe, r);
	return true;
}

static void collect(struct disk *d)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&d->ring, &cqe)) {
		struct disk_request *r = io_uring_cqe_get_data(cqe);

		r->result = cqe->res;
		r->done = true;
		io_uring_cqe_seen(&d->ring, cqe);
	}
}

/* What was not taken before is now. */
static void push(struct disk *d)
{
	if (io_uring_sq_ready(&d->ring))
		io_uring_submit(&d->ring);
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

static bool begin_write(struct disk *d, struct disk_request *r)
{
	(void)d;
	(void)r;
	return false;
}

static bool begin_sync(struct disk *d, struct disk_request *r)
{
	(void)d;
	(void)r;
	return false;
}

static void collect(struct disk *d)
{
	(void)d;
}

static void push(struct disk *d)
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

void disk_write(struct disk *disk, struct disk_request *request)
{
	request->done = false;
	if (!begin_write(disk, request))
		do_write(request);
}

void disk_sync(struct disk *disk, struct disk_request *request)
{
	request->done = false;
	if (!begin_sync(disk, request))
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
	push(disk);
	collect(disk);
}

void disk_wait(struct disk *disk)
{
	struct pollfd fd = { .fd = disk->event, .events = POLLIN };

	if (disk->async)
		poll(&fd, 1, -1);
	disk_collect(disk);
}
