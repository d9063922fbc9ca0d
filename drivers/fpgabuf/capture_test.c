// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the queue, on a channel that does as it is told
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/poll.h>

#include "compat.h"
#include "fence.h"
#include "kunit_bed.h"

#define SIZE	(4 * PAGE_SIZE)
#define NR	4

#define EXPIRED	(FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR |	\
		 FPGABUF_CAPTURE_TIMEOUT)

/**
 * struct taken - what DEQUEUE would have said
 * @cookie: see struct fpgabuf_dequeue
 * @bytes: likewise
 * @sequence: likewise
 * @status: likewise
 * @error: likewise
 */
struct taken {
	u64 cookie;
	u32 bytes;
	u64 sequence;
	u32 status;
	int error;
};

static void make_regions(struct kunit *test, struct fpgabuf_target **region,
			 unsigned int nr)
{
	while (nr--)
		region[nr] = bed_region(test, SIZE, 0);
}

static void put_regions(struct fpgabuf_target **region, unsigned int nr)
{
	while (nr--)
		dma_buf_put(region[nr]->buffer.dmabuf);
}

static int try_queue(struct bed *bed, struct fpgabuf_target *region,
		     u64 length, u64 cookie, u32 timeout_ms)
{
	const struct fpgabuf_queue queue = {
		.cookie = cookie,
		.length = length,
		.timeout_ms = timeout_ms,
	};

	return bed_queue(bed->file, region, &queue);
}

static void queue_all(struct kunit *test, struct fpgabuf_target **region,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, try_queue(test->priv, region[i], 0, i, 0),
				0);
}

/* Nothing is waited for but what has happened already. */
static struct taken dequeue(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_capture *capture;
	struct taken taken;

	flush_work(&bed->stream.queue.finish);
	capture = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, capture);
	taken = (struct taken){
		.cookie = capture->target->cookie,
		.bytes = capture->result.bytes,
		.sequence = capture->result.sequence,
		.status = capture->result.status,
		.error = capture->result.error,
	};
	fpgabuf_capture_release(capture);
	return taken;
}

static void expect_taken(struct kunit *test, u64 cookie, u32 bytes, u32 status,
			 int error)
{
	struct taken taken = dequeue(test);

	KUNIT_EXPECT_EQ(test, taken.cookie, cookie);
	KUNIT_EXPECT_EQ(test, taken.bytes, bytes);
	KUNIT_EXPECT_EQ(test, taken.status, status);
	KUNIT_EXPECT_EQ(test, taken.error, error);
}

static void expect_poll(struct kunit *test, struct fpgabuf_file *file,
			__poll_t events)
{
	KUNIT_EXPECT_TRUE(test, fpgabuf_file_poll(file) == events);
}

static void expect_none(struct kunit *test, int error)
{
	struct bed *bed = test->priv;

	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_PTR_EQ(test, fpgabuf_capture_dequeue(bed->file, false),
			    ERR_PTR(error));
}

static void complete_one(struct bed *bed)
{
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
}

static unsigned int cancel(struct bed *bed)
{
	u32 canceled;

	return fpgabuf_capture_cancel(bed->file, &canceled) ?: canceled;
}

static void order_test(struct kunit *test)
{
	struct fpgabuf_target *region[NR];
	struct bed *bed = test->priv;
	unsigned int i;

	make_regions(test, region, NR);
	expect_none(test, -EPIPE);
	queue_all(test, region, NR);
	expect_none(test, -EAGAIN);
	for (i = 0; i < NR; i++) {
		KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->addr,
				sg_dma_address(region[i]->buffer.mapping.sgt.sgl));
		KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued, NR - i);
		complete_one(bed);
		flush_work(&bed->stream.queue.finish);
	}
	expect_poll(test, bed->file, EPOLLIN | EPOLLRDNORM);
	for (i = 0; i < NR; i++) {
		struct taken taken = dequeue(test);

		KUNIT_EXPECT_EQ(test, taken.cookie, i);
		KUNIT_EXPECT_EQ(test, taken.sequence, i);
		KUNIT_EXPECT_EQ(test, taken.bytes, SIZE);
		KUNIT_EXPECT_EQ(test, taken.status, 0);
	}
	expect_none(test, -EPIPE);
	expect_poll(test, bed->file, 0);
	put_regions(region, NR);
}

