// SPDX-License-Identifier: GPL-2.0-only
/* Many captures in one region, queued by one call. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"

enum { SLICE = 4096 };

/* Return: how many captures, or -errno. */
static int queue(int dev, int fd, uint64_t length, uint32_t slice,
		 uint64_t cookie)
{
	struct fpgabuf_queue queue = {
		.fd = fd,
		.length = length,
		.slice = slice,
		.cookie = cookie,
	};
	int ret = ioctl(dev, FPGABUF_IOC_QUEUE, &queue);

	return ret < 0 ? -errno : ret;
}

/* As after a completion: see region_queue_wait(). */
static int queue_wait(int dev, int fd, uint32_t slice, uint64_t cookie)
{
	int i, ret = -EBUSY;

	for (i = 0; i < 1000 && ret == -EBUSY; i++) {
		ret = queue(dev, fd, 0, slice, cookie);
		if (ret == -EBUSY)
			usleep(10000);
	}
	return ret;
}

static void expect_slice(int dev, const uint8_t *mem, uint32_t offset,
			 uint64_t position)
{
	struct fpgabuf_dequeue done;

	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.offset, offset);
	EXPECT(done.bytes, SLICE);
	EXPECT(done.error, 0);
	CU_ASSERT(is_pattern(mem + offset, SLICE, position));
}

/* Two regions take turns, and the stream goes on from one to the other. */
static void in_order(void)
{
	enum { SIZE = 128 * SLICE, ROUNDS = 20 };
	int dev = device_open(0), fds[2], i, k;
	uint64_t first = device_info(dev).captures;
	struct fpgabuf_dequeue done;
	uint8_t *mem[2];

	EXPECT(device_info(dev).capabilities & FPGABUF_CAP_SLICES,
	       FPGABUF_CAP_SLICES);
	sim_source("pattern");
	for (i = 0; i < 2; i++) {
		fds[i] = region_alloc(dev, SIZE);
		mem[i] = region_map(fds[i], SIZE);
		REQUIRE(queue(dev, fds[i], 0, SLICE, i), 128);
	}
	EXPECT(queue(dev, fds[0], 0, SLICE, 0), -EBUSY);
	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k < 128; k++) {
			const uint64_t nr = i * 128 + k;

			REQUIRE(capture_get(dev, &done), 0);
			EXPECT(done.cookie, i);
			EXPECT(done.sequence, first + nr);
			EXPECT(done.offset, k * SLICE);
			EXPECT(done.bytes, SLICE);
			if (k)
				expect_follows(&done);
			CU_ASSERT(is_pattern(mem[i % 2] + done.offset, SLICE,
					     nr * SLICE));
		}
		EXPECT(region_info(dev, fds[i % 2]).state,
		       FPGABUF_REGION_IDLE);
		REQUIRE(queue(dev, fds[i % 2], 0, SLICE, i + 2), 128);
	}
	EXPECT(capture_cancel(dev) >= 0, true);
	while (!capture_get(dev, &done))
		continue;
	for (i = 0; i < 2; i++) {
		munmap(mem[i], SIZE);
		close(fds[i]);
	}
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* Each is there as soon as it has come, while those behind it are being written. */
static void one_by_one(void)
{
	static uint8_t data[4 * SLICE];
	int dev = device_open(0), fd, feed, i;
	struct pollfd pfd;
	uint8_t *mem;

	fd = region_alloc(dev, sizeof(data));
	mem = region_map(fd, sizeof(data));
	pattern_fill(data, sizeof(data), 0);
	sim_source("feed");
	feed = feed_open(0);
	REQUIRE(queue(dev, fd, 0, SLICE, 0), 4);
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	for (i = 0; i < 4; i++) {
		EXPECT(region_info(dev, fd).state, FPGABUF_REGION_QUEUED);
		EXPECT(poll(&pfd, 1, 0), 0);
		EXPECT(write(feed, data + i * SLICE, SLICE), SLICE);
		expect_slice(dev, mem, i * SLICE, i * SLICE);
	}
	EXPECT(poll(&pfd, 1, 10000), 1);
	EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);
	close(feed);
	munmap(mem, sizeof(data));
	close(fd);
	close(dev);
}

