// SPDX-License-Identifier: GPL-2.0-only
/* libfpgabuf and the tools on the real driver: the main job. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "bed.h"

static struct fpgabuf_device *lib_open(void)
{
	struct fpgabuf_device *device;

	REQUIRE(fpgabuf_device_open(NULL, 0, &device), 0);
	sim_source("pattern");
	return device;
}

static struct fpgabuf_region *lib_capture(struct fpgabuf_device *device,
					  size_t size)
{
	struct fpgabuf_dequeue done;
	struct fpgabuf_region *region;

	REQUIRE(fpgabuf_device_alloc(device, size, &region), 0);
	EXPECT(fpgabuf_region_size(region), size);
	REQUIRE(fpgabuf_device_queue(device, region, 0, 42), 0);
	REQUIRE(fpgabuf_device_dequeue(device, &done), 0);
	EXPECT(done.cookie, 42);
	EXPECT(done.bytes, size);
	return region;
}

static void capture_and_map(void)
{
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, 1536 * KIB);
	void *addr;

	REQUIRE(fpgabuf_region_map(region, PROT_READ | PROT_WRITE, &addr), 0);
	EXPECT((uintptr_t)addr % (2 * MIB), 0);
	CU_ASSERT(is_pattern(addr, 1536 * KIB, 0));
	EXPECT(fpgabuf_region_sync_start(region, PROT_READ), 0);
	EXPECT(fpgabuf_region_sync_end(region, PROT_READ), 0);
	EXPECT(fpgabuf_region_sync_start(region, PROT_WRITE), 0);
	memset(addr, 0, 4096);
	EXPECT(fpgabuf_region_sync_end(region, PROT_WRITE), 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
}

static void import(void)
{
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, 64 * KIB), *other;
	struct fpgabuf_region_info info;
	int fd = dup(fpgabuf_region_fd(region));
	void *addr;

	REQUIRE(fpgabuf_region_import(fd, &other), 0);
	fpgabuf_region_close(region);
	EXPECT(fpgabuf_region_size(other), 64 * KIB);
	REQUIRE(fpgabuf_region_map(other, PROT_READ, &addr), 0);
	EXPECT(fpgabuf_region_sync_start(other, PROT_READ), 0);
	CU_ASSERT(is_pattern(addr, 64 * KIB, 0));
	EXPECT(fpgabuf_region_sync_end(other, PROT_READ), 0);
	EXPECT(fpgabuf_device_region_info(device, other, &info), 0);
	EXPECT(info.size, 64 * KIB);
	fpgabuf_region_close(other);
	fpgabuf_device_close(device);
}

static void token_after_peer(void)
{
	const size_t size = 512 * KIB;
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, size);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *sender;
	struct reader *reader;
	uint64_t token = 0;
	const void *data;
	int tx, rx, i;
	size_t got;
	void *addr;

	REQUIRE(fpgabuf_region_map(region, PROT_READ, &addr), 0);
	net_connect(&tx, &rx);
	REQUIRE(fpgabuf_sender_create(tx, FPGABUF_ENGINE_ZEROCOPY, 4, &sender),
		0);
	REQUIRE(fpgabuf_sender_submit(sender, addr, size, 9), 0);
	/* The socket takes all of it; the peer does not. */
	EXPECT(fpgabuf_sender_drain(sender, 300), -ETIMEDOUT);
	EXPECT(fpgabuf_sender_reap(sender, &token), 0);
	EXPECT(fpgabuf_device_queue(device, region, 0, 0), -EBUSY);

	reader = reader_start(rx, size);
	EXPECT(fpgabuf_sender_drain(sender, 10000), 0);
	EXPECT(fpgabuf_sender_reap(sender, &token), 1);
	EXPECT(token, 9);
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	fpgabuf_sender_stats(sender, &stats);
	EXPECT(stats.bytes, size);
	EXPECT(stats.completions, stats.zerocopy_sends);
	EXPECT(stats.copied, 0);
	for (i = 0; i < 500 && fpgabuf_device_queue(device, region, 0, 0); i++)
		usleep(10000);
	EXPECT(i < 500, true);

	reader_free(reader);
	fpgabuf_sender_destroy(sender);
	close(tx);
	close(rx);
	fpgabuf_device_close(device);
	fpgabuf_region_close(region);
}