/* A capture that is put back is the next one again. */
static void put_back_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct fpgabuf_capture *capture;
	struct bed *bed = test->priv;

	make_regions(test, region, 2);
	queue_all(test, region, 2);
	complete_one(bed);
	complete_one(bed);
	flush_work(&bed->stream.queue.finish);
	capture = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, capture);
	fpgabuf_capture_put_back(capture);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[0], 0, 9, 0), -EBUSY);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, SIZE, 0, 0);
	put_regions(region, 2);
}

/* The transfer is as long as was asked for, and the list whole again after. */
static void length_test(struct kunit *test)
{
	static const u32 lengths[] = {
		BED_ALIGNMENT, PAGE_SIZE - BED_ALIGNMENT, PAGE_SIZE,
		PAGE_SIZE + BED_ALIGNMENT, 3 * PAGE_SIZE, SIZE,
	};
	struct fpgabuf_target *region;
	struct bed *bed = test->priv;
	struct scatterlist *sg;
	unsigned int i, k;

	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, SIZE, 0);
	KUNIT_ASSERT_EQ(test, region->buffer.mapping.sgt.orig_nents, 4);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_ASSERT_EQ(test, try_queue(bed, region, lengths[i], i, 0),
				0);
		KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->size, lengths[i]);
		for_each_sgtable_sg(&region->buffer.mapping.sgt, sg, k)
			KUNIT_EXPECT_EQ(test, sg_dma_len(sg), PAGE_SIZE);
		bed_complete(bed, lengths[i], DMA_TRANS_NOERROR);
		expect_taken(test, i, lengths[i],
			     i ? FPGABUF_CAPTURE_GAP : 0, 0);
	}
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, SIZE + BED_ALIGNMENT, 0,
					0), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, BED_ALIGNMENT - 1, 0, 0),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0,
					FPGABUF_TIMEOUT_MAX_MS + 1), -EINVAL);
	dma_buf_put(region->buffer.dmabuf);
}

/* The channel says how much is missing. */
static void residue_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	make_regions(test, region, 3);
	queue_all(test, region, 3);
	bed_complete(bed, SIZE - 1, DMA_TRANS_NOERROR);
	bed_complete(bed, 100, DMA_TRANS_WRITE_FAILED);
	/* Residues larger than the transfer are seen in the wild. */
	bed_complete(bed, -1, DMA_TRANS_ABORTED);
	expect_taken(test, 0, SIZE - 1, FPGABUF_CAPTURE_PARTIAL, 0);
	expect_taken(test, 1, 100, FPGABUF_CAPTURE_PARTIAL |
				   FPGABUF_CAPTURE_ERROR, -EIO);
	expect_taken(test, 2, 0, FPGABUF_CAPTURE_PARTIAL |
				 FPGABUF_CAPTURE_ERROR, -EIO);
	put_regions(region, 3);
}

/* What has arrived before the end is synced, and no more than that. */
static void synced_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	struct fpgabuf_owner *owner = &bed->stream.buffers.owner;

	KUNIT_ASSERT_EQ(test, try_queue(bed, region, PAGE_SIZE, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&owner->synced_for_device),
			PAGE_SIZE);
	bed_complete(bed, 100, DMA_TRANS_NOERROR);
	expect_taken(test, 0, 100, FPGABUF_CAPTURE_PARTIAL, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&owner->synced_for_cpu), 100);
	dma_buf_put(region->buffer.dmabuf);
}

/* A transfer that the channel does not take leaves the region as it was. */
static void refused_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	bed->fail_prep = 1;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EIO);
	bed->fail_submit = 1;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EIO);
	KUNIT_EXPECT_EQ(test, region->buffer.state, FPGABUF_REGION_IDLE);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued, 0);
	KUNIT_EXPECT_NULL(test, bed_transfer(bed, 0));
	/* No fence is left behind that nobody would signal. */
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(region->buffer.dmabuf->resv,
						       DMA_RESV_USAGE_WRITE));
	expect_none(test, -EPIPE);

	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 7, 0), 0);
	complete_one(bed);
	expect_taken(test, 7, SIZE, 0, 0);
	dma_buf_put(region->buffer.dmabuf);
}

