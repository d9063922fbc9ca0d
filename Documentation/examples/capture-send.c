// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-send COUNT [SHARE] >/dev/tcp/HOST/PORT	(bash connects the socket)
 *
 * Sends captures, framed, from the memory that the FPGA has written to.  Several are
 * in flight while the FPGA fills other regions.  Receive them with "fpgabuf-recv
 * --framed" or receive-frames.  With SHARE, the socket of an fpgabuf-share, the
 * captures come from there.
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

/* A peer that takes nothing for this time is given up. */
#define PATIENCE_MS	30000

struct job {
	struct fpgabuf_source *source;
	struct fpgabuf_sender *sender;
	uint64_t sent;
	bool complete;
};

static const struct fpgabuf_ring_setup setup = {
	.regions = REGIONS,
	.access = O_RDWR,
	.prot = PROT_READ,
	.timeout_ms = 1000,
	.max_failures = 1,
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

static void submit(struct job *job, const struct fpgabuf_capture *c)
{
	const struct fpgabuf_frame frame = {
		.flags = c->status,
		.sequence = job->sent++,
		.timestamp_ns = c->timestamp_ns,
		.length = c->bytes,
	};
	uint8_t header[FPGABUF_FRAME_HEADER_SIZE];

	fpgabuf_frame_encode(&frame, header);
	check(fpgabuf_sender_submit_with_header(job->sender, header,
						sizeof(header), c->addr,
						c->bytes, c->slot),
	      "submit");
}

static void take_captures(struct job *job)
{
	struct fpgabuf_capture c;
	int ret;

	while (!(ret = fpgabuf_source_next(job->source, &c)))
		submit(job, &c);
	job->complete = ret == -ENODATA;
	if (ret != -EAGAIN && !job->complete)
		errx(1, "%s: %s", fpgabuf_source_why(job->source),
		     strerror(-ret));
}

static void send_captures(struct job *job)
{
	uint64_t slot;

	check(fpgabuf_sender_run(job->sender), "send");
	while (fpgabuf_sender_reap(job->sender, &slot))
		fpgabuf_source_release(job->source, slot);
}

/* Waits until there is something to do. */
static void wait_event(const struct job *job)
{
	struct pollfd fds[] = {
		{ .fd = fpgabuf_sender_fd(job->sender), .events = POLLIN },
		{ .fd = fpgabuf_source_fd(job->source), .events = POLLIN },
	};
	const int retry_ms = fpgabuf_source_timeout_ms(job->source);
	int n;

	n = poll(fds, 2, retry_ms < 0 ? PATIENCE_MS : retry_ms);
	if (n < 0 && errno != EINTR)
		err(1, "poll");
	if (n == 0 && retry_ms < 0)
		errx(1, "nothing happens: %s",
		     fpgabuf_source_why(job->source));
}

/* The peer closes when it has everything; if it failed, it resets. */
static void end(struct job *job)
{
	const struct fpgabuf_frame frame = {
		.flags = FPGABUF_FRAME_END,
		.sequence = job->sent,
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

static void open_device(struct job *job)
{
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;

	check(fpgabuf_device_open(NULL, O_NONBLOCK, &device),
	      FPGABUF_DEFAULT_DEVICE);
	check(fpgabuf_ring_create(device, &setup, &ring), "regions");
	check(fpgabuf_source_of_ring(ring, &job->source), "source");
}

static void open_share(struct job *job, const char *path)
{
	struct fpgabuf_client *client;

	check(fpgabuf_client_connect(path, 0, O_NONBLOCK, &client), path);
	check(fpgabuf_source_of_client(client, &job->source), "source");
}

int main(int argc, char **argv)
{
	static struct job job;

	if (argc != 2 && argc != 3)
		errx(2, "usage: capture-send COUNT [SHARE] >/dev/tcp/HOST/PORT");
	if (argc == 2)
		open_device(&job);
	else
		open_share(&job, argv[2]);
	fpgabuf_source_limit(job.source, strtoull(argv[1], NULL, 10), 0);
	check(fpgabuf_sender_create_with(STDOUT_FILENO, FPGABUF_ENGINE_AUTO,
					 fpgabuf_source_regions(job.source),
					 FPGABUF_SENDER_ONE_THREAD,
					 &job.sender), "standard output");
	while (!job.complete || fpgabuf_sender_in_flight(job.sender)) {
		take_captures(&job);
		send_captures(&job);
		if (fpgabuf_sender_in_flight(job.sender) || !job.complete)
			wait_event(&job);
	}
	end(&job);
	return 0;
}
