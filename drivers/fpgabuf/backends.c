// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the backends, in the order in which they are asked
 *
 * Also what they are set up with: the limits, and what the device tree says about
 * memory.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

static unsigned int limit_mib;
module_param(limit_mib, uint, 0444);
MODULE_PARM_DESC(limit_mib, "most MiB all regions of a device may have together (0 = what the device tree says, or a quarter of the memory)");

static unsigned int file_limit_mib;
module_param(file_limit_mib, uint, 0444);
MODULE_PARM_DESC(file_limit_mib, "most MiB the regions made through one open file may have (0 = what the device tree says, or the limit of the device)");

#ifdef CONFIG_FPGABUF_DEBUG
/* Lets a test reach the backends that are the last resort. */
static unsigned int debug_fail_backends;
module_param(debug_fail_backends, uint, 0600);
MODULE_PARM_DESC(debug_fail_backends, "bit N: backend N of enum fpgabuf_backend finds no memory (tests only)");

static bool made_to_fail(const struct fpgabuf_backend_ops *backend)
{
	return READ_ONCE(debug_fail_backends) & BIT(backend->id);
}
#else
static bool made_to_fail(const struct fpgabuf_backend_ops *backend)
{
	return false;
}
#endif

/* In the order in which they are tried, up to the first NULL */
static const struct fpgabuf_backend_ops * const contiguous[] = {
	&fpgabuf_carveout_ops,
	&fpgabuf_folio_ops,
	&fpgabuf_pages_ops,
	&fpgabuf_cma_ops,
	NULL
};

static const struct fpgabuf_backend_ops * const scattered[] = {
	&fpgabuf_scatter_ops,
	NULL
};

/*
 * Where a folio lies in its file.  The page allocator leaves what the last owner
 * has said; and where the core maps by PMD what .fault returns, it may map pages
 * instead if the folio seems to go beyond the end, as 6.12.117 does.
 */
static void chunks_index(struct fpgabuf_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->nr_chunks; i++) {
		const struct fpgabuf_chunk *chunk = &pages->chunks[i];

		page_folio(chunk->page)->index = chunk->index;
	}
}

static int try_backend(struct fpgabuf_pages *pages,
		       const struct fpgabuf_backend_ops *backend)
{
	int ret = -ENOMEM;

	if (!made_to_fail(backend))
		ret = backend->fill(pages);
	if (ret) {
		fpgabuf_chunks_free(pages);
		return ret;
	}
	chunks_index(pages);
	pages->backend = backend;
	return 0;
}

/*
 * Return: 0, or -ENOMEM when no backend has the memory, or what a backend
 * says that must not be papered over by the next one.
 */
static int try_backends(struct fpgabuf_pages *pages,
			const struct fpgabuf_backend_ops * const *backend,
			char *tried, size_t size)
{
	size_t len = 0;

	for (; *backend; backend++) {
		int ret = try_backend(pages, *backend);

		if (ret == -EOPNOTSUPP)
			continue;
		if (ret != -ENOMEM)
			return ret;
		len += scnprintf(tried + len, size - len, "%s%s",
				 len ? ", " : "", (*backend)->name);
	}
	return -ENOMEM;
}

/**
 * fpgabuf_pages_fill() - find the pages
 * @pages: memory, size and access are set
 * @scatter: they need not be adjacent
 *
 * Context: process, may sleep; the device must be bound.
 *
 * Return: 0, to be undone by fpgabuf_pages_empty(); -ENOMEM, and one log line
 * says why; or -EINTR.
 */
int fpgabuf_pages_fill(struct fpgabuf_pages *pages, bool scatter)
{
	char tried[64] = "nothing";
	int ret;

	ret = try_backends(pages, scatter ? scattered : contiguous, tried,
			   sizeof(tried));
	if (ret == -ENOMEM)
		dev_warn_ratelimited(pages->memory->dev,
				     "no memory for a region of %zu bytes, tried %s: %s\n",
				     pages->size, tried, scatter ?
				     "ask for less" :
				     "allocate earlier or less, reserve it (memory-region, cma=), or pass FPGABUF_ALLOC_SCATTER");
	return ret;
}

/**
 * fpgabuf_pages_empty() - give the pages back
 * @pages: nobody else holds a reference on one; harmless if there are none
 *
 * Context: process, may sleep.
 */
