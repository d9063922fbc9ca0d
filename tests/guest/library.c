// SPDX-License-Identifier: GPL-2.0-only
/* libfpgabuf and the tools on the real driver: the main job. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
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

static void run(char *const argv[], const char *output)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(fd, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/* The receiver lives in the other namespace, and checks every byte. */
static pid_t receiver_start(char *bytes)
{
	char *argv[] = {
		"fpgabuf-recv", "--quiet", "--verify", "--json", "--bytes",
		bytes, "--port-file", "/tmp/port", "10.77.0.2:0", NULL,
	};
	pid_t pid;

	unlink("/tmp/port");
	pid = fork();
	if (!pid) {
		int fd = open("/run/netns/peer", O_RDONLY);

		if (setns(fd, CLONE_NEWNET))
			_exit(126);
		run(argv, "/tmp/recv.json");
	}
	return pid;
}

static pid_t sender_start(char *bytes, char *engine, char *region_size,
			  char *regions)
{
	char address[32], *argv[] = {
		"fpgabuf-send", "--quiet", "--json", "--bytes", bytes,
		"--region-size", region_size, "--regions", regions,
		"--engine", engine, address, NULL,
	};
	unsigned long port = 0;
	pid_t pid;
	int i;

	for (i = 0; i < 1000 && !file_read_line("/tmp/port", "", &port); i++)
		usleep(10000);
	snprintf(address, sizeof(address), "10.77.0.2:%lu", port);
	pid = fork();
	if (!pid)
		run(argv, "/tmp/send.json");
	return pid;
}

static int exit_code(pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool report_says(const char *what)
{
	FILE *file = fopen("/tmp/send.json", "re");
	char text[4096];
	size_t n;

	REQUIRE(!file, false);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = 0;
	fclose(file);
	if (!strstr(text, what))
		printf("\n    no %s in %s", what, text);
	return strstr(text, what);
}

/* From the simulated FPGA to a receiver that checks every byte */
static void main_job(char *bytes, char *engine, char *region_size,
		     char *regions)
{
	pid_t receiver, sender;
	char report[64];

	sim_source("pattern");
	receiver = receiver_start(bytes);
	sender = sender_start(bytes, engine, region_size, regions);
	EXPECT(exit_code(sender), 0);
	EXPECT(exit_code(receiver), 0);
	snprintf(report, sizeof(report), "\"bytes\": %s", bytes);
	CU_ASSERT(report_says(report));
	CU_ASSERT(report_says("\"copied\": 0"));
	CU_ASSERT(report_says("\"fallback_copies\": 0"));
}

static void main_job_zerocopy(void)
{
	main_job("40000003", "zerocopy", "256K", "4");
}

static void main_job_copy(void)
{
	main_job("40000003", "copy", "256K", "4");
}

static void ten_thousand_captures(void)
{
	main_job("655360000", "zerocopy", "64K", "8");
	CU_ASSERT(report_says("\"captures\": 10000,"));
	CU_ASSERT(report_says("\"timeouts\": 0"));
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
	{ "10000 captures of 64 KiB arrive without a copy, nothing lost or torn",
	  ten_thousand_captures },
	CU_TEST_INFO_NULL,
};

const struct suite library_suite = {
	.name = "library",
	.title = "library and tools",
	.init = modules_load,
	.tests = tests,
};
