/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - memory: its limits, and the pages of regions
 *
 * The lowest layer: the structures that the backends read and fill.
 */
#ifndef FPGABUF_MEMORY_H
#define FPGABUF_MEMORY_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/types.h>

/* The in-tree header, or the one beside an out-of-tree build. */
#include <linux/fpgabuf.h>

struct device;
struct fpgabuf_carveout;
struct fpgabuf_cma;
struct fpgabuf_pages;
struct page;

/* A larger folio could not be mapped by one PMD. */
#define FPGABUF_MAX_ORDER	min_t(unsigned int, MAX_PAGE_ORDER,	\
				      PMD_SHIFT - PAGE_SHIFT)

/**
 * struct fpgabuf_quota - a limit of memory
 * @limit: most bytes
 * @used: bytes in use
 */
struct fpgabuf_quota {
	u64 limit;
	atomic64_t used;
};

/**
 * struct fpgabuf_memory - limits and sources of the memory of a device
 * @ref: held by the bound device and every account: memory outlives the binding
 * @id: number of the device
 * @name: name of the device, and of its node
 * @dev: the capture device, for log lines while it is bound; a reference is held
 * @dma_dev: the device that does the DMA; a reference is held
 * @carveout: memory set aside for it, or NULL
 * @cma_dev: the device that memory of CMA is allocated for
 * @quota: the limit of all regions
 * @search: the limit of memory taken for a moment, to find adjacent pages; as large
 * @file_limit: most bytes of the regions made through one open file
 *
 * backends.c makes and frees it.  In between only the quotas change, which are
 * atomic: there is no lock.
 */
struct fpgabuf_memory {
	struct kref ref;
	int id;
	char name[20];
	struct device *dev;
	struct device *dma_dev;
	struct fpgabuf_carveout *carveout;
	struct device *cma_dev;
	struct fpgabuf_quota quota;
	struct fpgabuf_quota search;
	u64 file_limit;
};

/**
 * struct fpgabuf_backend_ops - a source of memory
 * @id: its number in the UAPI
 * @name: its name in the log
 * @fill: find memory for &fpgabuf_pages.size bytes and set the chunks, each
 *	with one reference; may sleep.  0, or -EOPNOTSUPP it cannot give such
 *	pages, -ENOMEM, -EINTR.  After an error the chunks are ignored
 * @empty: give the memory back; nothing else holds a reference
 */
struct fpgabuf_backend_ops {
	enum fpgabuf_backend id;
	const char *name;
	int (*fill)(struct fpgabuf_pages *pages);
	void (*empty)(struct fpgabuf_pages *pages);
};

/**
 * struct fpgabuf_chunk - pages that are freed as one
 * @page: (head) page; one reference is held
 * @index: its place in the region, in pages
 * @order: log2 of its pages
 */
struct fpgabuf_chunk {
	struct page *page;
	u32 index;
	u32 order;
};

/**
 * struct fpgabuf_pages - the pages of a region
 * @memory: the memory of the device; the region's account holds the reference
 * @size: bytes, whole pages
 * @access: O_RDONLY or O_RDWR: how they may be mapped
 * @backend: the backend they come from; NULL while there are no pages
 * @chunks: the pages, in order
 * @nr_chunks: how many chunks
 * @cma: data of cma.c
 *
 * Filled and emptied by one owner, and constant in between: there is no lock.
 */
struct fpgabuf_pages {
	struct fpgabuf_memory *memory;
	size_t size;
	u32 access;
	const struct fpgabuf_backend_ops *backend;
	struct fpgabuf_chunk *chunks;
	unsigned int nr_chunks;
	struct fpgabuf_cma *cma;
};

int fpgabuf_quota_charge(struct fpgabuf_quota *quota, size_t size);
void fpgabuf_quota_uncharge(struct fpgabuf_quota *quota, size_t size);

gfp_t fpgabuf_memory_gfp(const struct fpgabuf_memory *memory);

int fpgabuf_chunks_alloc(struct fpgabuf_pages *pages, unsigned int nr);
void fpgabuf_chunks_set(struct fpgabuf_pages *pages, struct page *first);
void fpgabuf_chunks_put(struct fpgabuf_pages *pages);
void fpgabuf_chunks_free(struct fpgabuf_pages *pages);

#endif /* FPGABUF_MEMORY_H */
