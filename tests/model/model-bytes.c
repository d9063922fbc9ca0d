// SPDX-License-Identifier: GPL-2.0-only
/* The model test: what the memory of a region holds, and where it is mapped. */
#include <string.h>

#include "model.h"

static uint8_t pattern_byte(uint64_t position)
{
	return (position / 8) >> (8 * (position % 8));
}

/* What a byte must be, or -1 if that is not known. */
int contents_byte(const struct contents *contents, uint32_t offset)
{
	unsigned int i;

	for (i = 0; i < contents->nr_marks; i++)
		if (contents->mark[i].offset == offset)
			return contents->mark[i].value;
	for (i = contents->nr_layers; i--;) {
		const struct layer *layer = &contents->layer[i];

		if (offset < layer->bytes)
			return pattern_byte(layer->position + offset);
		if (offset < layer->length)
			return -1;
	}
	return 0;
}

static void forget_marks(struct contents *contents, uint32_t length)
{
	unsigned int i, kept = 0;

	for (i = 0; i < contents->nr_marks; i++)
		if (contents->mark[i].offset >= length)
			contents->mark[kept++] = contents->mark[i];
	contents->nr_marks = kept;
}

/* The FPGA may write to the first bytes from now on. */
void contents_queue(struct contents *contents, uint32_t length)
{
	struct layer *layer = contents->layer;
	unsigned int nr = contents->nr_layers;

	forget_marks(contents, length);
	while (nr && layer[nr - 1].length <= length)
		nr--;
	if (nr == LAYERS) {
		/* Rather know less than have no room. */
		layer[0].bytes = 0;
		memmove(&layer[1], &layer[2], (nr - 2) * sizeof(*layer));
		nr--;
	}
	layer[nr] = (struct layer){ .length = length };
	contents->nr_layers = nr + 1;
}

/* Nothing else was queued since: the capture is the layer on top. */
void contents_captured(struct contents *contents, uint32_t length,
		       uint32_t bytes, uint64_t position)
{
	contents->layer[contents->nr_layers - 1] = (struct layer){
		.length = length,
		.bytes = bytes,
		.position = position,
	};
}

/* False if there is no room to remember it. */
bool contents_write(struct contents *contents, uint32_t offset, uint8_t value)
{
	unsigned int i;

	for (i = 0; i < contents->nr_marks; i++)
		if (contents->mark[i].offset == offset)
			break;
	if (i == MARKS)
		return false;
	contents->mark[i] = (struct mark){ offset, value };
	if (i == contents->nr_marks)
		contents->nr_marks++;
	return true;
}

/* The page of a mapping that holds this page of the region is mapped now. */
void touch(struct map *map, uint32_t page)
{
	page -= map->page;
	map->touched[page / 64] |= 1ull << (page % 64);
}

void touch_none(struct map *map)
{
	memset(map->touched, 0, sizeof(map->touched));
}

/* In the way of QUEUE, that is: some kernels map an import only later. */
bool imported(const struct region *region)
{
	return region->handle && world->vgem_maps;
}

/*
 * Page table entries that must be there.  One entry may map all of a folio that
 * is that large, and it goes when a part of it is unmapped or protected.
 */
unsigned int touched(const struct region *region)
{
	unsigned int i, j, sum = 0;

	if (region->size == HUGE && region->chunks == 1)
		return 0;
	for (i = 0; i < region->nr_maps; i++)
		for (j = 0; j < ARRAY_SIZE(region->map[i].touched); j++)
			sum += __builtin_popcountll(region->map[i].touched[j]);
	return sum;
}

/* Page table entries that can be there: what is faulted in around is up to the
 * driver.
 */
unsigned int mapped(const struct region *region)
{
	unsigned int i, sum = 0;

	for (i = 0; i < region->nr_maps; i++)
		sum += region->map[i].pages;
	return sum;
}