/* Packets end slices, not the region. */
static void packets(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 8 * SLICE), i;
	uint8_t *mem = region_map(fd, 8 * SLICE);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("packet", 1000);
	REQUIRE(queue(dev, fd, 0, SLICE, 0), 8);
	for (i = 0; i < 8; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.offset, i * SLICE);
		EXPECT(done.bytes, 1000);
		EXPECT(done.status & ~FPGABUF_CAPTURE_GAP,
		       FPGABUF_CAPTURE_PARTIAL);
		CU_ASSERT(is_pattern(mem + i * SLICE, 1000, i * 1000));
	}
	sim_set("packet", 0);
	munmap(mem, 8 * SLICE);
	close(fd);
	close(dev);
}

/* One pipe has a page of the first slice: the region waits for it, whatever the rest does. */
static void guarantee(void)
{
	int dev = device_open(0), fd = region_alloc(dev, MIB), pipes[2], i;
	uint8_t *mem = region_map(fd, MIB);
	uint8_t held[SLICE];
	struct iovec iov = { mem, SLICE };

	sim_source("pattern");
	REQUIRE(queue(dev, fd, 0, SLICE, 0), 256);
	expect_slice(dev, mem, 0, 0);
	REQUIRE(pipe(pipes), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), SLICE);
	for (i = 1; i < 256; i++) {
		EXPECT(queue(dev, fd, 0, SLICE, 0), -EBUSY);
		expect_slice(dev, mem, i * SLICE, i * SLICE);
	}
	for (i = 0; i < 100; i++) {
		EXPECT(queue(dev, fd, 0, SLICE, 0), -EBUSY);
		EXPECT(queue(dev, fd, 0, 0, 0), -EBUSY);
	}
	EXPECT(read(pipes[0], held, SLICE), SLICE);
	CU_ASSERT(is_pattern(held, SLICE, 0));
	REQUIRE(queue_wait(dev, fd, SLICE, 0), 256);
	for (i = 0; i < 256; i++)
		expect_slice(dev, mem, i * SLICE, MIB + i * SLICE);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, MIB);
	close(fd);
	close(dev);
}

static void cancel(void)
{
	static uint8_t data[SLICE + 100];
	int dev = device_open(0), fd = region_alloc(dev, 8 * SLICE), feed, i;
	uint8_t *mem = region_map(fd, 8 * SLICE);
	struct fpgabuf_dequeue done;

	pattern_fill(data, sizeof(data), 0);
	sim_source("feed");
	feed = feed_open(0);
	REQUIRE(queue(dev, fd, 0, SLICE, 0), 8);
	EXPECT(write(feed, data, sizeof(data)), sizeof(data));
	expect_slice(dev, mem, 0, 0);
	while (sim_position() < sizeof(data))
		usleep(1000);
	EXPECT(capture_cancel(dev), 7);
	for (i = 1; i < 8; i++) {
		EXPECT(region_info(dev, fd).state, FPGABUF_REGION_DONE);
		EXPECT(queue(dev, fd, 0, 0, 0), -EBUSY);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.offset, i * SLICE);
		EXPECT(done.bytes, i == 1 ? 100 : 0);
		EXPECT(done.error, -ECANCELED);
	}
	EXPECT(capture_get(dev, &done), -EPIPE);
	EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);
	close(feed);
	/* And whole again */
	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, 8 * SLICE);
	CU_ASSERT(is_pattern(mem, 8 * SLICE, 0));
	munmap(mem, 8 * SLICE);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* The region is not known to anybody else when the file goes. */
static void closed(void)
{
	int dev = device_open(0), other = device_open(0), fd, i;
	struct fpgabuf_dequeue done;

	fd = region_alloc(other, 8 * SLICE);
	sim_source("pattern");
	for (i = 0; i < 50; i++) {
		REQUIRE(queue(dev, fd, 0, SLICE, 0), 8);
		if (i % 2)
			REQUIRE(capture_get(dev, &done), 0);
		EXPECT(queue(other, fd, 0, SLICE, 0), -EBUSY);
		close(dev);
		EXPECT(region_info(other, fd).state, FPGABUF_REGION_IDLE);
		dev = device_open(0);
	}
	close(fd);
	EXPECT(device_used(other), 0);
	close(other);
	close(dev);
}

