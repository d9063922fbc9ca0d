// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the pages of a region
 */
#include <linux/fcntl.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "kunit_bed.h"

#define STALE	0xa5

/**
 * struct region_case - a size, and what it must become
 * @pages: the size in pages
 * @less: so many bytes less than that
 * @backend: where it must come from when memory is plenty
 * @chunks: how many pieces that is
 */
struct region_case {
	unsigned int pages;
	unsigned int less;
	enum fpgabuf_backend backend;
	unsigned int chunks;
};

static const struct region_case contiguous[] = {
	{ 1, 0, FPGABUF_BACKEND_FOLIO, 1 },
	{ 1, PAGE_SIZE - 1, FPGABUF_BACKEND_FOLIO, 1 },
	{ 2, 0, FPGABUF_BACKEND_FOLIO, 1 },
	{ 3, 0, FPGABUF_BACKEND_PAGES, 3 },
	{ 4, 1, FPGABUF_BACKEND_FOLIO, 1 },
	{ 5, 8, FPGABUF_BACKEND_PAGES, 5 },
	{ 16, 0, FPGABUF_BACKEND_FOLIO, 1 },
	{ 17, 0, FPGABUF_BACKEND_PAGES, 17 },
	{ 24, 0, FPGABUF_BACKEND_PAGES, 24 },
	{ 48, 0, FPGABUF_BACKEND_FOLIO, 3 },
	{ 512, 0, FPGABUF_BACKEND_FOLIO, 1 },
	{ 513, 1, FPGABUF_BACKEND_PAGES, 513 },
	{ 1008, 0, FPGABUF_BACKEND_FOLIO, 63 },
	{ 1024, 0, FPGABUF_BACKEND_FOLIO, 2 },
	/* More than the page allocator has in one piece */
	{ 1025, 0, FPGABUF_BACKEND_PAGES, 1025 },
	{ 2560, 0, FPGABUF_BACKEND_FOLIO, 5 },
};

static const struct region_case scattered[] = {
	{ 1, 0, FPGABUF_BACKEND_SCATTER, 1 },
	{ 2, 100, FPGABUF_BACKEND_SCATTER, 1 },
	{ 3, 0, FPGABUF_BACKEND_SCATTER, 2 },
	{ 513, 0, FPGABUF_BACKEND_SCATTER, 2 },
	{ 1023, 0, FPGABUF_BACKEND_SCATTER, 10 },
	{ 1024, 0, FPGABUF_BACKEND_SCATTER, 2 },
};

static void region_case_name(const struct region_case *c, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%u pages less %u bytes",
		 c->pages, c->less);
}

KUNIT_ARRAY_PARAM(contiguous, contiguous, region_case_name);
KUNIT_ARRAY_PARAM(scattered, scattered, region_case_name);

static struct fpgabuf_region *create(struct kunit *test,
				     struct fpgabuf_account *account, u64 size,
				     u32 flags)
{
	const struct fpgabuf_alloc alloc = {
		.size = size,
		.flags = flags,
		.fd_flags = O_RDWR,
	};

	return fpgabuf_region_create(account, &alloc);
}

