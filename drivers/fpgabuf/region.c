// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the pages of a region
 *
 * A region is an array of chunks, in order; a backend fills the array and gives
 * the memory back.  No backend rounds the size up or needs a symbol that is not
 * exported.
 *
 * Every chunk carries one reference of the region.  A region that goes while a
 * packet still holds a page lives on, unseen, until the packet has gone.
 */
#include <linux/bsearch.h>
#include <linux/fcntl.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "fpgabuf.h"

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

/**
 * fpgabuf_region_gfp() - where the pages may come from, and how hard to try
 * @region: the region
 *
 * Return: flags for the page allocator, which will not log a failure.
 */
gfp_t fpgabuf_region_gfp(const struct fpgabuf_region *region)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	/* Where there is no such zone, all that can be had is in reach. */
	if (dma_get_mask(region->fdev->dma_dev) <= DMA_BIT_MASK(32))
		gfp |= GFP_DMA32;
	return gfp;
}

/**
 * fpgabuf_chunks_alloc() - make room for the chunks
 * @region: the region
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int fpgabuf_chunks_alloc(struct fpgabuf_region *region, unsigned int nr)
{
	region->chunks = kvcalloc(nr, sizeof(*region->chunks),
				  GFP_KERNEL_ACCOUNT);
	if (!region->chunks)
		return -ENOMEM;
	region->nr_chunks = nr;
	return 0;
}

/**
 * fpgabuf_chunks_set() - let the chunks be single, adjacent pages
 * @region: the region, with as many chunks as it has pages
 * @first: the first of the pages
 */
void fpgabuf_chunks_set(struct fpgabuf_region *region, struct page *first)
{
	unsigned long pfn = page_to_pfn(first);
	unsigned int i;

	for (i = 0; i < region->nr_chunks; i++)
		region->chunks[i] = (struct fpgabuf_chunk){
			.page = pfn_to_page(pfn + i),
			.index = i,
		};
}

/**
 * fpgabuf_chunks_put() - drop the region's reference on each chunk
 * @region: the region
 *
 * For backends whose pages belong to the page allocator.
 */
void fpgabuf_chunks_put(struct fpgabuf_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_chunks; i++)
		put_page(region->chunks[i].page);
}

static void chunks_free(struct fpgabuf_region *region)
{
	kvfree(region->chunks);
	region->chunks = NULL;
	region->nr_chunks = 0;
}

/*
 * Where a folio lies in its file.  The page allocator leaves what the last owner
 * has said; and where the core maps by PMD what .fault returns, it may map pages
 * instead if the folio seems to go beyond the end, as 6.12.117 does.
 */
static void chunks_index(struct fpgabuf_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_chunks; i++) {
		const struct fpgabuf_chunk *chunk = &region->chunks[i];

		page_folio(chunk->page)->index = chunk->index;
	}
}

static int try_backend(struct fpgabuf_region *region,
		       const struct fpgabuf_backend_ops *backend)
{
	int ret = -ENOMEM;

	if (!made_to_fail(backend))
		ret = backend->fill(region);
	if (ret) {
		chunks_free(region);
		return ret;
	}
	chunks_index(region);
	region->backend = backend;
	return 0;
}

/*
 * Return: 0, or -ENOMEM when no backend has the memory, or what a backend
 * says that must not be papered over by the next one.
 */
static int try_backends(struct fpgabuf_region *region,
			const struct fpgabuf_backend_ops * const *backend,
			char *tried, size_t size)
{
	size_t len = 0;

	for (; *backend; backend++) {
		int ret = try_backend(region, *backend);

		if (ret == -EOPNOTSUPP)
			continue;
		if (ret != -ENOMEM)
			return ret;
		len += scnprintf(tried + len, size - len, "%s%s",
				 len ? ", " : "", (*backend)->name);
	}
	return -ENOMEM;
}

static int region_fill(struct fpgabuf_region *region, bool scatter)
{
	char tried[64] = "nothing";
	int ret;

	ret = try_backends(region, scatter ? scattered : contiguous, tried,
			   sizeof(tried));
	if (ret == -ENOMEM)
		dev_warn_ratelimited(region->fdev->dev,
				     "no memory for a region of %zu bytes, tried %s: %s\n",
				     region->size, tried, scatter ?
				     "ask for less" :
				     "allocate earlier or less, reserve it (memory-region, cma=), or pass FPGABUF_ALLOC_SCATTER");
	return ret;
}