/* Refused in the middle: those in front run, and the call says how many. */
static void refused(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 8 * SLICE), fault, i;
	uint8_t *mem = region_map(fd, 8 * SLICE);
	static const char *const faults[] = { "fail_prep", "fail_submit" };
	struct fpgabuf_dequeue done;

	sim_source("feed");
	for (fault = 0; fault < 2; fault++) {
		sim_set(faults[fault], 1);
		EXPECT(queue(dev, fd, 0, SLICE, 0), -EIO);
		EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);
		EXPECT(capture_get(dev, &done), -EPIPE);
	}
	sim_source("pattern");
	sim_set("fail_transfer", 1);
	REQUIRE(queue(dev, fd, 0, SLICE, 0), 8);
	for (i = 0; i < 8; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.offset, i * SLICE);
		EXPECT(done.error, i ? 0 : -EIO);
	}
	EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);
	munmap(mem, 8 * SLICE);
	close(fd);
	close(dev);
}

static void bad_words(void)
{
	static const uint32_t slices[] = { 1, 255, 257, 4097, UINT32_MAX };
	int dev = device_open(0), fd = region_alloc(dev, 8 * SLICE);
	struct fpgabuf_dequeue done = { .offset = 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slices); i++)
		EXPECT(queue(dev, fd, 0, slices[i], 0), -EINVAL);
	EXPECT(queue(dev, fd, 9 * SLICE, SLICE, 0), -EINVAL);
	EXPECT(call(dev, FPGABUF_IOC_DEQUEUE, &done), -EINVAL);
	sim_source("pattern");
	EXPECT(queue(dev, fd, 0, UINT32_MAX & ~255u, 0), 1);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, 8 * SLICE);
	EXPECT(done.offset, 0);
	close(fd);
	close(dev);
}

