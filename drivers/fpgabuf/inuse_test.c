// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the in-use test
 *
 * On mappings that are real: a page fault of this driver makes them, the pages
 * are pinned by get_user_pages() as by a send, and the kernel unmaps them.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/page_ref.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "kunit_bed.h"
#include "pins.h"

#define NR_PAGES	16

/* A folio of 16 pages; single pages, one more to make it odd; pieces */
static const struct {
	const char *name;
	u32 pages;
	u32 flags;
} kinds[] = {
	{ "one folio", NR_PAGES, 0 },
	{ "single pages", NR_PAGES + 1, 0 },
	{ "scattered", NR_PAGES + 3, FPGABUF_ALLOC_SCATTER },
};

static void kind_name(const typeof(kinds[0]) *kind, char *name)
{
	strscpy(name, kind->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kinds, kinds, kind_name);

static struct fpgabuf_target *region_of_kind(struct kunit *test)
{
	const typeof(kinds[0]) *kind = test->param_value;

	return bed_region(test, kind->pages * PAGE_SIZE, kind->flags);
}

static struct fpgabuf_usage usage_of(struct fpgabuf_target *region)
{
	struct fpgabuf_usage usage;
	unsigned int importers;

	fpgabuf_buffer_look(&region->buffer, &usage, &importers);
	return usage;
}

static void expect_usage(struct kunit *test, struct fpgabuf_target *region,
			 u64 mappings, u64 in_use)
{
	struct fpgabuf_usage usage = usage_of(region);

	KUNIT_EXPECT_EQ(test, usage.mappings, mappings);
	KUNIT_EXPECT_EQ(test, usage.in_use, in_use);
}

/* Map it into the thread of the test, and touch it. */
static unsigned long map_region(struct kunit *test,
				struct fpgabuf_target *region)
{
	unsigned long addr;
	u8 byte = 1;

	addr = kunit_vm_mmap(test, region->buffer.dmabuf->file, 0,
			     region->buffer.dmabuf->size,
			     PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)addr, &byte, 1), 0);
	return addr;
}

static u64 nr_pages(const struct fpgabuf_target *region)
{
	return region->buffer.dmabuf->size >> PAGE_SHIFT;
}

/* Every page held by itself is seen, be it head, tail or single. */
static void held_page_test(struct kunit *test)
{
	struct fpgabuf_target *region = region_of_kind(test);
	pgoff_t i;

	expect_usage(test, region, 0, 0);
	for (i = 0; i < nr_pages(region); i++) {
		struct page *page = fpgabuf_region_page(region->buffer.region, i);

		get_page(page);
		expect_usage(test, region, 0, 1);
		get_page(page);
		expect_usage(test, region, 0, 2);
		put_page(page);
		put_page(page);
		expect_usage(test, region, 0, 0);
	}
	dma_buf_put(region->buffer.dmabuf);
}

static void mapped_test(struct kunit *test)
{
	struct fpgabuf_target *region = region_of_kind(test);
	unsigned long addr = map_region(test, region);

	expect_usage(test, region, nr_pages(region), 0);
	vm_munmap(addr + PAGE_SIZE, PAGE_SIZE);
	expect_usage(test, region, nr_pages(region) - 1, 0);
	vm_munmap(addr, region->buffer.dmabuf->size);
	expect_usage(test, region, 0, 0);
	dma_buf_put(region->buffer.dmabuf);
}

/* What a send does; the mapping may go, its pages are held nevertheless. */
static void pinned_test(struct kunit *test)
{
	struct fpgabuf_target *region = region_of_kind(test);
	unsigned long addr = map_region(test, region);
	struct page *pages[5];
	int i;

	KUNIT_ASSERT_EQ(test,
			get_user_pages_fast(addr + 3 * PAGE_SIZE,
					    ARRAY_SIZE(pages), 0, pages),
			(int)ARRAY_SIZE(pages));
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i],
				    fpgabuf_region_page(region->buffer.region, 3 + i));
	expect_usage(test, region, nr_pages(region), ARRAY_SIZE(pages));
	vm_munmap(addr, region->buffer.dmabuf->size);
	expect_usage(test, region, 0, ARRAY_SIZE(pages));
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		put_page(pages[i]);
	expect_usage(test, region, 0, 0);
	dma_buf_put(region->buffer.dmabuf);
}

