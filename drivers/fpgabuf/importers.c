// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the devices of others that have a region mapped
 *
 * Memory belongs to the CPU or to a device at a time.  Before the FPGA gets it, it
 * is taken back from all other devices that have it mapped, and when the capture
 * has ended it is given to them again.  So a device may keep its mapping for ever,
 * and a bounce buffer is never older than the last capture, which it must not be
 * copied over.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "compat.h"
#include "importers.h"
#include "mapping.h"
#include "memory.h"
#include "region.h"

/**
 * struct fpgabuf_importer - a mapping by an importing device
 * @node: in &fpgabuf_importers.list
 * @dev: the device
 * @dir: the direction it was mapped for
 * @sgt: our description of the mapping, used to sync it
 * @handed: the copy the importer has; with CONFIG_DMABUF_DEBUG its page links
 *	are scrambled while it has it
 * @synced: it has to be synced: the device is not coherent, or bounces
 */
struct fpgabuf_importer {
	struct list_head node;
	struct device *dev;
	enum dma_data_direction dir;
	struct sg_table sgt;
	struct sg_table handed;
	bool synced;
};

/**
 * fpgabuf_importers_init() - nobody has it mapped
 * @importers: filled in
 * @region: the region
 * @synced: counts the bytes that are synced for importers
 */
void fpgabuf_importers_init(struct fpgabuf_importers *importers,
			    struct fpgabuf_region *region, atomic64_t *synced)
{
	importers->region = region;
	importers->synced = synced;
	mutex_init(&importers->lock);
	INIT_LIST_HEAD(&importers->list);
}

static int copy_mapped_table(struct sg_table *to, const struct sg_table *from)
{
	struct scatterlist *src = from->sgl, *dst;
	int i, ret;

	ret = sg_alloc_table(to, from->orig_nents, GFP_KERNEL);
	if (ret)
		return ret;

	for_each_sgtable_sg(to, dst, i) {
		sg_set_page(dst, sg_page(src), src->length, src->offset);
		if (i < from->nents) {
			sg_dma_address(dst) = sg_dma_address(src);
			sg_dma_len(dst) = sg_dma_len(src);
		}
		src = sg_next(src);
	}
	to->nents = from->nents;
	return 0;
}

static bool needs_sync(struct fpgabuf_importer *imp)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(&imp->sgt, sg, i)
		if (dma_need_sync(imp->dev, sg_dma_address(sg)))
			return true;
	return false;
}

static void sync_for_device(struct fpgabuf_importers *importers,
			    struct fpgabuf_importer *imp)
{
	lockdep_assert_held(&importers->lock);
	if (!imp->synced)
		return;
	dma_sync_sgtable_for_device(imp->dev, &imp->sgt, imp->dir);
	atomic64_add(importers->region->pages.size, importers->synced);
}

static void sync_for_cpu(struct fpgabuf_importers *importers,
			 struct fpgabuf_importer *imp)
{
	lockdep_assert_held(&importers->lock);
	if (!imp->synced)
		return;
	dma_sync_sgtable_for_cpu(imp->dev, &imp->sgt, imp->dir);
	atomic64_add(importers->region->pages.size, importers->synced);
}

/*
 * The owner has the memory mapped as well, and mappings that overlap must not
 * maintain it behind each other's back: so it is synced in calls of its own.
 *
 * A device that only writes gets bounce buffers that can be filled, too: with old
 * bytes in them, those that it does not write would be copied over a capture.
 */
static struct fpgabuf_importer *importer_map(struct fpgabuf_region *region,
					     struct device *dev,
					     enum dma_data_direction dir)
{
	struct fpgabuf_importer *imp = kzalloc_obj(*imp);
	int ret;

	if (!imp)
		return ERR_PTR(-ENOMEM);
	imp->dev = dev;
	imp->dir = dir == DMA_FROM_DEVICE ? DMA_BIDIRECTIONAL : dir;

