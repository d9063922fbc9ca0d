// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of regions that many captures go to
 */
#include <kunit/test.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/highmem.h>

#include "capture.h"
#include "compat.h"
#include "dmabuf.h"
#include "kunit_bed.h"
#include "region.h"

#define SLICES	4
#define SIZE	(SLICES * PAGE_SIZE)
#define CUT	(FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR)

/* A provider that is in no table: it is not believed that all has come. */
#define UNKNOWN	"nobody has heard of it"

static int queue(struct kunit *test, struct fpgabuf_target *region, u64 length,
		 u32 slice)
{
	const struct fpgabuf_queue queue = {
		.cookie = 7,
		.length = length,
		.slice = slice,
	};
	struct bed *bed = test->priv;

	return fpgabuf_target_queue(bed->file, region, &queue);
}

/* A region with SLICES captures that run */
static struct fpgabuf_target *queued(struct kunit *test)
{
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
	return region;
}

static void complete_slice(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	flush_work(&bed->stream.queue.finish);
}

static void expect_slice(struct kunit *test, u32 offset, u32 bytes, u32 status,
			 int error)
{
	struct bed *bed = test->priv;
	struct fpgabuf_capture *capture;

	flush_work(&bed->stream.queue.finish);
	capture = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, capture);
	KUNIT_EXPECT_EQ(test, capture->target->cookie, 7);
	KUNIT_EXPECT_EQ(test, capture->offset, offset);
	KUNIT_EXPECT_EQ(test, capture->result.bytes, bytes);
	KUNIT_EXPECT_EQ(test, capture->result.status, status);
	KUNIT_EXPECT_EQ(test, capture->result.error, error);
	fpgabuf_capture_release(capture);
}

/* It is as it was before, with one reference: the test's. */
static void expect_idle(struct kunit *test, struct fpgabuf_target *region)
{
	struct dma_buf *dmabuf = region->buffer.dmabuf;

	KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
			FPGABUF_REGION_IDLE);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(dmabuf->resv,
						       DMA_RESV_USAGE_WRITE));
	KUNIT_EXPECT_EQ(test, file_count(dmabuf->file), 1);
}

static bool is_signaled(const struct fpgabuf_target *region)
{
	return dma_resv_test_signaled(region->buffer.dmabuf->resv,
				      DMA_RESV_USAGE_WRITE);
}

/* One call for the controller; the region is done, and idle, with its last capture. */
static void order_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);
	dma_addr_t addr = sg_dma_address(region->buffer.mapping.sgt.sgl);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, bed->issues, 1);
	for (i = 0; i < SLICES; i++) {
		struct bed_transfer *transfer = bed_transfer(bed, i);

		KUNIT_ASSERT_NOT_NULL(test, transfer);
		KUNIT_EXPECT_EQ(test, transfer->addr, addr + i * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, transfer->size, PAGE_SIZE);
	}
	for (i = 0; i < SLICES; i++) {
		KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
				FPGABUF_REGION_QUEUED);
		KUNIT_EXPECT_FALSE(test, is_signaled(region));
		complete_slice(test);
		if (i < SLICES - 1)
			expect_slice(test, i * PAGE_SIZE, PAGE_SIZE, 0, 0);
	}
	KUNIT_EXPECT_TRUE(test, is_signaled(region));
	KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
			FPGABUF_REGION_DONE);
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, PAGE_SIZE), -EBUSY);
	expect_slice(test, (SLICES - 1) * PAGE_SIZE, PAGE_SIZE, 0, 0);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* Done in order, dequeued late, and not before the last one is the region idle. */
