// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends from a window of memory to the host, and counts what it takes
 *
 * Counting begins and ends while the socket is full: what is on its way then is
 * the same at both ends, whether the way of sending has something to complete or
 * not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define PATIENCE_MS	30000
#define MAX_DEPTH	256U

static const char * const names[WAYS] = {
	[WAY_SEND] = "send()",
	[WAY_SENDFILE] = "sendfile()",
	[WAY_COPY] = "copy",
	[WAY_ZEROCOPY] = "zerocopy",
	[WAY_URING] = "uring",
	[WAY_REGISTERED] = "uring registered",
	[WAY_AUTO] = "auto",
};

static const enum fpgabuf_engine engines[] = {
	[WAY_COPY] = FPGABUF_ENGINE_COPY,
	[WAY_ZEROCOPY] = FPGABUF_ENGINE_ZEROCOPY,
	[WAY_URING] = FPGABUF_ENGINE_URING,
	[WAY_REGISTERED] = FPGABUF_ENGINE_URING,
	[WAY_AUTO] = FPGABUF_ENGINE_AUTO,
};

struct job {
	struct window *w;
	enum way way;
	size_t size;
	int fd;
	struct fpgabuf_sender *sender;
	/* Number of the next piece, and how many the window has */
	unsigned int next, pieces, pieces_of_region;
	uint64_t sent;
};

const char *way_name(enum way way)
{
	return names[way];
}

int bench_connect(void)
{
	const char *port = getenv("FPGABUF_BENCH_PORT");
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = inet_addr(BENCH_HOST),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(port && fd >= 0, true);
	addr.sin_port = htons(atoi(port));
	REQUIRE(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno :
		0, 0);
	return fd;
}

/*
 * The next piece: where it is in its region.  The last one of a region ends with
 * the region, and overlaps the one before if need be.
 */
static size_t next_piece(struct job *job, unsigned int *region)
{
	unsigned int n = job->next++ % job->pieces;
	size_t offset = n % job->pieces_of_region * job->size;

	*region = n / job->pieces_of_region;
	if (offset > job->w->region - job->size)
		offset = job->w->region - job->size;
	return offset;
}

int bench_send_all(int fd, const uint8_t *mem, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = send(fd, mem + done, size - done, 0);

		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

static int send_file(int fd, int file, off_t offset, size_t size)
{
	off_t end = offset + size;

	while (offset < end)
		if (sendfile(fd, file, &offset, end - offset) < 0)
			return -errno;
	return 0;
}

static int wait_for_sender(struct fpgabuf_sender *sender)
{
	struct pollfd ready = {
		.fd = fpgabuf_sender_fd(sender), .events = POLLIN,
	};

	return poll(&ready, 1, PATIENCE_MS) == 1 ? 0 : -ETIMEDOUT;
}

/* Until there is room for one more in the sender */
static int submit(struct fpgabuf_sender *sender, const uint8_t *mem,
		  size_t size)
{
	uint64_t token;
	int ret;

	for (;;) {
		while (fpgabuf_sender_reap(sender, &token))
			;
		ret = fpgabuf_sender_submit(sender, mem, size, 0);
		if (ret != -EAGAIN)
			break;
		ret = wait_for_sender(sender);
		if (!ret)
			ret = fpgabuf_sender_run(sender);
		if (ret)
			return ret;
	}
	return ret ?: fpgabuf_sender_run(sender);
}

static int send_piece(struct job *job)
{
	unsigned int region;
	size_t offset = next_piece(job, &region);
	const uint8_t *mem = job->w->mem[region] + offset;

	switch (job->way) {
	case WAY_SEND:
		return bench_send_all(job->fd, mem, job->size);
	case WAY_SENDFILE:
		return send_file(job->fd, job->w->file,
				 region * job->w->region + offset, job->size);
	default:
		return submit(job->sender, mem, job->size);
	}
}

static int send_pieces(struct job *job, uint64_t total)
{
	uint64_t bytes;
	int ret = 0;

	for (bytes = 0; bytes < total && !ret; bytes += job->size)
		ret = send_piece(job);
	job->sent += bytes;
	return ret;
}

static int make_sender(struct job *job)
{
	unsigned int depth = job->pieces < MAX_DEPTH ? job->pieces : MAX_DEPTH;
	int ret;

	if (job->way == WAY_SEND || job->way == WAY_SENDFILE)
		return 0;
	ret = fpgabuf_sender_create(job->fd, engines[job->way], depth,
				    &job->sender);
	if (!ret && job->way == WAY_REGISTERED)
		ret = fpgabuf_sender_register(job->sender, job->w->mem[0],
					      job->w->region);
	return ret;
}

/* Processor time that nobody used, in 1/100 s */
static uint64_t idle_time(void)
{
	FILE *stat = fopen("/proc/stat", "re");
	unsigned long long idle = 0;

	REQUIRE(!stat, false);
	EXPECT(fscanf(stat, "cpu %*u %*u %*u %llu", &idle), 1);
	fclose(stat);
	return idle;
}

/* Bytes that the peer has acknowledged */
static uint64_t acked(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	REQUIRE(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_bytes_acked;
}

/*
 * Nobody had to wait, and as much has left as was sent: else some of it waits in
 * the socket, and what that costs is not in the figure.
 */
static bool in_stride(uint64_t idle, uint64_t left, uint64_t sent)
{
	return !idle && left <= sent + sent / 16 && left >= sent - sent / 16;
}

static int finish(struct job *job, struct sending *result)
{
	struct fpgabuf_sender_stats stats;
	int ret;

	if (!job->sender)
		return 0;
	ret = fpgabuf_sender_drain(job->sender, PATIENCE_MS);
	fpgabuf_sender_stats(job->sender, &stats);
	result->copied = stats.copied;
	return ret;
}

/*
 * Does nothing, but tests/perf/profile.c sees it being executed: the address of a
 * no-operation can be any.
 */
void bench_mark(bool begin)
{
#ifdef __x86_64__
	if (begin)
		asm volatile(".byte 0x0f, 0x1f, 0x80; .ascii \"fpg0\"");
	else
		asm volatile(".byte 0x0f, 0x1f, 0x80; .ascii \"fpg1\"");
#else
	(void)begin;
#endif
}

static int count(struct job *job, uint64_t total, struct sending *result)
{
	uint64_t start, idle, left;
	int ret;

	ret = send_pieces(job, total / 2);
	if (ret)
		return ret;
	idle = idle_time();
	left = acked(job->fd);
	bench_mark(true);
	start = bench_clock();
	ret = send_pieces(job, total);
	result->ns = bench_clock() - start;
	bench_mark(false);
	result->bytes = (total + job->size - 1) / job->size * job->size;
	result->in_stride = in_stride(idle_time() - idle, acked(job->fd) - left,
				      result->bytes);
	result->sent = job->sent;
	return ret ?: finish(job, result);
}

/* 0, or -errno: what cannot be done with this memory, or on this kernel */
int bench_send(struct window *w, enum way way, size_t size, uint64_t total,
	       struct sending *result)
{
	struct job job = { .w = w, .way = way, .size = size };
	int ret;

	*result = (struct sending){ 0 };
	job.pieces_of_region = (w->region + size - 1) / size;
	job.pieces = job.pieces_of_region * w->regions;
	job.fd = bench_connect();
	ret = make_sender(&job);
	if (!ret)
		ret = count(&job, total, result);
	if (job.sender)
		fpgabuf_sender_destroy(job.sender);
	close(job.fd);
	return ret;
}