/* What the region gets has been somebody else's just now. */
static void leave_stale_pages(struct kunit *test, unsigned int pages)
{
	unsigned int order = min_t(unsigned int, order_base_2(pages),
				   FPGABUF_MAX_ORDER);
	unsigned int i, nr = DIV_ROUND_UP(pages, 1U << order);
	struct page **page;

	page = kunit_kcalloc(test, nr, sizeof(*page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < nr; i++) {
		page[i] = alloc_pages(GFP_KERNEL, order);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		memset(page_address(page[i]), STALE, PAGE_SIZE << order);
	}
	for (i = 0; i < nr; i++)
		__free_pages(page[i], order);
}

/* Each index is in the chunk that says so, and its page where that lies. */
static void expect_lookup(struct kunit *test,
			  const struct fpgabuf_region *region)
{
	const struct fpgabuf_chunk *chunk = region->pages.chunks;
	pgoff_t index, next = 0;

	for (index = 0; index < region->pages.size >> PAGE_SHIFT; index++) {
		if (index == next + (1UL << chunk->order)) {
			next += 1UL << chunk->order;
			chunk++;
		}
		KUNIT_ASSERT_EQ(test, chunk->index, next);
		KUNIT_ASSERT_PTR_EQ(test, fpgabuf_region_chunk(region, index),
				    chunk);
		KUNIT_ASSERT_EQ(test,
				page_to_pfn(fpgabuf_region_page(region, index)),
				page_to_pfn(chunk->page) + index - next);
	}
	KUNIT_EXPECT_PTR_EQ(test, chunk + 1,
			    region->pages.chunks + region->pages.nr_chunks);
	KUNIT_EXPECT_EQ(test, index, next + (1UL << chunk->order));
}

static void expect_pages(struct kunit *test, struct fpgabuf_region *region,
			 bool contiguous)
{
	unsigned long first = page_to_pfn(region->pages.chunks[0].page);
	pgoff_t index;

	for (index = 0; index < region->pages.size >> PAGE_SHIFT; index++) {
		struct page *page = fpgabuf_region_page(region, index);

		KUNIT_ASSERT_NULL(test, memchr_inv(page_address(page), 0,
						   PAGE_SIZE));
		KUNIT_ASSERT_EQ(test, page_ref_count(compound_head(page)), 1);
		if (contiguous)
			KUNIT_ASSERT_EQ(test, page_to_pfn(page), first + index);
	}
}

/* Chunks that are freed as one must be one for the allocator as well. */
static void expect_orders(struct kunit *test,
			  const struct fpgabuf_region *region)
{
	unsigned int i;

	for (i = 0; i < region->pages.nr_chunks; i++)
		KUNIT_EXPECT_EQ(test, compound_order(region->pages.chunks[i].page),
				region->pages.chunks[i].order);
}

static void check_region(struct kunit *test, u32 flags)
{
	const struct region_case *c = test->param_value;
	struct bed *bed = test->priv;
	struct fpgabuf_region *region;

	if (c->pages > 1U << MAX_PAGE_ORDER && !IS_ENABLED(CONFIG_CONTIG_ALLOC))
		kunit_skip(test, "CONFIG_CONTIG_ALLOC is not set");

	leave_stale_pages(test, c->pages);
	region = create(test, bed->file->account,
			c->pages * PAGE_SIZE - c->less, flags);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	KUNIT_EXPECT_EQ(test, region->pages.size, c->pages * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, region->pages.backend->id, c->backend);
	KUNIT_EXPECT_EQ(test, region->pages.nr_chunks, c->chunks);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used),
			region->pages.size);
	expect_lookup(test, region);
	expect_orders(test, region);
	expect_pages(test, region, !flags);
	fpgabuf_region_destroy(region);
}

static void contiguous_test(struct kunit *test)
{
	check_region(test, 0);
}

static void scattered_test(struct kunit *test)
{
	check_region(test, FPGABUF_ALLOC_SCATTER);
}

/* Until the last byte, and never beyond; what was refused is not charged. */
static void quota_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_quota *quota = &bed->memory.quota;
	struct fpgabuf_file *other = bed_open(test);
	struct fpgabuf_region *region[2];

	quota->limit = 5 * PAGE_SIZE;
	other->account->quota.limit = 2 * PAGE_SIZE;

	KUNIT_EXPECT_PTR_EQ(test, create(test, other->account, 3 * PAGE_SIZE, 0),
			    ERR_PTR(-EDQUOT));
	KUNIT_EXPECT_EQ(test, atomic64_read(&quota->used), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&other->account->quota.used), 0);

	/* One byte above a page is a page more. */
	region[0] = create(test, bed->file->account, 3 * PAGE_SIZE + 1, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region[0]);
	KUNIT_EXPECT_PTR_EQ(test, create(test, other->account, PAGE_SIZE + 1, 0),
			    ERR_PTR(-EDQUOT));
	KUNIT_EXPECT_EQ(test, atomic64_read(&other->account->quota.used), 0);
	region[1] = create(test, other->account, PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region[1]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&quota->used), quota->limit);

	/* The file goes; what was made through it goes on to count. */
	fpgabuf_file_close(other);
	KUNIT_EXPECT_EQ(test, atomic64_read(&quota->used), quota->limit);
	fpgabuf_region_destroy(region[1]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&quota->used), 4 * PAGE_SIZE);
	fpgabuf_region_destroy(region[0]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&quota->used), 0);
}

/* More than there is: each backend gives back what it had got. */
static void no_memory_test(struct kunit *test)
{
	u64 size = round_up((u64)totalram_pages() << PAGE_SHIFT, SZ_2M);
	struct bed *bed = test->priv;
	long before, lost;

	bed->memory.quota.limit = 2 * size;
	bed->file->account->quota.limit = 2 * size;
	before = global_zone_page_state(NR_FREE_PAGES);
	KUNIT_EXPECT_PTR_EQ(test, create(test, bed->file->account, size, 0),
			    ERR_PTR(-ENOMEM));
	lost = before - (long)global_zone_page_state(NR_FREE_PAGES);
	/* Some rest in the lists of the processors. */
	KUNIT_EXPECT_LT(test, lost, (long)(totalram_pages() / 32));
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->file->account->quota.used), 0);
}