/* Slices that lie across the pieces of scattered memory */
static void scattered(void)
{
	enum { SIZE = 192 * 4096, CUT = 3 * 4096 / 2, NR = SIZE / CUT };
	struct fpgabuf_alloc alloc = {
		.size = SIZE,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int dev = device_open(0), round, i;
	struct fpgabuf_dequeue done;
	uint8_t *mem;

	fail_backends(1 << FPGABUF_BACKEND_FOLIO | 1 << FPGABUF_BACKEND_PAGES);
	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	fail_backends(0);
	mem = region_map(alloc.fd, SIZE);
	sim_source("pattern");
	for (round = 0; round < 3; round++) {
		REQUIRE(queue(dev, alloc.fd, 0, CUT, 0), NR);
		for (i = 0; i < NR; i++) {
			REQUIRE(capture_get(dev, &done), 0);
			EXPECT(done.bytes, CUT);
			CU_ASSERT(is_pattern(mem + done.offset, CUT,
					     round * SIZE + i * CUT));
		}
	}
	printf("\n    %u pieces, %u slices", alloc.chunks, NR);
	munmap(mem, SIZE);
	close(alloc.fd);
	close(dev);
}

enum { PLAYERS = 4, FIELD = 256 * 1024, EXPECTED = 4096 };

/**
 * struct player - a region of the random test
 * @fd: its descriptor
 * @mem: where it is mapped
 * @out: its captures that were not dequeued
 * @filled: bytes from its start that captures have filled
 * @pipe: holds a page of it, if @held
 * @page: what is in that page
 */
struct player {
	int fd;
	uint8_t *mem;
	unsigned int out;
	size_t filled;
	int pipe[2];
	bool held;
	uint8_t page[4096];
};

/**
 * struct game - what must be so
 * @dev: the device
 * @players: the regions
 * @expected: captures that were queued, in order
 * @next: the next one to be dequeued
 * @last: behind the last one
 * @position: of the FPGA, behind what was dequeued
 */
struct game {
	int dev;
	struct player players[PLAYERS];
	struct {
		unsigned int player;
		uint32_t offset, length;
	} expected[EXPECTED];
	unsigned int next, last;
	uint64_t position;
};

static unsigned int draw(unsigned int below)
{
	return rand() % below;
}

static void note(struct game *g, unsigned int number, uint32_t length,
		 uint32_t slice, int nr)
{
	struct player *p = &g->players[number];
	int i;

	p->filled = 0;
	p->out = nr;
	for (i = 0; i < nr; i++) {
		uint32_t at = i * slice, left = length - at;

		g->expected[g->last % EXPECTED].player = number;
		g->expected[g->last % EXPECTED].offset = at;
		g->expected[g->last++ % EXPECTED].length =
			left < slice ? left : slice;
	}
}

static void play_queue(struct game *g)
{
	const unsigned int number = draw(PLAYERS);
	struct player *p = &g->players[number];
	uint32_t slice = draw(4) ? 256 * (1 + draw(96)) : 0;
	uint32_t length = draw(3) ? FIELD : 1 + draw(FIELD);
	uint32_t each = slice ? slice : length;
	int most = (length + each - 1) / each, ret;

	ret = queue(g->dev, p->fd, length, slice, number);
	if (p->out || p->held) {
		EXPECT(ret, -EBUSY);
	} else if (ret == -ENOBUFS) {
		EXPECT(g->last - g->next >= 256, true);
	} else if (!slice) {
		EXPECT(ret, 0);
		note(g, number, length, each, 1);
	} else {
		EXPECT(ret >= 1 && ret <= most, true);
		/* All of them, unless the queue is full. */
		EXPECT(ret < most && g->last - g->next + ret < 256, false);
		note(g, number, length, each, ret);
	}
}

static void play_dequeue(struct game *g)
{
	const unsigned int at = g->next % EXPECTED;
	struct fpgabuf_dequeue done;
	struct player *p;

	if (g->next == g->last) {
		EXPECT(capture_get(g->dev, &done), -EPIPE);
		return;
	}
	p = &g->players[g->expected[at].player];
	REQUIRE(capture_get(g->dev, &done), 0);
	EXPECT(done.cookie, g->expected[at].player);
	EXPECT(done.offset, g->expected[at].offset);
	EXPECT(done.bytes, g->expected[at].length);
	EXPECT(done.error, 0);
	CU_ASSERT(is_pattern(p->mem + done.offset, done.bytes, g->position));
	g->position += done.bytes;
	p->filled = done.offset + done.bytes;
	p->out--;
	g->next++;
}

/* A page that is all there, whether or not others are still being written */
static void play_hold(struct game *g)
{
	struct player *p = &g->players[draw(PLAYERS)];
	struct iovec iov = { .iov_len = 4096 };

	if (p->held || p->filled < 4096)
		return;
	iov.iov_base = p->mem + 4096 * draw(p->filled / 4096);
	memcpy(p->page, iov.iov_base, 4096);
	REQUIRE(pipe(p->pipe), 0);
	EXPECT(vmsplice(p->pipe[1], &iov, 1, 0), 4096);
	p->held = true;
}

static void play_release(struct player *p)
{
	uint8_t page[4096];

	if (!p->held)
		return;
	EXPECT(read(p->pipe[0], page, 4096), 4096);
	CU_ASSERT(!memcmp(page, p->page, 4096));
	close(p->pipe[0]);
	close(p->pipe[1]);
	p->held = false;
}

static void randomly(void)
{
	const unsigned int seed = getpid() * 2654435761u;
	struct game *g = calloc(1, sizeof(*g));
	unsigned int i, moves = rounds(20000);

	REQUIRE(!g, false);
	srand(seed);
	g->dev = device_open(0);
	sim_source("pattern");
	for (i = 0; i < PLAYERS; i++) {
		g->players[i].fd = region_alloc(g->dev, FIELD);
		g->players[i].mem = region_map(g->players[i].fd, FIELD);
	}
	for (i = 0; i < moves; i++) {
		switch (draw(16)) {
		case 0 ... 2:
			play_queue(g);
			break;
		case 3:
			play_hold(g);
			break;
		case 4:
			play_release(&g->players[draw(PLAYERS)]);
			break;
		default:
			play_dequeue(g);
		}
	}
	while (g->next < g->last)
		play_dequeue(g);
	printf("\n    seed %u, %u captures, %llu bytes", seed, g->next,
	       (unsigned long long)g->position);
	for (i = 0; i < PLAYERS; i++) {
		play_release(&g->players[i]);
		munmap(g->players[i].mem, FIELD);
		close(g->players[i].fd);
	}
	EXPECT(device_used(g->dev), 0);
	close(g->dev);
	free(g);
}

static const struct test tests[] = {
	{ "one call queues many captures, which follow each other", in_order },
	{ "each is there as soon as it has come", one_by_one },
	{ "packets end slices", packets },
	{ "a page that is held holds the region, whatever its slices do",
	  guarantee },
	{ "cancel ends each, with the bytes it had", cancel },
	{ "they end with the file that has queued them", closed },
	{ "one that fails is one of many", refused },
	{ "slices that cannot be are refused", bad_words },
	{ "slices lie across pieces of memory", scattered },
	{ "whatever is queued, held and dequeued, in any order", randomly },
	{ }
};

SUITE(slices, .title = "slices", .init = modules_load, .tests = tests)