static void late_test(struct kunit *test)
{
	struct fpgabuf_target *region = queued(test);
	unsigned int i;

	for (i = 0; i < SLICES; i++)
		complete_slice(test);
	for (i = 0; i < SLICES; i++) {
		KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
				FPGABUF_REGION_DONE);
		expect_slice(test, i * PAGE_SIZE, PAGE_SIZE, 0, 0);
	}
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* All ways to cut a region, one after the other */
static void lengths_test(struct kunit *test)
{
	static const struct { u32 length, slice, nr, last; } cuts[] = {
		{ 0, PAGE_SIZE, SLICES, PAGE_SIZE },
		{ 0, SIZE, 1, SIZE },
		{ 0, 2 * SIZE, 1, SIZE },
		{ 0, 0, 1, SIZE },
		{ SIZE - BED_ALIGNMENT, PAGE_SIZE, SLICES,
		  PAGE_SIZE - BED_ALIGNMENT },
		{ BED_ALIGNMENT, PAGE_SIZE, 1, BED_ALIGNMENT },
		{ 0, 3 * PAGE_SIZE / 2, 3, PAGE_SIZE },
		{ 2 * PAGE_SIZE, 3 * PAGE_SIZE / 2, 2, PAGE_SIZE / 2 },
		{ 0, FPGABUF_SLICE_ALIGN, SIZE / FPGABUF_SLICE_ALIGN,
		  FPGABUF_SLICE_ALIGN },
		{ PAGE_SIZE, PAGE_SIZE, 1, PAGE_SIZE },
	};
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	unsigned int i, k;
	u32 gap = 0;

	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, SIZE, 0);
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		KUNIT_ASSERT_EQ(test, queue(test, region, cuts[i].length,
					    cuts[i].slice), cuts[i].nr);
		for (k = 0; k < cuts[i].nr; k++) {
			u32 bytes = k + 1 < cuts[i].nr ? cuts[i].slice :
							 cuts[i].last;

			KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->size, bytes);
			bed_complete(bed, bytes, DMA_TRANS_NOERROR);
			expect_slice(test, k * cuts[i].slice, bytes, gap, 0);
			gap = 0;
		}
		gap = FPGABUF_CAPTURE_GAP;
		expect_idle(test, region);
	}
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, FPGABUF_SLICE_ALIGN - 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, PAGE_SIZE + BED_ALIGNMENT),
			-EINVAL);
	bed->stream.channel.limits.alignment = 2 * FPGABUF_SLICE_ALIGN;
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, FPGABUF_SLICE_ALIGN),
			-EINVAL);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* Segments that are not as long as slices are: each transfer has its own, and no more */
static void segments_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	dma_addr_t addr;
	unsigned int i;

	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, 3 * PAGE_SIZE, 0);
	addr = sg_dma_address(region->buffer.mapping.sgt.sgl);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0, 3 * PAGE_SIZE / 2), 2);
	for (i = 0; i < 2; i++) {
		const struct fpgabuf_transfer *transfer =
			&region->captures[i].transfer;
		struct scatterlist *sg = transfer->sgt.sgl;

		KUNIT_EXPECT_EQ(test, transfer->sgt.orig_nents, 2);
		KUNIT_EXPECT_EQ(test, transfer->nents, 2);
		KUNIT_EXPECT_EQ(test, sg_dma_address(sg),
				addr + i * 3 * PAGE_SIZE / 2);
		KUNIT_EXPECT_EQ(test, sg_dma_len(sg),
				i ? PAGE_SIZE / 2 : PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, sg_dma_len(sg_next(sg)),
				i ? PAGE_SIZE : PAGE_SIZE / 2);
		KUNIT_EXPECT_TRUE(test, sg_is_last(sg_next(sg)));
		bed_complete(bed, 3 * PAGE_SIZE / 2, DMA_TRANS_NOERROR);
		expect_slice(test, i * 3 * PAGE_SIZE / 2, 3 * PAGE_SIZE / 2, 0,
			     0);
	}
	KUNIT_EXPECT_EQ(test,
			atomic64_read(&bed->stream.buffers.owner.synced_for_cpu),
			3 * PAGE_SIZE);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* The queue takes no more than it has room for, and the call says so. */
static void room_test(struct kunit *test)
{
	const u32 slices = FPGABUF_MAX_QUEUED + 8;
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++)
		region[i] = bed_region(test, slices * FPGABUF_SLICE_ALIGN, 0);
	KUNIT_ASSERT_EQ(test, queue(test, region[0],
				    10 * FPGABUF_SLICE_ALIGN,
				    FPGABUF_SLICE_ALIGN), 10);
	KUNIT_ASSERT_EQ(test, queue(test, region[1], 0, FPGABUF_SLICE_ALIGN),
			FPGABUF_MAX_QUEUED - 10);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued, FPGABUF_MAX_QUEUED);
	for (i = 0; i < FPGABUF_MAX_QUEUED; i++) {
		u32 at = (i < 10 ? i : i - 10) * FPGABUF_SLICE_ALIGN;

		if (i == 10)
			expect_idle(test, region[0]);
		bed_complete(bed, FPGABUF_SLICE_ALIGN, DMA_TRANS_NOERROR);
		expect_slice(test, at, FPGABUF_SLICE_ALIGN, 0, 0);
	}
	expect_idle(test, region[1]);
	for (i = 0; i < 2; i++)
		dma_buf_put(region[i]->buffer.dmabuf);
}

static unsigned int submitted;

