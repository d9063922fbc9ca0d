// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions made of folios that lie behind each other
 *
 * Compound pages of the largest power of two, up to the size of a PMD, that
 * divides the size of the region.  Several are allocated until enough of them
 * happen to be adjacent; the others go back.  The buddy allocator splits large
 * blocks from one end, so the first few mostly are.  Compound pages are what
 * the network merges into large fragments and what the lock-free
 * get_user_pages() takes.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "compat.h"
#include "fpgabuf.h"

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

static int fill_with_order(struct fpgabuf_region *region, unsigned int order)
{
	gfp_t gfp = fpgabuf_region_gfp(region) | __GFP_COMP | __GFP_NORETRY;
	unsigned int want = region->size >> PAGE_SHIFT >> order;
	unsigned int max = want == 1 ? 1 : 4 * want + 32;
	unsigned int i, have = 0;
	struct page **pool;
	int first;

	pool = kvcalloc(max, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;

	first = collect_run(pool, &have, max, want, order, gfp);
	if (first >= 0 && fpgabuf_chunks_alloc(region, want))
		first = -ENOMEM;

	for (i = 0; i < have; i++) {
		if (first >= 0 && i - first < want)
			region->chunks[i - first] = (struct fpgabuf_chunk){
				.page = pool[i],
				.index = (i - first) << order,
				.order = order,
			};
		else
			put_page(pool[i]);
	}
	kvfree(pool);
	return min(first, 0);
}

static int folio_fill(struct fpgabuf_region *region)
{
	unsigned long nr = region->size >> PAGE_SHIFT;
	unsigned int order = min_t(unsigned int, __ffs(nr),
				   FPGABUF_MAX_ORDER);

	/* A page is a folio too. */
	if (order < FOLIO_MIN_ORDER && nr != 1UL << order)
		return -EOPNOTSUPP;
	return fill_with_order(region, order);
}

const struct fpgabuf_backend_ops fpgabuf_folio_ops = {
	.id = FPGABUF_BACKEND_FOLIO,
	.name = "folios",
	.fill = folio_fill,
	.empty = fpgabuf_chunks_put,
};