static void busy_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	struct page *page = fpgabuf_region_page(region->buffer.region, 3);

	get_page(page);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->stream.busy), 1);
	put_page(page);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	complete_one(bed);
	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	expect_taken(test, 0, SIZE, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->stream.busy), 1);

	region->buffer.vmapped = true;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	region->buffer.vmapped = false;
	dma_buf_put(region->buffer.dmabuf);
}

/* Importers are done: nothing else is overlooked. */
static void importers_done_test(struct kunit *test)
{
	const struct fpgabuf_queue done = {
		.flags = FPGABUF_QUEUE_IMPORTERS_DONE,
	};
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	struct page *page = fpgabuf_region_page(region->buffer.region, 3);

	region->buffer.vmapped = true;
	get_page(page);
	KUNIT_EXPECT_EQ(test, bed_queue(bed->file, region, &done),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->stream.busy), 1);
	put_page(page);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, bed_queue(bed->file, region, &done),
			0);
	/* It is queued; and then it is done, and not dequeued. */
	KUNIT_EXPECT_EQ(test, bed_queue(bed->file, region, &done),
			-EBUSY);
	complete_one(bed);
	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_EQ(test, bed_queue(bed->file, region, &done),
			-EBUSY);
	expect_taken(test, 0, SIZE, 0, 0);
	region->buffer.vmapped = false;
	dma_buf_put(region->buffer.dmabuf);
}

/* Somebody reads, or writes, until its fence is signalled. */
static void foreign_fence(struct kunit *test, enum dma_resv_usage usage,
			  u32 status)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	struct dma_resv *resv = region->buffer.dmabuf->resv;
	struct dma_fence *fence = fpgabuf_fence_create("somebody");
	u64 busy = atomic64_read(&bed->stream.busy);

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_resv_lock(resv, NULL);
	KUNIT_EXPECT_EQ(test, dma_resv_reserve_fences(resv, 1), 0);
	dma_resv_add_fence(resv, fence, usage);
	dma_resv_unlock(resv);

	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, region->buffer.state, FPGABUF_REGION_IDLE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->stream.busy), busy + 1);
	fpgabuf_fence_signal(fence, 0);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), 0);
	complete_one(bed);
	expect_taken(test, 0, SIZE, status, 0);
	dma_buf_put(region->buffer.dmabuf);
}

static void foreign_fence_test(struct kunit *test)
{
	foreign_fence(test, DMA_RESV_USAGE_READ, 0);
	/* Nothing was queued meanwhile. */
	foreign_fence(test, DMA_RESV_USAGE_WRITE, FPGABUF_CAPTURE_GAP);
}

static void depth_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	bed->stream.queue.nr_queued = FPGABUF_MAX_QUEUED;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), -ENOBUFS);
	bed->stream.queue.nr_queued = FPGABUF_MAX_QUEUED - 1;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 0, 0), 0);
	bed->stream.queue.nr_queued = 1;
	complete_one(bed);
	expect_taken(test, 0, SIZE, 0, 0);
	dma_buf_put(region->buffer.dmabuf);
}

static void owner_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_file *first = bed->file, *second = bed_open(test);
	struct fpgabuf_target *region[2];

	make_regions(test, region, 2);
	queue_all(test, region, 1);
	bed->file = second;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[1], 0, 1, 0), -EUSERS);
	complete_one(bed);
	expect_none(test, -EPIPE);
	expect_poll(test, second, 0);

	/* Closing gives the queue away, and with it what was done in it. */
	fpgabuf_file_close(first);
	KUNIT_EXPECT_EQ(test, region[0]->buffer.state, FPGABUF_REGION_IDLE);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[1], 0, 1, 0), 0);
	complete_one(bed);
	/* The channel was stopped in between: nothing to compare with. */
	expect_taken(test, 1, SIZE, 0, 0);
	fpgabuf_file_close(second);
	bed->file = bed_open(test);
	put_regions(region, 2);
}

