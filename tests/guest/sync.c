// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a kernel booted with swiotlb=force: DMA goes to bounce buffers, and
 * without a sync in the right place the data never arrive.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

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

static void right_with_sync(void)
{
	static const size_t sizes[] = { 4096, 20480, 1536 << 10, 24 << 20 };
	int dev = device_open(0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		CU_ASSERT(data_right(dev, sizes[i]));
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

static const CU_TestInfo tests[] = {
	{ "regions bounce, as the kernel was told", bounces },
	{ "captured data are right although they bounce", right_with_sync },
	{ "the same check fails when the driver leaves out the sync",
	  wrong_without_sync },
	CU_TEST_INFO_NULL,
};

const struct suite sync_suite = {
	.name = "sync",
	.title = "bounce buffers",
	.init = modules_load,
	.tests = tests,
};