/* The third and all behind it are refused. */
static void refuse_third(struct bed *bed)
{
	if (++submitted == 2)
		bed->fail_prep = 1;
	bed->at_submit = refuse_third;
}

/* It also ends at once, and what has ended may be dequeued before QUEUE returns. */
static void end_and_refuse_third(struct bed *bed)
{
	refuse_third(bed);
	bed->at_submit = end_and_refuse_third;
	spin_lock_irq(&bed->lock);
	list_splice_tail_init(&bed->submitted, &bed->issued);
	spin_unlock_irq(&bed->lock);
	bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	flush_work(&bed->stream.queue.finish);
}

static void refused_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	u32 gap = 0;
	int i;

	for (i = 0; i < 2; i++) {
		submitted = 0;
		bed->at_submit = refuse_third;
		KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), 2);
		bed->at_submit = NULL;
		KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued, 2);
		complete_slice(test);
		KUNIT_EXPECT_FALSE(test, is_signaled(region));
		complete_slice(test);
		KUNIT_EXPECT_TRUE(test, is_signaled(region));
		expect_slice(test, 0, PAGE_SIZE, gap, 0);
		expect_slice(test, PAGE_SIZE, PAGE_SIZE, 0, 0);
		expect_idle(test, region);
		gap = FPGABUF_CAPTURE_GAP;
	}
	bed->fail_prep = 1;
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, PAGE_SIZE), -EIO);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* A controller that begins at once: each has waited for the next. */
static void eager_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	submitted = 0;
	bed->at_submit = end_and_refuse_third;
	KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), 2);
	bed->at_submit = NULL;
	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_TRUE(test, is_signaled(region));
	expect_slice(test, 0, PAGE_SIZE, 0, 0);
	expect_slice(test, PAGE_SIZE, PAGE_SIZE, FPGABUF_CAPTURE_GAP, 0);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

static void end_of_previous(struct bed *bed)
{
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
}

/* What ran before ends when all are submitted, and not yet issued. */
static void batch_gap_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *first = bed_region(test, SIZE, 0);
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, queue(test, first, 0, 0), 1);
	bed->before_issue = end_of_previous;
	KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
	expect_slice(test, 0, SIZE, 0, 0);
	for (i = 0; i < SLICES; i++) {
		complete_slice(test);
		expect_slice(test, i * PAGE_SIZE, PAGE_SIZE,
			     i ? 0 : FPGABUF_CAPTURE_GAP, 0);
	}
	/* And without a gap, when it runs until they are issued. */
	KUNIT_ASSERT_EQ(test, queue(test, first, 0, 0), 1);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
	end_of_previous(bed);
	expect_slice(test, 0, SIZE, FPGABUF_CAPTURE_GAP, 0);
	for (i = 0; i < SLICES; i++) {
		complete_slice(test);
		expect_slice(test, i * PAGE_SIZE, PAGE_SIZE, 0, 0);
	}
	dma_buf_put(first->buffer.dmabuf);
	dma_buf_put(region->buffer.dmabuf);
}

/* Where one has to wait for the other, and where each has to be issued */
static void one_by_one_test(struct kunit *test)
{
	static const char *const drivers[] = { UNKNOWN, "altera-msgdma" };
	struct bed *bed = test->priv;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(drivers); i++) {
		struct fpgabuf_target *region;

		bed_provider(bed, drivers[i]);
		region = bed_region(test, SIZE, 0);
		KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
		for (k = 0; k < SLICES; k++) {
			u8 *page = kmap_local_page(fpgabuf_region_page(region->buffer.region, k));

			memset(page, 0x5a, PAGE_SIZE);
			kunmap_local(page);
			bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
		}
		KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued == 0 ||
				flush_work(&bed->stream.queue.finish), true);
		for (k = 0; k < SLICES; k++)
			fpgabuf_capture_release(fpgabuf_capture_dequeue(bed->file,
									false));
		expect_idle(test, region);
		dma_buf_put(region->buffer.dmabuf);
	}
}

/* A controller that does not tell how much has come is seen through slice by slice. */
static void silent_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	unsigned int i;
	u8 *page;

	bed_provider(bed, UNKNOWN);
	region = bed_region(test, SIZE, 0);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
	/* All but the second have come. */
	for (i = 0; i < SLICES; i++) {
		if (i != 1) {
			page = kmap_local_page(fpgabuf_region_page(region->buffer.region, i));
			memset(page, 0x5a, PAGE_SIZE);
			kunmap_local(page);
		}
		bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	}
	for (i = 0; i < SLICES; i++)
		expect_slice(test, i * PAGE_SIZE, i == 1 ? 0 : PAGE_SIZE,
			     (i ? FPGABUF_CAPTURE_GAP : 0) |
			     (i == 1 ? FPGABUF_CAPTURE_PARTIAL : 0), 0);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* The fence has the first error, and the others are good. */
