// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions made of whatever memory there is
 *
 * Compound pages of falling order that need not be adjacent.  One mapping shows
 * them as one piece, and the device gets them as a list.  Large ones first: as
 * long as there are some, the list is short, and sends are cheap.
 */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"

/* Only for single pages is it worth to make the kernel look hard. */
static struct page *alloc_piece(int node, gfp_t gfp, unsigned int order)
{
	if (order)
		gfp |= __GFP_COMP | __GFP_NORETRY;
	return alloc_pages_node(node, gfp, order);
}

/* Return: how many pieces are in the list, or -ENOMEM, -EINTR. */
static int collect(struct list_head *pieces, unsigned long nr_pages, int node,
		   gfp_t gfp)
{
	unsigned int order = FPGABUF_MAX_ORDER;
	int nr = 0;

	while (nr_pages) {
		struct page *page;

		order = min_t(unsigned int, order, ilog2(nr_pages));
		page = alloc_piece(node, gfp, order);
		if (page) {
			list_add_tail(&page->lru, pieces);
			nr_pages -= 1UL << order;
			nr++;
		} else if (!order--) {
			return -ENOMEM;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return nr;
}

static void set_chunks(struct fpgabuf_pages *pages, struct list_head *pieces)
{
	struct page *page, *next;
	unsigned int i = 0;
	u32 index = 0;

	list_for_each_entry_safe(page, next, pieces, lru) {
		list_del(&page->lru);
		pages->chunks[i++] = (struct fpgabuf_chunk){
			.page = page,
			.index = index,
			.order = compound_order(page),
		};
		index += 1U << compound_order(page);
	}
}

static void put_pieces(struct list_head *pieces)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pieces, lru) {
		list_del(&page->lru);
		put_page(page);
	}
}

static int scatter_fill(struct fpgabuf_pages *pages)
{
	LIST_HEAD(pieces);
	int nr;

	nr = collect(&pieces, pages->size >> PAGE_SHIFT,
		     dev_to_node(pages->memory->dma_dev),
		     fpgabuf_memory_gfp(pages->memory));
	if (nr > 0 && fpgabuf_chunks_alloc(pages, nr))
		nr = -ENOMEM;
	if (nr < 0) {
		put_pieces(&pieces);
		return nr;
	}
	set_chunks(pages, &pieces);
	return 0;
}

const struct fpgabuf_backend_ops fpgabuf_scatter_ops = {
	.id = FPGABUF_BACKEND_SCATTER,
	.name = "scattered pages",
	.fill = scatter_fill,
	.empty = fpgabuf_chunks_put,
};
