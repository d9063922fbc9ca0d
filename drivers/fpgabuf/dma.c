// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a region's way to devices
 *
 * The owner of a region is the device behind the capture channel.  Its mapping
 * is made once, when the region is made, and lasts until the region or the
 * binding ends; a capture only hands the memory over and takes it back by
 * sync calls.  The mapping is bidirectional although the device only writes:
 * a process may write to a captured region too (a header, say) inside a
 * DMA_BUF_IOCTL_SYNC bracket, and with DMA_FROM_DEVICE the end of that bracket
 * would be entitled to throw its bytes away.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

#include "compat.h"
#include "fpgabuf.h"
#include "trace.h"

#ifdef CONFIG_FPGABUF_DEBUG
/* Lets a test show that it would notice a missing sync. */
static bool debug_skip_sync;
module_param(debug_skip_sync, bool, 0600);
MODULE_PARM_DESC(debug_skip_sync, "leave out the sync after a capture (tests only)");
#else
#define debug_skip_sync	false
#endif

/* Longest piece that @dev takes as one, in whole pages. */
static size_t segment_limit(struct device *dev, size_t max_segment)
{
	size_t limit = min_t(size_t, max_segment, SZ_1G);

	/* Bounce buffers have a limit of their own. */
	limit = min(limit, dma_max_mapping_size(dev));
	return max_t(size_t, limit & PAGE_MASK, PAGE_SIZE);
}

static size_t chunk_size(const struct fpgabuf_chunk *chunk)
{
	return PAGE_SIZE << chunk->order;
}

static bool adjacent(const struct fpgabuf_chunk *chunk,
		     const struct fpgabuf_chunk *next)
{
	return page_to_pfn(next->page) ==
	       page_to_pfn(chunk->page) + (1UL << chunk->order);
}

/* Bytes from @offset on that are physically adjacent, up to @limit. */
static size_t segment_size(const struct fpgabuf_region *region, size_t offset,
			   size_t limit)
{
	const struct fpgabuf_pages *pages = &region->pages;
	const struct fpgabuf_chunk *end = pages->chunks + pages->nr_chunks;
	const struct fpgabuf_chunk *chunk, *next;
	size_t size;

	chunk = fpgabuf_region_chunk(region, offset >> PAGE_SHIFT);
	size = chunk_size(chunk) -
	       (offset - ((size_t)chunk->index << PAGE_SHIFT));
	for (next = chunk + 1; next < end && size < limit; chunk = next++) {
		if (!adjacent(chunk, next))
			break;
		size += chunk_size(next);
	}
	return min(size, limit);
}

/**
 * fpgabuf_sg_build() - describe a region's pages for a device
 * @region: the region
 * @dev: the device that it is for
 * @max_segment: bytes that the device takes as one segment
 * @sgt: filled in, not yet mapped; the caller frees it with sg_free_table()
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int fpgabuf_sg_build(const struct fpgabuf_region *region, struct device *dev,
		     size_t max_segment, struct sg_table *sgt)
{
	size_t limit = segment_limit(dev, max_segment);
	unsigned int nents = 0;
	struct scatterlist *sg;
	size_t offset;
	int i, ret;

	for (offset = 0; offset < region->pages.size; nents++)
		offset += segment_size(region, offset, limit);

	ret = sg_alloc_table(sgt, nents, GFP_KERNEL);
	if (ret)
		return ret;

	offset = 0;
	for_each_sgtable_sg(sgt, sg, i) {
		size_t size = segment_size(region, offset, limit);
		struct page *page;

		page = fpgabuf_region_page(region, offset >> PAGE_SHIFT);
		sg_set_page(sg, page, size, 0);
		offset += size;
	}
	return 0;
}

/*
 * Without a sync: what the captures wrote has been synced when they finished,
 * and since then the memory has belonged to its users.
 */
