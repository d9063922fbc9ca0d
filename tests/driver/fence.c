// SPDX-License-Identifier: GPL-2.0-only
/* Waiting with nothing but the dma-buf, and not for ever. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

#include "bed.h"

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static int queue_for(int dev, int fd, uint32_t timeout_ms, uint64_t cookie)
{
	struct fpgabuf_queue queue = {
		.fd = fd,
		.timeout_ms = timeout_ms,
		.cookie = cookie,
	};

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

static void feed_bytes(int fd, size_t size)
{
	uint8_t data[4096];

	memset(data, 0x5a, sizeof(data));
	EXPECT(write(fd, data, size), size);
}

static void times_out(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB), feed;
	uint8_t *mem = region_map(fd, 64 * KIB);
	struct fpgabuf_dequeue done;
	uint64_t start;

	sim_source("feed");
	feed = feed_open(0);
	feed_bytes(feed, 1000);
	start = now_ms();
	REQUIRE(queue_for(dev, fd, 300, 5), 0);
	EXPECT(readable(fd, 0), false);
	REQUIRE(capture_get(dev, &done), 0);
	CU_ASSERT(now_ms() - start >= 300);
	EXPECT(done.cookie, 5);
	EXPECT(done.error, -ETIMEDOUT);
	EXPECT(done.status, FPGABUF_CAPTURE_TIMEOUT | FPGABUF_CAPTURE_ERROR |
			    FPGABUF_CAPTURE_PARTIAL);
	EXPECT(done.bytes, 1000);
	EXPECT(mem[999], 0x5a);
	EXPECT(readable(fd, 0), true);
	close(feed);
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void others_go_on(void)
{
	int dev = device_open(0), feed, i;
	struct fpgabuf_dequeue done;
	int fds[4];

	sim_source("feed");
	feed = feed_open(0);
	for (i = 0; i < 4; i++)
		fds[i] = region_alloc(dev, 4096);
	for (i = 0; i < 3; i++)
		REQUIRE(queue_for(dev, fds[i], i ? 60000 : 200, i), 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 0);
	EXPECT(done.error, -ETIMEDOUT);
	EXPECT(readable(fds[1], 0), false);

	/* This waits until the channel has the others again. */
	REQUIRE(queue_for(dev, fds[3], 60000, 3), 0);
	for (i = 1; i < 4; i++) {
		feed_bytes(feed, 4096);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		EXPECT(done.error, 0);
		EXPECT(done.bytes, 4096);
		if (i == 1)
			EXPECT(done.status, FPGABUF_CAPTURE_GAP);
		else
			expect_follows(&done);
	}
	close(feed);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void shorter_behind_longer(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	int fd2 = region_alloc(dev, 4096);
	struct fpgabuf_dequeue done;
	uint64_t start = now_ms();

	sim_source("feed");
	REQUIRE(queue_for(dev, fd, 60000, 1), 0);
	REQUIRE(queue_for(dev, fd2, 200, 2), 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 1);
	EXPECT(done.error, -ETIMEDOUT);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 2);
	EXPECT(done.error, -ETIMEDOUT);
	CU_ASSERT(now_ms() - start < 60000);
	close(fd);
	close(fd2);
	close(dev);
}

static void default_timeout(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);

	EXPECT(device_info(dev).default_timeout_ms,
	       debug_kernel() ? 60000 : 10000);
	EXPECT(queue_for(dev, fd, FPGABUF_TIMEOUT_MAX_MS + 1, 0), -EINVAL);
	EXPECT(queue_for(dev, fd, UINT32_MAX, 0), -EINVAL);
	sim_source("feed");
	EXPECT(queue_for(dev, fd, FPGABUF_TIMEOUT_MAX_MS, 0), 0);
	EXPECT(capture_cancel(dev), 1);
	close(fd);
	close(dev);
}

/* What another process does with the one thing it was given. */
static void receive(void *arg)
{
	int sock = *(int *)arg, fd, sync;
	void *mem;
	char byte;

	fd = fd_take(sock, &byte, 1);
	mem = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(mem == MAP_FAILED, false);
	EXPECT(readable(fd, 0), false);
	sync = export_sync_file(fd);
	EXPECT(sync_file_status(sync), 0);
	REQUIRE(write(sock, "", 1), 1);
	EXPECT(readable(fd, 20000), true);
	EXPECT(readable(sync, 20000), true);
	EXPECT(sync_file_status(sync), 1);
	CU_ASSERT(is_pattern(mem, 64 * KIB, 0));
}

static void passed_on(void)
{
	int socks[2], dev, fd;
	struct fpgabuf_dequeue done;
	pid_t pid;
	char byte;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, socks), 0);
	/* Before there is anything to inherit */
	pid = process_start(receive, &socks[1]);
	/* Then the end of the other process shows. */
	close(socks[1]);
	dev = device_open(0);
	fd = region_alloc(dev, 64 * KIB);
	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	fd_pass(socks[0], fd, "", 1);
	/* It has seen that nothing is there yet. */
	EXPECT(read(socks[0], &byte, 1), 1);
	sim_source("pattern");
	EXPECT(process_exit_code(pid), 0);
	EXPECT(capture_get(dev, &done), 0);
	close(socks[0]);
	close(fd);
	close(dev);
}

