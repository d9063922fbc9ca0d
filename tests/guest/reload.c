// SPDX-License-Identifier: GPL-2.0-only
/* Load, use, unload: what is left behind shows when it is done often. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

enum { WARM_UP = 10, ROUNDS = 50 };

static void unload_all(void)
{
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
}

static void use_once(void)
{
	static const size_t sizes[] = { 4096, 20480, 1536 << 10, 4 << 20 };
	int dev = device_open(0), tx, rx;
	unsigned int copied;
	size_t i;

	sim_source("pattern");
	net_connect(&tx, &rx);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = region_alloc(dev, sizes[i]);
		void *mem = region_map(fd, sizes[i]);

		EXPECT(capture_run(dev, fd, 0).bytes, sizes[i]);
		sync_access(fd, true);
		EXPECT(*(uint8_t *)mem, 0);
		sync_access(fd, false);
		EXPECT(send_zerocopy(tx, mem, 4096), 4096);
		munmap(mem, sizes[i]);
		close(fd);
	}
	close(rx);
	EXPECT(net_completions(tx, ARRAY_SIZE(sizes), &copied, 10000),
	       ARRAY_SIZE(sizes));
	close(tx);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void load_use_unload(void)
{
	REQUIRE(module_load("fpgabuf.ko", ""), 0);
	REQUIRE(module_load("fpgabuf-sim.ko", ""), 0);
	use_once();
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
}

/* Empty the per-CPU parts of all slab caches: then their counts are exact. */
static void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;

	REQUIRE(!dir, false);
	while ((entry = readdir(dir))) {
		char path[320];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		file_write(path, "1");
	}
	closedir(dir);
}

struct slab {
	char name[64];
	long objects;
};

struct memory {
	long pages;
	int nr_slabs;
	struct slab slab[512];
};

/* Free pages, with those that rest in per-CPU lists. */
static long free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	char line[256];
	long sum = 0, n;

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " nr_free_pages %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			sum += n;
	fclose(file);
	return sum;
}

static void read_slabs(struct memory *memory)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512];

	REQUIRE(!file, false);
	memory->nr_slabs = 0;
	while (fgets(line, sizeof(line), file)) {
		struct slab *slab = &memory->slab[memory->nr_slabs];

		if (memory->nr_slabs < (int)ARRAY_SIZE(memory->slab) &&
		    sscanf(line, "%63s %ld", slab->name, &slab->objects) == 2)
			memory->nr_slabs++;
	}
	fclose(file);
}

static void measure(struct memory *memory)
{
	file_write("/proc/sys/vm/drop_caches", "3");
	shrink_slabs();
	memory->pages = free_pages();
	read_slabs(memory);
}

static const struct slab *find_slab(const struct memory *memory,
				    const char *name)
{
	int i;

	for (i = 0; i < memory->nr_slabs; i++)
		if (!strcmp(memory->slab[i].name, name))
			return &memory->slab[i];
	return NULL;
}

/* One object a round lost would be ROUNDS of them. */
static void compare(const struct memory *before, const struct memory *after)
{
	long pages = before->pages - after->pages;
	int i;

	printf("\n    %d rounds: %ld pages less free", ROUNDS, pages);
	CU_ASSERT(pages < ROUNDS);
	for (i = 0; i < after->nr_slabs; i++) {
		const struct slab *now = &after->slab[i];
		const struct slab *then = find_slab(before, now->name);
		long more = now->objects - (then ? then->objects : 0);

		if (more >= ROUNDS / 2)
			printf("\n    %ld more objects in %s", more, now->name);
		CU_ASSERT(more < ROUNDS);
	}
}

static void nothing_lost(void)
{
	static struct memory before, after;
	int i;

	unload_all();
	for (i = 0; i < WARM_UP; i++)
		load_use_unload();
	measure(&before);
	for (i = 0; i < ROUNDS; i++)
		load_use_unload();
	measure(&after);
	compare(&before, &after);
	CU_ASSERT(!dmabufs_left());
}

/* More than the machine has: neither backend can. */
static void out_of_memory(void)
{
	struct fpgabuf_alloc alloc;
	unsigned long kib;
	int dev;

	REQUIRE(file_read_line("/proc/meminfo", "MemTotal", &kib), true);
	REQUIRE(module_load("fpgabuf.ko", "limit_mib=4096"), 0);
	REQUIRE(module_load("fpgabuf-sim.ko", ""), 0);
	dev = device_open(0);
	EXPECT(device_info(dev).limit_bytes, 4096ull * MIB);
	EXPECT(device_info(dev).max_region_size, 2048ull * MIB);
	EXPECT(region_try_alloc(dev, (kib * KIB / 8 * 7) & ~(2 * MIB - 1),
				&alloc), -ENOMEM);
	EXPECT(device_info(dev).used_bytes, 0);
	EXPECT(region_try_alloc(dev, 4 * MIB, &alloc), 0);
	close(alloc.fd);
	EXPECT(device_used(dev), 0);
	close(dev);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
}

static void pinned(void)
{
	int dev, fd;

	REQUIRE(modules_load(), 0);
	dev = device_open(0);
	fd = region_alloc(dev, 4096);
	close(dev);
	EXPECT(module_unload("fpgabuf"), -EAGAIN);
	EXPECT(module_unload("fpgabuf_sim"), -EAGAIN);
	close(fd);
	unload_all();
	REQUIRE(modules_load(), 0);
}

static const CU_TestInfo tests[] = {
	{ "load, use, unload 50 times loses no page and no slab object",
	  nothing_lost },
	{ "a region larger than the memory gives ENOMEM and leaks nothing",
	  out_of_memory },
	{ "the modules cannot be unloaded while a region lives", pinned },
	CU_TEST_INFO_NULL,
};

const struct suite reload_suite = {
	.name = "reload",
	.title = "loading and unloading",
	.init = modules_load,
	.tests = tests,
};
