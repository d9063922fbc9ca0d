/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - a region as seen by a device
 */
#ifndef FPGABUF_MAPPING_H
#define FPGABUF_MAPPING_H

#include <linux/atomic.h>
#include <linux/dma-direction.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct device;
struct fpgabuf_region;

/**
 * struct fpgabuf_owner - the device behind the capture channel
 * @dev: the device, which lives as long as the memory
 * @segment: bytes that its channel takes as one segment
 * @synced_for_cpu: bytes of regions synced for the CPU
 * @synced_for_device: bytes of regions synced for @dev
 *
 * Only the counters change: there is no lock.
 */
struct fpgabuf_owner {
	struct device *dev;
	size_t segment;
	atomic64_t synced_for_cpu;
	atomic64_t synced_for_device;
};

/**
 * struct fpgabuf_mapping - the owner's mapping of a region
 * @owner: the device
 * @region: the region; it lives longer
 * @sgt: the pages and their addresses; no entries after fpgabuf_owner_unmap()
 *
 * The user serialises all calls except the syncs, and makes no sync while it unmaps:
 * see &fpgabuf_buffer.sem.
 */
struct fpgabuf_mapping {
	struct fpgabuf_owner *owner;
	struct fpgabuf_region *region;
	struct sg_table sgt;
};

/**
 * struct fpgabuf_span - a place in a mapping, where a capture begins
 * @sg: the segment; NULL if there is no mapping any more
 * @skip: bytes of the segment in front
 */
struct fpgabuf_span {
	struct scatterlist *sg;
	u32 skip;
};

/**
 * fpgabuf_span_first() - the beginning of a mapping
 * @mapping: the mapping
 */
static inline struct fpgabuf_span
fpgabuf_span_first(const struct fpgabuf_mapping *mapping)
{
	return (struct fpgabuf_span){ .sg = mapping->sgt.sgl };
}

int fpgabuf_sg_build(const struct fpgabuf_region *region, struct device *dev,
		     size_t max_segment, struct sg_table *sgt);
int fpgabuf_owner_build(const struct fpgabuf_owner *owner,
			const struct fpgabuf_region *region,
			struct sg_table *sgt);
unsigned int fpgabuf_owner_segments(const struct fpgabuf_owner *owner,
				    const struct fpgabuf_region *region,
				    size_t *at, size_t offset, size_t end);
int fpgabuf_owner_map(struct fpgabuf_mapping *mapping);
void fpgabuf_owner_unmap(struct fpgabuf_mapping *mapping);
void fpgabuf_span_skip(struct fpgabuf_span *span, u32 bytes);
void fpgabuf_owner_sync_for_cpu(struct fpgabuf_mapping *mapping,
				struct fpgabuf_span span, size_t bytes,
				enum dma_data_direction dir);
void fpgabuf_owner_sync_for_device(struct fpgabuf_mapping *mapping,
				   struct fpgabuf_span span, size_t bytes,
				   enum dma_data_direction dir);

#endif /* FPGABUF_MAPPING_H */
