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
	struct fpgabuf_span span;
	unsigned int nr;
	u32 left;
	u32 segment;
	u32 size;
};

/* Adjacent pages may lie in several sections of memory. */
static struct page *page_at(struct scatterlist *sg, u32 offset)
{
	return pfn_to_page(page_to_pfn(sg_page(sg)) + (offset >> PAGE_SHIFT));
}

/* Copy between @buf and the place, page by page. */
static void copy_bytes(const struct mark_place *place, void *buf, bool put)
{
	u32 offset = place->span.skip + place->segment - place->size;
	u32 size = place->size;

	while (size) {
		u32 in_page = offset_in_page(offset);
		u32 part = min_t(u32, size, PAGE_SIZE - in_page);
		void *page = kmap_local_page(page_at(place->span.sg, offset));

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

static void set_size(struct mark_place *place)
{
	place->segment = min(place->span.sg->length - place->span.skip,
			     place->left);
	place->size = min_t(u32, place->segment, sizeof(u64));
}

static struct mark_place first_place(const struct fpgabuf_span *span,
				     u32 length)
{
	struct mark_place place = { .span = *span, .left = length };

	set_size(&place);
	return place;
}

/* Return: whether there is one more. */
static bool next_place(struct mark_place *place)
{
	place->left -= place->segment;
	if (!place->left)
		return false;
	place->span = (struct fpgabuf_span){ .sg = sg_next(place->span.sg) };
	place->nr++;
	set_size(place);
	return true;
}

/* With DMA_FROM_DEVICE the caches could forget what was just put there. */
static void write_place(struct device *dev, const struct mark_place *place,
			void *buf)
{
	copy_bytes(place, buf, true);
	dma_sync_single_range_for_device(dev, sg_dma_address(place->span.sg),
					 place->span.skip + place->segment -
					 place->size, place->size,
					 DMA_TO_DEVICE);
}

/**
 * fpgabuf_mark_put() - put a mark where a capture ends, and each segment of it
 * @dev: the owner of the mapping
 * @span: where the capture begins; claimed, and not yet synced for the device
 * @length: bytes of the capture
 * @mark: with room for what was there before
 *
 * Context: process; allocates nothing.
 */
void fpgabuf_mark_put(struct device *dev, const struct fpgabuf_span *span,
		      u32 length, struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(span, length);

	get_random_bytes(&mark->put, sizeof(mark->put));
	do {
		copy_bytes(&place, &mark->had[place.nr], false);
		write_place(dev, &place, &mark->put);
	} while (next_place(&place));
}

/**
 * fpgabuf_mark_undo() - the capture does not take place
 * @dev: the owner of the mapping
 * @span: where it would begin; the channel does not have the memory
 * @length: bytes of the capture
 * @mark: as it was put
 */
void fpgabuf_mark_undo(struct device *dev, const struct fpgabuf_span *span,
		       u32 length, const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(span, length);

	do {
		write_place(dev, &place, &mark->had[place.nr]);
	} while (next_place(&place));
}

/* Whoever writes the last few bytes has written those before. */
static bool place_untouched(const struct mark_place *place,
			    const struct fpgabuf_mark *mark)
{
	u32 last = min(mark->last, place->size);
	u8 now[sizeof(mark->put)];

	if (place->size < MARK_MIN)
		return false;
	copy_bytes(place, now, false);
	return !memcmp(now + place->size - last,
		       (const u8 *)&mark->put + place->size - last, last);
}

/**
 * fpgabuf_mark_untouched() - did the FPGA not get to an end?
 * @span: where the capture begins; synced for the CPU
 * @length: bytes of the capture
 * @mark: as it was put
 *
 * Fewer bytes than the channel's alignment, or than 4, are not missed.
 *
 * Context: process.
 */
bool fpgabuf_mark_untouched(const struct fpgabuf_span *span, u32 length,
			    const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(span, length);

	do {
		if (place_untouched(&place, mark))
			return true;
	} while (next_place(&place));
	return false;
}
