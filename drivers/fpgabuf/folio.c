// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions made of folios that lie behind each other
 *
 * Compound pages of the largest power of two, up to the size of a PMD, that
 * divides the size of the region.  Several are allocated until enough of them
 * happen to be adjacent; the others go back, and are charged until then.  The
 * buddy allocator splits large blocks from one end, so the first few mostly are.
 * Compound pages are what
 * the network merges into large fragments and what the lock-free
 * get_user_pages() takes.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

/* Smaller folios are as costly as pages, and harder to find in a row. */
#define FOLIO_MIN_ORDER		4

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

/**
 * struct folio_pool - folios among which there may be enough adjacent ones
 * @target: what they are for
 * @order: of each
 * @node: the device's node of memory
 * @want: how many it takes, which are charged already
 * @max: how many to look at
 * @have: how many there are
 * @charged: how many are charged
 * @pages: the folios
 */
struct folio_pool {
	struct fpgabuf_pages *target;
	unsigned int order;
	int node;
	unsigned int want;
	unsigned int max;
	unsigned int have;
	unsigned int charged;
	struct page **pages;
};

static size_t pool_bytes(const struct folio_pool *pool, unsigned int folios)
{
	return (size_t)folios << pool->order << PAGE_SHIFT;
}

/*
 * One round.  No retries inside the page allocator: to squeeze the caches of
 * everybody for folios that may not even be neighbours is worse than the other
 * backend.
 */
static int pool_grow(struct folio_pool *pool, gfp_t gfp)
{
	unsigned int goal = min(pool->have + pool->want, pool->max);

	if (goal > pool->charged) {
		if (fpgabuf_quota_charge(&pool->target->memory->search,
					 pool_bytes(pool, goal - pool->charged)))
			return -ENOMEM;
		pool->charged = goal;
	}
	while (pool->have < goal) {
		struct page *page = alloc_pages_node(pool->node, gfp,
						     pool->order);

		if (!page)
			return -ENOMEM;
		pool->pages[pool->have++] = page;
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Take folios in rounds until enough adjacent ones are among them.
 *
 * Return: the index of the first of them in the pool, or -ENOMEM, -EINTR.
 */
static int collect_run(struct folio_pool *pool, gfp_t gfp)
{
	int first = -1;

	while (first < 0 && pool->have < pool->max) {
		int ret = pool_grow(pool, gfp);

		if (ret)
			return ret;
		sort(pool->pages, pool->have, sizeof(*pool->pages), page_cmp,
		     NULL);
		first = find_run(pool->pages, pool->have, pool->want,
				 pool->order);
	}
	return first < 0 ? -ENOMEM : first;
}

/* The run becomes the region's; what is left over goes back. */
static void pool_empty(struct folio_pool *pool, int first)
{
	struct fpgabuf_chunk *chunks = pool->target->chunks;
	unsigned int i;

	for (i = 0; i < pool->have; i++) {
		if (first >= 0 && i - first < pool->want)
			chunks[i - first] = (struct fpgabuf_chunk){
				.page = pool->pages[i],
				.index = (i - first) << pool->order,
				.order = pool->order,
			};
		else
			put_page(pool->pages[i]);
	}
	fpgabuf_quota_uncharge(&pool->target->memory->search,
			       pool_bytes(pool, pool->charged - pool->want));
	kvfree(pool->pages);
}

static int fill_with_order(struct fpgabuf_pages *pages, unsigned int order)
{
	gfp_t gfp = fpgabuf_memory_gfp(pages->memory) | __GFP_COMP |
		    __GFP_NORETRY;
	unsigned int want = pages->size >> PAGE_SHIFT >> order;
	struct folio_pool pool = {
		.target = pages,
		.order = order,
		.node = dev_to_node(pages->memory->dma_dev),
		.want = want,
		.max = want == 1 ? 1 : 4 * want + 32,
		.charged = want,
	};
	int first;

	pool.pages = kvcalloc(pool.max, sizeof(*pool.pages),
			      GFP_KERNEL_ACCOUNT);
	if (!pool.pages)
		return -ENOMEM;

	first = collect_run(&pool, gfp);
	if (first >= 0 && fpgabuf_chunks_alloc(pages, want))
		first = -ENOMEM;
	pool_empty(&pool, first);
	return min(first, 0);
}

static int folio_fill(struct fpgabuf_pages *pages)
{
	unsigned long nr = pages->size >> PAGE_SHIFT;
	unsigned int order = min_t(unsigned int, __ffs(nr),
				   FPGABUF_MAX_ORDER);

	/* A page is a folio too. */
	if (order < FOLIO_MIN_ORDER && nr != 1UL << order)
		return -EOPNOTSUPP;
	return fill_with_order(pages, order);
}

const struct fpgabuf_backend_ops fpgabuf_folio_ops = {
	.id = FPGABUF_BACKEND_FOLIO,
	.name = "folios",
	.fill = folio_fill,
	.empty = fpgabuf_chunks_put,
};
