// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"
#include "recv/pattern.h"

static int try_open(const char *path, int flags)
{
	struct fpgabuf_device *device;
	int err = fpgabuf_device_open(path, flags, &device);

	if (!err)
		fpgabuf_device_close(device);
	return err;
}

static void test_open_errors(void)
{
	unsigned int fds = open_fds(getpid());

	CU_ASSERT_EQUAL(try_open("/dev/fpgabuf-none", 0), -ENOENT);
	CU_ASSERT_EQUAL(try_open("/dev/null", 0), -ENOTTY);
	CU_ASSERT_EQUAL(try_open("/", 0), -EISDIR);
	CU_ASSERT_EQUAL(try_open("/dev/null", O_TRUNC), -EINVAL);
	if (access(FPGABUF_DEFAULT_DEVICE, F_OK))
		CU_ASSERT_EQUAL(try_open(NULL, 0), -ENOENT);
	fpgabuf_device_close(NULL);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static struct fpgabuf_device *open_fake(void)
{
	struct fpgabuf_device *device;

	fake_reset();
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(FAKE_DEVICE, O_NONBLOCK,
						  &device), 0);
	return device;
}

static short poll_now(struct fpgabuf_device *device)
{
	struct pollfd p = {
		.fd = fpgabuf_device_fd(device),
		.events = POLLIN,
	};

	return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

static void test_capture(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_region_info info;
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue capture;
	void *addr;

	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), -EPIPE);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc(device, 5000, &region), 0);
	CU_ASSERT_EQUAL(fpgabuf_region_size(region), 8192);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_map(region, PROT_READ, &addr), 0);
	CU_ASSERT_EQUAL(poll_now(device), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4000, 77), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4000, 78), -EBUSY);
	CU_ASSERT_EQUAL(poll_now(device), POLLIN);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), 0);
	CU_ASSERT_EQUAL(capture.cookie, 77);
	CU_ASSERT_EQUAL(capture.bytes, 4000);
	CU_ASSERT_EQUAL(pattern_check(addr, 4000, 0), 4000);
	CU_ASSERT_EQUAL(fpgabuf_device_region_info(device, region, &info), 0);
	CU_ASSERT_EQUAL(info.size, 8192);
	CU_ASSERT_EQUAL(fpgabuf_device_baseline(device, region, NULL), -EPERM);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
}

static void test_baseline(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_region *region;
	uint64_t pins = 99;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc(device, 8192, &region), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_baseline(device, region, &pins),
			-ENOENT);
	CU_ASSERT_EQUAL(pins, 99);
	fake.pins = 2;
	CU_ASSERT_EQUAL(fpgabuf_device_baseline(device, region, &pins), 0);
	CU_ASSERT_EQUAL(pins, 2);
	CU_ASSERT_EQUAL(fpgabuf_device_baseline(device, region, NULL), 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	fake_reset();
}

static void test_cancel(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue capture;
	uint32_t canceled = 99;

	fake.never = true;
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc(device, 4096, &region), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4096, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_device_cancel(device, &canceled), 0);
	CU_ASSERT_EQUAL(canceled, 1);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), 0);
	CU_ASSERT_EQUAL(capture.error, -ECANCELED);
	CU_ASSERT_EQUAL(fpgabuf_device_cancel(device, NULL), 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
}

static void test_alloc_errors(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_region *region = NULL;

	CU_ASSERT_EQUAL(fpgabuf_device_alloc(device, 0, &region), -EINVAL);
	fake.alloc_errno = EDQUOT;
	CU_ASSERT_EQUAL(fpgabuf_device_alloc(device, 4096, &region), -EDQUOT);
	CU_ASSERT_PTR_NULL(region);
	fpgabuf_device_close(device);
}

/* It is a descriptor as any other, until the device has it. */
static void test_open_fd(void)
{
	struct fpgabuf_device *device = NULL;
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue capture;
	int fd;

	fake_reset();
	CU_ASSERT_EQUAL(fpgabuf_device_open_fd(-1, &device), -EBADF);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CU_ASSERT_EQUAL(fpgabuf_device_open_fd(fd, &device), -ENOTTY);
	CU_ASSERT_PTR_NULL(device);
	CU_ASSERT_EQUAL(close(fd), 0);

	fd = open(FAKE_DEVICE, O_RDWR);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open_fd(fd, &device), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_fd(device), fd);
	CU_ASSERT_EQUAL(fpgabuf_device_alloc(device, 4096, &region), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4096, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1);
}

