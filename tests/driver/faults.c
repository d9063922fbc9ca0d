// SPDX-License-Identifier: GPL-2.0-only
/* What goes wrong below the driver is told, and passes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

static void dma_error(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	uint8_t *mem = region_map(fd, 64 * KIB);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("burst", 4096);
	sim_set("fail_transfer", 1);
	done = capture_run(dev, fd, 0);
	EXPECT(done.error, -EIO);
	EXPECT(done.status, FPGABUF_CAPTURE_ERROR | FPGABUF_CAPTURE_PARTIAL);
	EXPECT(done.bytes, 4096);
	CU_ASSERT(is_pattern(mem, 4096, 0));

	done = capture_run(dev, fd, 0);
	EXPECT(done.error, 0);
	EXPECT(done.bytes, 64 * KIB);
	CU_ASSERT(is_pattern(mem, 64 * KIB, 4096));
	sim_set("burst", 64 * KIB);
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void refused(const char *fault)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set(fault, 2);
	EXPECT(region_queue(dev, fd, 0, 0), -EIO);
	EXPECT(region_queue(dev, fd, 0, 0), -EIO);
	EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);
	EXPECT(device_info(dev).queued, 0);
	EXPECT(capture_get(dev, &done), -EPIPE);
	done = capture_run(dev, fd, 0);
	EXPECT(done.error, 0);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void prep_refused(void)
{
	refused("fail_prep");
}

static void submit_refused(void)
{
	refused("fail_submit");
}

static int queue_for(int dev, int fd, uint32_t timeout_ms)
{
	struct fpgabuf_queue queue = { .fd = fd, .timeout_ms = timeout_ms };

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

static void stalled(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("stall", 1);
	REQUIRE(queue_for(dev, fd, 200), 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.error, -ETIMEDOUT);
	EXPECT(done.bytes, 0);
	REQUIRE(queue_for(dev, fd, 20000), 0);
	sim_set("stall", 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.error, 0);
	EXPECT(done.bytes, 4096);
	close(fd);
	close(dev);
}

/* After a timeout the others are given to the channel again; if that fails... */
static void restart_refused(void)
{
	int dev = device_open(0), fds[3], i;
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("stall", 1);
	for (i = 0; i < 3; i++) {
		fds[i] = region_alloc(dev, 4096);
		REQUIRE(queue_for(dev, fds[i], i ? 60000 : 200), 0);
	}
	sim_set("fail_submit", 1);
	for (i = 0; i < 3; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.error, i ? -EIO : -ETIMEDOUT);
	}
	sim_set("stall", 0);
	EXPECT(capture_run(dev, fds[0], 0).error, 0);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(dev);
}

enum { REGIONS = 4 };

/* Queue all, and each again when it is done; see what comes out. */
static void stream(size_t size, int captures,
		   void (*check)(const struct fpgabuf_dequeue *done,
				 const uint64_t *mem))
{
	int dev = device_open(0), fds[REGIONS], i;
	struct fpgabuf_dequeue done;
	uint64_t *mem[REGIONS];

	for (i = 0; i < REGIONS; i++) {
		fds[i] = region_alloc(dev, size);
		mem[i] = region_map(fds[i], size);
		REQUIRE(region_queue(dev, fds[i], 0, i), 0);
	}
	for (i = 0; i < captures; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i % REGIONS);
		EXPECT(done.bytes, size);
		check(&done, mem[done.cookie]);
		REQUIRE(region_queue(dev, fds[done.cookie], 0, done.cookie), 0);
	}
	EXPECT(capture_cancel(dev) >= 0, true);
	for (i = 0; i < REGIONS; i++) {
		munmap(mem[i], size);
		close(fds[i]);
	}
	close(dev);
}

static uint64_t expected, jumps, gaps;

static void check_seamless(const struct fpgabuf_dequeue *done,
			   const uint64_t *mem)
{
	CU_ASSERT(is_pattern(mem, done->bytes, expected));
	expected += done->bytes;
}

