// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions in memory that the device tree sets aside
 *
 * A memory-region that is neither "no-map" nor "reusable" has struct pages,
 * which nobody else uses: they are reserved, each with one reference that is
 * never dropped.  That reference is the region's.  So nothing can fragment the
 * memory, and nothing is ever freed; when a region goes its pages are merely
 * marked as free to take.
 *
 * A carve-out is kept apart from the device, because several devices may share
 * one, and because regions outlive a binding: the next one must not find their
 * pages free.
 */
#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/slab.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

/**
 * struct fpgabuf_carveout - a reserved piece of memory
 * @node: in the list of all
 * @users: devices that have it; under the lock of the list
 * @lock: guards @taken
 * @pfn: its first page
 * @nr: how many pages
 * @taken: a bit for each: it belongs to a region
 */
struct fpgabuf_carveout {
	struct list_head node;
	unsigned int users;
	struct mutex lock; /* taken */
	unsigned long pfn;
	unsigned long nr;
	unsigned long *taken;
};

static LIST_HEAD(carveouts);
static DEFINE_MUTEX(carveouts_lock);

static bool pages_usable(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++)
		if (!pfn_valid(pfn) || !PageReserved(pfn_to_page(pfn)))
			return false;
	return true;
}

static struct fpgabuf_carveout *carveout_create(const struct reserved_mem *mem)
{
	unsigned long pfn = PHYS_PFN(PAGE_ALIGN(mem->base));
	unsigned long end = PHYS_PFN(mem->base + mem->size);
	struct fpgabuf_carveout *carveout;

	if (end <= pfn || !pages_usable(pfn, end - pfn))
		return ERR_PTR(-EINVAL);

	carveout = kzalloc_obj(*carveout);
	if (!carveout)
		return ERR_PTR(-ENOMEM);
	carveout->taken = bitmap_zalloc(end - pfn, GFP_KERNEL);
	if (!carveout->taken) {
		kfree(carveout);
		return ERR_PTR(-ENOMEM);
	}
	mutex_init(&carveout->lock);
	carveout->pfn = pfn;
	carveout->nr = end - pfn;
	list_add(&carveout->node, &carveouts);
	return carveout;
}

static struct fpgabuf_carveout *carveout_find(const struct reserved_mem *mem)
{
	unsigned long pfn = PHYS_PFN(PAGE_ALIGN(mem->base));
	struct fpgabuf_carveout *carveout;

	list_for_each_entry(carveout, &carveouts, node)
		if (carveout->pfn == pfn)
			return carveout;
	return carveout_create(mem);
}

/**
 * fpgabuf_carveout_get() - take part in a carve-out
 * @node: what the memory-region of a device points to
 *
 * Context: process, may sleep.
 *
 * Return: the carve-out, to be given back by fpgabuf_carveout_put(), or
 * ERR_PTR of -EINVAL (memory without usable pages) or -ENOMEM.
 */
struct fpgabuf_carveout *fpgabuf_carveout_get(struct device_node *node)
{
	const struct reserved_mem *mem = of_reserved_mem_lookup(node);
	struct fpgabuf_carveout *carveout;

	/* A "shared-dma-pool" that is not reusable is uncached, with no-map. */
	if (!mem || of_property_read_bool(node, "no-map") ||
	    of_device_is_compatible(node, "shared-dma-pool"))
		return ERR_PTR(-EINVAL);

	mutex_lock(&carveouts_lock);
	carveout = carveout_find(mem);
	if (!IS_ERR(carveout))
		carveout->users++;
	mutex_unlock(&carveouts_lock);
	return carveout;
}

/**
 * fpgabuf_carveout_put() - undo fpgabuf_carveout_get()
 * @carveout: none of the caller's regions is left in it
 *
 * Context: process, may sleep.
 */
void fpgabuf_carveout_put(struct fpgabuf_carveout *carveout)
{
	mutex_lock(&carveouts_lock);
	if (!--carveout->users) {
		list_del(&carveout->node);
		bitmap_free(carveout->taken);
		kfree(carveout);
	}
	mutex_unlock(&carveouts_lock);
}

static int carveout_fill(struct fpgabuf_pages *pages)
{
	struct fpgabuf_carveout *carveout = pages->memory->carveout;
	unsigned long first, nr = pages->size >> PAGE_SHIFT;
	int ret;

	if (!carveout)
		return -EOPNOTSUPP;
	ret = fpgabuf_chunks_alloc(pages, nr);
	if (ret)
		return ret;

	mutex_lock(&carveout->lock);
	first = bitmap_find_next_zero_area(carveout->taken, carveout->nr, 0, nr,
					   0);
	if (first < carveout->nr)
		bitmap_set(carveout->taken, first, nr);
	mutex_unlock(&carveout->lock);
	if (first >= carveout->nr)
		return -ENOMEM;

	fpgabuf_chunks_set(pages, pfn_to_page(carveout->pfn + first));
	return 0;
}

static void carveout_empty(struct fpgabuf_pages *pages)
{
	struct fpgabuf_carveout *carveout = pages->memory->carveout;

	mutex_lock(&carveout->lock);
	bitmap_clear(carveout->taken,
		     page_to_pfn(pages->chunks[0].page) - carveout->pfn,
		     pages->nr_chunks);
	mutex_unlock(&carveout->lock);
}

const struct fpgabuf_backend_ops fpgabuf_carveout_ops = {
	.id = FPGABUF_BACKEND_CARVEOUT,
	.name = "carve-out",
	.fill = carveout_fill,
	.empty = carveout_empty,
};