static void bracket_waits(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB), status;
	uint8_t *mem;
	pid_t pid;

	sim_source("pattern");
	sim_set("rate", 256 * KIB);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	pid = fork();
	if (!pid) {
		mem = region_map(fd, 64 * KIB);
		sync_access(fd, true);
		_exit(!is_pattern(mem, 64 * KIB, 0));
	}
	REQUIRE(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
	sim_set("rate", 0);
	close(fd);
	close(dev);
}

/* The sync_file of the capture that is running, and the capture, end so. */
static void expect_status(int dev, int sync, int status)
{
	struct fpgabuf_dequeue done;

	EXPECT(readable(sync, 20000), true);
	EXPECT(sync_file_status(sync), status);
	close(sync);
	EXPECT(capture_get(dev, &done), 0);
	EXPECT(done.error, status < 0 ? status : 0);
}

static void errors_show(void)
{
	int dev, fd, sync;
	struct fpgabuf_dequeue done;

	if (!need_sync_files())
		return;
	dev = device_open(0);
	fd = region_alloc(dev, 4096);
	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	sync = export_sync_file(fd);
	EXPECT(sync_file_status(sync), 0);
	EXPECT(capture_cancel(dev), 1);
	EXPECT(sync_file_status(sync), -ECANCELED);
	close(sync);
	EXPECT(capture_get(dev, &done), 0);

	REQUIRE(queue_for(dev, fd, 300, 0), 0);
	expect_status(dev, export_sync_file(fd), -ETIMEDOUT);

	sim_set("stall", 1);
	sim_source("pattern");
	sim_set("burst", 1000);
	sim_set("fail_transfer", 1);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	/* One that is exported later knows nothing of a capture that is over. */
	sync = export_sync_file(fd);
	sim_set("stall", 0);
	expect_status(dev, sync, -EIO);
	sim_set("burst", 64 * KIB);
	close(fd);
	close(dev);
}

/* Fewer bytes than asked for are no error. */
static void short_is_no_error(void)
{
	int dev, fd;

	if (!need_sync_files())
		return;
	dev = device_open(0);
	fd = region_alloc(dev, 4096);
	sim_source("pattern");
	sim_set("packet", 1000);
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	expect_status(dev, export_sync_file(fd), 1);
	sim_set("packet", 0);
	close(fd);
	close(dev);
}

/* Nobody is left but the sync_file; and it must be told. */
static void outlives(void)
{
	int dev, fd, sync;
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = {
		.num_fences = 1,
		.sync_fence_info = (uintptr_t)&fence,
	};

	if (!need_sync_files())
		return;
	dev = device_open(0);
	fd = region_alloc(dev, 4096);
	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	sync = export_sync_file(fd);
	/* When it is over, kernels since 6.17 tell no names any more. */
	REQUIRE(call(sync, SYNC_IOC_FILE_INFO, &info), 0);
	EXPECT(info.status, 0);
	CU_ASSERT_STRING_EQUAL(fence.driver_name, "fpgabuf");
	CU_ASSERT_STRING_EQUAL(fence.obj_name, "fpgabuf0");
	close(fd);
	close(dev);
	EXPECT(readable(sync, 20000), true);
	REQUIRE(call(sync, SYNC_IOC_FILE_INFO, &info), 0);
	EXPECT(info.status, -ECANCELED);

	/* Its names are read from the module. */
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	close(sync);
}

static bool writable(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, timeout_ms) == 1 && pfd.revents == POLLOUT;
}

static void foreign_fence(int dev, int feed, uint32_t flags)
{
	int fd = region_alloc(dev, 4096), other = region_alloc(dev, 4096), sync;
	uint64_t busy = device_info(dev).busy;
	struct fpgabuf_dequeue done;

	REQUIRE(region_queue(dev, other, 0, 1), 0);
	sync = export_sync_file(other);
	import_fence(fd, sync, flags);
	EXPECT(writable(fd, 0), false);
	EXPECT(region_queue(dev, fd, 0, 2), -EBUSY);
	EXPECT(device_info(dev).busy, busy + 1);
	EXPECT(region_info(dev, fd).state, FPGABUF_REGION_IDLE);

	feed_bytes(feed, 4096);
	EXPECT(writable(fd, 20000), true);
	REQUIRE(capture_get(dev, &done), 0);
	REQUIRE(region_queue(dev, fd, 0, 2), 0);
	feed_bytes(feed, 4096);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 2);
	close(sync);
	close(fd);
	close(other);
}

static void foreign_fences(void)
{
	int dev, feed;

	if (!need_sync_files())
		return;
	dev = device_open(0);
	sim_source("feed");
	feed = feed_open(0);
	foreign_fence(dev, feed, DMA_BUF_SYNC_READ);
	foreign_fence(dev, feed, DMA_BUF_SYNC_WRITE);
	close(feed);
	close(dev);
}

static const struct test tests[] = {
	{ "a capture that takes too long ends with what it has", times_out },
	{ "captures behind one that timed out go on", others_go_on },
	{ "a short timeout behind a long one ends both",
	  shorter_behind_longer },
	{ "the timeout has a default and a limit", default_timeout },
	{ "a process with only the passed descriptor waits and sees the data",
	  passed_on },
	{ "a CPU access bracket waits for the capture", bracket_waits },
	{ "a region is not captured into before somebody's fence is signalled",
	  foreign_fences },
	{ "a sync_file tells why a capture failed", errors_show },
	{ "a short capture is no error for its sync_file", short_is_no_error },
	{ "a sync_file outlives region and device and keeps the module",
	  outlives },
	{ }
};

SUITE(fence, .title = "fences and timeouts", .init = modules_load, .tests = tests)
