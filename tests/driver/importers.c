// SPDX-License-Identifier: GPL-2.0-only
/* Regions in the hands of other devices: kmod/fpgabuf-test-importer.c */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"
#include "kmod/fpgabuf-test-importer.h"

static int importer_open(void)
{
	int fd = open("/dev/fpgabuf-test-importer", O_RDWR | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

static void import(int importer, int fd, size_t size, uint32_t max_segment)
{
	struct importer_import arg = { .fd = fd, .max_segment = max_segment };

	REQUIRE(call(importer, IMPORTER_IMPORT, &arg), 0);
	EXPECT(arg.total, size);
	CU_ASSERT(arg.longest <= max_segment);
	CU_ASSERT(arg.nents >= (size + max_segment - 1) / max_segment);
}

static bool reads_pattern(int importer, unsigned int cmd, size_t size)
{
	uint8_t *data = malloc(size);
	struct importer_read arg = { .buffer = (uintptr_t)data, .size = size };
	bool good;

	REQUIRE(!data, false);
	memset(data, 0xee, size);
	EXPECT(call(importer, cmd, &arg), 0);
	good = is_pattern(data, size, 0);
	free(data);
	return good;
}

static int captured(int dev, size_t size, uint32_t flags)
{
	struct fpgabuf_alloc alloc = {
		.size = size,
		.flags = flags,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	sim_source("pattern");
	EXPECT(capture_run(dev, alloc.fd, 0).bytes, size);
	return alloc.fd;
}

static void two_at_once(size_t size, uint32_t flags)
{
	int dev = device_open(0), fd = captured(dev, size, flags);
	int a = importer_open(), b = importer_open();

	import(a, fd, size, 64 * KIB);
	import(b, fd, size, 12 * KIB);
	EXPECT(region_info(dev, fd).importers, 2);
	EXPECT(region_info(dev, fd).in_use, 0);
	CU_ASSERT(reads_pattern(a, IMPORTER_READ, size));
	CU_ASSERT(reads_pattern(b, IMPORTER_READ, size));
	/* Nothing changes: nothing bounces here, as it does in suite sync. */
	sync_access(fd, true);
	sync_access(fd, false);
	CU_ASSERT(reads_pattern(a, IMPORTER_READ, size));
	CU_ASSERT(reads_pattern(b, IMPORTER_READ, size));

	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	EXPECT(call(a, IMPORTER_DROP, NULL), 0);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	close(b);
	EXPECT(region_info(dev, fd).importers, 0);
	EXPECT(capture_run(dev, fd, 0).bytes, size);

	/* What they saw was not what a device without limits would get. */
	import(a, fd, size, 1 << 30);
	close(fd);
	EXPECT(device_info(dev).used_bytes, size);
	close(a);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void folios(void)
{
	two_at_once(1536 * KIB, 0);
}

static void pages(void)
{
	two_at_once(20 * KIB, 0);
}

static void scattered(void)
{
	two_at_once(3 * MIB + 12 * KIB, FPGABUF_ALLOC_SCATTER);
}

static void vmap_of(size_t size, uint32_t flags)
{
	int dev = device_open(0), fd = captured(dev, size, flags);
	int a = importer_open(), b = importer_open();

	import(a, fd, size, 64 * KIB);
	CU_ASSERT(reads_pattern(a, IMPORTER_VMAP, size));
	EXPECT(region_info(dev, fd).importers, 2);
	import(b, fd, size, 64 * KIB);
	CU_ASSERT(reads_pattern(b, IMPORTER_VMAP, size));
	/* However many want it, it is one. */
	EXPECT(region_info(dev, fd).importers, 3);
	close(a);
	EXPECT(region_info(dev, fd).importers, 2);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	EXPECT(call(b, IMPORTER_VUNMAP, NULL), 0);
	EXPECT(region_info(dev, fd).importers, 1);
	close(b);
	EXPECT(capture_run(dev, fd, 0).bytes, size);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void kernel_mapping(void)
{
	vmap_of(1536 * KIB, 0);
	vmap_of(3 * MIB + 12 * KIB, FPGABUF_ALLOC_SCATTER);
}

static int try_map(int fd, int prot)
{
	void *mem = mmap(NULL, 64 * KIB, prot, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, 64 * KIB);
	return 0;
}

/* The file of the importer is O_RDWR; that of the dma-buf need not be. */
static void other_door(void)
{
	struct fpgabuf_alloc alloc = {
		.size = 64 * KIB,
		.fd_flags = O_RDONLY | O_CLOEXEC,
	};
	int dev = device_open(0), fd = captured(dev, 64 * KIB, 0);
	int importer = importer_open();
	uint8_t *mem;

	import(importer, fd, 64 * KIB, 64 * KIB);
	EXPECT(try_map(importer, PROT_READ | PROT_WRITE), 0);
	EXPECT(call(importer, IMPORTER_DROP, NULL), 0);
	close(fd);

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	sim_source("pattern");
	capture_run(dev, alloc.fd, 0);
	import(importer, alloc.fd, 64 * KIB, 64 * KIB);
	EXPECT(try_map(importer, PROT_READ | PROT_WRITE), -EACCES);
	mem = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, importer, 0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	CU_ASSERT(is_pattern(mem, 64 * KIB, 0));
	EXPECT(mprotect(mem, 64 * KIB, PROT_READ | PROT_WRITE) ? -errno : 0,
	       -EACCES);
	EXPECT(region_info(dev, alloc.fd).mappings, 16);
	munmap(mem, 64 * KIB);
	close(importer);
	close(alloc.fd);
	close(dev);
}

static const struct test tests[] = {
	{ "two importers of folios each get entries within their limits",
	  folios },
	{ "two importers of single pages do", pages },
	{ "two importers of scattered pieces do", scattered },
	{ "importers map a region into the kernel and keep QUEUE out",
	  kernel_mapping },
	{ "a read-only region is not mapped writable through an importer",
	  other_door },
	{ }
};

SUITE(importers,
	.title = "importers",
	.init = modules_load,
	.tests = tests)
