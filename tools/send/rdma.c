// SPDX-License-Identifier: GPL-2.0-only
/*
 * The carrier that is RDMA: SENDs from the memory that was registered for ever
 *
 * A capture goes in messages as large as a buffer of the receiver, the first of them
 * behind its header.  It comes back when the last of them has completed: then the
 * receiver's device has acknowledged it, and ours reads the memory no more.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/rdma.h"
#include "send/carrier.h"
#include "send/registered.h"

/* Only receipts come. */
#define BUFFERS		4
#define BUFFER_SIZE	256

/* Room for any header of ours */
#define HEADER_ROOM	128

/**
 * struct job - a capture, or the end of a framed stream
 * @token: for who reaps it
 * @header_left: bytes of its header that were not sent yet
 * @header_size: bytes of the header in all
 * @addr: its next byte
 * @left: bytes from there
 * @end: bytes submitted with it and before
 */
struct job {
	uint64_t token;
	size_t header_left;
	size_t header_size;
	const char *addr;
	size_t left;
	uint64_t end;
};

/**
 * struct rdma_sender - a connection, and what is sent on it
 * @link: the connection
 * @jobs: a ring of them
 * @depth: how many it has room for
 * @first: number of the oldest that was not reaped
 * @next: number of the one that is being sent
 * @last: number of the one that comes next
 * @headers: the header of each
 * @mr: the same as the device knows it
 * @submitted: bytes of all jobs
 * @stopped: the device reads nothing any more
 */
struct rdma_sender {
	struct rdma_link *link;
	struct job *jobs;
	unsigned int depth;
	uint64_t first;
	uint64_t next;
	uint64_t last;
	uint8_t *headers;
	struct ibv_mr *mr;
	uint64_t submitted;
	bool stopped;
};

static struct ibv_pd *find_pd(void *arg, struct ibv_context *device)
{
	return registered_pd(arg, device);
}

static int rdma_connect_start(struct peer *p, const struct address *address)
{
	const struct rdma_setup setup = {
		.buffers = BUFFERS,
		.size = BUFFER_SIZE,
		.keepalive_s = p->options->keepalive_s,
		.pd = find_pd,
		.arg = p->source->registered,
	};
	struct rdma_sender *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	err = rdma_link_connect(address, &setup, p->options->timeout_ms,
				&r->link);
	if (err) {
		free(r);
		return err;
	}
	p->rdma = r;
	return 0;
}

static int rdma_connect_finish(struct peer *p)
{
	int err = rdma_link_run(p->rdma->link);

	if (err)
		return err;
	return rdma_link_is_up(p->rdma->link) ? 0 : -EAGAIN;
}

static void rdma_hang_up(struct peer *p)
{
	struct rdma_sender *r = p->rdma;

	if (!r)
		return;
	rdma_link_stop(r->link);
	if (r->mr)
		ibv_dereg_mr(r->mr);
	rdma_link_free(r->link);
	free(r->headers);
	free(r->jobs);
	free(r);
	p->rdma = NULL;
}

static int wait_connected(struct peer *p)
{
	int64_t end = clock_ns() + p->options->timeout_ms * NS_PER_MS;
	struct pollfd pfd = {
		.fd = rdma_link_fd(p->rdma->link), .events = POLLIN,
	};
	int err;

	while ((err = rdma_connect_finish(p)) == -EAGAIN) {
		if (clock_ns() >= end)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, clock_left_ms(end)) < 0)
			return -errno;
	}
	return err;
}

static int connect_address(struct peer *p, const struct address *address)
{
	int err = rdma_connect_start(p, address);

	if (!err)
		err = wait_connected(p);
	if (err)
		rdma_hang_up(p);
	return err;
}

static int rdma_connect_peer(struct peer *p)
{
	struct addresses addresses;
	unsigned int i;
	int err;

	err = resolve(p->endpoint, false, &addresses);
	if (err)
		return err;
	err = -EADDRNOTAVAIL;
	for (i = 0; i < addresses.count && err; i++)
		err = connect_address(p, &addresses.list[i]);
	return err;
}

static void rdma_note(struct peer *p)
{
	p->engine = ENGINE_RDMA;
	snprintf(p->why, sizeof(p->why), "it was asked for");
}

static int rdma_begin(struct peer *p)
{
	struct rdma_sender *r = p->rdma;
	size_t size;

	/* What is in all slots, and the end */
	r->depth = p->source->slot_count + 1;
	size = (size_t)r->depth * HEADER_ROOM;
	r->jobs = calloc(r->depth, sizeof(*r->jobs));
	r->headers = aligned_alloc(HEADER_ROOM, size);
	if (!r->jobs || !r->headers)
		return -ENOMEM;
	r->mr = ibv_reg_mr(rdma_link_pd(r->link), r->headers, size,
			   IBV_ACCESS_LOCAL_WRITE);
	if (!r->mr)
		return -errno;
	rdma_link_name(r->link, p->name);
	rdma_note(p);
	return 0;
}

static uint8_t *header_of(const struct rdma_sender *r, uint64_t number)
{
	return r->headers + number % r->depth * HEADER_ROOM;
}

static struct job *job_of(const struct rdma_sender *r, uint64_t number)
{
	return &r->jobs[number % r->depth];
}

/* How a message begins, if there is a rest of a header */
static int header_piece(struct rdma_sender *r, struct job *job, size_t room,
			struct ibv_sge *piece)
{
	size_t size = job->header_left < room ? job->header_left : room;

