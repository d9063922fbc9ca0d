// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a kernel booted with swiotlb=force: DMA goes to bounce buffers, and
 * without a sync in the right place the data never arrive.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"
#include "kmod/fpgabuf-test-importer.h"
#include "user-bed.h"

#define BOUNCED	"/sys/kernel/debug/swiotlb/io_tlb_used"
#define SKIP	"/sys/module/fpgabuf/parameters/debug_skip_sync"

static unsigned long bounced(void)
{
	unsigned long used;

	REQUIRE(file_read_line(BOUNCED, "", &used), true);
	return used;
}

/* Would a user have seen the right bytes, capture after capture? */
static bool data_right(int dev, size_t size)
{
	int round, fd = region_alloc(dev, size);
	uint8_t *mem = region_map(fd, size);
	bool right = true;

	sim_source("pattern");
	for (round = 0; round < 3; round++) {
		EXPECT(capture_run(dev, fd, 0).bytes, size);
		right = right && is_pattern(mem, size, round * size);
	}
	munmap(mem, size);
	close(fd);
	return right;
}

static void bounces(void)
{
	int dev = device_open(0), fd;
	unsigned long before = bounced();

	fd = region_alloc(dev, MIB);
	EXPECT(bounced() - before >= MIB / 2048, true);
	close(fd);
	EXPECT(device_used(dev), 0);
	EXPECT(bounced(), before);
	close(dev);
}

/* Of the last region only a part has found room. */
static void no_room(void)
{
	int dev = device_open(1), fds[8], nr = 0, ret;
	unsigned long before = bounced(), full;
	struct fpgabuf_alloc alloc;

	do {
		full = bounced();
		ret = region_try_alloc(dev, 24 * MIB, &alloc);
		if (!ret)
			fds[nr++] = alloc.fd;
	} while (!ret && nr < 8);
	EXPECT(ret, -EIO);
	EXPECT(bounced(), full);
	while (nr)
		close(fds[--nr]);
	EXPECT(device_used(dev), 0);
	EXPECT(bounced(), before);
	close(dev);
}

static void right_with_sync(void)
{
	static const size_t sizes[] = { 4096, 20480, 1536 << 10, 24 << 20 };
	int dev = device_open(0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		CU_ASSERT(data_right(dev, sizes[i]));
	close(dev);
}

/* Each is fetched from its bounce buffer when it has come, and no other. */
static void slices(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 256 * KIB), i, round;
	struct fpgabuf_queue queue = { .fd = fd, .slice = 4 * KIB };
	uint8_t *mem = region_map(fd, 256 * KIB);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	for (round = 0; round < 3; round++) {
		EXPECT(call(dev, FPGABUF_IOC_QUEUE, &queue), 0);
		for (i = 0; i < 64; i++) {
			REQUIRE(capture_get(dev, &done), 0);
			EXPECT(done.offset, i * 4 * KIB);
			CU_ASSERT(is_pattern(mem + done.offset, 4 * KIB,
					     (round * 64 + i) * 4 * KIB));
		}
	}
	munmap(mem, 256 * KIB);
	close(fd);
	close(dev);
}

static void wrong_without_sync(void)
{
	int dev = device_open(0);

	file_write(SKIP, "1");
	printf("\n    without the sync:");
	CU_ASSERT_FALSE(data_right(dev, 1536 * KIB));
	file_write(SKIP, "0");
	CU_ASSERT(data_right(dev, 1536 * KIB));
	close(dev);
}

static int importer_of(int fd, bool only_writes)
{
	int importer = open("/dev/fpgabuf-test-importer", O_RDWR | O_CLOEXEC);
	struct importer_import arg = {
		.fd = fd,
		.max_segment = 64 * KIB,
		.only_writes = only_writes,
	};

	REQUIRE(importer < 0 ? -errno : 0, 0);
	REQUIRE(call(importer, IMPORTER_IMPORT, &arg), 0);
	return importer;
}

/* A device with a bounce buffer of its own, which it reads and writes */
static int importer_start(int fd)
{
	return importer_of(fd, false);
}

static void importer_write(int importer, size_t size)
{
	struct importer_read arg = { .size = size };

	EXPECT(call(importer, IMPORTER_WRITE, &arg), 0);
}

static bool all_are(const uint8_t *mem, size_t size, uint8_t value)
{
	return mem[0] == value && !memcmp(mem, mem + 1, size - 1);
}

