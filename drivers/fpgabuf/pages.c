// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions made of single pages that lie behind each other
 *
 * For sizes that no large power of two divides, and for memory too fragmented
 * for folios.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

#ifdef CONFIG_CONTIG_ALLOC
/* Ranges that are tried in one allocation: to try is to move what is there. */
#define MAX_TRIES	64

/* One such search at a time, whoever wants memory */
static DEFINE_MUTEX(search);

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
				      gfp_t gfp, unsigned int *tries)
{
	unsigned long start = ALIGN(zone->zone_start_pfn, MAX_ORDER_NR_PAGES);
	unsigned long pfn;

	for (pfn = start; *tries && pfn + nr <= zone_end_pfn(zone);
	     pfn += MAX_ORDER_NR_PAGES) {
		if (fatal_signal_pending(current))
			return NULL;
		cond_resched();
		if (!range_usable(zone, pfn, nr))
			continue;
		if (!alloc_contig_range(pfn, pfn + nr, ACR_FLAGS_NONE, gfp))
			return pfn_to_page(pfn);
		(*tries)--;
	}
	return NULL;
}

/*
 * alloc_contig_pages() is not exported to modules on most kernels; the range
 * call is.  Zones above NORMAL are left alone: their pages may have to move,
 * or have no address on 32 bit.
 */
static struct page *search_zones(unsigned long nr, gfp_t gfp)
{
	unsigned int tries = MAX_TRIES;
	struct page *page;
	int nid, zone;

	for_each_online_node(nid) {
		for (zone = gfp_zone(gfp); zone >= 0; zone--) {
			struct zone *z = &NODE_DATA(nid)->node_zones[zone];

			if (!populated_zone(z))
				continue;
			page = zone_alloc_contig(z, nr, gfp, &tries);
			if (page)
				return page;
		}
	}
	return NULL;
}

/* It takes no flag that says who pays. */
static struct page *contig_alloc(unsigned long nr, gfp_t gfp)
{
	struct page *page;

	if (mutex_lock_killable(&search))
		return NULL;
	page = search_zones(nr, gfp & ~__GFP_ACCOUNT);
	mutex_unlock(&search);
	return page;
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

static int pages_fill(struct fpgabuf_pages *pages)
{
	struct page *page;
	int ret;

	ret = fpgabuf_chunks_alloc(pages, pages->size >> PAGE_SHIFT);
	if (ret)
		return ret;

	page = pages_alloc(pages->size, fpgabuf_memory_gfp(pages->memory));
	if (!page)
		return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
	/* Both allocators give pages with one reference each. */
	fpgabuf_chunks_set(pages, page);
	return 0;
}

const struct fpgabuf_backend_ops fpgabuf_pages_ops = {
	.id = FPGABUF_BACKEND_PAGES,
	.name = "single pages",
	.fill = pages_fill,
	.empty = fpgabuf_chunks_put,
};