	if (!size)
		return 0;
	*piece = (struct ibv_sge){
		.addr = (uintptr_t)header_of(r, r->next) + job->header_size -
			job->header_left,
		.length = size,
		.lkey = r->mr->lkey,
	};
	return 1;
}

static int data_piece(struct peer *p, const struct job *job, size_t room,
		      struct ibv_sge *piece)
{
	size_t size = job->left < room ? job->left : room;

	if (!size)
		return 0;
	*piece = registered_piece(p->source->registered,
				  rdma_link_pd(p->rdma->link), job->token,
				  job->addr, size);
	return 1;
}

/* The next message of the job; -EAGAIN: not now */
static int send_some(struct peer *p, struct job *job)
{
	struct rdma_sender *r = p->rdma;
	struct ibv_sge pieces[RDMA_PIECES];
	size_t room = rdma_link_most(r->link), header = 0, data = 0;
	int count, err;

	count = header_piece(r, job, room, pieces);
	if (count)
		header = pieces[0].length;
	if (data_piece(p, job, room - header, pieces + count))
		data = pieces[count++].length;
	err = rdma_link_send(r->link, pieces, count);
	if (err)
		return err;
	job->header_left -= header;
	job->addr += data;
	job->left -= data;
	return 0;
}

static int rdma_run(struct peer *p)
{
	struct rdma_sender *r = p->rdma;
	int err = r->stopped ? 0 : rdma_link_run(r->link);

	while (!r->stopped && !err && r->next < r->last) {
		struct job *job = job_of(r, r->next);

		if (job->header_left || job->left)
			err = send_some(p, job);
		else
			r->next++;
	}
	return err == -EAGAIN ? 0 : err;
}

static int submit(struct peer *p, const struct job *new, const void *header)
{
	struct rdma_sender *r = p->rdma;
	struct job *job = job_of(r, r->last);

	if (r->stopped || r->last - r->first == r->depth)
		return -ENOBUFS;
	if (new->header_size)
		memcpy(header_of(r, r->last), header, new->header_size);
	r->submitted += new->header_size + new->left;
	*job = *new;
	job->header_left = job->header_size;
	job->end = r->submitted;
	r->last++;
	return 0;
}

static int rdma_submit(struct peer *p, const void *header, size_t size,
		       const struct fpgabuf_capture *c)
{
	const struct job job = {
		.token = c->slot,
		.header_size = size,
		.addr = c->addr,
		.left = c->bytes,
	};

	_Static_assert(FPGABUF_FRAME_CLOCK_SIZE <= HEADER_ROOM, "a header");
	return submit(p, &job, header);
}

static int rdma_submit_end(struct peer *p)
{
	const struct job job = {
		.token = CARRIER_END,
		.header_size = sizeof(p->end_header),
	};

	_Static_assert(sizeof(p->end_header) <= HEADER_ROOM, "the end");
	return submit(p, &job, p->end_header);
}

/* In order: completions are, too. */
static bool rdma_reap(struct peer *p, uint64_t *token)
{
	struct rdma_sender *r = p->rdma;
	const struct job *job = job_of(r, r->first);

	if (r->first == r->last ||
	    (!r->stopped && rdma_link_acknowledged(r->link) < job->end))
		return false;
	*token = job->token;
	r->first++;
	return true;
}

static void rdma_abort(struct peer *p)
{
	rdma_link_stop(p->rdma->link);
	p->rdma->stopped = true;
}

static void rdma_stats(const struct peer *p, struct fpgabuf_sender_stats *stats)
{
	const struct rdma_link *link = p->rdma->link;

	*stats = (struct fpgabuf_sender_stats){
		.bytes = rdma_link_acknowledged(link),
		.sends = rdma_link_sends(link),
		.zerocopy_sends = rdma_link_sends(link),
		.registered_sends = rdma_link_sends(link),
		.completions = rdma_link_completions(link),
		.copied_exact = 1,
	};
}

static int rdma_shut(struct peer *p)
{
	return rdma_link_end(p->rdma->link);
}

/* The end counts, too. */
static int rdma_unacknowledged(struct peer *p)
{
	int err = rdma_run(p);

	if (rdma_link_is_idle(p->rdma->link))
		return 0;
	return err ? err : 1;
}

static int rdma_closed(struct peer *p)
{
	struct link_inbox *inbox = &p->inbox;
	ssize_t n;

	rdma_run(p);
	while ((n = rdma_link_read(p->rdma->link, inbox->bytes + inbox->have,
				   sizeof(inbox->bytes) - inbox->have)) > 0)
		link_got(inbox, n);
	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	return 1;
}

static struct pollfd rdma_pollfd(const struct peer *p)
{
	return (struct pollfd){
		.fd = rdma_link_fd(p->rdma->link), .events = POLLIN,
	};
}

const struct carrier carrier_rdma = {
	.connect = rdma_connect_peer,
	.connect_start = rdma_connect_start,
	.connect_finish = rdma_connect_finish,
	.begin = rdma_begin,
	.note = rdma_note,
	.submit = rdma_submit,
	.submit_end = rdma_submit_end,
	.reap = rdma_reap,
	.run = rdma_run,
	.abort = rdma_abort,
	.stats = rdma_stats,
	.shut = rdma_shut,
	.unacknowledged = rdma_unacknowledged,
	.closed = rdma_closed,
	.hang_up = rdma_hang_up,
	.pollfd = rdma_pollfd,
};
