// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a region as seen by a device
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
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "compat.h"
#include "mapping.h"
#include "memory.h"
#include "region.h"
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

/**
 * fpgabuf_owner_build() - describe a region's pages for the owner's channel
 * @owner: the device
 * @region: the region
 * @sgt: filled in, as by fpgabuf_sg_build()
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int fpgabuf_owner_build(const struct fpgabuf_owner *owner,
			const struct fpgabuf_region *region,
			struct sg_table *sgt)
{
	return fpgabuf_sg_build(region, owner->dev, owner->segment, sgt);
}

/**
 * fpgabuf_owner_segments() - how many segments a part of a region has
 * @owner: the device
 * @region: the region
 * @at: where the segment begins in which @offset is; set to the same for @end
 * @offset: where the part begins, in bytes
 * @end: where it ends, behind @offset
 *
 * For parts that follow each other @at is set to 0 once.
 *
 * Context: process.
 *
 * Return: 1 or more.
 */
unsigned int fpgabuf_owner_segments(const struct fpgabuf_owner *owner,
				    const struct fpgabuf_region *region,
				    size_t *at, size_t offset, size_t end)
{
	size_t limit = segment_limit(owner->dev, owner->segment), next = *at;
	unsigned int nr = 0;

	while (next < end) {
		*at = next;
		next += segment_size(region, next, limit);
		nr += next > offset;
	}
	if (next == end)
		*at = next;
	return nr;
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
 * @mapping: not mapped, with its sg_table built
 *
 * Segment by segment, not as a list: an IOMMU may merge a list into addresses
 * that no longer say which page they stand for, and then no part of it could
 * be synced on its own.
 *
 * Context: process, may sleep; the device is bound, and remains so.
 *
 * Return: 0, or -EIO if the device cannot reach the memory.
 */
int fpgabuf_owner_map(struct fpgabuf_mapping *mapping)
{
	struct device *dev = mapping->owner->dev;
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(&mapping->sgt, sg, i) {
		dma_addr_t addr = dma_map_page(dev, sg_page(sg), 0, sg->length,
					       DMA_BIDIRECTIONAL);

		if (dma_mapping_error(dev, addr)) {
			unmap_segments(dev, &mapping->sgt, i);
			return -EIO;
		}
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = sg->length;
	}
	return 0;
}

/**
 * fpgabuf_owner_unmap() - undo fpgabuf_owner_map(), and free the sg_table
 * @mapping: the channel does not have it; harmless if it is not mapped
 *
 * Context: process, may sleep; the device has not gone.
 */
void fpgabuf_owner_unmap(struct fpgabuf_mapping *mapping)
{
	unmap_segments(mapping->owner->dev, &mapping->sgt,
		       mapping->sgt.orig_nents);
	sg_free_table(&mapping->sgt);
	/* No entries, for whoever comes later; the core leaves their count. */
	mapping->sgt = (struct sg_table){};
}

/**
 * fpgabuf_span_skip() - go on to what follows
 * @span: a place in a mapping
 * @bytes: how far; at most to the end of the mapping
 */
void fpgabuf_span_skip(struct fpgabuf_span *span, u32 bytes)
{
	while (bytes >= span->sg->length - span->skip) {
		bytes -= span->sg->length - span->skip;
		*span = (struct fpgabuf_span){ .sg = sg_next(span->sg) };
		if (!bytes)
			return;
	}
	span->skip += bytes;
}

typedef void (*sync_fn)(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir);

/* Return: how many bytes that were; none when there is no mapping any more. */
static size_t owner_sync(struct fpgabuf_mapping *mapping,
			 struct fpgabuf_span span, size_t bytes,
			 enum dma_data_direction dir, sync_fn sync)
{
	size_t done = 0;

	for (; span.sg && done < bytes; span.sg = sg_next(span.sg)) {
		size_t size = min_t(size_t, bytes - done,
				    span.sg->length - span.skip);

		sync(mapping->owner->dev, sg_dma_address(span.sg) + span.skip,
		     size, dir);
		span.skip = 0;
		done += size;
	}
	return done;
}

/**
 * fpgabuf_owner_sync_for_cpu() - let the CPU see what the channel wrote
 * @mapping: the mapping
 * @span: where that begins
 * @bytes: how much it is
 * @dir: DMA_FROM_DEVICE after a capture, or that of the CPU access
 *
 * Context: process; the mapping cannot go away (a capture is not finished, or
 * &fpgabuf_buffer.sem is held).
 */
void fpgabuf_owner_sync_for_cpu(struct fpgabuf_mapping *mapping,
				struct fpgabuf_span span, size_t bytes,
				enum dma_data_direction dir)
{
	if (debug_skip_sync)
		return;
	bytes = owner_sync(mapping, span, bytes, dir, dma_sync_single_for_cpu);
	atomic64_add(bytes, &mapping->owner->synced_for_cpu);
	trace_fpgabuf_sync(mapping->region, bytes, false);
}

/**
 * fpgabuf_owner_sync_for_device() - hand memory to the channel
 * @mapping: the mapping
 * @span: where the memory begins
 * @bytes: how much it is
 * @dir: DMA_FROM_DEVICE before a capture, or that of the CPU access
 *
 * Context: as fpgabuf_owner_sync_for_cpu().
 */
void fpgabuf_owner_sync_for_device(struct fpgabuf_mapping *mapping,
				   struct fpgabuf_span span, size_t bytes,
				   enum dma_data_direction dir)
{
	bytes = owner_sync(mapping, span, bytes, dir,
			   dma_sync_single_for_device);
	atomic64_add(bytes, &mapping->owner->synced_for_device);
	trace_fpgabuf_sync(mapping->region, bytes, true);
}