/*
 * Somebody holds a page when the region goes: he keeps it as it is, and it counts
 * until he lets go.
 */
static void outlives_test(struct kunit *test)
{
	static const u32 sizes[] = { 3 * PAGE_SIZE, 16 * PAGE_SIZE };
	struct bed *bed = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fpgabuf_region *region;
		struct page *page;

		region = create(test, bed->file->account, sizes[i], 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
		page = fpgabuf_region_page(region, 2);
		get_page(page);
		memset(page_address(page), STALE, PAGE_SIZE);
		fpgabuf_region_destroy(region);
		fpgabuf_quarantine_look();
		KUNIT_EXPECT_EQ(test, page_ref_count(compound_head(page)), 2);
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), STALE,
						   PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used),
				sizes[i]);
		KUNIT_EXPECT_EQ(test, atomic64_read(&bed->file->account->quota.used),
				sizes[i]);
		put_page(page);
		fpgabuf_quarantine_look();
		KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used), 0);
	}
}

/* What is held only by a pipe fills the limit, and makes room when it goes. */
static void escape_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_region *region;
	struct page *page;

	bed->memory.quota.limit = 32 * PAGE_SIZE;
	region = create(test, bed->file->account, 16 * PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	page = fpgabuf_region_page(region, 0);
	get_page(page);
	fpgabuf_region_destroy(region);
	KUNIT_EXPECT_PTR_EQ(test,
			    create(test, bed->file->account, 32 * PAGE_SIZE, 0),
			    ERR_PTR(-EDQUOT));
	put_page(page);
	/* Whoever needs it has it at once. */
	region = create(test, bed->file->account, 32 * PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	fpgabuf_region_destroy(region);
}

#define BLOCK_ORDER	5
#define NR_BLOCKS	64

/* Every other block is free, and an allocation of this order gets those first. */
static void make_holes(struct kunit *test, struct page **blocks)
{
	unsigned int i;

	for (i = 0; i < NR_BLOCKS; i++) {
		blocks[i] = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
	}
	for (i = 0; i < NR_BLOCKS; i += 2)
		__free_pages(blocks[i], BLOCK_ORDER);
}

static void fill_holes(struct page **blocks)
{
	unsigned int i;

	for (i = 1; i < NR_BLOCKS; i += 2)
		__free_pages(blocks[i], BLOCK_ORDER);
}

/*
 * Folios that are taken only to be looked at are charged as well, and given back.
 * Without room for them no more is taken than what is wanted, and so it is single
 * pages if those folios are not adjacent.
 */
static void search_test(struct kunit *test)
{
	const u64 size = 3 * (PAGE_SIZE << BLOCK_ORDER);
	struct bed *bed = test->priv;
	struct fpgabuf_region *region;
	struct page *blocks[NR_BLOCKS];
	u64 limit;

	make_holes(test, blocks);
	for (limit = 0; limit <= SZ_16M; limit += SZ_16M) {
		bed->memory.search.limit = limit;
		region = create(test, bed->file->account, size, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
		KUNIT_EXPECT_EQ(test, (int)region->pages.backend->id,
				limit ? FPGABUF_BACKEND_FOLIO :
					FPGABUF_BACKEND_PAGES);
		KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.search.used), 0);
		fpgabuf_region_destroy(region);
	}
	fill_holes(blocks);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used), 0);
}

/* A device that reaches 32 bits only gets memory it can reach. */
static void gfp_test(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_EXPECT_FALSE(test, fpgabuf_memory_gfp(&bed->memory) & __GFP_DMA32);
	dma_coerce_mask_and_coherent(&bed->pdev->dev, DMA_BIT_MASK(32));
	KUNIT_EXPECT_TRUE(test, fpgabuf_memory_gfp(&bed->memory) & __GFP_DMA32);
	KUNIT_EXPECT_TRUE(test, fpgabuf_memory_gfp(&bed->memory) & __GFP_NOWARN);
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE_PARAM(contiguous_test, contiguous_gen_params),
	KUNIT_CASE_PARAM(scattered_test, scattered_gen_params),
	KUNIT_CASE(quota_test),
	KUNIT_CASE(no_memory_test),
	KUNIT_CASE(outlives_test),
	KUNIT_CASE(escape_test),
	KUNIT_CASE(search_test),
	KUNIT_CASE(gfp_test),
	{}
};

static struct kunit_suite region_suite = {
	.name = "fpgabuf-region",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = region_cases,
};

kunit_test_suite(region_suite);