static void unmap_segments(struct device *dev, struct sg_table *sgt,
			   unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(sgt->sgl, sg, nents, i)
		dma_unmap_page_attrs(dev, sg_dma_address(sg), sg->length,
				     DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
}

/**
 * fpgabuf_owner_map() - map the region for the capture channel
 * @region: the region; not mapped, with its sg_table built
 *
 * Segment by segment, not as a list: an IOMMU may merge a list into addresses
 * that no longer say which page they stand for, and then no part of it could
 * be synced on its own.
 *
 * Context: process; &fpgabuf_device.binding held, device bound.
 *
 * Return: 0, or -EIO if the device cannot reach the memory.
 */
int fpgabuf_owner_map(struct fpgabuf_region *region)
{
	struct device *dev = region->fdev->memory->dma_dev;
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(&region->sgt, sg, i) {
		dma_addr_t addr = dma_map_page(dev, sg_page(sg), 0, sg->length,
					       DMA_BIDIRECTIONAL);

		if (dma_mapping_error(dev, addr)) {
			unmap_segments(dev, &region->sgt, i);
			return -EIO;
		}
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	return 0;
}

/**
 * fpgabuf_owner_unmap() - undo fpgabuf_owner_map(); harmless if not mapped
 * @region: the region; not queued
 *
 * What the channel has not let go of stays mapped for ever: the device may still
 * write.
 *
 * Context: process; &fpgabuf_device.binding held.  CPU access that is just being
 * prepared ends first.
 */
void fpgabuf_owner_unmap(struct fpgabuf_region *region)
{
	if (fpgabuf_transfer_busy(&region->capture.transfer))
		return;
	down_write(&region->sem);
	unmap_segments(region->fdev->memory->dma_dev, &region->sgt,
		       region->sgt.orig_nents);
	sg_free_table(&region->sgt);
	sg_free_table(&region->capture.transfer.sgt);
	/* No entries, for whoever comes later; the core leaves their count. */
	region->sgt = (struct sg_table){};
	region->capture.transfer.sgt = (struct sg_table){};
	up_write(&region->sem);
}

typedef void (*sync_fn)(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir);

/* Return: how many bytes that were; none when there is no mapping any more. */
static size_t owner_sync(struct fpgabuf_region *region, size_t bytes,
			 enum dma_data_direction dir, sync_fn sync)
{
	struct scatterlist *sg;
	size_t done = 0;
	unsigned int i;

	for_each_sgtable_sg(&region->sgt, sg, i) {
		size_t size = min_t(size_t, bytes - done, sg->length);

		if (!size)
			break;
		sync(region->fdev->memory->dma_dev, sg_dma_address(sg), size,
		     dir);
		done += size;
	}
	return done;
}

/**
 * fpgabuf_owner_sync_for_cpu() - let the CPU see what the channel wrote
 * @region: the region
 * @bytes: how much of it, from the start
 * @dir: DMA_FROM_DEVICE after a capture, or that of the CPU access
 *
 * Context: process; the mapping cannot go away (a capture is not finished, or
 * &fpgabuf_region.sem is held).
 */
void fpgabuf_owner_sync_for_cpu(struct fpgabuf_region *region, size_t bytes,
				enum dma_data_direction dir)
{
	if (debug_skip_sync)
		return;
	bytes = owner_sync(region, bytes, dir, dma_sync_single_for_cpu);
	atomic64_add(bytes, &region->fdev->synced_for_cpu);
	trace_fpgabuf_sync(region, bytes, false);
}

/**
 * fpgabuf_owner_sync_for_device() - hand memory to the channel
 * @region: the region
 * @bytes: how much of it, from the start
 * @dir: DMA_FROM_DEVICE before a capture, or that of the CPU access
 *
 * Context: as fpgabuf_owner_sync_for_cpu().
 */
void fpgabuf_owner_sync_for_device(struct fpgabuf_region *region, size_t bytes,
				   enum dma_data_direction dir)
{
	bytes = owner_sync(region, bytes, dir, dma_sync_single_for_device);
	atomic64_add(bytes, &region->fdev->synced_for_device);
	trace_fpgabuf_sync(region, bytes, true);
}

/*
 * What is known of a capture that has ended is, with many a controller, only that
 * it has: a packet that was too short and an error look the same as all that was
 * asked for.  So random bytes are put where each segment of it ends, as a packet
 * may end a segment and not the capture.  If they are still there afterwards, the
 * FPGA did not get there.
 */

/* With fewer, data would be taken for the mark every now and then. */
#define MARK_MIN	4

/* Where a segment of a capture ends */
struct mark_place {
	struct scatterlist *sg;
	unsigned int nr;
	u32 begin;
	u32 offset;
	u32 size;
};

/* Copy between @buf and the region, page by page. */
static void copy_bytes(const struct fpgabuf_region *region, u32 offset,
		       void *buf, u32 size, bool put)
{
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

static struct mark_place first_place(struct fpgabuf_region *region, u32 length)
{
	struct scatterlist *sg = region->sgt.sgl;
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
static void write_place(struct fpgabuf_region *region,
			const struct mark_place *place, void *buf)
{
	copy_bytes(region, place->offset, buf, place->size, true);
	dma_sync_single_range_for_device(region->fdev->memory->dma_dev,
					 sg_dma_address(place->sg),
					 place->offset - place->begin,
					 place->size, DMA_TO_DEVICE);
}

/**
 * fpgabuf_mark_put() - put a mark where a capture ends, and each segment of it
 * @region: the region; claimed, and not yet synced for the device
 * @length: bytes of the capture
 * @mark: with room for what was there before
 *
 * Context: process; &fpgabuf_device.lock held.
 */
void fpgabuf_mark_put(struct fpgabuf_region *region, u32 length,
		      struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(region, length);

	get_random_bytes(&mark->put, sizeof(mark->put));
	do {
		copy_bytes(region, place.offset, &mark->had[place.nr],
			   place.size, false);
		write_place(region, &place, &mark->put);
	} while (next_place(&place, length));
}

/**
 * fpgabuf_mark_undo() - the capture does not take place
 * @region: the region; the channel does not have it
 * @length: bytes of the capture
 * @mark: as it was put
 */
void fpgabuf_mark_undo(struct fpgabuf_region *region, u32 length,
		       const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(region, length);

	do {
		write_place(region, &place, &mark->had[place.nr]);
	} while (next_place(&place, length));
}

/* Whoever writes the last few bytes has written those before. */
static bool place_untouched(const struct fpgabuf_region *region,
			    const struct mark_place *place,
			    const struct fpgabuf_mark *mark)
{
	u32 last = clamp_t(u32, region->fdev->channel.limits.alignment, MARK_MIN,
			   sizeof(mark->put));
	u8 now[sizeof(mark->put)];

	if (place->size < MARK_MIN)
		return false;
	last = min(last, place->size);
	copy_bytes(region, place->offset, now, place->size, false);
	return !memcmp(now + place->size - last,
		       (const u8 *)&mark->put + place->size - last, last);
}

/**
 * fpgabuf_mark_untouched() - did the FPGA not get to an end?
 * @region: the region, synced for the CPU
 * @length: bytes of the capture
 * @mark: as it was put
 *
 * Fewer bytes than the channel's alignment, or than 4, are not missed.
 *
 * Context: process.
 */
bool fpgabuf_mark_untouched(struct fpgabuf_region *region, u32 length,
			    const struct fpgabuf_mark *mark)
{
	struct mark_place place = first_place(region, length);

	do {
		if (place_untouched(region, &place, mark))
			return true;
	} while (next_place(&place, length));
	return false;
}
