// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the card sees of the guest's memory: ranges of bus addresses, each
 * a piece of a file.  Without an IOMMU there are a few large ones.  Behind one
 * every page is a range, so they are in a tree, and a file is mapped once,
 * however many ranges it has.
 *
 * As on a real bus, a write to where nothing is mapped vanishes, and the card
 * does not learn of it.  A read fails.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"

#define FILES	16

struct range {
	uint64_t start;
	uint64_t end;		/* the last byte */
	uint8_t *memory;
};

static void *ranges;

static struct {
	dev_t dev;
	ino_t ino;
	uint8_t *memory;
	uint64_t size;
} files[FILES];

/* Ranges that overlap are the same one to the tree. */
static int compare(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	if (ra->end < rb->start)
		return -1;
	return ra->start > rb->end;
}

static struct range *find(uint64_t start, uint64_t end)
{
	struct range key = { .start = start, .end = end };
	struct range **node = tfind(&key, &ranges, compare);

	return node ? *node : NULL;
}

/* Return: the file's memory, or NULL if it is not available */
static uint8_t *map_file(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st))
		return NULL;
	for (i = 0; i < FILES && files[i].memory; i++)
		if (files[i].dev == st.st_dev && files[i].ino == st.st_ino)
			break;
	if (i == FILES)
		return NULL;
	if (!files[i].memory) {
		void *memory = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE,
				    MAP_SHARED, fd, 0);

		if (memory == MAP_FAILED)
			return NULL;
		files[i].memory = memory;
		files[i].dev = st.st_dev;
		files[i].ino = st.st_ino;
		files[i].size = st.st_size;
	}
	if (offset > files[i].size || size > files[i].size - offset)
		return NULL;
	return files[i].memory + offset;
}

/**
 * memory_map() - let the card see a piece of a file
 * @address: of the bus
 * @size: in bytes
 * @offset: in the file
 * @fd: the file
 *
 * Return: whether it does.  Not where there is something already.
 */
bool memory_map(uint64_t address, uint64_t size, uint64_t offset, int fd)
{
	struct range *range;
	uint8_t *memory;

	if (!size || address + size - 1 < address)
		return false;
	if (find(address, address + size - 1))
		return false;
	memory = map_file(fd, offset, size);
	if (!memory)
		return false;
	range = malloc(sizeof(*range));
	if (!range)
		return false;
	*range = (struct range){ address, address + size - 1, memory };
	if (!tsearch(range, &ranges, compare)) {
		free(range);
		return false;
	}
	return true;
}

/**
 * memory_unmap() - take away what there is at some addresses
 * @address: of the bus
 * @size: in bytes
 */
void memory_unmap(uint64_t address, uint64_t size)
{
	struct range *range;

	while (size && (range = find(address, address + size - 1))) {
		tdelete(range, &ranges, compare);
		free(range);
	}
}

/**
 * memory_unmap_all() - take all of it away
 */
void memory_unmap_all(void)
{
	tdestroy(ranges, free);
	ranges = NULL;
}

/**
 * memory_at() - where some of the guest's memory is
 * @address: of the bus
 * @size: how much is wanted, not 0
 * @contiguous: is set to what there is of it in one piece, at least 1; if there
 *	is nothing, to what is missing
 *
 * Return: the memory, or NULL
 */
uint8_t *memory_at(uint64_t address, size_t size, size_t *contiguous)
{
	struct range *range = find(address, address);
	uint64_t left;

	*contiguous = size;
	if (!range) {
		/* No range is smaller than a page. */
		left = 4096 - address % 4096;
		if (left < size)
			*contiguous = left;
		return NULL;
	}
	left = range->end - address + 1;
	if (left < size)
		*contiguous = left;
	return range->memory + (address - range->start);
}

/**
 * memory_read() - read the guest's memory
 * @address: of the bus
 * @to: where to
 * @size: in bytes
 *
 * Return: whether all of it was there, and the card may read it
 */
bool memory_read(uint64_t address, void *to, size_t size)
{
	uint8_t *at = to;
	size_t n;

	if (!bus_master())
		return false;
	for (; size; size -= n, at += n, address += n) {
		const uint8_t *from = memory_at(address, size, &n);

		if (!from)
			return false;
		memcpy(at, from, n);
	}
	return true;
}

/**
 * memory_write() - write to the guest's memory
 * @address: of the bus
 * @from: what
 * @size: in bytes
 *
 * Return: whether all of it arrived; a card does not know that
 */
bool memory_write(uint64_t address, const void *from, size_t size)
{
	const uint8_t *at = from;
	bool arrived = true;
	size_t n;

	if (!bus_master())
		return false;
	for (; size; size -= n, at += n, address += n) {
		uint8_t *to = memory_at(address, size, &n);

		if (to)
			memcpy(to, at, n);
		else
			arrived = false;
	}
	return arrived;
}
