// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, contiguity, zeroes and limits of regions. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

static unsigned int touch(const uint8_t *mem, size_t size)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < size; i += 4096)
		sum += mem[i];
	return sum;
}

static void check_size(size_t size, size_t chunk, enum fpgabuf_backend backend)
{
	int dev = device_open(0);
	struct fpgabuf_dequeue done;
	struct fpgabuf_alloc alloc;
	uint8_t *mem;

	sim_source("pattern");
	REQUIRE(region_try_alloc(dev, size, &alloc), 0);
	EXPECT(alloc.size, size);
	EXPECT(alloc.backend, backend);
	EXPECT(alloc.chunks, size / chunk);
	EXPECT(lseek(alloc.fd, 0, SEEK_END), size);
	EXPECT(device_info(dev).used_bytes, size);

	mem = region_map(alloc.fd, size);
	EXPECT(touch(mem, size), 0);
	CU_ASSERT(contiguous(mem, size));
	EXPECT(region_info(dev, alloc.fd).mappings, table_entries(mem, size));
	EXPECT(region_info(dev, alloc.fd).in_use, 0);

	done = capture_run(dev, alloc.fd, 0);
	EXPECT(done.bytes, size);
	EXPECT(done.status, 0);
	CU_ASSERT(is_pattern(mem, size, 0));
	munmap(mem, size);
	close(alloc.fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void size_4k(void)
{
	check_size(4 * KIB, 4 * KIB, FPGABUF_BACKEND_FOLIO);
}

static void size_20k(void)
{
	check_size(20 * KIB, 4 * KIB, FPGABUF_BACKEND_PAGES);
}

static void size_1536k(void)
{
	check_size(1536 * KIB, 512 * KIB, FPGABUF_BACKEND_FOLIO);
}

static void size_4m(void)
{
	check_size(4 * MIB, 2 * MIB, FPGABUF_BACKEND_FOLIO);
}

static void size_4m_4k(void)
{
	check_size(4 * MIB + 4 * KIB, 4 * KIB, FPGABUF_BACKEND_PAGES);
}

static void size_24m(void)
{
	check_size(24 * MIB, 2 * MIB, FPGABUF_BACKEND_FOLIO);
}

static void rounds_to_pages(void)
{
	int dev = device_open(0);
	struct fpgabuf_alloc alloc;

	REQUIRE(region_try_alloc(dev, 1, &alloc), 0);
	EXPECT(alloc.size, 4096);
	close(alloc.fd);
	REQUIRE(region_try_alloc(dev, 65537, &alloc), 0);
	EXPECT(alloc.size, 17 * 4096);
	close(alloc.fd);
	close(dev);
}

/*
 * The memory that is gone, not what the driver says.  What is free would not tell:
 * to find room the kernel gives up caches meanwhile, and others take and give as
 * well.  So it is what nobody else is known to have.
 */
static void no_rounding_up(void)
{
	enum { MAX = 400 };
	/* Rounded up to powers of two each lot would be a third larger, or more. */
	static const struct {
		size_t size;
		int regions;
	} lots[] = {
		{ 20 * KIB, MAX }, { 1536 * KIB, 48 },
		{ 4 * MIB + 4 * KIB, 12 }, { 24 * MIB, 3 },
	};
	int fds[MAX], dev = device_open(0), i;
	size_t lot;

	for (lot = 0; lot < ARRAY_SIZE(lots); lot++) {
		long pages = lots[lot].size / 4096 * lots[lot].regions;
		long before = known_pages(), taken;

		for (i = 0; i < lots[lot].regions; i++)
			fds[i] = region_alloc(dev, lots[lot].size);
		taken = before - known_pages();
		printf("\n    %ld pages in regions, %ld taken", pages, taken);
		CU_ASSERT(taken > pages - pages / 8);
		CU_ASSERT(taken < pages + pages / 8);
		for (i = 0; i < lots[lot].regions; i++)
			close(fds[i]);
		EXPECT(device_used(dev), 0);
	}
	close(dev);
}

static bool all_zero(const uint8_t *mem, size_t size)
{
	return !mem[0] && !memcmp(mem, mem + 1, size - 1);
}

/*
 * The kernel is booted with init_on_alloc=0, so that only the driver zeroes.
 * That the dirty pages come back is part of the test.
 */
static void fresh_is_zero(void)
{
	static const size_t sizes[] = { 4096, 20480, 1536 << 10, 4 << 20 };
	int round, dev = device_open(0);
	size_t i;

	for (round = 0; round < 8; round++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			int fd = region_alloc(dev, sizes[i]);
			uint8_t *mem = region_map(fd, sizes[i]);

			CU_ASSERT(all_zero(mem, sizes[i]));
			memset(mem, 0xa5, sizes[i]);
			munmap(mem, sizes[i]);
			close(fd);
		}
	}
	close(dev);
}

static void quota(void)
{
	int dev = device_open(0), dev1 = device_open(1);
	uint64_t limit = device_info(dev).limit_bytes, used;
	enum { MAX = 256 };
	int fds[MAX], n = 0, ret, i;
	struct fpgabuf_alloc alloc;

	while ((ret = region_try_alloc(dev, 4 * MIB, &alloc)) == 0) {
		REQUIRE(n < MAX, true);
		fds[n++] = alloc.fd;
	}
	EXPECT(ret, -EDQUOT);
	used = device_info(dev).used_bytes;
	EXPECT(used, n * 4 * MIB);
	CU_ASSERT(used <= limit && used + 4 * MIB > limit);
	/* Another device has a limit of its own. */
	REQUIRE(region_try_alloc(dev1, 64 * KIB, &alloc), 0);
	close(alloc.fd);
	for (i = 0; i < n; i++)
		close(fds[i]);
	EXPECT(device_used(dev), 0);
	close(dev);
	close(dev1);
}

static const struct test tests[] = {
	{ "a region of 4 KiB is one page", size_4k },
	{ "a region of 20 KiB is five adjacent pages", size_20k },
	{ "a region of 1.5 MiB is three adjacent folios", size_1536k },
	{ "a region of 4 MiB is two adjacent folios", size_4m },
	{ "a region of 4 MiB and a page is contiguous", size_4m_4k },
	{ "a region of 24 MiB is twelve adjacent folios", size_24m },
	{ "sizes are rounded up to pages", rounds_to_pages },
	{ "sizes are not rounded up to powers of two", no_rounding_up },
	{ "a fresh region is zero even where a dirty one was", fresh_is_zero },
	{ "the limit of a device gives EDQUOT and holds for it alone", quota },
	{ }
};

SUITE(alloc, .title = "regions", .init = modules_load, .tests = tests)
