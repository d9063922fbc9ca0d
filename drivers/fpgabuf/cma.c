// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions of the contiguous memory allocator
 *
 * The last resort, for two things that are special about its pages:
 *
 * - They must not be pinned for long (FOLL_LONGTERM): get_user_pages() then
 *   tries to move them elsewhere, cannot, and tries again, for ever.  It pins
 *   for long what it may write to, so these regions are for O_RDONLY alone.
 * - Up to 6.12 the allocator takes back pages that somebody still refers to with
 *   a warning; later ones give them to the next one at once.  quarantine.c keeps
 *   that from happening.
 *
 * The allocator is reached through dma_alloc_pages(), for a device that exists
 * for nothing else: it has to be the same one when the pages go back, and by
 * then the capture device may be bound anew, or gone.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/fcntl.h>
#include <linux/mm.h>
#include <linux/of_reserved_mem.h>
#include <linux/slab.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

/**
 * struct fpgabuf_cma - a piece of the allocator's memory
 * @memory: what it was allocated for
 * @page: first page
 * @size: bytes
 * @addr: what dma_alloc_pages() said
 */
struct fpgabuf_cma {
	struct fpgabuf_memory *memory;
	struct page *page;
	size_t size;
	dma_addr_t addr;
};

/*
 * That allocation is not what the memory is used through, and is no mapping
 * that anybody would have to maintain: hence DMA_TO_DEVICE.
 */
static int cma_alloc_pages(struct fpgabuf_cma *cma)
{
	struct device *dev = cma->memory->cma_dev;

	cma->page = dma_alloc_pages(dev, cma->size, &cma->addr, DMA_TO_DEVICE,
				    GFP_KERNEL | __GFP_NOWARN);
	return cma->page ? 0 : -ENOMEM;
}

static void cma_free_pages(struct fpgabuf_cma *cma)
{
	dma_free_pages(cma->memory->cma_dev, cma->size, cma->page, cma->addr,
		       DMA_TO_DEVICE);
}

/*
 * Without a CMA area the call turns to the page allocator.  What that gives is
 * one block whose pages but the first have no references of their own.
 */
static bool is_cma(const struct fpgabuf_cma *cma)
{
	return page_ref_count(pfn_to_page(page_to_pfn(cma->page) + 1)) == 1;
}

static struct fpgabuf_cma *cma_create(struct fpgabuf_memory *memory,
				      size_t size)
{
	struct fpgabuf_cma *cma;

	cma = kzalloc_obj(*cma);
	if (!cma)
		return NULL;
	cma->memory = memory;
	cma->size = size;
	if (!cma_alloc_pages(cma)) {
		if (is_cma(cma))
			return cma;
		cma_free_pages(cma);
	}
	kfree(cma);
	return NULL;
}

/* A single page can be had everywhere. */
static int cma_fill(struct fpgabuf_pages *pages)
{
	int ret;

	if (!IS_ENABLED(CONFIG_DMA_CMA) || pages->access != O_RDONLY ||
	    pages->size == PAGE_SIZE)
		return -EOPNOTSUPP;

	ret = fpgabuf_chunks_alloc(pages, pages->size >> PAGE_SHIFT);
	if (ret)
		return ret;
	pages->cma = cma_create(pages->memory, pages->size);
	if (!pages->cma)
		return -ENOMEM;
	fpgabuf_chunks_set(pages, pages->cma->page);
	return 0;
}

static void cma_empty(struct fpgabuf_pages *pages)
{
	cma_free_pages(pages->cma);
	kfree(pages->cma);
}

const struct fpgabuf_backend_ops fpgabuf_cma_ops = {
	.id = FPGABUF_BACKEND_CMA,
	.name = "CMA",
	.fill = cma_fill,
	.empty = cma_empty,
};

static void cma_dev_release(struct device *dev)
{
	kfree(dev);
}

/**
 * fpgabuf_cma_init() - make the device that memory is allocated for
 * @memory: in the making, name and dma_dev are known
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int fpgabuf_cma_init(struct fpgabuf_memory *memory)
{
	struct device *dev = kzalloc_obj(*dev);
	int ret;

	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->release = cma_dev_release;
	dev->coherent_dma_mask = dma_get_mask(memory->dma_dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	set_dev_node(dev, dev_to_node(memory->dma_dev));
	ret = dev_set_name(dev, "%s-cma", memory->name);
	if (ret) {
		put_device(dev);
		return ret;
	}
	memory->cma_dev = dev;
	return 0;
}

/**
 * fpgabuf_cma_assign() - let the memory come from an area of the device tree
 * @memory: what the device may have
 * @node: the node that has the memory-region
 * @index: which of them it is; "reusable"
 *
 * Without this it comes from the default area of the system.
 *
 * Return: 0 or a negative errno.
 */
int fpgabuf_cma_assign(struct fpgabuf_memory *memory, struct device_node *node,
		       int index)
{
	return of_reserved_mem_device_init_by_idx(memory->cma_dev, node, index);
}

/**
 * fpgabuf_cma_exit() - undo fpgabuf_cma_init() and fpgabuf_cma_assign()
 * @memory: of which nothing is left; harmless if there is no such device
 */
void fpgabuf_cma_exit(struct fpgabuf_memory *memory)
{
	if (!memory->cma_dev)
		return;
	of_reserved_mem_device_release(memory->cma_dev);
	put_device(memory->cma_dev);
}
