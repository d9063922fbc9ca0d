// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the mark that tells whether a capture got to its end
 *
 * What is known of a capture that has ended is, with many a controller, only that
 * it has: a packet that was too short and an error look the same as all that was
 * asked for.  So random bytes are put where each segment of it ends, as a packet
 * may end a segment and not the capture.  If they are still there afterwards, the
 * FPGA did not get there.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "mapping.h"
#include "mark.h"
#include "region.h"

/* With fewer, data would be taken for the mark every now and then. */
#define MARK_MIN	4

/**
 * fpgabuf_mark_init() - make room for what marks replace
 * @mark: without any
 * @segments: how many the region has
 * @alignment: what a length must be a multiple of, in bytes
 *
 * Context: process, may sleep.
 *
 * Return: 0, to be undone by fpgabuf_mark_exit(), or -ENOMEM.
 */
int fpgabuf_mark_init(struct fpgabuf_mark *mark, unsigned int segments,
		      u32 alignment)
{
	mark->last = clamp_t(u32, alignment, MARK_MIN, sizeof(mark->put));
	mark->had = kvcalloc(segments, sizeof(*mark->had), GFP_KERNEL_ACCOUNT);
	return mark->had ? 0 : -ENOMEM;
}

/**
 * fpgabuf_mark_exit() - undo fpgabuf_mark_init(); harmless if there is no room
 * @mark: the mark
 */
void fpgabuf_mark_exit(struct fpgabuf_mark *mark)
{
	kvfree(mark->had);
}

/* Where a segment of a capture ends */
struct mark_place {
	struct scatterlist *sg;
	unsigned int nr;
	u32 begin;
	u32 offset;
	u32 size;
};

/* Copy between @buf and the region, page by page. */
static void copy_bytes(const struct fpgabuf_mapping *mapping, u32 offset,
		       void *buf, u32 size, bool put)
{
	const struct fpgabuf_region *region = mapping->region;

	while (size) {
		u32 in_page = offset_in_page(offset);
		u32 part = min_t(u32, size, PAGE_SIZE - in_page);
		void *page = kmap_local_page(fpgabuf_region_page(region,
								 offset >> PAGE_SHIFT));

		if (put)
			memcpy(page + in_page, buf, part);
		else
			memcpy(buf, page + in_page, part);
		kunmap_local(page);
		offset += part;
		buf += part;
		size -= part;
	}
}

static struct mark_place first_place(const struct fpgabuf_mapping *mapping,
				     u32 length)
{
	struct scatterlist *sg = mapping->sgt.sgl;
	u32 segment = min(sg->length, length);
	u32 size = min_t(u32, segment, sizeof(u64));

	return (struct mark_place){
		.sg = sg,
		.offset = segment - size,
		.size = size,
	};
}

/* Return: whether there is one more. */
static bool next_place(struct mark_place *place, u32 length)
{
	u32 segment;

	place->begin = place->offset + place->size;
	if (place->begin >= length)
		return false;
	place->sg = sg_next(place->sg);
	place->nr++;
	segment = min(place->sg->length, length - place->begin);
	place->size = min_t(u32, segment, sizeof(u64));
	place->offset = place->begin + segment - place->size;
	return true;
}

/* With DMA_FROM_DEVICE the caches could forget what was just put there. */
static void write_place(struct fpgabuf_mapping *mapping,
			const struct mark_place *place, void *buf)
{
	copy_bytes(mapping, place->offset, buf, place->size, true);
	dma_sync_single_range_for_device(mapping->owner->dev,
					 sg_dma_address(place->sg),
					 place->offset - place->begin,
					 place->size, DMA_TO_DEVICE);
}

/**
 * fpgabuf_mark_put() - put a mark where a capture ends, and each segment of it
 * @mapping: of a region that is claimed, and not yet synced for the device
 * @length: bytes of the capture
 * @mark: with room for what was there before
 *
 * Context: process; allocates nothing.
 */
void fpgabuf_mark_put(struct fpgabuf_mapping *mapping, u32 length,
		      struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(mapping, length);

	get_random_bytes(&mark->put, sizeof(mark->put));
	do {
		copy_bytes(mapping, place.offset, &mark->had[place.nr],
			   place.size, false);
		write_place(mapping, &place, &mark->put);
	} while (next_place(&place, length));
}

/**
 * fpgabuf_mark_undo() - the capture does not take place
 * @mapping: of a region that the channel does not have
 * @length: bytes of the capture
 * @mark: as it was put
 */
void fpgabuf_mark_undo(struct fpgabuf_mapping *mapping, u32 length,
		       const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(mapping, length);

	do {
		write_place(mapping, &place, &mark->had[place.nr]);
	} while (next_place(&place, length));
}

/* Whoever writes the last few bytes has written those before. */
static bool place_untouched(const struct fpgabuf_mapping *mapping,
			    const struct mark_place *place,
			    const struct fpgabuf_mark *mark)
{
	u32 last = min(mark->last, place->size);
	u8 now[sizeof(mark->put)];

	if (place->size < MARK_MIN)
		return false;
	copy_bytes(mapping, place->offset, now, place->size, false);
	return !memcmp(now + place->size - last,
		       (const u8 *)&mark->put + place->size - last, last);
}

/**
 * fpgabuf_mark_untouched() - did the FPGA not get to an end?
 * @mapping: of a region that is synced for the CPU
 * @length: bytes of the capture
 * @mark: as it was put
 *
 * Fewer bytes than the channel's alignment, or than 4, are not missed.
 *
 * Context: process.
 */
bool fpgabuf_mark_untouched(struct fpgabuf_mapping *mapping, u32 length,
			    const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(mapping, length);

	do {
		if (place_untouched(mapping, &place, mark))
			return true;
	} while (next_place(&place, length));
	return false;
}
