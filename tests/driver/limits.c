// SPDX-License-Identifier: GPL-2.0-only
/* How much memory may be had, by a device and by an open file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"

static void reload(const char *parameters)
{
	REQUIRE(module_unload("fpgabuf"), 0);
	REQUIRE(module_load("fpgabuf.ko", parameters), 0);
}

static int alloc_mib(int dev, unsigned int mib, int *fd)
{
	struct fpgabuf_alloc alloc;
	int ret = region_try_alloc(dev, mib * MIB, &alloc);

	*fd = ret ? -1 : alloc.fd;
	return ret;
}

static void per_file(void)
{
	int a, b, c, fds[4];

	reload("limit_mib=8 file_limit_mib=4");
	a = device_open(0);
	b = device_open(0);
	c = device_open(0);
	EXPECT(device_info(a).limit_bytes, 8 * MIB);
	EXPECT(device_info(a).file_limit_bytes, 4 * MIB);
	EXPECT(device_info(a).max_region_size, 4 * MIB);

	EXPECT(alloc_mib(a, 5, &fds[0]), -EINVAL);
	REQUIRE(alloc_mib(a, 3, &fds[0]), 0);
	EXPECT(alloc_mib(a, 2, &fds[1]), -EDQUOT);
	EXPECT(device_info(a).file_used_bytes, 3 * MIB);
	EXPECT(device_info(a).used_bytes, 3 * MIB);
	REQUIRE(alloc_mib(a, 1, &fds[1]), 0);
	EXPECT(alloc_mib(a, 1, &fds[2]), -EDQUOT);

	/* Others have limits of their own, up to that of the device. */
	EXPECT(device_info(b).file_used_bytes, 0);
	REQUIRE(alloc_mib(b, 4, &fds[2]), 0);
	EXPECT(alloc_mib(c, 1, &fds[3]), -EDQUOT);
	EXPECT(device_info(c).file_used_bytes, 0);

	/* What a closed file made counts as long as it lives. */
	close(b);
	EXPECT(device_info(c).used_bytes, 8 * MIB);
	EXPECT(alloc_mib(c, 1, &fds[3]), -EDQUOT);
	close(fds[2]);
	REQUIRE(alloc_mib(c, 4, &fds[2]), 0);
	close(fds[0]);
	EXPECT(device_info(a).file_used_bytes, 1 * MIB);
	REQUIRE(alloc_mib(a, 3, &fds[0]), 0);

	close(fds[0]);
	close(fds[1]);
	close(fds[2]);
	EXPECT(device_used(c), 0);
	close(a);
	close(c);
	reload("");
}

/*
 * A page in a pipe is not a region any more, but memory of the device still.  So
 * many regions fill the limit, however few descriptors are left of them.
 */
static void kept_in_pipes(void)
{
	enum { MOST = 8 };
	int pipes[2 * MOST][2], dev, fd, n = 0;
	struct iovec iov = { .iov_len = 4096 };

	reload("limit_mib=8");
	dev = device_open(0);
	while (n < 2 * MOST && !alloc_mib(dev, 1, &fd)) {
		iov.iov_base = region_map(fd, MIB);
		*(char *)iov.iov_base = 1;
		REQUIRE(pipe2(pipes[n], O_CLOEXEC), 0);
		EXPECT(vmsplice(pipes[n][1], &iov, 1, 0), iov.iov_len);
		munmap(iov.iov_base, MIB);
		close(fd);
		n++;
	}
	EXPECT(n, MOST);
	CU_ASSERT(!dmabufs_left());
	EXPECT(device_info(dev).used_bytes, 8 * MIB);
	/* One that is given back makes room at once. */
	close(pipes[0][0]);
	close(pipes[0][1]);
	REQUIRE(alloc_mib(dev, 1, &fd), 0);
	close(fd);
	while (--n > 0) {
		close(pipes[n][0]);
		close(pipes[n][1]);
	}
	EXPECT(device_used(dev), 0);
	close(dev);
	reload("");
}

static void default_limits(void)
{
	int dev = device_open(0);
	struct fpgabuf_info info = device_info(dev);

	EXPECT(info.file_limit_bytes, info.limit_bytes);
	EXPECT(info.file_used_bytes, 0);
	CU_ASSERT(info.limit_bytes > 64 * MIB);
	close(dev);

	reload("limit_mib=2");
	dev = device_open(0);
	EXPECT(device_info(dev).limit_bytes, 2 * MIB);
	EXPECT(device_info(dev).file_limit_bytes, 2 * MIB);
	close(dev);
	reload("file_limit_mib=100000");
	dev = device_open(0);
	/* More than the device may have: that limit counts. */
	EXPECT(device_info(dev).max_region_size, info.max_region_size);
	close(dev);
	reload("");
}

/*
 * A program of 32 bit has no more addresses then, one of 64 bit no more
 * mappings.  Nothing is lost by that, and the region is as it was.
 */
static void mappings_run_out(void)
{
	enum { MOST = 200000, DEFAULT = 65530 };
	static void *map[MOST];
	int dev = device_open(0), fd = region_alloc(dev, 2 * MIB), err = 0, n;
	char count[16];

	snprintf(count, sizeof(count), "%u", rounds(DEFAULT));
	file_write("/proc/sys/vm/max_map_count", count);
	sim_source("pattern");
	for (n = 0; n < MOST && !err; n++) {
		map[n] = mmap(NULL, 2 * MIB, PROT_READ, MAP_SHARED, fd, 0);
		if (map[n] == MAP_FAILED)
			err = errno;
	}
	printf("\n    %d mappings", --n);
	EXPECT(err, ENOMEM);
	REQUIRE(n > 100, true);
	EXPECT(region_info(dev, fd).in_use, 0);
	EXPECT(capture_run(dev, fd, 0).bytes, 2 * MIB);
	CU_ASSERT(is_pattern(map[0], 2 * MIB, 0));
	CU_ASSERT(is_pattern(map[n - 1], 2 * MIB, 0));
	while (n--)
		munmap(map[n], 2 * MIB);
	munmap(region_map(fd, 2 * MIB), 2 * MIB);
	EXPECT(region_info(dev, fd).mappings, 0);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* All that it had got by then goes back. */
static void stream_of_file(void)
{
	struct fpgabuf_stream_setup setup = {
		.size = MIB,
		.count = 5,
		.flags = FPGABUF_STREAM_JOIN,
	};
	int dev;

	if (!has_streams()) {
		skip("this kernel has no streams of bytes");
		return;
	}
	reload("limit_mib=8 file_limit_mib=4");
	dev = device_open(0);
	EXPECT(call(dev, FPGABUF_IOC_STREAM, &setup), -EDQUOT);
	EXPECT(device_used(dev), 0);
	setup.count = 4;
	EXPECT(call(dev, FPGABUF_IOC_STREAM, &setup), 0);
	EXPECT(device_info(dev).file_used_bytes, 4 * MIB);
	close(dev);
	reload("");
}

static const struct test tests[] = {
	{ "an open file has a limit of its own, which its regions outlive",
	  per_file },
	{ "a stream of bytes has no more than the limit of its file",
	  stream_of_file },
	{ "pages that pipes keep count against the limit until they go",
	  kept_in_pipes },
	{ "without parameters a file may have what the device may have",
	  default_limits },
	{ "a process that has no room for another mapping gets ENOMEM",
	  mappings_run_out },
	{ }
};

SUITE(limits, .title = "limits", .init = modules_load, .tests = tests)