static void test_with(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_alloc alloc = {
		.size = 5000,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDONLY,
	};
	struct fpgabuf_queue queue = {
		.length = 4096,
		.cookie = 3,
		.timeout_ms = 250,
		.fd = -1,
	};
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue capture;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc_with(device, &alloc,
							&region), 0);
	CU_ASSERT_EQUAL(alloc.size, 8192);
	CU_ASSERT_EQUAL(alloc.backend, FPGABUF_BACKEND_SCATTER);
	CU_ASSERT_EQUAL(alloc.chunks, 3);
	CU_ASSERT_EQUAL(alloc.fd, fpgabuf_region_fd(region));
	CU_ASSERT_EQUAL(fpgabuf_device_queue_with(device, region, &queue), 0);
	CU_ASSERT_EQUAL(fake.timeout_ms, 250);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(device, &capture), 0);
	CU_ASSERT_EQUAL(capture.cookie, 3);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	/* What the driver refuses is refused, and nothing is changed. */
	queue.timeout_ms = FPGABUF_TIMEOUT_MAX_MS + 1;
	CU_ASSERT_EQUAL(fpgabuf_device_queue_with(device, region, &queue),
			-EINVAL);
	alloc = (struct fpgabuf_alloc){ .size = 5000, .flags = 0x80 };
	CU_ASSERT_EQUAL(fpgabuf_device_alloc_with(device, &alloc, &region),
			-EINVAL);
	CU_ASSERT_EQUAL(alloc.size, 5000);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
}

/* As from io_uring, which interrupts without a signal */
static void test_interrupts(void)
{
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_region_info region_info;
	struct fpgabuf_region *region;
	struct fpgabuf_info info;

	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_info(device, &info), 0);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc(device, 4096, &region), 0);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4096, 1), 0);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_region_info(device, region,
						   &region_info), 0);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_cancel(device, NULL), 0);
	CU_ASSERT_EQUAL(fake.interrupts, 0);
	/* But not for ever */
	fake.interrupts = UINT32_MAX;
	CU_ASSERT_EQUAL(fpgabuf_device_queue(device, region, 4096, 1), -EINTR);
	CU_ASSERT(fake.interrupts < UINT32_MAX - 10);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
	fake_reset();
}

static void test_stream(void)
{
	struct fpgabuf_stream_setup setup = {
		.size = 5000, .count = 4, .flags = FPGABUF_STREAM_JOIN,
	};
	struct fpgabuf_device *device = open_fake();
	struct fpgabuf_stream_info info;

	CU_ASSERT_EQUAL(fpgabuf_device_stream(device, &setup), -ENOTTY);
	CU_ASSERT_EQUAL(setup.size, 5000);
	fake.streams = true;
	CU_ASSERT_EQUAL(fpgabuf_device_stream_info(device, 0, &info), -EINVAL);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_stream(device, &setup), 0);
	CU_ASSERT_EQUAL(setup.size, 8192);
	CU_ASSERT_EQUAL(fake.setup.count, 4);
	CU_ASSERT_EQUAL(fake.setup.flags, FPGABUF_STREAM_JOIN);
	fake.interrupts = 3;
	CU_ASSERT_EQUAL(fpgabuf_device_stream_info(device, 0, &info), 0);
	CU_ASSERT_EQUAL(info.error, -EOVERFLOW);
	CU_ASSERT_EQUAL(info.gaps, 1);
	CU_ASSERT_EQUAL(fpgabuf_device_stream_info(device, FPGABUF_STREAM_GO_ON,
						   &info), 0);
	CU_ASSERT_EQUAL(info.error, 0);
	fpgabuf_device_close(device);
	fake_reset();
}

static void test_version(void)
{
	char text[32];

	CU_ASSERT_EQUAL(fpgabuf_version(), FPGABUF_VERSION_NUMBER);
	snprintf(text, sizeof(text), "%u.%u", fpgabuf_version() >> 16,
		 fpgabuf_version() & 0xffff);
	CU_ASSERT_STRING_EQUAL(text, FPGABUF_VERSION);
	CU_ASSERT(FPGABUF_VERSION_NUMBER >= FPGABUF_MAKE_VERSION(0, 2));
}

static const struct test tests[] = {
	{ "what is not there, or not our device, cannot be opened",
	  test_open_errors },
	{ "a region goes through allocation, capture and mapping",
	  test_capture },
	{ "a baseline is recorded, and its pins are told", test_baseline },
	{ "a canceled capture comes back as canceled", test_cancel },
	{ "errors of the device come back as they are", test_alloc_errors },
	{ "a device can be made of an open descriptor", test_open_fd },
	{ "timeouts and scattered regions can be asked for", test_with },
	{ "calls that are interrupted are made again", test_interrupts },
	{ "a device can be made a stream, and asked about it", test_stream },
	{ "header and library tell their version", test_version },
	{ }
};

SUITE(device, .title = "device", .tests = tests)