static void main_job_by(char *engine)
{
	const struct send_tool tool = {
		.bytes = "40000003",
		.region_size = "256K",
		.regions = "4",
		.engine = engine,
	};

	main_job(&tool);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
}

static void main_job_zerocopy(void)
{
	main_job_by("zerocopy");
}

static void main_job_copy(void)
{
	main_job_by("copy");
}

/*
 * Once more at the end, when no capture was left to be told in; and where the
 * driver asked too late, see faults.c.
 */
static void gaps_as_counted(void)
{
	unsigned long gaps = send_tool_count("gaps");
	unsigned long starved = sim_get("starved");
	unsigned long asked = sim_get("asked");

	printf("\n    starved %lu times, asked %lu times too late, %lu gaps",
	       starved, asked, gaps);
	CU_ASSERT(gaps + 1 >= starved);
	CU_ASSERT(gaps <= starved + asked);
}

static void many_captures(void)
{
	unsigned int captures = rounds(10000);
	char bytes[16];
	const struct send_tool tool = {
		.bytes = bytes,
		.region_size = "64K",
		.regions = "8",
		.engine = "zerocopy",
	};

	snprintf(bytes, sizeof(bytes), "%zu", captures * 64 * KIB);
	printf("\n    %u captures", captures);
	main_job(&tool);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
	EXPECT(send_tool_count("captures"), captures);
	gaps_as_counted();
	EXPECT(send_tool_count("timeouts"), 0);
}

/* What the examples make of a capture */
#define EXAMPLE_SIZE	MIB

static void run_capture_send(void *arg)
{
	int *tx = arg;

	dup2(*tx, STDOUT_FILENO);
	execlp("capture-send", "capture-send", "9", NULL);
	_exit(127);
}

static void example_send(void)
{
	struct reader *reader;
	const void *data;
	int tx, rx;
	size_t got;
	pid_t pid;

	sim_source("pattern");
	net_connect(&tx, &rx);
	reader = reader_start(rx, 9 * EXAMPLE_SIZE);
	pid = process_start(run_capture_send, &tx);
	EXPECT(process_exit_code(pid), 0);
	/* If it failed, the reader must not wait for what does not come. */
	close(tx);
	data = reader_wait(reader, &got);
	EXPECT(got, 9 * EXAMPLE_SIZE);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(rx);
}

static void run_capture_disk(void *arg)
{
	execlp("capture-disk", "capture-disk", arg, "9", NULL);
	_exit(127);
}

static void example_disk(void)
{
	char disk[] = "/dev/vda";
	void *data = NULL;
	int fd;

	sim_source("pattern");
	EXPECT(process_exit_code(process_start(run_capture_disk, disk)), 0);
	REQUIRE(posix_memalign(&data, 4096, 9 * EXAMPLE_SIZE), 0);
	fd = open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pread(fd, data, 9 * EXAMPLE_SIZE, 0), 9 * EXAMPLE_SIZE);
	CU_ASSERT(is_pattern(data, 9 * EXAMPLE_SIZE, 0));
	close(fd);
	free(data);
}

static const CU_TestInfo tests[] = {
	{ "the library captures, maps at 2 MiB and brackets CPU access",
	  capture_and_map },
	{ "a region imported from a descriptor is the same memory", import },
	{ "the sender gives a buffer back when the peer has all of it",
	  token_after_peer },
	{ "fpgabuf-send carries 40000003 bytes to fpgabuf-recv without a copy",
	  main_job_zerocopy },
	{ "fpgabuf-send carries the same bytes with a copy", main_job_copy },
	{ "captures of 64 KiB arrive without a copy, nothing lost or torn, every "
	  "gap told", many_captures },
	{ "the example capture-send sends what was captured", example_send },
	{ "the example capture-disk writes what was captured, past the page "
	  "cache", example_disk },
	CU_TEST_INFO_NULL,
};

const struct suite library_suite = {
	.name = "library",
	.title = "library and tools",
	.init = modules_load,
	.tests = tests,
};
