// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the lists that devices get
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "compat.h"
#include "kunit_bed.h"

/* The chunks of a test lie somewhere in this many pages. */
#define ARENA_ORDER	6

/**
 * struct sg_case - what a device takes, and what it shall get
 * @max_segment: what the device says
 * @limit: bytes of the longest segment it may get
 * @nents: segments of a region of contiguous pages, 12 of them
 */
struct sg_case {
	unsigned int max_segment;
	size_t limit;
	unsigned int nents;
};

static const struct sg_case sg_limits[] = {
	{ UINT_MAX, SZ_1G, 1 },
	{ 12 * PAGE_SIZE, 12 * PAGE_SIZE, 1 },
	{ 12 * PAGE_SIZE - 1, 11 * PAGE_SIZE, 2 },
	{ 5 * PAGE_SIZE, 5 * PAGE_SIZE, 3 },
	{ 4 * PAGE_SIZE, 4 * PAGE_SIZE, 3 },
	{ 5000, PAGE_SIZE, 12 },
	{ PAGE_SIZE, PAGE_SIZE, 12 },
	{ 1, PAGE_SIZE, 12 },
};

static void sg_case_name(const struct sg_case *c, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "at most %u bytes",
		 c->max_segment);
}

KUNIT_ARRAY_PARAM(sg_limits, sg_limits, sg_case_name);

/* Pieces of 1 to 8 pages: some adjacent, some not, one of them behind itself */
static const struct { u32 at, order; } layout[] = {
	{ 8, 3 }, { 16, 1 }, { 18, 0 }, { 20, 2 }, { 0, 0 }, { 1, 0 },
	{ 2, 1 }, { 40, 3 }, { 32, 3 }, { 63, 0 },
};

static struct page *arena(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, ARENA_ORDER);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static int build(struct bed *bed, const struct fpgabuf_region *region,
		 struct sg_table *sgt)
{
	struct device *dev = &bed->pdev->dev;

	return fpgabuf_sg_build(region, dev, dma_get_max_seg_size(dev), sgt);
}

/* A region that nobody allocated; its chunks are only looked at. */
static struct fpgabuf_region *laid_out(struct kunit *test, struct page *from)
{
	struct fpgabuf_region *region;
	u32 i, index = 0;

	region = kunit_kzalloc(test, sizeof(*region), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, region);
	region->pages.chunks = kunit_kcalloc(test, ARRAY_SIZE(layout),
					     sizeof(*region->pages.chunks),
					     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, region->pages.chunks);
	for (i = 0; i < ARRAY_SIZE(layout); i++) {
		region->pages.chunks[i] = (struct fpgabuf_chunk){
			.page = from + layout[i].at,
			.index = index,
			.order = layout[i].order,
		};
		index += 1U << layout[i].order;
	}
	region->pages.nr_chunks = ARRAY_SIZE(layout);
	region->pages.size = (size_t)index << PAGE_SHIFT;
	return region;
}

/* The list says page for page what the region is, in as few entries as may be. */
static void expect_list(struct kunit *test,
			const struct fpgabuf_region *region,
			const struct sg_table *sgt, size_t limit)
{
	unsigned long last = 0;
	size_t last_size = 0;
	struct scatterlist *sg;
	pgoff_t index = 0;
	unsigned int i, k;

	for_each_sgtable_sg(sgt, sg, i) {
		unsigned long first = page_to_pfn(sg_page(sg));
		bool mergeable = i && first == last + 1 && last_size < limit;

		KUNIT_EXPECT_EQ(test, sg->offset, 0);
		KUNIT_EXPECT_EQ(test, sg->length % PAGE_SIZE, 0);
		KUNIT_EXPECT_LE(test, sg->length, limit);
		KUNIT_EXPECT_FALSE(test, mergeable);
		for (k = 0; k < sg->length >> PAGE_SHIFT; k++) {
			struct page *page = fpgabuf_region_page(region, index);

			KUNIT_ASSERT_EQ(test, first + k, page_to_pfn(page));
			index++;
		}
		last = first + k - 1;
		last_size = sg->length;
	}
	KUNIT_EXPECT_EQ(test, (size_t)index << PAGE_SHIFT, region->pages.size);
}

