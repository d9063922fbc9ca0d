// SPDX-License-Identifier: GPL-2.0-only
/* Load, use, unload: what is left behind shows when it is done often. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bed.h"
#include "net.h"

/*
 * The first rounds, half as many, fill caches all over the kernel (1 MiB of them)
 * that stay as they are from then on.
 */
static long nr_rounds(void)
{
	return hurried() ? 30 : 100;
}

/* Through the other door: a device that imports the dma-buf */
static void import_once(int fd)
{
	int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	uint32_t handle;

	REQUIRE(card < 0 ? -errno : 0, 0);
	EXPECT(drmPrimeFDToHandle(card, fd, &handle), 0);
	EXPECT(drmCloseBufferHandle(card, handle), 0);
	close(card);
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
		import_once(fd);
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

struct slab {
	char name[256];
	int shrink, objects;
	long before, after;
};

struct memory {
	long before, after;
	int nr_slabs;
	struct slab slab[1024];
};

static int slab_open(const char *name, const char *file, int flags)
{
	char path[384];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", name, file);
	fd = open(path, flags | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

/* The free objects of per-CPU slabs count as used; shrinking returns them. */
static long slab_objects(const struct slab *slab)
{
	char text[64] = "";

	EXPECT(write(slab->shrink, "1", 1), 1);
	EXPECT(pread(slab->objects, text, sizeof(text) - 1, 0) > 0, true);
	return atol(text);
}

/* Opened, and read, once: to do so is itself a use of slabs. */
static void memory_open(struct memory *memory)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;

	REQUIRE(!dir, false);
	while ((entry = readdir(dir))) {
		struct slab *slab = &memory->slab[memory->nr_slabs];

		if (entry->d_name[0] == '.')
			continue;
		REQUIRE(memory->nr_slabs < (int)ARRAY_SIZE(memory->slab), true);
		snprintf(slab->name, sizeof(slab->name), "%s", entry->d_name);
		slab->shrink = slab_open(slab->name, "shrink", O_WRONLY);
		slab->objects = slab_open(slab->name, "objects", O_RDONLY);
		slab_objects(slab);
		memory->nr_slabs++;
	}
	closedir(dir);
}

static void keep_most(long *value, long candidate)
{
	if (candidate > *value)
		*value = candidate;
}

static void keep_least(long *value, long candidate)
{
	if (candidate < *value)
		*value = candidate;
}

static void measure(struct memory *memory, bool after)
{
	int i;

	file_write("/proc/sys/vm/drop_caches", "3");
	keep_most(after ? &memory->after : &memory->before,
		  known_pages());
	for (i = 0; i < memory->nr_slabs; i++) {
		struct slab *slab = &memory->slab[i];

		keep_least(after ? &slab->after : &slab->before,
			   slab_objects(slab));
	}
}

/* One object or page a round lost would be as many of them as rounds. */
static bool nothing_missing(const struct memory *memory, bool show)
{
	long pages = memory->before - memory->after;
	long rounds = nr_rounds();
	bool good = pages < rounds / 2;
	int i;

	if (show)
		printf("\n    %ld rounds: %ld pages missing", rounds, pages);
	for (i = 0; i < memory->nr_slabs; i++) {
		const struct slab *slab = &memory->slab[i];
		long more = slab->after - slab->before;

		if (more < rounds / 2)
			continue;
		good = false;
		if (show)
			printf("\n    %ld more objects in %s", more,
			       slab->name);
	}
	return good;
}

/*
 * Much is freed by RCU some time later, and others are at work meanwhile: the
 * best of several looks counts.  What is lost is lost in all of them.
 */
static void look_before(struct memory *memory)
{
	int i;

	for (i = 0; i < 10; i++) {
		measure(memory, false);
		usleep(100000);
	}
}

static bool look_after(struct memory *memory)
{
	int i;

	for (i = 0; i < 50; i++) {
		measure(memory, true);
		if (nothing_missing(memory, false))
			break;
		usleep(200000);
	}
	return nothing_missing(memory, true);
}

static void forget(struct memory *memory)
{
	int i;

	memory->before = memory->after = LONG_MIN;
	for (i = 0; i < memory->nr_slabs; i++)
		memory->slab[i].before = memory->slab[i].after = LONG_MAX;
}

static bool rounds_lose_nothing(struct memory *memory)
{
	long i;

	forget(memory);
	look_before(memory);
	for (i = 0; i < nr_rounds(); i++)
		load_use_unload();
	return look_after(memory);
}

/*
 * A cache somewhere in the kernel may grow meanwhile, by half a page a round
 * and more, but not each time.  Rounds that lose something lose it always.
 */
static void nothing_lost(void)
{
	static struct memory memory;
	bool good = false;
	long i;

	modules_unload();
	memory_open(&memory);
	for (i = 0; i < nr_rounds() / 2; i++)
		load_use_unload();
	for (i = 0; i < 5 && !good; i++)
		good = rounds_lose_nothing(&memory);
	CU_ASSERT(good);
	CU_ASSERT(!dmabufs_left());
}

/* All that the machine has: neither backend can. */
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
	EXPECT(region_try_alloc(dev, kib * KIB & ~(2 * MIB - 1), &alloc),
	       -ENOMEM);
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
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	EXPECT(module_try_unload("fpgabuf_sim"), -EAGAIN);
	close(fd);
	modules_unload();
	REQUIRE(modules_load(), 0);
}

static const struct test tests[] = {
	{ "load, use, unload 100 times loses no page and no slab object",
	  nothing_lost },
	{ "a region as large as the memory gives ENOMEM and leaks nothing",
	  out_of_memory },
	{ "the modules cannot be unloaded while a region lives", pinned },
	{ }
};

SUITE(reload,
	.title = "loading and unloading",
	.init = modules_load,
	.tests = tests)