static void fence_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;
	struct dma_fence *fence[2];
	int i;

	make_regions(test, region, 2);
	queue_all(test, region, 2);
	for (i = 0; i < 2; i++) {
		fence[i] = dma_fence_get(region[i]->fence);
		KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence[i]));
		KUNIT_EXPECT_FALSE(test,
				   dma_resv_test_signaled(region[i]->buffer.dmabuf->resv,
							  DMA_RESV_USAGE_READ));
	}
	complete_one(bed);
	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence[0]), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence[1]), 0);
	KUNIT_EXPECT_EQ(test, cancel(bed), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence[1]), -ECANCELED);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, 0, FPGABUF_CAPTURE_PARTIAL |
				 FPGABUF_CAPTURE_ERROR, -ECANCELED);
	dma_fence_put(fence[0]);
	dma_fence_put(fence[1]);
	put_regions(region, 2);
}

struct fence_watch {
	struct dma_fence_cb cb;
	const struct list_head *done;
	bool in_queue;
};

/* Called by the one that signals, with the lock of the queue held */
static void look_into_queue(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct fence_watch *watch = container_of(cb, struct fence_watch, cb);

	watch->in_queue = !list_empty(watch->done);
}

/* A waiter that the fence wakes finds the capture in the queue. */
static void fence_last_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fence_watch watch = { .done = &bed->stream.queue.done };
	struct fpgabuf_target *region[1];

	make_regions(test, region, 1);
	queue_all(test, region, 1);
	KUNIT_ASSERT_EQ(test, dma_fence_add_callback(region[0]->fence, &watch.cb,
						     look_into_queue), 0);
	complete_one(bed);
	expect_taken(test, 0, SIZE, 0, 0);
	KUNIT_EXPECT_TRUE(test, watch.in_queue);
	put_regions(region, 1);
}

/* A done capture keeps what it has; the running one what has arrived. */
static void cancel_test(struct kunit *test)
{
	const u32 canceled = FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR;
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	make_regions(test, region, 3);
	KUNIT_EXPECT_EQ(test, cancel(bed), 0);
	queue_all(test, region, 3);
	complete_one(bed);
	bed_transfer(bed, 0)->done = 1000;
	bed->stops = 0;
	KUNIT_EXPECT_EQ(test, cancel(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->stops, BED_STOPS);
	KUNIT_EXPECT_NULL(test, bed_transfer(bed, 0));
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, 1000, canceled, -ECANCELED);
	expect_taken(test, 2, 0, canceled, -ECANCELED);
	expect_none(test, -EPIPE);

	/* Who has stopped it himself has no gap. */
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[0], 0, 3, 0), 0);
	complete_one(bed);
	expect_taken(test, 3, SIZE, 0, 0);
	put_regions(region, 3);
}

static void gap_between_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	make_regions(test, region, 3);
	queue_all(test, region, 2);
	complete_one(bed);
	complete_one(bed);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[2], 0, 2, 0), 0);
	complete_one(bed);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, SIZE, 0, 0);
	expect_taken(test, 2, SIZE, FPGABUF_CAPTURE_GAP, 0);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.gaps, 1);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.captures, 3);
	put_regions(region, 3);
}

static void complete_two(struct bed *bed)
{
	complete_one(bed);
	complete_one(bed);
}

/**
 * struct handover - what happens while the second capture is being queued
 * @name: in words
 * @before_issue: see struct bed
 * @after_issue: see struct bed
 * @after_status: see struct bed
 * @left: transfers that are still in the channel then
 * @status: of the second capture
 */
struct handover {
	const char *name;
	void (*before_issue)(struct bed *bed);
	void (*after_issue)(struct bed *bed);
	void (*after_status)(struct bed *bed);
	unsigned int left;
	u32 status;
};

static const struct handover handovers[] = {
	{
		.name = "the first goes on",
		.left = 2,
	}, {
		.name = "the first ends before the channel has the second",
		.before_issue = complete_one,
		.left = 1,
		.status = FPGABUF_CAPTURE_GAP,
	}, {
		/* It may have had it in time, which nobody can tell. */
		.name = "the first ends before it is asked for",
		.after_issue = complete_one,
		.left = 1,
		.status = FPGABUF_CAPTURE_GAP,
	}, {
		.name = "the first ends when it has been asked for",
		.after_status = complete_one,
		.left = 1,
	}, {
		.name = "both end before the first is asked for",
		.after_issue = complete_two,
		.status = FPGABUF_CAPTURE_GAP,
	}, {
		.name = "both end when the first has been asked for",
		.after_status = complete_two,
	},
};