#define SHARED	(256 * KIB)

/* What another device wrote is there, whatever the FPGA's bounce buffer holds. */
static void importer_writes(void)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED), importer;
	uint8_t *mem = region_map(fd, SHARED);

	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, SHARED);
	importer = importer_start(fd);
	importer_write(importer, SHARED);
	sync_access(fd, true);
	CU_ASSERT(all_are(mem, SHARED, 0x5a));
	sync_access(fd, false);
	EXPECT(call(importer, IMPORTER_DROP, NULL), 0);
	sync_access(fd, true);
	CU_ASSERT(all_are(mem, SHARED, 0x5a));
	sync_access(fd, false);
	close(importer);
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

/*
 * The device got the memory while a capture was running.  What it holds is old
 * when the capture is done, and must not be copied over it.
 */
static void capture_is_newer(void (*look)(int fd, int importer))
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED), importer;
	uint8_t *mem = region_map(fd, SHARED);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("stall", 1);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	importer = importer_start(fd);
	sim_set("stall", 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, SHARED);
	look(fd, importer);
	CU_ASSERT(is_pattern(mem, SHARED, 0));
	close(importer);
	CU_ASSERT(is_pattern(mem, SHARED, 0));
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

static void look_by_cpu(int fd, int importer)
{
	(void)importer;
	sync_access(fd, true);
	sync_access(fd, false);
}

static void look_after_drop(int fd, int importer)
{
	(void)fd;
	EXPECT(call(importer, IMPORTER_DROP, NULL), 0);
}

static void newer_for_cpu(void)
{
	capture_is_newer(look_by_cpu);
}

static void newer_than_dropped(void)
{
	capture_is_newer(look_after_drop);
}

/* After a bracket the device has what the CPU and the FPGA wrote. */
static void importer_reads(void)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED), importer;
	static uint8_t seen[SHARED];
	struct importer_read arg = {
		.buffer = (uintptr_t)seen, .size = SHARED,
	};
	uint8_t *mem = region_map(fd, SHARED);

	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, SHARED);
	importer = importer_start(fd);
	EXPECT(call(importer, IMPORTER_READ, &arg), 0);
	CU_ASSERT(is_pattern(seen, SHARED, 0));
	sync_access(fd, true);
	memset(mem, 0x33, SHARED);
	sync_access(fd, false);
	EXPECT(call(importer, IMPORTER_READ, &arg), 0);
	CU_ASSERT(all_are(seen, SHARED, 0x33));
	close(importer);
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

/*
 * Not for a master that writes to addresses: when the region goes, its bounce
 * buffers are somebody else's, even if that master still writes.
 */
static void program_refuses(void)
{
	int door, dev, fd;

	REQUIRE(module_load("fpgabuf-user.ko", ""), 0);
	door = user_open(1, 0);
	dev = user_device();
	fd = region_alloc(dev, 4096);
	EXPECT(region_queue(dev, fd, 0, 0), -EIO);
	EXPECT(user_event_comes(door, 0), false);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
	close(door);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_user"), 0);
	EXPECT(modules_load(), 0);
}

static int queue_done(int dev, int fd, uint64_t length)
{
	struct fpgabuf_queue queue = {
		.fd = fd,
		.length = length,
		.flags = FPGABUF_QUEUE_IMPORTERS_DONE,
	};

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

static bool importer_sees(int importer, size_t size, uint64_t position)
{
	static uint8_t seen[SHARED];
	struct importer_read arg = {
		.buffer = (uintptr_t)seen, .size = size,
	};

	EXPECT(call(importer, IMPORTER_READ, &arg), 0);
	return is_pattern(seen, size, position);
}

static unsigned long synced_for_importers(void)
{
	unsigned long bytes = 0;

	REQUIRE(file_read_line("/sys/kernel/debug/fpgabuf/fpgabuf0/counters",
			       "synced_for_importers_bytes", &bytes), true);
	return bytes;
}

/*
 * Without any bracket: what the device gets is the capture, each time, although it
 * wrote in between.
 */
static void stays(bool only_writes)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED);
	int importer = importer_of(fd, only_writes), round;
	uint8_t *mem = region_map(fd, SHARED);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	for (round = 0; round < 10; round++) {
		unsigned long before = synced_for_importers();

		importer_write(importer, SHARED);
		REQUIRE(queue_done(dev, fd, 0), 0);
		REQUIRE(capture_get(dev, &done), 0);
		/* Once on each side */
		EXPECT(synced_for_importers() - before, 2 * SHARED);
		CU_ASSERT(is_pattern(mem, SHARED, round * SHARED));
		CU_ASSERT(importer_sees(importer, SHARED, round * SHARED));
		sync_access(fd, true);
		sync_access(fd, false);
		CU_ASSERT(is_pattern(mem, SHARED, round * SHARED));
	}
	EXPECT(call(importer, IMPORTER_DROP, NULL), 0);
	CU_ASSERT(is_pattern(mem, SHARED, 9 * SHARED));
	close(importer);
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

