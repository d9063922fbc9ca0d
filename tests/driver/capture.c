// SPDX-License-Identifier: GPL-2.0-only
/* The queue: order, lengths, ends, waiting. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"

enum { REGIONS = 4 };

struct ring {
	int dev;
	size_t size;
	int fd[REGIONS];
	uint8_t *mem[REGIONS];
};

static struct ring ring_make(size_t size)
{
	struct ring ring = { .dev = device_open(0), .size = size };
	int i;

	for (i = 0; i < REGIONS; i++) {
		ring.fd[i] = region_alloc(ring.dev, size);
		ring.mem[i] = region_map(ring.fd[i], size);
	}
	return ring;
}

/* A capture that is not dequeued keeps its region alive. */
static void ring_free(struct ring *ring)
{
	struct fpgabuf_dequeue done;
	int i;

	EXPECT(capture_cancel(ring->dev) >= 0, true);
	while (!capture_get(ring->dev, &done))
		continue;
	for (i = 0; i < REGIONS; i++) {
		munmap(ring->mem[i], ring->size);
		close(ring->fd[i]);
	}
	EXPECT(device_used(ring->dev), 0);
	close(ring->dev);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void in_order(void)
{
	struct ring ring = ring_make(64 * KIB);
	uint64_t first = device_info(ring.dev).captures, last_ns = now_ns();
	struct fpgabuf_dequeue done;
	int i;

	sim_source("pattern");
	for (i = 0; i < REGIONS; i++)
		REQUIRE(region_queue(ring.dev, ring.fd[i], 0, 1000 + i), 0);
	for (i = 0; i < 40; i++) {
		int at = i % REGIONS;

		REQUIRE(capture_get(ring.dev, &done), 0);
		EXPECT(done.cookie, 1000 + i);
		EXPECT(done.sequence, first + i);
		EXPECT(done.bytes, ring.size);
		EXPECT(done.error, 0);
		EXPECT(done.status & ~FPGABUF_CAPTURE_GAP, 0);
		CU_ASSERT(done.timestamp_ns >= last_ns);
		CU_ASSERT(done.timestamp_ns <= now_ns());
		last_ns = done.timestamp_ns;
		CU_ASSERT(is_pattern(ring.mem[at], ring.size, i * ring.size));
		REQUIRE(region_queue(ring.dev, ring.fd[at], 0,
				     1000 + i + REGIONS), 0);
	}
	EXPECT(device_info(ring.dev).captures >= first + 40, true);
	ring_free(&ring);
}

static void lengths(void)
{
	static const size_t length[] = { 1, 7, 4095, 4096, 4097, 65535 };
	int fd, dev = device_open(0);
	struct fpgabuf_dequeue done;
	size_t i, at = 0;
	uint8_t *mem;

	fd = region_alloc(dev, 64 * KIB);
	mem = region_map(fd, 64 * KIB);
	sim_source("pattern");
	for (i = 0; i < ARRAY_SIZE(length); i++) {
		memset(mem, 0xee, 64 * KIB);
		done = capture_run(dev, fd, length[i]);
		EXPECT(done.bytes, length[i]);
		EXPECT(done.status & FPGABUF_CAPTURE_PARTIAL, 0);
		CU_ASSERT(is_pattern(mem, length[i], at));
		EXPECT(mem[length[i]], 0xee);
		at += length[i];
	}
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void gap(void)
{
	struct ring ring = ring_make(4 * KIB);
	uint64_t gaps = device_info(ring.dev).gaps;
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	done = capture_run(ring.dev, ring.fd[0], 0);
	EXPECT(done.status, 0);
	done = capture_run(ring.dev, ring.fd[0], 0);
	EXPECT(done.status, FPGABUF_CAPTURE_GAP);

	/* Two queued at once while a slow FPGA works on the first: no gap. */
	sim_source("feed");
	EXPECT(capture_cancel(ring.dev), 0);
	REQUIRE(region_queue(ring.dev, ring.fd[0], 0, 0), 0);
	REQUIRE(region_queue(ring.dev, ring.fd[1], 0, 1), 0);
	sim_source("pattern");
	REQUIRE(capture_get(ring.dev, &done), 0);
	EXPECT(done.status, 0);
	REQUIRE(capture_get(ring.dev, &done), 0);
	expect_follows(&done);
	gaps += 1 + !!(done.status & FPGABUF_CAPTURE_GAP);
	EXPECT(device_info(ring.dev).gaps, gaps);
	ring_free(&ring);
}

static void packets(void)
{
	int fd, dev = device_open(0);
	struct fpgabuf_dequeue done;
	uint8_t *mem;
	int i;

	fd = region_alloc(dev, 8 * KIB);
	mem = region_map(fd, 8 * KIB);
	sim_source("pattern");
	sim_set("packet", 5000);
	for (i = 0; i < 3; i++) {
		done = capture_run(dev, fd, 0);
		EXPECT(done.bytes, 5000);
		EXPECT(done.error, 0);
		EXPECT(done.status & ~FPGABUF_CAPTURE_GAP,
		       FPGABUF_CAPTURE_PARTIAL);
		CU_ASSERT(is_pattern(mem, 5000, i * 5000));
	}
	/* A packet that is longer than a capture goes on in the next. */
	sim_source("pattern");
	done = capture_run(dev, fd, 4096);
	EXPECT(done.bytes, 4096);
	done = capture_run(dev, fd, 4096);
	EXPECT(done.bytes, 904);
	CU_ASSERT(is_pattern(mem, 904, 4096));
	sim_set("packet", 0);
	munmap(mem, 8 * KIB);
	close(fd);
	close(dev);
}

static void feed_size(size_t size)
{
	struct ring ring = ring_make(64 * KIB);
	uint8_t *data = malloc(size), *back = malloc(size);
	struct fpgabuf_dequeue done;
	struct feeder *feeder;
	size_t got = 0;
	int i, at;

	random_fill(data, size, size);
	sim_source("feed");
	feeder = feeder_start(data, size);
	for (i = 0; i < REGIONS; i++)
		REQUIRE(region_queue(ring.dev, ring.fd[i], 0, 0), 0);
	for (at = 0; got < size; at = (at + 1) % REGIONS) {
		REQUIRE(capture_get(ring.dev, &done), 0);
		REQUIRE(got + done.bytes <= size, true);
		memcpy(back + got, ring.mem[at], done.bytes);
		got += done.bytes;
		EXPECT(!!(done.status & FPGABUF_CAPTURE_PARTIAL),
		       got == size && size % ring.size);
		REQUIRE(region_queue(ring.dev, ring.fd[at], 0, 0), 0);
	}
	feeder_wait(feeder);
	CU_ASSERT(!memcmp(data, back, size));
	EXPECT(capture_cancel(ring.dev), REGIONS);
	for (i = 0; i < REGIONS; i++) {
		REQUIRE(capture_get(ring.dev, &done), 0);
		EXPECT(done.bytes, 0);
		EXPECT(done.error, -ECANCELED);
	}
	free(data);
	free(back);
	ring_free(&ring);
}

static void feed(void)
{
	static const size_t sizes[] = {
		1, 4095, 65536, 65537, MIB + 3, 3 * 65536,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		feed_size(sizes[i]);
}

/* Who feeds and must not block is told when there is room. */
static void feed_full(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	struct pollfd pfd = { .events = POLLOUT };
	size_t size = MIB, written = 0;
	uint8_t *data = malloc(size);
	ssize_t n;

	random_fill(data, size, 7);
	sim_source("feed");
	pfd.fd = feed_open(O_NONBLOCK);
	EXPECT(poll(&pfd, 1, 0), 1);
	EXPECT(pfd.revents, POLLOUT);
	while ((n = write(pfd.fd, data + written, size - written)) > 0)
		written += n;
	EXPECT(-errno, -EAGAIN);
	CU_ASSERT(written > 64 * KIB && written < size);
	EXPECT(poll(&pfd, 1, 0), 0);

	EXPECT(capture_run(dev, fd, 0).bytes, 64 * KIB);
	EXPECT(poll(&pfd, 1, 10000), 1);
	EXPECT(pfd.revents, POLLOUT);
	EXPECT(write(pfd.fd, data, 1), 1);

	/* Another stream: what is left of this one is forgotten. */
	sim_source("pattern");
	close(pfd.fd);
	free(data);
	close(fd);
	close(dev);
}

static void settings(void)
{
	static const char * const numbers[] = { "", "x", "-1", "4294967296" };
	char line[16];
	size_t i;

	sim_set("burst", 4096);
	EXPECT(sim_get("burst"), 4096);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT(sim_try_set("burst", numbers[i]), -EINVAL);
	EXPECT(sim_try_set("burst", "0"), -EINVAL);
	EXPECT(sim_try_set("lossy", "2"), -EINVAL);
	EXPECT(sim_get("burst"), 4096);
	sim_set("burst", 64 * KIB);

	sim_source("feed");
	EXPECT(sim_try_set("source", "noise"), -EINVAL);
	sim_get_text("source", line, sizeof(line));
	CU_ASSERT_STRING_EQUAL(line, "feed\n");
	sim_source("pattern");
}

static void wait_for_position(uint64_t position)
{
	uint64_t end = now_ns() + 10000000000ull;

	while (sim_position() != position && now_ns() < end)
		sched_yield();
	EXPECT(sim_position(), position);
}

static void cancel(void)
{
	struct ring ring = ring_make(64 * KIB);
	struct fpgabuf_dequeue done;
	uint8_t data[1000];
	int feed;

	memset(data, 0x5a, sizeof(data));
	sim_source("feed");
	feed = feed_open(0);
	REQUIRE(region_queue(ring.dev, ring.fd[0], 0, 10), 0);
	REQUIRE(region_queue(ring.dev, ring.fd[1], 0, 11), 0);
	EXPECT(write(feed, data, sizeof(data)), sizeof(data));
	wait_for_position(sizeof(data));
	EXPECT(device_info(ring.dev).queued, 2);
	EXPECT(region_info(ring.dev, ring.fd[0]).state, FPGABUF_REGION_QUEUED);

	EXPECT(capture_cancel(ring.dev), 2);
	EXPECT(region_info(ring.dev, ring.fd[0]).state, FPGABUF_REGION_DONE);
	REQUIRE(capture_get(ring.dev, &done), 0);
	EXPECT(done.cookie, 10);
	EXPECT(done.bytes, sizeof(data));
	CU_ASSERT(!memcmp(ring.mem[0], data, sizeof(data)));
	EXPECT(done.error, -ECANCELED);
	EXPECT(done.status, FPGABUF_CAPTURE_ERROR | FPGABUF_CAPTURE_PARTIAL);
	REQUIRE(capture_get(ring.dev, &done), 0);
	EXPECT(done.cookie, 11);
	EXPECT(done.bytes, 0);
	EXPECT(done.error, -ECANCELED);
	EXPECT(capture_get(ring.dev, &done), -EPIPE);
	EXPECT(region_info(ring.dev, ring.fd[0]).state, FPGABUF_REGION_IDLE);
	close(feed);

	/* What was canceled can be queued again, and works. */
	sim_source("pattern");
	done = capture_run(ring.dev, ring.fd[0], 0);
	EXPECT(done.bytes, ring.size);
	EXPECT(done.status, 0);
	CU_ASSERT(is_pattern(ring.mem[0], ring.size, 0));
	ring_free(&ring);
}

static void cancel_stops(void)
{
	int dev = device_open(0), fd = region_alloc(dev, MIB);
	uint8_t *mem = region_map(fd, MIB);
	struct fpgabuf_dequeue done;
	uint64_t position;

	sim_source("pattern");
	sim_set("rate", MIB);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	while (!sim_position())
		sched_yield();
	EXPECT(capture_cancel(dev), 1);
	position = sim_position();
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, position);
	CU_ASSERT(is_pattern(mem, position, 0));
	memset(mem, 0xee, MIB);
	/* Long enough for 100 KiB more */
	usleep(100000);
	EXPECT(sim_position(), position);
	EXPECT(mem[0], 0xee);
	CU_ASSERT(!memcmp(mem, mem + 1, MIB - 1));
	sim_set("rate", 0);
	munmap(mem, MIB);
	close(fd);
	close(dev);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void waiting(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	/* Again and again, in case the first comes before the call. */
	const struct itimerval on = { { 0, 50000 }, { 0, 50000 } }, off = { 0 };
	int dev = device_open(0), fd = region_alloc(dev, 4 * KIB);
	struct pollfd pfd = { .fd = dev, .events = POLLIN };
	struct fpgabuf_dequeue done;

	sim_source("feed");
	EXPECT(capture_get(dev, &done), -EPIPE);
	EXPECT(poll(&pfd, 1, 0), 0);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	EXPECT(poll(&pfd, 1, 0), 0);

	EXPECT(fcntl(dev, F_SETFL, O_NONBLOCK), 0);
	EXPECT(capture_get(dev, &done), -EAGAIN);
	EXPECT(fcntl(dev, F_SETFL, 0), 0);
	sigaction(SIGALRM, &action, NULL);
	EXPECT(setitimer(ITIMER_REAL, &on, NULL), 0);
	EXPECT(capture_get(dev, &done), -EINTR);
	EXPECT(setitimer(ITIMER_REAL, &off, NULL), 0);

	sim_source("pattern");
	EXPECT(poll(&pfd, 1, 10000), 1);
	EXPECT(pfd.revents, POLLIN);
	EXPECT(fcntl(dev, F_SETFL, O_NONBLOCK), 0);
	EXPECT(capture_get(dev, &done), 0);
	EXPECT(poll(&pfd, 1, 0), 0);
	close(fd);
	close(dev);
}

static void *dequeue_main(void *arg)
{
	struct fpgabuf_dequeue done;
	int *dev = arg;

	*dev = capture_get(*dev, &done);
	return NULL;
}

static void cancel_wakes(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4 * KIB), arg = dev;
	pthread_t thread;

	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	REQUIRE(pthread_create(&thread, NULL, dequeue_main, &arg), 0);
	EXPECT(capture_cancel(dev), 1);
	pthread_join(thread, NULL);
	EXPECT(arg, 0);
	close(fd);
	close(dev);
}

static void one_owner(void)
{
	int dev = device_open(0), other = device_open(0);
	int fd = region_alloc(dev, 4 * KIB), fd2 = region_alloc(other, 4 * KIB);
	struct pollfd pfd = { .fd = other, .events = POLLIN };
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	REQUIRE(region_queue(dev, fd, 0, 5), 0);
	EXPECT(region_queue(other, fd2, 0, 6), -EUSERS);
	EXPECT(capture_get(other, &done), -EPIPE);
	EXPECT(capture_cancel(other), 0);
	EXPECT(poll(&pfd, 1, 0), 0);
	EXPECT(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 5);
	close(dev);
	EXPECT(region_queue(other, fd2, 0, 6), 0);
	EXPECT(capture_get(other, &done), 0);
	EXPECT(done.cookie, 6);
	close(fd);
	close(fd2);
	close(other);
}

static void paced(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 256 * KIB);
	struct fpgabuf_dequeue done;
	uint64_t start = now_ns();

	sim_source("pattern");
	sim_set("rate", MIB);
	done = capture_run(dev, fd, 0);
	sim_set("rate", 0);
	EXPECT(done.bytes, 256 * KIB);
	/* A quarter of a second at 1 MiB/s; later is no error. */
	CU_ASSERT(done.timestamp_ns - start >= 250000000);
	close(fd);
	close(dev);
}

static void cpu_access(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	uint8_t *mem = region_map(fd, 64 * KIB);

	sim_source("pattern");
	capture_run(dev, fd, 0);
	sync_access(fd, true);
	CU_ASSERT(is_pattern(mem, 64 * KIB, 0));
	memcpy(mem, "header!", 8);
	sync_access(fd, false);
	sync_access(fd, true);
	CU_ASSERT(!memcmp(mem, "header!", 8));
	CU_ASSERT(is_pattern(mem + 8, 64 * KIB - 8, 8));
	sync_access(fd, false);
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static const struct test tests[] = {
	{ "captures come in the order of QUEUE with every byte of the stream",
	  in_order },
	{ "a capture writes exactly the length asked for", lengths },
	{ "a gap is reported when the queue ran dry, and only then", gap },
	{ "packets of the FPGA end captures early", packets },
	{ "what is fed comes out, to the odd byte", feed },
	{ "who feeds is told when there is room", feed_full },
	{ "settings of the simulated FPGA are kept, nonsense is refused",
	  settings },
	{ "cancel gives everything back with the bytes it had", cancel },
	{ "after cancel the FPGA writes no more", cancel_stops },
	{ "dequeue waits, polls, gives up on signals", waiting },
	{ "cancel wakes a waiting dequeue", cancel_wakes },
	{ "the queue belongs to one open file", one_owner },
	{ "the rate of the simulated FPGA is kept", paced },
	{ "CPU access brackets keep what the FPGA and the CPU wrote",
	  cpu_access },
	{ }
};

SUITE(capture, .title = "captures", .init = modules_load, .tests = tests)
