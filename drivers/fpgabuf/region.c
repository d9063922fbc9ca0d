// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the pages of a region
 *
 * A region is an array of chunks of one order that lie behind each other in
 * physical memory.  Two backends fill the array:
 *
 * - FOLIO: compound pages of the largest power of two, up to the size of a
 *   PMD, that divides the size.  Several are allocated until enough of them
 *   happen to be adjacent; the others go back.  The buddy allocator splits
 *   large blocks from one end, so the first few mostly are.  Compound pages
 *   are what the network merges into large fragments and what the lock-free
 *   get_user_pages() takes.
 * - PAGES: single pages, for sizes that no large power of two divides, and for
 *   memory too fragmented for folios.
 *
 * Neither rounds the size up, needs CMA or a symbol that is not exported.
 * Every chunk carries one reference of the region.  Freeing is dropping that
 * reference, so a page that a packet still holds lives on until the packet
 * has gone.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "compat.h"
#include "fpgabuf.h"

/* Smaller folios are as costly as pages, and harder to find in a row. */
#define FOLIO_MIN_ORDER		4
#define FOLIO_MAX_ORDER		min_t(unsigned int, MAX_PAGE_ORDER,	\
				      PMD_SHIFT - PAGE_SHIFT)

static gfp_t region_gfp(const struct fpgabuf_region *region)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	if (dma_get_mask(region->fdev->dma_dev) <= DMA_BIT_MASK(32) &&
	    IS_ENABLED(CONFIG_ZONE_DMA32))
		gfp |= GFP_DMA32;
	return gfp;
}

static int chunks_alloc(struct fpgabuf_region *region, unsigned int nr)
{
	region->chunks = kvcalloc(nr, sizeof(*region->chunks), GFP_KERNEL);
	if (!region->chunks)
		return -ENOMEM;
	region->nr_chunks = nr;
	return 0;
}

static int page_cmp(const void *a, const void *b)
{
	unsigned long x = page_to_pfn(*(struct page **)a);
	unsigned long y = page_to_pfn(*(struct page **)b);

	return x < y ? -1 : x > y;
}

/* Index of the first of @want adjacent folios in the sorted pool, or -1. */
static int find_run(struct page **pool, unsigned int nr, unsigned int want,
		    unsigned int order)
{
	unsigned int i, run = 0;

	for (i = 0; i < nr; i++) {
		if (run && page_to_pfn(pool[i]) ==
			   page_to_pfn(pool[i - 1]) + (1UL << order))
			run++;
		else
			run = 1;
		if (run == want)
			return i + 1 - want;
	}
	return -1;
}

/*
 * Take folios in rounds until @want adjacent ones are among them.  No retries
 * inside the page allocator: to squeeze the caches of everybody for folios
 * that may not even be neighbours is worse than the other backend.
 *
 * Return: the index of the first of them in the pool, or -ENOMEM, -EINTR.
 */
static int collect_run(struct page **pool, unsigned int *have,
		       unsigned int max, unsigned int want, unsigned int order,
		       gfp_t gfp)
{
	int first = -1;

	while (first < 0 && *have < max) {
		unsigned int goal = min(*have + want, max);

		while (*have < goal) {
			struct page *page = alloc_pages(gfp, order);

			if (!page)
				return -ENOMEM;
			pool[(*have)++] = page;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		sort(pool, *have, sizeof(*pool), page_cmp, NULL);
		first = find_run(pool, *have, want, order);
	}
	return first < 0 ? -ENOMEM : first;
}

static int folios_fill(struct fpgabuf_region *region, unsigned int order)
{
	gfp_t gfp = region_gfp(region) | __GFP_COMP | __GFP_NORETRY;
	unsigned int want = region->size >> PAGE_SHIFT >> order;
	unsigned int max = want == 1 ? 1 : 4 * want + 32;
	unsigned int i, have = 0;
	struct page **pool;
	int first;

	pool = kvcalloc(max, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;

	first = collect_run(pool, &have, max, want, order, gfp);
	if (first >= 0 && chunks_alloc(region, want))
		first = -ENOMEM;

	for (i = 0; i < have; i++) {
		if (first >= 0 && i - first < want)
			region->chunks[i - first] = (struct fpgabuf_chunk){
				.page = pool[i], .order = order,
			};
		else
			put_page(pool[i]);
	}
	kvfree(pool);
	if (first < 0)
		return first;

	region->backend = FPGABUF_BACKEND_FOLIO;
	return 0;
}

#ifdef CONFIG_CONTIG_ALLOC
/* Worth a try: memory that is there, in one zone, and the kernel's own. */
static bool range_usable(struct zone *zone, unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != zone || PageReserved(page))
			return false;
	}
	return true;
}

static struct page *zone_alloc_contig(struct zone *zone, unsigned long nr,
				      gfp_t gfp)
{
	unsigned long start = ALIGN(zone->zone_start_pfn, MAX_ORDER_NR_PAGES);
	unsigned long pfn;

	for (pfn = start; pfn + nr <= zone_end_pfn(zone);
	     pfn += MAX_ORDER_NR_PAGES) {
		if (fatal_signal_pending(current))
			return NULL;
		if (range_usable(zone, pfn, nr) &&
		    !alloc_contig_range(pfn, pfn + nr, MIGRATE_MOVABLE, gfp))
			return pfn_to_page(pfn);
		cond_resched();
	}
	return NULL;
}