static void reader_stays(void)
{
	stays(false);
}

static void writer_stays(void)
{
	stays(true);
}

/* What the device wrote where no capture went is not lost. */
static void behind_a_capture(void)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED);
	uint8_t *mem = region_map(fd, SHARED);
	int importer = importer_start(fd);
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	importer_write(importer, SHARED);
	REQUIRE(queue_done(dev, fd, 4096), 0);
	REQUIRE(capture_get(dev, &done), 0);
	CU_ASSERT(is_pattern(mem, 4096, 0));
	CU_ASSERT(all_are(mem + 4096, SHARED - 4096, 0x5a));
	CU_ASSERT(importer_sees(importer, 4096, 0));
	close(importer);
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

/* The memory was taken back, and the channel did not want it. */
static void refused_queue(void)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED);
	uint8_t *mem = region_map(fd, SHARED);
	int importer = importer_start(fd);
	static uint8_t seen[SHARED];
	struct importer_read arg = {
		.buffer = (uintptr_t)seen, .size = SHARED,
	};

	sync_access(fd, true);
	memset(mem, 0x33, SHARED);
	sync_access(fd, false);
	importer_write(importer, 4096);
	sim_set("fail_prep", 1);
	EXPECT(queue_done(dev, fd, 0), -EIO);
	CU_ASSERT(all_are(mem, 4096, 0x5a));
	CU_ASSERT(all_are(mem + 4096, SHARED - 4096, 0x33));
	EXPECT(call(importer, IMPORTER_READ, &arg), 0);
	CU_ASSERT(all_are(seen, 4096, 0x5a));
	CU_ASSERT(all_are(seen + 4096, SHARED - 4096, 0x33));
	close(importer);
	CU_ASSERT(all_are(mem, 4096, 0x5a));
	munmap(mem, SHARED);
	close(fd);
	close(dev);
}

/* It got the memory while a capture was running, and gets that, too. */
static void mapped_meanwhile(void)
{
	int dev = device_open(0), fd = region_alloc(dev, SHARED), importer;
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	sim_set("stall", 1);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	importer = importer_start(fd);
	sim_set("stall", 0);
	REQUIRE(capture_get(dev, &done), 0);
	CU_ASSERT(importer_sees(importer, SHARED, 0));
	close(importer);
	close(fd);
	close(dev);
}

static const struct test tests[] = {
	{ "regions bounce, as the kernel was told", bounces },
	{ "a region for which bounce buffers have no room is refused, and leaves none",
	  no_room },
	{ "captured data are right although they bounce", right_with_sync },
	{ "... slice by slice", slices },
	{ "the same check fails when the driver leaves out the sync",
	  wrong_without_sync },
	{ "what an importing device wrote is not overwritten by old bytes",
	  importer_writes },
	{ "a capture is not overwritten by what an importer held before, at SYNC",
	  newer_for_cpu },
	{ "... nor when the importer goes", newer_than_dropped },
	{ "an importing device sees what FPGA and CPU wrote", importer_reads },
	{ "a channel whose hardware is a program refuses bounce buffers",
	  program_refuses },
	{ "a device that stays mapped sees each capture, and overwrites none",
	  reader_stays },
	{ "a device that stays mapped and says it only writes overwrites none",
	  writer_stays },
	{ "what a device wrote behind a capture that is shorter stays",
	  behind_a_capture },
	{ "a QUEUE that the channel refuses changes nothing for a mapped device",
	  refused_queue },
	{ "a device that was mapped during a capture sees it", mapped_meanwhile },
	{ }
};

SUITE(sync,
	.alone = true,
	.title = "bounce buffers",
	.init = modules_load,
	.tests = tests)