	ret = fpgabuf_sg_build(region, dev, dma_get_max_seg_size(dev),
			       &imp->sgt);
	if (ret)
		goto err_free;
	ret = dma_map_sgtable(dev, &imp->sgt, imp->dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (ret)
		goto err_table;
	ret = copy_mapped_table(&imp->handed, &imp->sgt);
	if (ret)
		goto err_unmap;
	imp->synced = needs_sync(imp);
	return imp;

err_unmap:
	dma_unmap_sgtable(dev, &imp->sgt, imp->dir, DMA_ATTR_SKIP_CPU_SYNC);
err_table:
	sg_free_table(&imp->sgt);
err_free:
	kfree(imp);
	return ERR_PTR(ret);
}

/**
 * fpgabuf_importers_map() - map a region for a device
 * @importers: the importers of the region
 * @dev: the device
 * @dir: what it does with the memory
 *
 * The device gets what is there.  If a capture is running, it gets what the
 * capture brings when that has ended.
 *
 * Context: process, may sleep.
 *
 * Return: the mapping, to be ended by fpgabuf_importers_unmap(), or ERR_PTR.
 */
struct sg_table *fpgabuf_importers_map(struct fpgabuf_importers *importers,
				       struct device *dev,
				       enum dma_data_direction dir)
{
	struct fpgabuf_importer *imp = importer_map(importers->region, dev,
						    dir);

	if (IS_ERR(imp))
		return ERR_CAST(imp);
	mutex_lock(&importers->lock);
	list_add(&imp->node, &importers->list);
	sync_for_device(importers, imp);
	mutex_unlock(&importers->lock);
	return &imp->handed;
}

/**
 * fpgabuf_importers_unmap() - undo fpgabuf_importers_map()
 * @importers: the importers of the region
 * @handed: what that returned
 * @sync: the memory belongs to the device: let the CPU see what it wrote
 *
 * Context: process, may sleep; the region does not become queued meanwhile.
 */
void fpgabuf_importers_unmap(struct fpgabuf_importers *importers,
			     struct sg_table *handed, bool sync)
{
	struct fpgabuf_importer *imp =
		container_of(handed, struct fpgabuf_importer, handed);

	mutex_lock(&importers->lock);
	if (sync)
		sync_for_cpu(importers, imp);
	list_del(&imp->node);
	mutex_unlock(&importers->lock);

	dma_unmap_sgtable(imp->dev, &imp->sgt, imp->dir,
			  DMA_ATTR_SKIP_CPU_SYNC);
	sg_free_table(&imp->handed);
	sg_free_table(&imp->sgt);
	kfree(imp);
}

/**
 * fpgabuf_importers_count() - how often is it mapped by devices?
 * @importers: the importers of the region
 *
 * Context: process, sleeps.
 */
unsigned int fpgabuf_importers_count(struct fpgabuf_importers *importers)
{
	struct list_head *importer;
	unsigned int nr = 0;

	mutex_lock(&importers->lock);
	list_for_each(importer, &importers->list)
		nr++;
	mutex_unlock(&importers->lock);
	return nr;
}

/**
 * fpgabuf_importers_sync_for_cpu() - take the memory back from the devices
 * @importers: the importers of a region that is not queued
 *
 * Context: process, sleeps; the region does not become queued meanwhile.
 */
void fpgabuf_importers_sync_for_cpu(struct fpgabuf_importers *importers)
{
	struct fpgabuf_importer *imp;

	mutex_lock(&importers->lock);
	list_for_each_entry(imp, &importers->list, node)
		sync_for_cpu(importers, imp);
	mutex_unlock(&importers->lock);
}

/**
 * fpgabuf_importers_sync_for_device() - let the devices see what is there
 * @importers: the importers of the region
 *
 * Context: process, sleeps; what a fence waits for.
 */
void fpgabuf_importers_sync_for_device(struct fpgabuf_importers *importers)
{
	struct fpgabuf_importer *imp;

	mutex_lock(&importers->lock);
	list_for_each_entry(imp, &importers->list, node)
		sync_for_device(importers, imp);
	mutex_unlock(&importers->lock);
}