static void late_completions(void)
{
	expected = 0;
	sim_source("pattern");
	sim_set("delay_us", 1000);
	sim_set("jitter_us", 20000);
	stream(4096, 40, check_seamless);
	sim_set("delay_us", 0);
	sim_set("jitter_us", 0);
}

/* Whoever missed samples is told so in that capture, and nobody else is. */
static void check_gaps(const struct fpgabuf_dequeue *done, const uint64_t *mem)
{
	uint64_t position = mem[0] * 8;

	if (done->status & FPGABUF_CAPTURE_GAP) {
		CU_ASSERT(position >= expected);
		jumps += position > expected;
		gaps++;
	} else {
		EXPECT(position, expected);
	}
	CU_ASSERT(is_pattern(mem, done->bytes, position));
	expected = position + done->bytes;
	/* Slow at times: the queue of four lasts for 16 ms. */
	if (done->sequence % 10 == 0)
		usleep(60000);
}

static void gaps_tell(void)
{
	uint64_t overflows;

	expected = 0;
	jumps = 0;
	gaps = 0;
	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", 2 * MIB);
	stream(8 * KIB, 60, check_gaps);
	sim_set("rate", 0);
	sim_set("lossy", 0);
	overflows = sim_get("overflows");
	printf("\n    %lu overflows, %lu seen, %lu gaps",
	       (unsigned long)overflows, (unsigned long)jumps,
	       (unsigned long)gaps);
	CU_ASSERT(jumps > 0);
	/* A gap too short to lose anything is one all the same. */
	CU_ASSERT(gaps <= sim_get("starved") + sim_get("asked"));
	/*
	 * The capture behind an overflow shows it.  Those that were queued last
	 * are not looked at, and behind the last of them there is none.
	 */
	CU_ASSERT(overflows >= jumps && overflows <= jumps + REGIONS + 1);
	sim_source("pattern");
}

static void check_bytes(const struct fpgabuf_dequeue *done, const uint64_t *mem)
{
	EXPECT(mem[0] * 8, expected);
	expected += done->bytes;
}

/*
 * The simulator knows when a transfer ended with none behind it.  The driver
 * has to say GAP for each such time; it may say so as well when the one before
 * ended between the moment in which the next was handed over and that in which
 * the driver asked about it: the simulator knows how often it did.
 */
static void gaps_at_full_speed(void)
{
	const int captures = rounds(10000);
	int dev = device_open(0);
	uint64_t before = device_info(dev).gaps;
	unsigned long starved, asked;

	expected = 0;
	sim_source("pattern");
	stream(4096, captures, check_bytes);
	gaps = device_info(dev).gaps - before;
	starved = sim_get("starved");
	asked = sim_get("asked");
	printf("\n    starved %lu times, asked %lu times too late, %lu gaps",
	       starved, asked, (unsigned long)gaps);
	CU_ASSERT(starved > 0);
	/* The last time there was no capture to be told in. */
	CU_ASSERT(gaps + 1 >= starved);
	CU_ASSERT(gaps <= starved + asked);
	close(dev);
}

static const struct test tests[] = {
	{ "a DMA error is told, with the bytes before it", dma_error },
	{ "a transfer that cannot be prepared gives EIO and passes",
	  prep_refused },
	{ "a transfer that cannot be submitted gives EIO and passes",
	  submit_refused },
	{ "a stalled FPGA times out and can go on", stalled },
	{ "a restart that fails ends all captures with EIO", restart_refused },
	{ "completions that come late and unevenly keep their order",
	  late_completions },
	{ "samples are lost where GAP says so, and nowhere else", gaps_tell },
	{ "at full speed no time that the FPGA had to wait goes untold",
	  gaps_at_full_speed },
	{ }
};

SUITE(faults, .title = "faults of the FPGA", .init = modules_load, .tests = tests)
