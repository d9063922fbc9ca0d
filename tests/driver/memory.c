// SPDX-License-Identifier: GPL-2.0-only
/* The memory of the guest: where it is, and how much is left. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

#define PFN_MASK	((1ull << 55) - 1)

/* That is left to the kernel when we take all memory. */
#define SPARE	(96 * MIB)

#define OURS	0x5a

long free_kib(void)
{
	unsigned long kib;

	REQUIRE(file_read_line("/proc/meminfo", "MemFree", &kib), true);
	return kib;
}

/* Sum up the numbers behind these keys in a file of "key number" lines. */
static long sum_keys(const char *path, const char * const *keys)
{
	FILE *file = fopen(path, "re");
	char line[256], key[64];
	long sum = 0, n;
	int i;

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		for (i = 0; keys[i]; i++)
			if (sscanf(line, " %63s %ld", key, &n) == 2 &&
			    !strcmp(key, keys[i]))
				sum += n;
	fclose(file);
	return sum;
}

/* Where a debug kernel keeps the stacks it has seen; it forgets none. */
static long stackdepot_pages(void)
{
	unsigned long pools;

	if (!file_read_line("/sys/kernel/debug/stackdepot/stats", "pools",
			    &pools))
		return 0;
	return pools * 4;
}

/*
 * Pages that the kernel can account for: free, resting in per-CPU lists, or in
 * a use that has nothing to do with us.  Slabs have to be looked at by
 * themselves.
 */
long known_pages(void)
{
	static const char * const zones[] = { "nr_free_pages", "count:", NULL };
	static const char * const uses[] = {
		"nr_slab_reclaimable", "nr_slab_unreclaimable",
		"nr_anon_pages", "nr_file_pages", "nr_page_table_pages", NULL,
	};
	/* Workers come and go; in KiB */
	static const char * const stacks[] = { "nr_kernel_stack", NULL };

	/* The counters have per-CPU parts. */
	file_write("/proc/sys/vm/stat_refresh", "1");
	return sum_keys("/proc/zoneinfo", zones) +
	       sum_keys("/proc/vmstat", uses) +
	       sum_keys("/proc/vmstat", stacks) / 4 +
	       stackdepot_pages();
}

/* The physical address behind one that has been touched, or 0 */
uint64_t physical(const void *mem)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pread(fd, &entry, sizeof(entry),
		     (uintptr_t)mem / 4096 * sizeof(entry)), sizeof(entry));
	close(fd);
	return entry >> 63 ? (entry & PFN_MASK) * 4096 : 0;
}

/* The physical pages behind a mapping that has been touched. */
bool contiguous(const uint8_t *mem, size_t size)
{
	size_t pages = size / 4096, i;
	uint64_t *map = calloc(pages, sizeof(*map));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool good;

	REQUIRE(fd < 0 || !map, false);
	good = pread(fd, map, pages * sizeof(*map),
		     (uintptr_t)mem / 4096 * sizeof(*map)) ==
	       (ssize_t)(pages * sizeof(*map));
	for (i = 0; good && i < pages; i++)
		good = (map[i] >> 63) &&
		       (map[i] & PFN_MASK) == (map[0] & PFN_MASK) + i;
	close(fd);
	free(map);
	return good;
}

/*
 * An address that suits such entries, with nothing behind it; nobody else maps
 * meanwhile.
 */
void *huge_address(size_t size)
{
	char *mem = mmap(NULL, size + HUGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(mem == MAP_FAILED, false);
	munmap(mem, size + HUGE);
	return mem + (-(uintptr_t)mem & (HUGE - 1));
}

/* Bytes of the mapping that begins there that are mapped by such entries */
size_t huge_mapped(const void *mem)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kib = 0;
	bool ours = false, found = false;
	char line[256];

	REQUIRE(!smaps, false);
	while (!found && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = start == (uintptr_t)mem;
		else if (ours)
			found = sscanf(line, "FilePmdMapped: %lu", &kib) == 1;
	}
	fclose(smaps);
	EXPECT(found, true);
	return kib * KIB;
}

/* How many entries map it, when all of it is mapped */
size_t table_entries(const void *mem, size_t size)
{
	size_t huge = huge_mapped(mem);

	return huge / HUGE + (size - huge) / 4096;
}

/* Almost all memory that is free becomes ours, and has our bytes. */
uint8_t *memory_take(size_t *size)
{
	unsigned long kib;
	uint8_t *mem;

	REQUIRE(file_read_line("/proc/meminfo", "MemFree", &kib), true);
	REQUIRE(kib * KIB > 2 * SPARE, true);
	*size = kib * KIB - SPARE;
	mem = mmap(NULL, *size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	memset(mem, OURS, *size);
	return mem;
}

bool memory_is_ours(const uint8_t *mem, size_t size)
{
	return mem[0] == OURS && !memcmp(mem, mem + 1, size - 1);
}
