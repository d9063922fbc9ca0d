/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the devices of others that have a region mapped
 */
#ifndef FPGABUF_IMPORTERS_H
#define FPGABUF_IMPORTERS_H

#include <linux/atomic.h>
#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device;
struct fpgabuf_region;
struct sg_table;

/**
 * struct fpgabuf_importers - the mappings of a region by importing devices
 * @region: the region; it lives longer
 * @synced: counts the bytes that were synced for them; lives longer
 * @lock: guards the rest, and lets no two maintain caches at once.  The end of a
 *	capture takes it, which fences depend on: no memory is allocated under it
 * @list: the mappings
 */
struct fpgabuf_importers {
	struct fpgabuf_region *region;
	atomic64_t *synced;
	struct mutex lock; /* list */
	struct list_head list;
};

void fpgabuf_importers_init(struct fpgabuf_importers *importers,
			    struct fpgabuf_region *region, atomic64_t *synced);
struct sg_table *fpgabuf_importers_map(struct fpgabuf_importers *importers,
				       struct device *dev,
				       enum dma_data_direction dir);
void fpgabuf_importers_unmap(struct fpgabuf_importers *importers,
			     struct sg_table *handed, bool sync);
unsigned int fpgabuf_importers_count(struct fpgabuf_importers *importers);
void fpgabuf_importers_sync_for_cpu(struct fpgabuf_importers *importers);
void fpgabuf_importers_sync_for_device(struct fpgabuf_importers *importers);

#endif /* FPGABUF_IMPORTERS_H */