/*
 * alloc_contig_pages() is not exported to modules on most kernels; the range
 * call is.  Zones above NORMAL are left alone: their pages may have to move,
 * or have no address on 32 bit.
 */
static struct page *contig_alloc(unsigned long nr, gfp_t gfp)
{
	struct page *page;
	int nid, zone;

	for_each_online_node(nid) {
		for (zone = gfp_zone(gfp); zone >= 0; zone--) {
			struct zone *z = &NODE_DATA(nid)->node_zones[zone];

			if (!populated_zone(z))
				continue;
			page = zone_alloc_contig(z, nr, gfp);
			if (page)
				return page;
		}
	}
	return NULL;
}
#else
static struct page *contig_alloc(unsigned long nr, gfp_t gfp)
{
	return NULL;
}
#endif

static struct page *pages_alloc(size_t size, gfp_t gfp)
{
	struct page *page = NULL;

	if (size <= PAGE_SIZE << MAX_PAGE_ORDER) {
		void *addr = alloc_pages_exact(size, gfp | __GFP_NORETRY);

		page = addr ? virt_to_page(addr) : NULL;
	}
	return page ?: contig_alloc(size >> PAGE_SHIFT, gfp);
}

static int pages_fill(struct fpgabuf_region *region)
{
	unsigned int i, nr = region->size >> PAGE_SHIFT;
	struct page *page;
	int ret;

	ret = chunks_alloc(region, nr);
	if (ret)
		return ret;

	page = pages_alloc(region->size, region_gfp(region));
	if (!page) {
		kvfree(region->chunks);
		region->chunks = NULL;
		region->nr_chunks = 0;
		return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
	}
	/* Both allocators give pages with one reference each. */
	for (i = 0; i < nr; i++)
		region->chunks[i].page = pfn_to_page(page_to_pfn(page) + i);
	region->backend = FPGABUF_BACKEND_PAGES;
	return 0;
}

static int region_fill(struct fpgabuf_region *region)
{
	unsigned long nr = region->size >> PAGE_SHIFT;
	unsigned int order = min_t(unsigned int, __ffs(nr), FOLIO_MAX_ORDER);
	int ret = -ENOMEM;

	if (order >= FOLIO_MIN_ORDER || nr == 1UL << order)
		ret = folios_fill(region, order);
	if (ret == -ENOMEM)
		ret = pages_fill(region);
	if (ret == -ENOMEM)
		dev_warn_ratelimited(region->fdev->dev,
				     "no %zu contiguous bytes: neither folios of order %u nor single pages; memory is short or fragmented, allocate earlier or less\n",
				     region->size, order);
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

static int quota_charge(struct fpgabuf_device *fdev, size_t size)
{
	if (atomic64_add_return(size, &fdev->used) > fdev->limit) {
		atomic64_sub(size, &fdev->used);
		return -EDQUOT;
	}
	return 0;
}

/**
 * fpgabuf_region_create() - allocate a zeroed, contiguous region
 * @fdev: the device it is for; the region takes a reference
 * @size: bytes, a multiple of PAGE_SIZE, at most FPGABUF_MAX_REGION
 *
 * Context: process, may sleep; the device must be bound.
 *
 * Return: the region, to be ended by fpgabuf_region_destroy(), or ERR_PTR of
 * -EDQUOT, -ENOMEM (one log line says why) or -EINTR.
 */
struct fpgabuf_region *fpgabuf_region_create(struct fpgabuf_device *fdev,
					     size_t size)
{
	struct fpgabuf_region *region;
	int ret;

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return ERR_PTR(-ENOMEM);

	ret = quota_charge(fdev, size);
	if (ret) {
		kfree(region);
		return ERR_PTR(ret);
	}
	fpgabuf_device_get(fdev);
	region->fdev = fdev;
	region->size = size;
	INIT_LIST_HEAD(&region->node);
	init_rwsem(&region->sem);
	INIT_LIST_HEAD(&region->importers);

	ret = region_fill(region);
	if (!ret)
		ret = region_zero(region);
	if (ret) {
		fpgabuf_region_destroy(region);
		return ERR_PTR(ret);
	}
	return region;
}

/**
 * fpgabuf_region_destroy() - give up the region and its references
 * @region: no longer known to anybody, no mapping for DMA left
 *
 * Pages that somebody else still refers to are freed when that reference goes.
 *
 * Context: process, may sleep.
 */
void fpgabuf_region_destroy(struct fpgabuf_region *region)
{
	struct fpgabuf_device *fdev = region->fdev;
	unsigned int i;

	for (i = 0; i < region->nr_chunks; i++)
		put_page(region->chunks[i].page);
	kvfree(region->chunks);
	atomic64_sub(region->size, &fdev->used);
	kfree(region);
	fpgabuf_device_put(fdev);
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
	unsigned int order = region->chunks[0].order;

	return region->chunks[index >> order].page +
	       (index & ((1UL << order) - 1));
}

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
 * New mappings cannot appear meanwhile: faults wait for the semaphore, and
 * VM_DONTCOPY keeps fork() from copying page tables.  Mappings that disappear
 * between the two reads make the difference larger, never smaller.  Thus only
 * "in use" can be wrong, and trying again heals that.
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
		/* Pairs with the barrier in the unmapping put_page(). */
		smp_rmb();
		maps = fpgabuf_folio_mapcount(chunk->page, chunk->order);
		usage->mappings += maps;
		/* A difference below zero is none to trust: in use as well. */
		usage->in_use += abs((long)(refs - 1 - maps));
		cond_resched();
	}
}