static void handover_name(const struct handover *h, char *name)
{
	strscpy(name, h->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(handovers, handovers, handover_name);

static void handover_test(struct kunit *test)
{
	const struct handover *h = test->param_value;
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;
	unsigned int i;

	make_regions(test, region, 2);
	queue_all(test, region, 1);
	bed->before_issue = h->before_issue;
	bed->after_issue = h->after_issue;
	bed->after_status = h->after_status;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[1], 0, 1, 0), 0);
	for (i = 0; i < h->left; i++)
		complete_one(bed);
	KUNIT_EXPECT_NULL(test, bed_transfer(bed, 0));
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, SIZE, h->status, 0);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.gaps, !!h->status);
	put_regions(region, 2);
}

/* The finished one must not be taken before it is known whether it has a gap. */
static u64 finished_early;

static void finish_early(struct bed *bed)
{
	complete_two(bed);
	flush_work(&bed->stream.queue.finish);
	finished_early = bed->stream.queue.captures;
}

static void early_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	make_regions(test, region, 2);
	queue_all(test, region, 1);
	bed->after_issue = finish_early;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[1], 0, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, finished_early, 1);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, SIZE, FPGABUF_CAPTURE_GAP, 0);
	put_regions(region, 2);
}

/* A provider may call back from within issue_pending. */
static void at_once_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	bed->after_issue = complete_one;
	KUNIT_EXPECT_EQ(test, try_queue(bed, region, 0, 5, 0), 0);
	expect_taken(test, 5, SIZE, 0, 0);
	expect_none(test, -EPIPE);
	dma_buf_put(region->buffer.dmabuf);
}

/* The time of a capture is over, without that anybody has to wait for it. */
static void expire(struct bed *bed, struct fpgabuf_target *region)
{
	mutex_lock(&bed->stream.lock);
	region->deadline = ktime_get();
	mod_delayed_work(bed->stream.watchdog.wq, &bed->stream.watchdog.work, 0);
	mutex_unlock(&bed->stream.lock);
	flush_delayed_work(&bed->stream.watchdog.work);
}

/* By the clock: the watchdog comes by itself, and not too early. */
static void clock_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	ktime_t begin = ktime_get();

	KUNIT_ASSERT_EQ(test, try_queue(bed, region, 0, 0, 50), 0);
	KUNIT_ASSERT_GT(test,
			wait_event_interruptible_timeout(bed->stream.queue.wait,
							 fpgabuf_file_poll(bed->file),
							 10 * HZ),
			0);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), 50);
	expect_taken(test, 0, 0, EXPIRED, -ETIMEDOUT);
	dma_buf_put(region->buffer.dmabuf);
}

/*
 * The second has no time left: it ends, and the first with it.  Those behind
 * them are handed to the channel again, in their order.
 */
static void timeout_test(struct kunit *test)
{
	struct fpgabuf_target *region[NR];
	struct bed *bed = test->priv;
	unsigned int i;

	make_regions(test, region, NR);
	queue_all(test, region, NR);
	bed_transfer(bed, 0)->done = 5000;
	expire(bed, region[1]);
	KUNIT_EXPECT_EQ(test, bed->stops, BED_STOPS);
	KUNIT_ASSERT_NOT_NULL(test, bed_transfer(bed, 1));
	KUNIT_EXPECT_NULL(test, bed_transfer(bed, 2));
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, bed_transfer(bed, i)->addr,
				sg_dma_address(region[2 + i]->buffer.mapping.sgt.sgl));
	expect_taken(test, 0, 5000, EXPIRED, -ETIMEDOUT);
	expect_taken(test, 1, 0, EXPIRED, -ETIMEDOUT);
	expect_none(test, -EAGAIN);
	complete_two(bed);
	expect_taken(test, 2, SIZE, FPGABUF_CAPTURE_GAP, 0);
	expect_taken(test, 3, SIZE, 0, 0);
	put_regions(region, NR);
}