/*
 * The moment between the two reads of the in-use test.  One page of the region
 * is held, as by a packet, and as the test looks at the chunk of that page all
 * its mappings go.
 */
static struct {
	struct fpgabuf_target *region;
	const struct fpgabuf_chunk *chunk;
	bool happened;
} moment;

static void unmap_all(const struct fpgabuf_chunk *chunk)
{
	if (chunk != moment.chunk)
		return;
	unmap_mapping_range(moment.region->buffer.dmabuf->file->f_mapping, 0, 0, 1);
	moment.happened = true;
}

static void moment_begin(struct kunit *test, struct fpgabuf_target *region,
			 pgoff_t index)
{
	moment.region = region;
	moment.chunk = fpgabuf_region_chunk(region->buffer.region, index);
	moment.happened = false;
}

/*
 * Read the other way round, as many references would appear to be missing as
 * mappings went: with one mapping of the chunk and one packet that holds it nobody
 * would seem to hold it.  As it is, the page counts as in use, whichever it is.
 */
static void references_first_test(struct kunit *test)
{
	struct fpgabuf_target *region = region_of_kind(test);
	unsigned long addr = map_region(test, region);
	struct fpgabuf_usage usage;
	u8 byte = 1;
	pgoff_t i;

	for (i = 0; i < nr_pages(region); i++) {
		struct page *page = fpgabuf_region_page(region->buffer.region, i);

		KUNIT_ASSERT_EQ(test,
				copy_to_user((void __user *)addr, &byte, 1), 0);
		get_page(page);
		moment_begin(test, region, i);
		fpgabuf_look_hook = unmap_all;
		usage = usage_of(region);
		fpgabuf_look_hook = NULL;
		KUNIT_EXPECT_TRUE(test, moment.happened);
		KUNIT_EXPECT_GE(test, usage.in_use, 1);
		/* And once more: now it is exact. */
		expect_usage(test, region, 0, 1);
		put_page(page);
		expect_usage(test, region, 0, 0);
	}
	vm_munmap(addr, region->buffer.dmabuf->size);
	dma_buf_put(region->buffer.dmabuf);
}

/*
 * More mappings than references cannot be: then the page counts as in use.  It is
 * mapped twice, because a page that has but one reference is not mapped at all.
 */
static void reference_missing_test(struct kunit *test)
{
	struct fpgabuf_target *region = region_of_kind(test);
	const unsigned long addr[] = {
		map_region(test, region), map_region(test, region),
	};
	struct page *page = compound_head(fpgabuf_region_page(region->buffer.region,
							      0));

	page_ref_dec(page);
	expect_usage(test, region, 2 * nr_pages(region), 1);
	page_ref_inc(page);
	expect_usage(test, region, 2 * nr_pages(region), 0);
	vm_munmap(addr[0], region->buffer.dmabuf->size);
	vm_munmap(addr[1], region->buffer.dmabuf->size);
	dma_buf_put(region->buffer.dmabuf);
}

static struct kunit_case inuse_cases[] = {
	KUNIT_CASE_PARAM(held_page_test, kinds_gen_params),
	KUNIT_CASE_PARAM(mapped_test, kinds_gen_params),
	KUNIT_CASE_PARAM(pinned_test, kinds_gen_params),
	KUNIT_CASE_PARAM(references_first_test, kinds_gen_params),
	KUNIT_CASE_PARAM(reference_missing_test, kinds_gen_params),
	{}
};

static struct kunit_suite inuse_suite = {
	.name = "fpgabuf-inuse",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = inuse_cases,
};

kunit_test_suite(inuse_suite);
