// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - memory: how much of it may be had, and the pages that were got
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "memory.h"

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

/**
 * fpgabuf_memory_gfp() - where the pages may come from, and how hard to try
 * @memory: what the device may have
 *
 * Return: flags for the page allocator, which will not log a failure.
 */
gfp_t fpgabuf_memory_gfp(const struct fpgabuf_memory *memory)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	/* Where there is no such zone, all that can be had is in reach. */
	if (dma_get_mask(memory->dma_dev) <= DMA_BIT_MASK(32))
		gfp |= GFP_DMA32;
	return gfp;
}

/**
 * fpgabuf_chunks_alloc() - make room for the chunks
 * @pages: without any; the caller undoes it by fpgabuf_chunks_free()
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int fpgabuf_chunks_alloc(struct fpgabuf_pages *pages, unsigned int nr)
{
	pages->chunks = kvcalloc(nr, sizeof(*pages->chunks),
				 GFP_KERNEL_ACCOUNT);
	if (!pages->chunks)
		return -ENOMEM;
	pages->nr_chunks = nr;
	return 0;
}

/**
 * fpgabuf_chunks_set() - let the chunks be single, adjacent pages
 * @pages: with as many chunks as it has pages
 * @first: the first of the pages
 */
void fpgabuf_chunks_set(struct fpgabuf_pages *pages, struct page *first)
{
	unsigned long pfn = page_to_pfn(first);
	unsigned int i;

	for (i = 0; i < pages->nr_chunks; i++)
		pages->chunks[i] = (struct fpgabuf_chunk){
			.page = pfn_to_page(pfn + i),
			.index = i,
		};
}

/**
 * fpgabuf_chunks_put() - drop our reference on each chunk
 * @pages: the pages
 *
 * For backends whose pages belong to the page allocator.
 */
void fpgabuf_chunks_put(struct fpgabuf_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->nr_chunks; i++)
		put_page(pages->chunks[i].page);
}

/**
 * fpgabuf_chunks_free() - undo fpgabuf_chunks_alloc(); harmless if there are none
 * @pages: the pages, which are left alone
 */
void fpgabuf_chunks_free(struct fpgabuf_pages *pages)
{
	kvfree(pages->chunks);
	pages->chunks = NULL;
	pages->nr_chunks = 0;
}
