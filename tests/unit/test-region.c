// SPDX-License-Identifier: GPL-2.0-only
/* What of a region can be tested without a dma-buf; the rest is in the VM. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "lib/internal.h"
#include "lib/suite.h"

#define MIB	(1UL << 20)
#define NOBODY	65534

/* A memory file maps like a dma-buf. */
static struct fpgabuf_region *new_region(size_t size)
{
	int fd = memfd_create("region", MFD_CLOEXEC);
	struct fpgabuf_region *region;

	CU_ASSERT_FATAL(fd >= 0 && !ftruncate(fd, size));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_new(fd, size, &region), 0);
	return region;
}

static void check_map(size_t size)
{
	struct fpgabuf_region *region = new_region(size);
	char last = 0;
	void *addr;

	CU_ASSERT_EQUAL(fpgabuf_region_size(region), size);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_map(region, PROT_READ | PROT_WRITE,
						 &addr), 0);
	CU_ASSERT_EQUAL((uintptr_t)addr % (2 * MIB), 0);
	memset(addr, 0x5a, size);
	CU_ASSERT_EQUAL(pread(fpgabuf_region_fd(region), &last, 1, size - 1),
			1);
	CU_ASSERT_EQUAL(last, 0x5a);
	CU_ASSERT_EQUAL(fpgabuf_region_map(region, PROT_READ, &addr), -EBUSY);
	fpgabuf_region_close(region);
	CU_ASSERT_EQUAL(msync(addr, size, MS_ASYNC), -1);
	CU_ASSERT_EQUAL(errno, ENOMEM);
}

static void test_map(void)
{
	check_map(4096);
	check_map(MIB + MIB / 2);
	check_map(2 * MIB);
	check_map(24 * MIB);
}

static void test_map_errors(void)
{
	struct fpgabuf_region *region = new_region(4096);
	struct fpgabuf_region *huge;
	void *addr = NULL;

	CU_ASSERT_EQUAL(fpgabuf_region_map(region, 0, &addr), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_region_map(region, PROT_EXEC, &addr), -EINVAL);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_new(dup(fpgabuf_region_fd(region)),
						 UINT64_MAX - 4095, &huge), 0);
	CU_ASSERT_EQUAL(fpgabuf_region_map(huge, PROT_READ, &addr), -EFBIG);
	fpgabuf_region_close(huge);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_new(open("/dev/null", O_WRONLY),
						 4096, &huge), 0);
	CU_ASSERT_EQUAL(fpgabuf_region_map(huge, PROT_READ, &addr), -EACCES);
	CU_ASSERT_PTR_NULL(addr);
	fpgabuf_region_close(huge);
	fpgabuf_region_close(region);
	fpgabuf_region_close(NULL);
}

static void test_import_errors(void)
{
	struct fpgabuf_region *region = NULL;
	int fd = memfd_create("not a dma-buf", MFD_CLOEXEC);

	CU_ASSERT_EQUAL(fpgabuf_region_import(-1, &region), -EBADF);
	CU_ASSERT_EQUAL(fpgabuf_region_import(fd, &region), -ENOTTY);
	CU_ASSERT_PTR_NULL(region);
	/* It is still ours. */
	CU_ASSERT_EQUAL(close(fd), 0);
}

static void test_sync_errors(void)
{
	struct fpgabuf_region *region = new_region(4096);

	CU_ASSERT_EQUAL(fpgabuf_region_sync_start(region, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_region_sync_end(region, PROT_EXEC), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_region_sync_start(region, PROT_READ), -ENOTTY);
	CU_ASSERT_EQUAL(fpgabuf_region_sync_end(region, PROT_WRITE), -ENOTTY);
	fpgabuf_region_close(region);
}

static void test_unmap(void)
{
	struct fpgabuf_region *region = new_region(8192);
	void *addr;

	CU_ASSERT_PTR_NULL(fpgabuf_region_addr(region));
	CU_ASSERT_EQUAL(fpgabuf_region_unmap(region), -EINVAL);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_map(region, PROT_READ, &addr), 0);
	CU_ASSERT_PTR_EQUAL(fpgabuf_region_addr(region), addr);
	CU_ASSERT_EQUAL(fpgabuf_region_unmap(region), 0);
	CU_ASSERT_EQUAL(msync(addr, 8192, MS_ASYNC), -1);
	CU_ASSERT_PTR_NULL(fpgabuf_region_addr(region));
	CU_ASSERT_EQUAL(fpgabuf_region_unmap(region), -EINVAL);
	/* And once more, for something else */
	CU_ASSERT_EQUAL(fpgabuf_region_map(region, PROT_READ | PROT_WRITE,
					   &addr), 0);
	memset(addr, 1, 8192);
	fpgabuf_region_close(region);
}

/* What a process can do that may lock, or have, just what the region needs */
static int map_within(int resource, size_t size)
{
	struct fpgabuf_region *region = new_region(size);
	const struct rlimit limit = { size + MIB, size + MIB };
	int status = -1;
	void *addr;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setrlimit(resource, &limit) || mlockall(MCL_FUTURE) ||
		    (!geteuid() && setresuid(NOBODY, NOBODY, NOBODY)))
			_exit(100);
		if (fpgabuf_region_map(region, PROT_READ, &addr))
			_exit(1);
		_exit((uintptr_t)addr % (2 * MIB) ? 2 : 0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	fpgabuf_region_close(region);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_locked(void)
{
	CU_ASSERT_EQUAL(map_within(RLIMIT_MEMLOCK, 4 * MIB), 0);
	CU_ASSERT_EQUAL(map_within(RLIMIT_MEMLOCK, 5 * MIB + 4096), 0);
}

static void test_sync(void)
{
	struct fpgabuf_region *region = new_region(4096);

	fake_reset();
	fake.dmabufs = true;
	fake.interrupts = 5;
	CU_ASSERT_EQUAL(fpgabuf_region_sync_start(region, PROT_READ), 0);
	CU_ASSERT_EQUAL(fake.interrupts, 0);
	fake.interrupts = 5;
	CU_ASSERT_EQUAL(fpgabuf_region_sync_end(region, PROT_READ), 0);
	CU_ASSERT_EQUAL(fake.interrupts, 0);
	fake.interrupts = UINT32_MAX;
	CU_ASSERT_EQUAL(fpgabuf_region_sync_start(region, PROT_READ), -EINTR);
	fake_reset();
	fpgabuf_region_close(region);
}

static const struct test tests[] = {
	{ "a mapping is shared, aligned to 2 MiB, and gone after close",
	  test_map },
	{ "a mapping that cannot be is refused", test_map_errors },
	{ "a mapping can be asked for, ended, and made again", test_unmap },
	{ "a region is mapped, and aligned, where all memory is locked",
	  test_locked },
	{ "a sync that is interrupted is made again", test_sync },
	{ "only a dma-buf can be imported", test_import_errors },
	{ "sync refuses senseless access and what is no dma-buf",
	  test_sync_errors },
	{ }
};

SUITE(region, .title = "region", .tests = tests)
