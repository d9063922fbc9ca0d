/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - a region: pages that are charged to a file, until their last reference goes
 */
#ifndef FPGABUF_REGION_H
#define FPGABUF_REGION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "memory.h"

/* The residue of a dmaengine transfer is 32 bits wide: stay well inside. */
#define FPGABUF_MAX_REGION	((u64)SZ_2G)

/**
 * struct fpgabuf_account - the memory of one open file
 * @ref: held by the open file and by every region made through it
 * @memory: the memory of the device; a reference is held
 * @quota: the limit of the regions made through it
 */
struct fpgabuf_account {
	struct kref ref;
	struct fpgabuf_memory *memory;
	struct fpgabuf_quota quota;
};

/**
 * struct fpgabuf_region - pages that are charged
 * @pages: the pages
 * @account: they are charged to it; a reference is held
 * @ino: inode number of its dma-buf, to tell regions apart by; 0 before
 * @node: in the quarantine, once it is given up
 * @held: the chunk that somebody else was found to hold last, see
 *	fpgabuf_region_at_rest()
 * @standing: its baseline: for each chunk, the pins that stay; NULL if there is none.
 *	Guarded by the caller of the in-use test, see &fpgabuf_buffer.sem
 *
 * Belongs to its dma-buf, and then to the quarantine, whose lock guards @node and
 * @held.  Until then nothing but @ino and @standing changes, and @held if the region
 * is part of a stream of bytes, under its lock.
 */
struct fpgabuf_region {
	struct fpgabuf_pages pages;
	struct fpgabuf_account *account;
	unsigned long ino;
	struct list_head node;
	unsigned int held;
	u32 *standing;
};

/**
 * struct fpgabuf_usage - references to a region's pages
 * @mappings: page table entries
 * @in_use: references that are neither the region's nor a mapping's, nor of a pin
 *	that stands
 * @standing: pins of its baseline that are there
 */
struct fpgabuf_usage {
	u64 mappings;
	u64 in_use;
	u64 standing;
};

/* region.c */
struct fpgabuf_account *fpgabuf_account_create(struct fpgabuf_memory *memory);
void fpgabuf_account_get(struct fpgabuf_account *account);
void fpgabuf_account_put(struct fpgabuf_account *account);

struct fpgabuf_region *fpgabuf_region_create(struct fpgabuf_account *account,
					     const struct fpgabuf_alloc *alloc);
void fpgabuf_region_destroy(struct fpgabuf_region *region);
bool fpgabuf_region_at_rest(struct fpgabuf_region *region);
void fpgabuf_region_free(struct fpgabuf_region *region);
const struct fpgabuf_chunk *
fpgabuf_region_chunk(const struct fpgabuf_region *region, pgoff_t index);
struct page *fpgabuf_region_page(const struct fpgabuf_region *region,
				 pgoff_t index);
void fpgabuf_region_usage(struct fpgabuf_region *region,
			  struct fpgabuf_usage *usage);
u32 *fpgabuf_region_baseline(const struct fpgabuf_region *region);
int fpgabuf_region_record(struct fpgabuf_region *region, u32 *standing,
			  u64 *pins);

/* quarantine.c */
void fpgabuf_quarantine_add(struct fpgabuf_region *region);
void fpgabuf_quarantine_look(void);
void fpgabuf_quarantine_barrier(void);

#endif /* FPGABUF_REGION_H */