static void error_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);
	struct dma_fence *fence = dma_fence_get(region->fence);

	complete_slice(test);
	bed_complete(bed, 16, DMA_TRANS_WRITE_FAILED);
	complete_slice(test);
	complete_slice(test);
	expect_slice(test, 0, PAGE_SIZE, 0, 0);
	expect_slice(test, PAGE_SIZE, 16, CUT, -EIO);
	expect_slice(test, 2 * PAGE_SIZE, PAGE_SIZE, 0, 0);
	expect_slice(test, 3 * PAGE_SIZE, PAGE_SIZE, 0, 0);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -EIO);
	dma_fence_put(fence);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* What has come is there, and all are told. */
static void cancel_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);
	u32 canceled;

	complete_slice(test);
	bed_transfer(bed, 0)->done = 24;
	KUNIT_EXPECT_EQ(test, fpgabuf_capture_cancel(bed->file, &canceled), 0);
	KUNIT_EXPECT_EQ(test, canceled, 3);
	expect_slice(test, 0, PAGE_SIZE, 0, 0);
	expect_slice(test, PAGE_SIZE, 24, CUT, -ECANCELED);
	expect_slice(test, 2 * PAGE_SIZE, 0, CUT, -ECANCELED);
	expect_slice(test, 3 * PAGE_SIZE, 0, CUT, -ECANCELED);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* All have the same timeout, and one that is over ends them all. */
static void timeout_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);
	unsigned int i;

	complete_slice(test);
	region->deadline = ktime_get();
	mod_delayed_work(bed->stream.watchdog.wq, &bed->stream.watchdog.work, 0);
	flush_delayed_work(&bed->stream.watchdog.work);
	expect_slice(test, 0, PAGE_SIZE, 0, 0);
	for (i = 1; i < SLICES; i++)
		expect_slice(test, i * PAGE_SIZE, 0,
			     CUT | FPGABUF_CAPTURE_TIMEOUT, -ETIMEDOUT);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* The file goes, with some done, some running, and one dequeued. */
static void close_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);

	complete_slice(test);
	complete_slice(test);
	expect_slice(test, 0, PAGE_SIZE, 0, 0);
	fpgabuf_file_close(bed->file);
	expect_idle(test, region);
	bed->file = bed_open(test);
	KUNIT_EXPECT_EQ(test, queue(test, region, 0, PAGE_SIZE), SLICES);
	fpgabuf_file_close(bed->file);
	bed->file = bed_open(test);
	expect_idle(test, region);
	dma_buf_put(region->buffer.dmabuf);
}

/* The region is the channel's until it has let go of the last slice. */
static void kept_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = queued(test);
	u32 canceled;
	unsigned int i;

	bed->refuse_stop = UINT_MAX;
	KUNIT_EXPECT_EQ(test, fpgabuf_capture_cancel(bed->file, &canceled), 0);
	for (i = 0; i < SLICES; i++)
		expect_slice(test, i * PAGE_SIZE, 0, CUT, -ECANCELED);
	for (i = 0; i < SLICES; i++) {
		KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
				FPGABUF_REGION_QUEUED);
		KUNIT_EXPECT_EQ(test, queue(test, region, 0, PAGE_SIZE), -EBUSY);
		bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	}
	KUNIT_EXPECT_EQ(test, fpgabuf_buffer_state(&region->buffer),
			FPGABUF_REGION_IDLE);
	flush_delayed_fput();
	dma_buf_put(region->buffer.dmabuf);
}

static struct kunit_case slice_cases[] = {
	KUNIT_CASE(order_test),
	KUNIT_CASE(late_test),
	KUNIT_CASE(lengths_test),
	KUNIT_CASE(segments_test),
	KUNIT_CASE(room_test),
	KUNIT_CASE(refused_test),
	KUNIT_CASE(eager_test),
	KUNIT_CASE(batch_gap_test),
	KUNIT_CASE(one_by_one_test),
	KUNIT_CASE(silent_test),
	KUNIT_CASE(error_test),
	KUNIT_CASE(cancel_test),
	KUNIT_CASE(timeout_test),
	KUNIT_CASE(close_test),
	KUNIT_CASE(kept_test),
	{}
};

static struct kunit_suite slice_suite = {
	.name = "fpgabuf-slices",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = slice_cases,
};

kunit_test_suite(slice_suite);
