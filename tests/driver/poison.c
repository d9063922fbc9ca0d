// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels that do not stop: the FPGA goes on writing, whatever becomes of those
 * who captured.  It must not write into memory that is somebody else's by then.
 *
 * Such a device is of no use until the next boot, and the modules cannot be
 * unloaded: each test has a device of its own, and the suite its own boot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

#define DRIVERS	"/sys/bus/platform/drivers/"

/* Large enough to be found again among all memory */
#define REGION	(16 * MIB)

enum { REGIONS = 2 };

/* The device of a test */
static struct {
	char fpga[32], client[32];
	int dev, fds[REGIONS];
} bed;

static void bed_begin(int number)
{
	int i;

	snprintf(bed.fpga, sizeof(bed.fpga), "fpgabuf-sim.%d", number);
	snprintf(bed.client, sizeof(bed.client), "fpgabuf.%d", number);
	sim_select(bed.fpga);
	sim_source("pattern");
	bed.dev = node_open(bed.client);
	for (i = 0; i < REGIONS; i++)
		bed.fds[i] = region_alloc(bed.dev, REGION);
}

/* All that we have of the device; not what the device has */
static void let_go(void)
{
	int i;

	for (i = 0; i < REGIONS; i++)
		close(bed.fds[i]);
	close(bed.dev);
}

static void queue_all(uint32_t timeout_ms)
{
	int i;

	for (i = 0; i < REGIONS; i++) {
		struct fpgabuf_queue queue = {
			.fd = bed.fds[i],
			.cookie = i,
			.timeout_ms = i ? 0 : timeout_ms,
		};

		REQUIRE(call(bed.dev, FPGABUF_IOC_QUEUE, &queue), 0);
	}
}

static void expect_nothing(int i, int error)
{
	struct fpgabuf_dequeue done;

	REQUIRE(capture_get(bed.dev, &done), 0);
	EXPECT(done.cookie, i);
	EXPECT(done.error, error);
	EXPECT(done.bytes, 0);
}

static bool comes_to(uint64_t position)
{
	int i;

	for (i = 0; i < 4000 && sim_position() < position; i++)
		usleep(5000);
	return sim_position() >= position;
}

/* The FPGA is in the midst of the first capture, and will be for a while. */
static void run_slowly(void)
{
	sim_set("burst", 4096);
	sim_set("rate", MIB);
	queue_all(0);
	CU_ASSERT(comes_to(4096));
}

/* The FPGA writes so much in all, and none of it where we are now. */
static void run_to(uint64_t position)
{
	size_t size;
	uint8_t *mem = memory_take(&size);

	CU_ASSERT(memory_is_ours(mem, size));
	sim_set("rate", 0);
	sim_set("stall", 0);
	CU_ASSERT(comes_to(position));
	EXPECT(sim_position(), position);
	CU_ASSERT(memory_is_ours(mem, size));
	munmap(mem, size);
}

static void expect_pinned(void)
{
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	EXPECT(module_try_unload("fpgabuf_sim"), -EAGAIN);
}

/* It says no to every capture, and to the log it has said so once. */
static void expect_poisoned(int log)
{
	int fd = region_alloc(bed.dev, 4096);

	EXPECT(region_queue(bed.dev, fd, 0, 0), -EIO);
	EXPECT(region_queue(bed.dev, fd, 0, 0), -EIO);
	EXPECT(kmsg_count(log, "does not stop"), 1);
	close(fd);
	close(log);
}

static void timeout(void)
{
	int log = kmsg_open();

	bed_begin(0);
	EXPECT(sim_try_set("stop", "no"), 0);
	sim_set("stall", 1);
	queue_all(200);
	expect_nothing(0, -ETIMEDOUT);
	expect_nothing(1, -EIO);
	expect_poisoned(log);
	EXPECT(device_info(bed.dev).used_bytes, REGIONS * REGION);
	let_go();
	expect_pinned();
	run_to(REGIONS * REGION);
}

static void cancel(void)
{
	int log = kmsg_open(), i;

	bed_begin(1);
	EXPECT(sim_try_set("stop", "no"), 0);
	run_slowly();
	EXPECT(capture_cancel(bed.dev), REGIONS);
	for (i = 0; i < REGIONS; i++) {
		expect_nothing(i, -ECANCELED);
		CU_ASSERT(region_queue(bed.dev, bed.fds[i], 0, 0) < 0);
	}
	expect_poisoned(log);
	let_go();
	run_to(REGIONS * REGION);
}