static int region_zero(struct fpgabuf_region *region)
{
	unsigned long i, nr = region->size >> PAGE_SHIFT;

	for (i = 0; i < nr; i++) {
		clear_highpage(fpgabuf_region_page(region, i));
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * fpgabuf_quota_charge() - may so much be had?
 * @quota: of what there is
 * @size: bytes
 *
 * Return: 0, or -EDQUOT if the limit is reached.
 */
int fpgabuf_quota_charge(struct fpgabuf_quota *quota, size_t size)
{
	if (atomic64_add_return(size, &quota->used) > quota->limit) {
		atomic64_sub(size, &quota->used);
		return -EDQUOT;
	}
	return 0;
}

/**
 * fpgabuf_quota_uncharge() - memory is no longer had
 * @quota: what it was charged to
 * @size: bytes
 */
void fpgabuf_quota_uncharge(struct fpgabuf_quota *quota, size_t size)
{
	atomic64_sub(size, &quota->used);
}

static void region_uncharge(struct fpgabuf_file *file, size_t size)
{
	fpgabuf_quota_uncharge(&file->quota, size);
	fpgabuf_quota_uncharge(&file->fdev->quota, size);
}

static int region_charge(struct fpgabuf_file *file, size_t size)
{
	int ret;

	ret = fpgabuf_quota_charge(&file->fdev->quota, size);
	if (ret)
		return ret;
	ret = fpgabuf_quota_charge(&file->quota, size);
	if (ret)
		fpgabuf_quota_uncharge(&file->fdev->quota, size);
	return ret;
}

/* What nobody has any more may not have been looked for lately. */
static int charge_or_look(struct fpgabuf_file *file, size_t size)
{
	int ret = region_charge(file, size);

	if (!ret)
		return 0;
	fpgabuf_quarantine_look();
	return region_charge(file, size);
}

/**
 * fpgabuf_region_create() - allocate a zeroed region
 * @file: the open file it is made through; the region takes a reference
 * @alloc: what is wanted, checked; the size is rounded up to whole pages
 *
 * Context: process, may sleep; the device must be bound.
 *
 * Return: the region, to be ended by fpgabuf_region_destroy(), or ERR_PTR of
 * -EDQUOT, -ENOMEM (one log line says why) or -EINTR.
 */
struct fpgabuf_region *fpgabuf_region_create(struct fpgabuf_file *file,
					     const struct fpgabuf_alloc *alloc)
{
	size_t size = PAGE_ALIGN(alloc->size);
	struct fpgabuf_region *region;
	int ret;

	region = kzalloc_obj(*region);
	if (!region)
		return ERR_PTR(-ENOMEM);

	ret = charge_or_look(file, size);
	if (ret) {
		kfree(region);
		return ERR_PTR(ret);
	}
	fpgabuf_file_get(file);
	region->file = file;
	region->fdev = file->fdev;
	region->size = size;
	region->access = alloc->fd_flags & O_ACCMODE;
	INIT_LIST_HEAD(&region->node);
	init_rwsem(&region->sem);
	INIT_LIST_HEAD(&region->importers);

	ret = region_fill(region, alloc->flags & FPGABUF_ALLOC_SCATTER);
	if (!ret)
		ret = region_zero(region);
	if (ret) {
		fpgabuf_region_destroy(region);
		return ERR_PTR(ret);
	}
	return region;
}

/**
 * fpgabuf_region_at_rest() - is the region the only one that has its pages?
 * @region: no longer known to anybody: nobody gets a page of it any more
 *
 * Context: process, may sleep.
 */
bool fpgabuf_region_at_rest(struct fpgabuf_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_chunks; i++) {
		/* Begin with the one that was held last time. */
		unsigned int at = (region->held + i) % region->nr_chunks;

		if (page_ref_count(region->chunks[at].page) != 1) {
			region->held = at;
			return false;
		}
		cond_resched();
	}
	return true;
}

/**
 * fpgabuf_region_free() - give back the memory
 * @region: at rest
 *
 * Context: process, may sleep.
 */
void fpgabuf_region_free(struct fpgabuf_region *region)
{
	struct fpgabuf_file *file = region->file;

	if (region->backend)
		region->backend->empty(region);
	chunks_free(region);
	kvfree(region->capture.mark.had);
	region_uncharge(file, region->size);
	kfree(region);
	fpgabuf_file_put(file);
}

/**
 * fpgabuf_region_destroy() - give up the region
 * @region: no longer known to anybody, no mapping left
 *
 * Its memory goes back, and is no longer charged, when nobody else holds a page
 * of it.
 *
 * Context: process, may sleep.
 */
void fpgabuf_region_destroy(struct fpgabuf_region *region)
{
	if (fpgabuf_region_at_rest(region))
		fpgabuf_region_free(region);
	else
		fpgabuf_quarantine_add(region);
}

static int chunk_cmp(const void *key, const void *elem)
{
	const struct fpgabuf_chunk *chunk = elem;
	pgoff_t index = *(const pgoff_t *)key;

	if (index < chunk->index)
		return -1;
	return index >= chunk->index + (1UL << chunk->order);
}

/**
 * fpgabuf_region_chunk() - the chunk at an offset
 * @region: the region
 * @index: offset in pages, below the region's size
 *
 * Return: the chunk that page belongs to.
 */
const struct fpgabuf_chunk *
fpgabuf_region_chunk(const struct fpgabuf_region *region, pgoff_t index)
{
	return bsearch(&index, region->chunks, region->nr_chunks,
		       sizeof(*region->chunks), chunk_cmp);
}

/**
 * fpgabuf_region_page() - the page at an offset
 * @region: the region
 * @index: offset in pages, below the region's size
 *
 * Return: the page; no reference is taken.
 */
struct page *fpgabuf_region_page(const struct fpgabuf_region *region,
				 pgoff_t index)
{
	const struct fpgabuf_chunk *chunk = fpgabuf_region_chunk(region, index);

	return chunk->page + (index - chunk->index);
}

#if IS_ENABLED(CONFIG_FPGABUF_KUNIT_TEST)
/* Lets a test have something happen between the two reads of the in-use test. */
void (*fpgabuf_usage_hook)(const struct fpgabuf_chunk *chunk);

static void between_reads(const struct fpgabuf_chunk *chunk)
{
	if (fpgabuf_usage_hook)
		fpgabuf_usage_hook(chunk);
}
#else
static void between_reads(const struct fpgabuf_chunk *chunk)
{
}
#endif

/**
 * fpgabuf_region_usage() - count who refers to the pages
 * @region: the region
 * @usage: filled in
 *
 * The one promise: if &fpgabuf_usage.in_use is 0, then nobody but the region
 * and the page tables held a reference at some moment during the call, and so
 * no send, pipe or direct I/O that was begun earlier can still read the pages.
 *
 * References are read before mappings.  A mapping takes its reference before
 * it is counted and drops it after, so at every moment
 *
 *	references >= 1 + mappings + foreign ones.
 *
 * No new references for mappings can appear meanwhile: faults wait for the
 * semaphore, and fork() does not copy page tables (see fpgabuf_vm_open()).  One that a
 * fault took before may become a mapping between the two reads: it was among
 * the references, as a foreign one, and now is taken off again.  Mappings that
 * disappear make the difference larger, never smaller.  Thus only "in use" can
 * be wrong, and trying again heals that.
 *
 * Context: process; &fpgabuf_region.sem held for writing.
 */
void fpgabuf_region_usage(struct fpgabuf_region *region,
			  struct fpgabuf_usage *usage)
{
	unsigned int i;

	lockdep_assert_held_write(&region->sem);
	memset(usage, 0, sizeof(*usage));

	for (i = 0; i < region->nr_chunks; i++) {
		const struct fpgabuf_chunk *chunk = &region->chunks[i];
		unsigned long refs = page_ref_count(chunk->page);
		unsigned long maps;

		if (refs == 1)
			continue;
		between_reads(chunk);
		/* Pairs with the barrier in the unmapping put_page(). */
		smp_rmb();
		maps = folio_mapcount(page_folio(chunk->page));
		usage->mappings += maps;
		/* A difference below zero is none to trust: in use as well. */
		usage->in_use += abs((long)(refs - 1 - maps));
		cond_resched();
	}
}
