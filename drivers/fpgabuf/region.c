// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a region: pages that are charged to somebody, until nobody has them
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
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "backends.h"
#include "compat.h"
#include "memory.h"
#include "pins.h"
#include "region.h"

/**
 * fpgabuf_account_create() - let somebody have memory of a device
 * @memory: what the device may have; a reference is taken
 *
 * Context: process, may sleep.
 *
 * Return: the account with one reference, or NULL.
 */
struct fpgabuf_account *fpgabuf_account_create(struct fpgabuf_memory *memory)
{
	struct fpgabuf_account *account = kzalloc_obj(*account);

	if (!account)
		return NULL;
	kref_init(&account->ref);
	account->memory = fpgabuf_memory_get(memory);
	account->quota.limit = memory->file_limit;
	return account;
}

/**
 * fpgabuf_account_get() - take a reference
 * @account: an open file's, or a region's
 */
void fpgabuf_account_get(struct fpgabuf_account *account)
{
	kref_get(&account->ref);
}

static void account_free(struct kref *ref)
{
	struct fpgabuf_account *account =
		container_of(ref, struct fpgabuf_account, ref);

	fpgabuf_memory_put(account->memory);
	kfree(account);
}

/**
 * fpgabuf_account_put() - drop a reference
 * @account: the account; freed with the last one
 *
 * Context: process, may sleep.
 */
void fpgabuf_account_put(struct fpgabuf_account *account)
{
	kref_put(&account->ref, account_free);
}

static int region_zero(struct fpgabuf_region *region)
{
	unsigned long i, nr = region->pages.size >> PAGE_SHIFT;

	for (i = 0; i < nr; i++) {
		clear_highpage(fpgabuf_region_page(region, i));
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void region_uncharge(struct fpgabuf_account *account, size_t size)
{
	fpgabuf_quota_uncharge(&account->quota, size);
	fpgabuf_quota_uncharge(&account->memory->quota, size);
}

static int region_charge(struct fpgabuf_account *account, size_t size)
{
	int ret;

	ret = fpgabuf_quota_charge(&account->memory->quota, size);
	if (ret)
		return ret;
	ret = fpgabuf_quota_charge(&account->quota, size);
	if (ret)
		fpgabuf_quota_uncharge(&account->memory->quota, size);
	return ret;
}

/* What nobody has any more may not have been looked for lately. */
static int charge_or_look(struct fpgabuf_account *account, size_t size)
{
	int ret = region_charge(account, size);

	if (!ret)
		return 0;
	fpgabuf_quarantine_look();
	return region_charge(account, size);
}

/**
 * fpgabuf_region_create() - allocate a zeroed region
 * @account: what it is charged to; the region takes a reference
 * @alloc: what is wanted, checked; the size is rounded up to whole pages
 *
 * Context: process, may sleep; the device must be bound.
 *
 * Return: the region, to be ended by fpgabuf_region_destroy(), or ERR_PTR of
 * -EDQUOT, -ENOMEM (one log line says why) or -EINTR.
 */
struct fpgabuf_region *fpgabuf_region_create(struct fpgabuf_account *account,
					     const struct fpgabuf_alloc *alloc)
{
	size_t size = PAGE_ALIGN(alloc->size);
	struct fpgabuf_region *region;
	int ret;

	region = kzalloc_obj(*region);
	if (!region)
		return ERR_PTR(-ENOMEM);

	ret = charge_or_look(account, size);
	if (ret) {
		kfree(region);
		return ERR_PTR(ret);
	}
	fpgabuf_account_get(account);
	region->account = account;
	region->pages.memory = account->memory;
	region->pages.size = size;
	region->pages.access = alloc->fd_flags & O_ACCMODE;

	ret = fpgabuf_pages_fill(&region->pages,
				 alloc->flags & FPGABUF_ALLOC_SCATTER);
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
 * @region: nobody gets a page of it meanwhile, but from those who have one
 *
 * Context: process, may sleep.
 */
bool fpgabuf_region_at_rest(struct fpgabuf_region *region)
{
	const struct fpgabuf_chunk *chunks = region->pages.chunks;
	unsigned int i, nr = region->pages.nr_chunks;

	for (i = 0; i < nr; i++) {
		/* Begin with the one that was held last time. */
		unsigned int at = (region->held + i) % nr;

		if (page_ref_count(chunks[at].page) != 1) {
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
	struct fpgabuf_account *account = region->account;

	fpgabuf_pages_empty(&region->pages);
	region_uncharge(account, region->pages.size);
	kvfree(region->standing);
	kfree(region);
	fpgabuf_account_put(account);
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
	const struct fpgabuf_pages *pages = &region->pages;

	return bsearch(&index, pages->chunks, pages->nr_chunks,
		       sizeof(*pages->chunks), chunk_cmp);
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
 * No new references for mappings can appear meanwhile: the caller keeps faults
 * away, and fork() does not copy page tables (see fpgabuf_vm_open()).  One that a
 * fault took before may become a mapping between the two reads: it was among
 * the references, as a foreign one, and now is taken off again.  Mappings that
 * disappear make the difference larger, never smaller.  Thus only "in use" can
 * be wrong, and trying again heals that.
 *
 * Pins of the baseline are taken off, and the baseline falls to what is there: see
 * pins.c.
 *
 * Context: process; no page of it can become mapped, see &fpgabuf_buffer.sem.
 */
void fpgabuf_region_usage(struct fpgabuf_region *region,
			  struct fpgabuf_usage *usage)
{
	u32 *standing = region->standing;
	unsigned int i;

	memset(usage, 0, sizeof(*usage));

	for (i = 0; i < region->pages.nr_chunks; i++) {
		struct fpgabuf_look look;

		fpgabuf_look_at(&region->pages.chunks[i], &look);
		usage->mappings += look.mappings;
		if (standing) {
			usage->in_use += fpgabuf_look_beside(&look,
							     &standing[i]);
			usage->standing += standing[i];
		} else {
			usage->in_use += fpgabuf_look_foreign(&look);
		}
		cond_resched();
	}
}

/**
 * fpgabuf_region_baseline() - make room for a baseline
 * @region: the region
 *
 * Context: process, may sleep.
 *
 * Return: what fpgabuf_region_record() wants, to be freed by kvfree(), or NULL.
 */
u32 *fpgabuf_region_baseline(const struct fpgabuf_region *region)
{
	return kvcalloc(region->pages.nr_chunks, sizeof(u32),
			GFP_KERNEL_ACCOUNT);
}

/**
 * fpgabuf_region_record() - record the pins of a region as its baseline
 * @region: a region without baseline
 * @standing: belongs to the region if that succeeds
 * @pins: set to how many they are
 *
 * Context: process; as fpgabuf_region_usage().
 *
 * Return: 0, or -EBUSY: there are references that are no pins; or -ENOENT: there
 * are no pins.
 */
int fpgabuf_region_record(struct fpgabuf_region *region, u32 *standing,
			  u64 *pins)
{
	unsigned int i;

	*pins = 0;
	for (i = 0; i < region->pages.nr_chunks; i++) {
		struct fpgabuf_look look;
		int ret;

		fpgabuf_look_at(&region->pages.chunks[i], &look);
		ret = fpgabuf_look_record(&look, &standing[i]);
		if (ret)
			return ret;
		*pins += standing[i];
		cond_resched();
	}
	if (!*pins)
		return -ENOENT;
	WRITE_ONCE(region->standing, standing);
	return 0;
}