/* The channel does not take them again: they must end nevertheless. */
static void restart_test(struct kunit *test)
{
	const u32 failed = FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR;
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	make_regions(test, region, 3);
	queue_all(test, region, 3);
	bed->fail_submit = 1;
	expire(bed, region[0]);
	expect_taken(test, 0, 0, EXPIRED, -ETIMEDOUT);
	expect_taken(test, 1, 0, failed | FPGABUF_CAPTURE_GAP, -EIO);
	expect_taken(test, 2, 0, failed, -EIO);
	expect_none(test, -EPIPE);
	put_regions(region, 3);
}

/* It ends as the watchdog is about to stop it: then it has not expired. */
static void last_moment_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	make_regions(test, region, 2);
	queue_all(test, region, 2);
	bed->before_stop = complete_one;
	expire(bed, region[0]);
	KUNIT_EXPECT_EQ(test, bed->stops, BED_STOPS);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_none(test, -EAGAIN);
	complete_one(bed);
	expect_taken(test, 1, SIZE, FPGABUF_CAPTURE_GAP, 0);
	put_regions(region, 2);
}

/* The watchdog that comes for nothing stops nothing. */
static void too_early_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	KUNIT_ASSERT_EQ(test, try_queue(bed, region, 0, 0, 0), 0);
	mod_delayed_work(bed->stream.watchdog.wq, &bed->stream.watchdog.work, 0);
	flush_delayed_work(&bed->stream.watchdog.work);
	KUNIT_EXPECT_EQ(test, bed->stops, 0);
	KUNIT_EXPECT_EQ(test, bed->stream.watchdog.at, region->deadline);
	complete_one(bed);
	expect_taken(test, 0, SIZE, 0, 0);
	dma_buf_put(region->buffer.dmabuf);
}

/* The binding ends: what runs ends with ENODEV, and is there to be taken. */
static void gone_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	make_regions(test, region, 2);
	queue_all(test, region, 2);
	complete_one(bed);
	KUNIT_EXPECT_EQ(test, fpgabuf_stream_stop(&bed->stream, -ENODEV), 1);
	bed->stream.channel.chan = NULL;
	KUNIT_EXPECT_EQ(test, fpgabuf_stream_stop(&bed->stream, -ENODEV), 0);
	expect_poll(test, bed->file, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	KUNIT_EXPECT_EQ(test, try_queue(bed, region[0], 0, 0, 0), -ENODEV);
	expect_taken(test, 0, SIZE, 0, 0);
	expect_taken(test, 1, 0, FPGABUF_CAPTURE_PARTIAL |
				 FPGABUF_CAPTURE_ERROR, -ENODEV);
	expect_none(test, -ENODEV);
	put_regions(region, 2);
}

static struct kunit_case capture_cases[] = {
	KUNIT_CASE(order_test),
	KUNIT_CASE(put_back_test),
	KUNIT_CASE(length_test),
	KUNIT_CASE(residue_test),
	KUNIT_CASE(synced_test),
	KUNIT_CASE(refused_test),
	KUNIT_CASE(busy_test),
	KUNIT_CASE(importers_done_test),
	KUNIT_CASE(foreign_fence_test),
	KUNIT_CASE(depth_test),
	KUNIT_CASE(owner_test),
	KUNIT_CASE(fence_test),
	KUNIT_CASE(fence_last_test),
	KUNIT_CASE(cancel_test),
	KUNIT_CASE(gap_between_test),
	KUNIT_CASE_PARAM(handover_test, handovers_gen_params),
	KUNIT_CASE(early_test),
	KUNIT_CASE(at_once_test),
	KUNIT_CASE(clock_test),
	KUNIT_CASE(timeout_test),
	KUNIT_CASE(restart_test),
	KUNIT_CASE(last_moment_test),
	KUNIT_CASE(too_early_test),
	KUNIT_CASE(gone_test),
	{}
};

static struct kunit_suite capture_suite = {
	.name = "fpgabuf-capture",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = capture_cases,
};

kunit_test_suite(capture_suite);