static void closed(void)
{
	bed_begin(2);
	EXPECT(sim_try_set("stop", "no"), 0);
	run_slowly();
	let_go();
	expect_pinned();
	run_to(REGIONS * REGION);
}

static void unbound(void)
{
	int i;

	bed_begin(3);
	EXPECT(sim_try_set("stop", "no"), 0);
	run_slowly();
	file_write(DRIVERS "fpgabuf/unbind", bed.client);
	for (i = 0; i < REGIONS; i++)
		expect_nothing(i, -ENODEV);
	let_go();
	expect_pinned();
	run_to(REGIONS * REGION);
}

/* It will stop when the running capture has ended; but the FPGA stands still. */
static void never_late_enough(void)
{
	int log = kmsg_open(), i;

	bed_begin(4);
	EXPECT(sim_try_set("stop", "late"), 0);
	sim_set("stall", 1);
	queue_all(0);
	EXPECT(capture_cancel(bed.dev), REGIONS);
	for (i = 0; i < REGIONS; i++)
		expect_nothing(i, -ECANCELED);
	expect_poisoned(log);
	let_go();
	run_to(REGION);
}

/* The FPGA's device anew, with a channel that has no way to be stopped */
static void unstoppable_begin(int number)
{
	static const char * const parameter =
		"/sys/module/fpgabuf_sim/parameters/no_terminate";
	char fpga[32];

	snprintf(fpga, sizeof(fpga), "fpgabuf-sim.%d", number);
	file_write(parameter, "1");
	file_write(DRIVERS "fpgabuf-simx/unbind", fpga);
	file_write(DRIVERS "fpgabuf-simx/bind", fpga);
	file_write(parameter, "0");
	bed_begin(number);
	EXPECT(device_info(bed.dev).capabilities & FPGABUF_CAP_STOP, 0);
}

/* It gets one transfer at a time: the other capture has not begun. */
static void unstoppable_unbound(void)
{
	int i;

	unstoppable_begin(5);
	run_slowly();
	file_write(DRIVERS "fpgabuf/unbind", bed.client);
	for (i = 0; i < REGIONS; i++)
		expect_nothing(i, -ENODEV);
	let_go();
	expect_pinned();
	run_to(REGION);
}

/* With the provider its DMA goes, and so may all that waits for it. */
static void provider_unbound(void)
{
	size_t size;
	uint8_t *mem;
	int i;

	unstoppable_begin(6);
	run_slowly();
	file_write(DRIVERS "fpgabuf-simx/unbind", bed.fpga);
	for (i = 0; i < REGIONS; i++)
		expect_nothing(i, -ENODEV);
	let_go();
	mem = memory_take(&size);
	file_write(DRIVERS "fpgabuf-simx/bind", bed.fpga);
	CU_ASSERT(memory_is_ours(mem, size));
	munmap(mem, size);

	bed_begin(6);
	queue_all(0);
	for (i = 0; i < REGIONS; i++) {
		struct fpgabuf_dequeue done;

		REQUIRE(capture_get(bed.dev, &done), 0);
		EXPECT(done.error, 0);
		EXPECT(done.bytes, REGION);
	}
	let_go();
}

static const struct test tests[] = {
	{ "a timeout that cannot stop the FPGA poisons the device, not memory",
	  timeout },
	{ "so does a cancel, in the midst of a capture", cancel },
	{ "and a file that is closed", closed },
	{ "and a driver that is unbound", unbound },
	{ "a channel that stops late, and never does, is one that does not stop",
	  never_late_enough },
	{ "nor does memory suffer if a channel without a stop loses its driver",
	  unstoppable_unbound },
	{ "a provider that goes takes its DMA with it", provider_unbound },
	{ }
};

/* Suites of the same boot may have loaded them. */
static int begin(void)
{
	int ret;

	module_unload("fpgabuf_test_remap");
	module_unload("fpgabuf");
	module_unload("fpgabuf_sim");
	ret = module_load("fpgabuf.ko", "");
	return ret ?: module_load("fpgabuf-sim.ko", "known=0 devices=7");
}

SUITE(poison,
	.alone = true,
	.title = "channels that do not stop",
	.init = begin,
	.tests = tests)