static void scattered_test(struct kunit *test)
{
	const struct sg_case *c = test->param_value;
	struct bed *bed = test->priv;
	struct page *pages = arena(test);
	struct fpgabuf_region *region = laid_out(test, pages);
	struct sg_table sgt;

	dma_set_max_seg_size(&bed->pdev->dev, c->max_segment);
	KUNIT_ASSERT_EQ(test, build(bed, region, &sgt),
			0);
	expect_list(test, region, &sgt, c->limit);
	sg_free_table(&sgt);
	__free_pages(pages, ARENA_ORDER);
}

static void contiguous_test(struct kunit *test)
{
	const struct sg_case *c = test->param_value;
	struct fpgabuf_target *region = bed_region(test, 12 * PAGE_SIZE, 0);
	struct bed *bed = test->priv;
	struct sg_table sgt;

	dma_set_max_seg_size(&bed->pdev->dev, c->max_segment);
	KUNIT_ASSERT_EQ(test, build(bed, region->buffer.region, &sgt),
			0);
	KUNIT_EXPECT_EQ(test, sgt.orig_nents, c->nents);
	expect_list(test, region->buffer.region, &sgt, c->limit);
	sg_free_table(&sgt);
	dma_buf_put(region->buffer.dmabuf);
}

/* As many bytes as were asked for are synced, over the ends of segments too. */
static void sync_test(struct kunit *test)
{
	static const u32 sizes[] = {
		0, 1, PAGE_SIZE, PAGE_SIZE + 1, 5 * PAGE_SIZE,
	};
	struct fpgabuf_mapping *mapping;
	struct fpgabuf_target *region;
	struct fpgabuf_owner *owner;
	struct bed *bed = test->priv;
	unsigned int i;
	u64 sum = 0;

	dma_set_max_seg_size(&bed->pdev->dev, 2 * PAGE_SIZE);
	region = bed_region(test, 5 * PAGE_SIZE, 0);
	mapping = &region->buffer.mapping;
	owner = mapping->owner;
	KUNIT_EXPECT_EQ(test, mapping->sgt.orig_nents, 3);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sum += sizes[i];
		fpgabuf_owner_sync_for_device(mapping,
					      fpgabuf_span_first(mapping),
					      sizes[i], DMA_FROM_DEVICE);
		fpgabuf_owner_sync_for_cpu(mapping, fpgabuf_span_first(mapping),
					   sizes[i], DMA_FROM_DEVICE);
		KUNIT_EXPECT_EQ(test, atomic64_read(&owner->synced_for_device),
				sum);
		KUNIT_EXPECT_EQ(test, atomic64_read(&owner->synced_for_cpu),
				sum);
	}
	dma_buf_put(region->buffer.dmabuf);
}

/* After the end of the binding there is nothing to sync, and nothing breaks. */
static void unmapped_test(struct kunit *test)
{
	struct fpgabuf_target *region = bed_region(test, 3 * PAGE_SIZE, 0);
	struct fpgabuf_mapping *mapping = &region->buffer.mapping;

	fpgabuf_owner_unmap(mapping);
	KUNIT_EXPECT_EQ(test, mapping->sgt.orig_nents, 0);
	fpgabuf_owner_sync_for_cpu(mapping, fpgabuf_span_first(mapping),
				   3 * PAGE_SIZE, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&mapping->owner->synced_for_cpu), 0);
	dma_buf_put(region->buffer.dmabuf);
}

static struct kunit_case sg_cases[] = {
	KUNIT_CASE_PARAM(contiguous_test, sg_limits_gen_params),
	KUNIT_CASE_PARAM(scattered_test, sg_limits_gen_params),
	KUNIT_CASE(sync_test),
	KUNIT_CASE(unmapped_test),
	{}
};

static struct kunit_suite sg_suite = {
	.name = "fpgabuf-sg",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = sg_cases,
};

kunit_test_suite(sg_suite);
