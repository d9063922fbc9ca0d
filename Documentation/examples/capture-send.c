// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-send COUNT >/dev/tcp/HOST/PORT	(bash connects the socket)
 *
 * Sends captures, framed, from the memory they were captured into.  Several
 * are on their way while the FPGA fills other regions.  "fpgabuf-recv --framed"
 * takes them, and so does receive-frames.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#define REGIONS		8
#define SIZE		(1 << 20)

/* An FPGA that has nothing to say for so long ends a capture */
#define TIMEOUT_MS	1000

/* A peer that takes nothing for so long is given up */
#define PATIENCE_MS	30000

/* A page may be held for a moment longer than its completion says */
#define BUSY_MS		2

enum state { IDLE, QUEUED, SENDING };

struct buffer {
	struct fpgabuf_region *region;
	enum state state;
	uint8_t header[FPGABUF_FRAME_HEADER_SIZE];
};

struct job {
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	struct buffer buffers[REGIONS];
	uint64_t count;
	uint64_t taken;
	unsigned int queued;
	bool busy;
	bool gap;
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

/* The DMA controller may have room for less: then the others wait. */
static void queue_idle(struct job *job)
{
	struct fpgabuf_queue args = { .timeout_ms = TIMEOUT_MS };
	unsigned int i;
	int ret;

	job->busy = false;
	for (i = 0; i < REGIONS; i++) {
		struct buffer *b = &job->buffers[i];

		if (b->state != IDLE || job->taken + job->queued == job->count)
			continue;
		args.cookie = i;
		ret = fpgabuf_device_queue_with(job->device, b->region, &args);
		if (ret == -ENOBUFS && job->queued)
			return;
		if (ret == -EBUSY) {
			job->busy = true;
			continue;
		}
		check(ret, "queue");
		b->state = QUEUED;
		job->queued++;
	}
}

/* A capture without bytes is not sent; what it tells is told with the next. */
static void submit(struct job *job, const struct fpgabuf_dequeue *c)
{
	struct buffer *b = &job->buffers[c->cookie];
	const struct fpgabuf_frame frame = {
		.flags = c->status | (job->gap ? FPGABUF_FRAME_GAP : 0),
		.sequence = job->taken,
		.timestamp_ns = c->timestamp_ns,
		.length = c->bytes,
	};
	const struct iovec pieces[] = {
		{ b->header, sizeof(b->header) },
		{ fpgabuf_region_addr(b->region), c->bytes },
	};

	if (!c->bytes) {
		job->gap |= c->status & FPGABUF_CAPTURE_GAP;
		b->state = IDLE;
		return;
	}
	job->gap = false;
	job->taken++;
	fpgabuf_frame_encode(&frame, b->header);
	check(fpgabuf_sender_submitv(job->sender, pieces, 2, c->cookie),
	      "submit");
	b->state = SENDING;
}

static void take_captures(struct job *job)
{
	struct fpgabuf_dequeue c;
	int ret = 0;

	while (job->queued) {
		ret = fpgabuf_device_dequeue(job->device, &c);
		if (ret == -EAGAIN || ret == -EINTR)
			return;
		check(ret, "dequeue");
		job->queued--;
		if (c.status & FPGABUF_CAPTURE_GAP)
			warnx("capture %" PRIu64 ": samples may be missing before it",
			      (uint64_t)c.sequence);
		if (c.error == -ETIMEDOUT)
			warnx("capture %" PRIu64 ": %" PRIu64 " bytes came in time",
			      (uint64_t)c.sequence, (uint64_t)c.bytes);
		else
			check(c.error, "capture");
		submit(job, &c);
	}
}

static void send_captures(struct job *job)
{
	uint64_t token;

	check(fpgabuf_sender_run(job->sender), "send");
	while (fpgabuf_sender_reap(job->sender, &token))
		job->buffers[token].state = IDLE;
}

/* Waits until there is something to do. */
static void wait_event(const struct job *job)
{
	struct pollfd fds[] = {
		{ .fd = fpgabuf_sender_fd(job->sender), .events = POLLIN },
		{ .fd = fpgabuf_device_fd(job->device), .events = POLLIN },
	};
	int n;

	/* Without a queued capture the device has nothing to tell. */
	if (!job->queued)
		fds[1].fd = -1;
	n = poll(fds, 2, job->busy ? BUSY_MS : PATIENCE_MS);
	if (n < 0 && errno != EINTR)
		err(1, "poll");
	if (n == 0 && !job->busy)
		errx(1, "the peer takes nothing");
}

static bool is_done(const struct job *job)
{
	return job->taken == job->count &&
	       !fpgabuf_sender_in_flight(job->sender);
}

/* The peer closes when it has all; one that failed resets. */
static void end(struct job *job)
{
	const struct fpgabuf_frame frame = {
		.flags = FPGABUF_FRAME_END,
		.sequence = job->taken,
	};
	struct pollfd peer = { .fd = STDOUT_FILENO, .events = POLLIN };
	uint8_t header[FPGABUF_FRAME_HEADER_SIZE];
	char byte;
	ssize_t n;

	fpgabuf_frame_encode(&frame, header);
	check(fpgabuf_sender_submit_copy(job->sender, header, sizeof(header),
					 0), "submit");
	check(fpgabuf_sender_drain(job->sender, PATIENCE_MS), "send");
	if (shutdown(STDOUT_FILENO, SHUT_WR))
		err(1, "shutdown");
	do {
		if (poll(&peer, 1, PATIENCE_MS) <= 0)
			errx(1, "the peer does not say that it has all");
		n = recv(STDOUT_FILENO, &byte, 1, 0);
	} while (n > 0);
	if (n < 0)
		err(1, "the peer has failed");
}

int main(int argc, char **argv)
{
	static struct job job;
	unsigned int i;
	void *memory;

	if (argc != 2)
		errx(2, "usage: capture-send COUNT >/dev/tcp/HOST/PORT");
	job.count = strtoull(argv[1], NULL, 10);
	/* A header and a capture for each region */
	check(fpgabuf_sender_create_with(STDOUT_FILENO, FPGABUF_ENGINE_AUTO,
					 2 * REGIONS,
					 FPGABUF_SENDER_ONE_THREAD,
					 &job.sender), "standard output");
	check(fpgabuf_device_open(NULL, O_NONBLOCK, &job.device),
	      FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		struct buffer *b = &job.buffers[i];

		check(fpgabuf_device_alloc(job.device, SIZE, &b->region),
		      "alloc");
		check(fpgabuf_region_map(b->region, PROT_READ, &memory), "map");
	}
	while (!is_done(&job)) {
		queue_idle(&job);
		wait_event(&job);
		take_captures(&job);
		send_captures(&job);
	}
	end(&job);
	return 0;
}