void fpgabuf_pages_empty(struct fpgabuf_pages *pages)
{
	if (pages->backend)
		pages->backend->empty(pages);
	pages->backend = NULL;
	fpgabuf_chunks_free(pages);
}

/* A limit in bytes: who loads the module knows better than the device tree. */
static u64 memory_limit(struct device *dev, u32 param_mib, const char *property,
			u64 otherwise)
{
	u32 mib = param_mib;

	if (!mib)
		device_property_read_u32(dev, property, &mib);
	return mib ? (u64)mib * SZ_1M : otherwise;
}

static void limits_init(struct fpgabuf_memory *memory, struct device *dev)
{
	u64 quarter = (u64)(totalram_pages() / 4) << PAGE_SHIFT;

	memory->quota.limit = memory_limit(dev, limit_mib, "fpgabuf,limit-mib",
					   quarter);
	memory->search.limit = memory->quota.limit;
	memory->file_limit = memory_limit(dev, file_limit_mib,
					  "fpgabuf,file-limit-mib",
					  memory->quota.limit);
}

/* What the device tree says about memory: a carve-out, an area of CMA, both. */
static int memory_regions(struct fpgabuf_memory *memory, struct device_node *np)
{
	struct device_node *node;
	int i, ret = 0;

	for (i = 0; !ret && (node = of_parse_phandle(np, "memory-region", i));
	     i++) {
		if (of_property_read_bool(node, "reusable")) {
			ret = fpgabuf_cma_assign(memory, np, i);
		} else if (memory->carveout) {
			ret = -EINVAL;
		} else {
			struct fpgabuf_carveout *carveout =
				fpgabuf_carveout_get(node);

			ret = PTR_ERR_OR_ZERO(carveout);
			if (!ret)
				memory->carveout = carveout;
		}
		if (ret)
			dev_err(memory->dev,
				"cannot use memory-region %pOF (one without no-map, and one that is reusable): %d\n",
				node, ret);
		of_node_put(node);
	}
	return ret;
}

static void memory_free(struct kref *ref)
{
	struct fpgabuf_memory *memory =
		container_of(ref, struct fpgabuf_memory, ref);

	if (memory->carveout)
		fpgabuf_carveout_put(memory->carveout);
	fpgabuf_cma_exit(memory);
	put_device(memory->dma_dev);
	put_device(memory->dev);
	kfree(memory);
}

/**
 * fpgabuf_memory_create() - find out what memory a device may have
 * @dev: the capture device; a reference is taken
 * @dma_dev: the device that does the DMA; a reference is taken
 * @id: number of the device
 *
 * Context: process, may sleep.
 *
 * Return: the memory with one reference, or ERR_PTR of -ENOMEM, or of what is
 * wrong with a memory-region, and the log says which.
 */
struct fpgabuf_memory *fpgabuf_memory_create(struct device *dev,
					     struct device *dma_dev, int id)
{
	struct fpgabuf_memory *memory = kzalloc_obj(*memory);
	int ret;

	if (!memory)
		return ERR_PTR(-ENOMEM);
	kref_init(&memory->ref);
	memory->id = id;
	snprintf(memory->name, sizeof(memory->name), "fpgabuf%d", id);
	memory->dev = get_device(dev);
	memory->dma_dev = get_device(dma_dev);
	limits_init(memory, dev);

	ret = fpgabuf_cma_init(memory);
	if (!ret)
		ret = memory_regions(memory, dev->of_node);
	if (ret) {
		fpgabuf_memory_put(memory);
		return ERR_PTR(ret);
	}
	return memory;
}

/**
 * fpgabuf_memory_get() - take a reference
 * @memory: the memory
 *
 * Return: the same.
 */
struct fpgabuf_memory *fpgabuf_memory_get(struct fpgabuf_memory *memory)
{
	kref_get(&memory->ref);
	return memory;
}

/**
 * fpgabuf_memory_put() - drop a reference
 * @memory: the memory; what it has set up goes with the last one
 *
 * Context: process, may sleep.
 */
void fpgabuf_memory_put(struct fpgabuf_memory *memory)
{
	kref_put(&memory->ref, memory_free);
}
