// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of what is claimed of a channel
 *
 * Captures on a fake channel that is taken for one provider's or another's, or for
 * one that nobody has heard of.
 */
#include <linux/dma-resv.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "compat.h"
#include "kunit_bed.h"

#define SIZE	(4 * PAGE_SIZE)
#define UNKNOWN	"nobody has heard of it"

#define CUT	(FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR)

static int queue(struct kunit *test, struct fpgabuf_target *region, u32 length)
{
	const struct fpgabuf_queue queue = { .length = length };
	struct bed *bed = test->priv;

	return bed_queue(bed->file, region, &queue);
}

static void make_regions(struct kunit *test, struct fpgabuf_target **region,
			 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		region[i] = bed_region(test, SIZE, 0);
		KUNIT_ASSERT_EQ(test, queue(test, region[i], 0), 0);
	}
}

static void put_regions(struct fpgabuf_target **region, unsigned int nr)
{
	while (nr--)
		dma_buf_put(region[nr]->buffer.dmabuf);
}

static void expect_capture(struct kunit *test, u32 bytes, u32 status, int error)
{
	struct bed *bed = test->priv;
	struct fpgabuf_capture *capture;

	flush_work(&bed->stream.queue.finish);
	capture = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, capture);
	KUNIT_EXPECT_EQ(test, capture->result.bytes, bytes);
	KUNIT_EXPECT_EQ(test, capture->result.status, status);
	KUNIT_EXPECT_EQ(test, capture->result.error, error);
	fpgabuf_capture_release(capture);
}

static unsigned int cancel(struct bed *bed)
{
	u32 canceled;

	return fpgabuf_capture_cancel(bed->file, &canceled) ?: canceled;
}

/* The watchdog looks at the channel. */
static void look(struct bed *bed)
{
	mod_delayed_work(bed->stream.watchdog.wq, &bed->stream.watchdog.work, 0);
	flush_delayed_work(&bed->stream.watchdog.work);
}

/* As the FPGA does, where the capture ends. */
static void write_end(struct fpgabuf_target *region, u32 length)
{
	u32 last = length - 1;
	u8 *page = kmap_local_page(fpgabuf_region_page(region->buffer.region,
						       last >> PAGE_SHIFT));

	page[offset_in_page(last)]++;
	kunmap_local(page);
}

static void complete_whole(struct bed *bed, struct fpgabuf_target *region)
{
	write_end(region, SIZE);
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
}

/* Nothing is claimed of a provider that is not in the table. */
static void unknown_caps_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_channel *channel = &bed->stream.channel;

	KUNIT_EXPECT_EQ(test, fpgabuf_channel_capabilities(channel),
			FPGABUF_CAP_EXACT_GAPS | FPGABUF_CAP_EXACT_BYTES |
			FPGABUF_CAP_STOP | FPGABUF_CAP_PACKETS);
	bed_provider(bed, UNKNOWN);
	KUNIT_EXPECT_EQ(test, fpgabuf_channel_capabilities(channel),
			FPGABUF_CAP_STOP);
	channel->stops = false;
	KUNIT_EXPECT_EQ(test, fpgabuf_channel_capabilities(channel), 0);
	KUNIT_EXPECT_TRUE(test, fpgabuf_channel_serial(channel));
}

/* A residue of what is running is believed where somebody counts. */
static void cut_bytes_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	bed_provider(bed, UNKNOWN);
	make_regions(test, region, 2);
	bed_transfer(bed, 0)->done = SIZE;
	bed_transfer(bed, 1)->done = 1000;
	KUNIT_EXPECT_EQ(test, cancel(bed), 2);
	expect_capture(test, 0, CUT, -ECANCELED);
	expect_capture(test, 0, CUT | FPGABUF_CAPTURE_GAP, -ECANCELED);
	put_regions(region, 2);
}

static void error_bytes_test(struct kunit *test)
{
	struct fpgabuf_target *region[1];
	struct bed *bed = test->priv;

	bed_provider(bed, UNKNOWN);
	make_regions(test, region, 1);
	write_end(region[0], SIZE);
	bed_complete(bed, SIZE, DMA_TRANS_WRITE_FAILED);
	expect_capture(test, 0, CUT, -EIO);
	put_regions(region, 1);
}

/* "All has come", and the end of the memory is what it was */
static void silent_short_test(struct kunit *test)
{
	static const u32 lengths[] = {
		BED_ALIGNMENT, 2 * BED_ALIGNMENT, PAGE_SIZE,
		PAGE_SIZE + BED_ALIGNMENT, SIZE,
	};
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	unsigned int i;
	u32 gap = 0;

	bed_provider(bed, UNKNOWN);
	region = bed_region(test, SIZE, 0);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_ASSERT_EQ(test, queue(test, region, lengths[i]), 0);
		bed_complete(bed, lengths[i], DMA_TRANS_NOERROR);
		expect_capture(test, 0, gap | FPGABUF_CAPTURE_PARTIAL, 0);
		gap = FPGABUF_CAPTURE_GAP;
		KUNIT_ASSERT_EQ(test, queue(test, region, lengths[i]), 0);
		write_end(region, lengths[i]);
		bed_complete(bed, lengths[i], DMA_TRANS_NOERROR);
		expect_capture(test, lengths[i], gap, 0);
	}
	dma_buf_put(region->buffer.dmabuf);
}

/* One that lacks but the last word has overwritten most of the mark. */
static void silent_word_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	u64 *last;

	bed_provider(bed, UNKNOWN);
	bed->stream.channel.limits.alignment = 4;
	region = bed_region(test, PAGE_SIZE, 0);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
	write_end(region, PAGE_SIZE - 4);
	bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, 0, FPGABUF_CAPTURE_PARTIAL, 0);

	/* Data that are like the mark but for the last word are data. */
	KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
	last = kmap_local_page(fpgabuf_region_page(region->buffer.region, 0)) +
	       PAGE_SIZE - 8;
	KUNIT_EXPECT_EQ(test, *last, region->captures[0].mark.put);
	kunmap_local(last);
	write_end(region, PAGE_SIZE);
	bed_complete(bed, PAGE_SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, PAGE_SIZE, FPGABUF_CAPTURE_GAP, 0);
	dma_buf_put(region->buffer.dmabuf);
}

/* A packet may have ended any segment, and the next one filled the last. */
static void silent_hole_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	unsigned int hole, i;
	u32 gap = 0;

	bed_provider(bed, UNKNOWN);
	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, SIZE, 0);
	for (hole = 0; hole <= SIZE / PAGE_SIZE; hole++) {
		bool whole = hole == SIZE / PAGE_SIZE;

		KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
		for (i = 0; i < SIZE / PAGE_SIZE; i++)
			if (i != hole)
				write_end(region, (i + 1) * PAGE_SIZE);
		bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
		expect_capture(test, whole ? SIZE : 0,
			       gap | (whole ? 0 : FPGABUF_CAPTURE_PARTIAL), 0);
		gap = FPGABUF_CAPTURE_GAP;
	}
	dma_buf_put(region->buffer.dmabuf);
}

/* QUEUE that fails leaves the memory as it was, the mark included. */
static void mark_undone_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;
	u32 i;
	u8 *page;

	bed_provider(bed, UNKNOWN);
	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, 2 * PAGE_SIZE, 0);
	bed->fail_prep = 1;
	KUNIT_EXPECT_EQ(test, queue(test, region, 0), -EIO);
	for (i = 0; i < 2; i++) {
		page = kmap_local_page(fpgabuf_region_page(region->buffer.region, i));
		KUNIT_EXPECT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
		kunmap_local(page);
	}
	dma_buf_put(region->buffer.dmabuf);
}

/*
 * Of several pieces each may have ended with a packet: only so much of the first
 * is certain as cannot be missing.
 */
static void pieces_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region;

	bed_provider(bed, UNKNOWN);
	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, SIZE, 0);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
	bed_complete(bed, SIZE - 100, DMA_TRANS_NOERROR);
	expect_capture(test, PAGE_SIZE - 100, FPGABUF_CAPTURE_PARTIAL, 0);
	KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
	bed_complete(bed, SIZE - PAGE_SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, 0, FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_GAP,
		       0);
	/* One piece is a packet. */
	KUNIT_ASSERT_EQ(test, queue(test, region, PAGE_SIZE), 0);
	bed_complete(bed, 100, DMA_TRANS_NOERROR);
	expect_capture(test, 100, FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_GAP,
		       0);
	dma_buf_put(region->buffer.dmabuf);
}

/* What had been done when the channel got the transfer */
static struct {
	u64 synced;
	unsigned int queued;
	bool fence;
} at_submit;

static void run_at_once(struct bed *bed)
{
	struct fpgabuf_owner *owner = &bed->stream.buffers.owner;
	struct fpgabuf_capture *capture =
		list_first_entry(&bed->stream.queue.queued, struct fpgabuf_capture,
				 node);

	at_submit.queued = bed->stream.queue.nr_queued;
	at_submit.synced = atomic64_read(&owner->synced_for_device);
	at_submit.fence = at_submit.queued && capture->target->fence &&
			  !dma_fence_is_signaled(capture->target->fence);
	spin_lock_irq(&bed->lock);
	list_splice_tail_init(&bed->submitted, &bed->issued);
	spin_unlock_irq(&bed->lock);
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
}

/* A provider may do it all when the transfer is submitted. */
static void at_submit_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);

	bed->at_submit = run_at_once;
	KUNIT_ASSERT_EQ(test, queue(test, region, 0), 0);
	KUNIT_EXPECT_EQ(test, at_submit.synced, SIZE);
	KUNIT_EXPECT_EQ(test, at_submit.queued, 1);
	KUNIT_EXPECT_TRUE(test, at_submit.fence);
	expect_capture(test, SIZE, 0, 0);
	KUNIT_EXPECT_EQ(test, bed->stream.queue.nr_queued, 0);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(region->buffer.dmabuf->resv,
						       DMA_RESV_USAGE_WRITE));
	dma_buf_put(region->buffer.dmabuf);
}

#ifdef CONFIG_PCI
/* The IOMMU knows the card, and not what the card's driver has made of it. */
static void card_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct device *dev = &bed->pdev->dev, *parent = dev->parent;
	struct device *card;

	KUNIT_EXPECT_PTR_EQ(test,
			    fpgabuf_channel_dma_device(&bed->stream.channel), dev);
	card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, card);
	card->bus = &pci_bus_type;
	dev->parent = card;
	KUNIT_EXPECT_PTR_EQ(test,
			    fpgabuf_channel_dma_device(&bed->stream.channel),
			    card);
	dev->parent = parent;
}
#endif

/* Some start the next one only when they are told again. */
static void nudge_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	bed_provider(bed, UNKNOWN);
	make_regions(test, region, 3);
	KUNIT_EXPECT_EQ(test, bed->issues, 3);
	complete_whole(bed, region[0]);
	KUNIT_EXPECT_EQ(test, bed->issues, 4);
	complete_whole(bed, region[1]);
	complete_whole(bed, region[2]);
	KUNIT_EXPECT_EQ(test, bed->issues, 5);
	expect_capture(test, SIZE, 0, 0);
	expect_capture(test, SIZE, FPGABUF_CAPTURE_GAP, 0);
	expect_capture(test, SIZE, FPGABUF_CAPTURE_GAP, 0);
	put_regions(region, 3);
}

/* When its first callback comes all may have ended, and then it warns. */
static void goes_on_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;
	unsigned int i;

	bed_provider(bed, "dma-pl330");
	make_regions(test, region, 3);
	for (i = 0; i < 3; i++)
		complete_whole(bed, region[i]);
	KUNIT_EXPECT_EQ(test, bed->issues, 3);
	for (i = 0; i < 3; i++)
		expect_capture(test, SIZE, i ? FPGABUF_CAPTURE_GAP : 0, 0);
	put_regions(region, 3);
}

/* One at a time, and the next as soon as it has ended */
static void serial_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;
	unsigned int i;

	bed_provider(bed, "altera-msgdma");
	make_regions(test, region, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_NOT_NULL(test, bed_transfer(bed, 0));
		KUNIT_EXPECT_NULL(test, bed_transfer(bed, 1));
		KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->addr,
				sg_dma_address(region[i]->buffer.mapping.sgt.sgl));
		complete_whole(bed, region[i]);
	}
	for (i = 0; i < 3; i++)
		expect_capture(test, SIZE, i ? FPGABUF_CAPTURE_GAP : 0, 0);
	put_regions(region, 3);
}

/* The second is refused when its turn comes: it ends, and the third runs. */
static void serial_refused_test(struct kunit *test)
{
	struct fpgabuf_target *region[3];
	struct bed *bed = test->priv;

	bed_provider(bed, "altera-msgdma");
	make_regions(test, region, 3);
	bed->fail_submit = 1;
	complete_whole(bed, region[0]);
	KUNIT_ASSERT_NOT_NULL(test, bed_transfer(bed, 0));
	KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->addr,
			sg_dma_address(region[2]->buffer.mapping.sgt.sgl));
	complete_whole(bed, region[2]);
	expect_capture(test, SIZE, 0, 0);
	expect_capture(test, 0, CUT, -EIO);
	expect_capture(test, SIZE, FPGABUF_CAPTURE_GAP, 0);
	put_regions(region, 3);
}

/*
 * It cannot be stopped: the capture ends, the region stays with the FPGA, and the
 * next one waits.
 */
static void abandoned_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	bed_provider(bed, UNKNOWN);
	bed->stream.channel.stops = false;
	make_regions(test, region, 2);
	bed_transfer(bed, 0)->done = 1000;
	KUNIT_EXPECT_EQ(test, cancel(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->stops, 0);
	expect_capture(test, 0, CUT, -ECANCELED);
	expect_capture(test, 0, CUT, -ECANCELED);
	KUNIT_EXPECT_EQ(test, queue(test, region[0], 0), -EBUSY);
	KUNIT_ASSERT_EQ(test, queue(test, region[1], 0), 0);
	KUNIT_EXPECT_NULL(test, bed_transfer(bed, 1));

	/* Nobody has it any more but the FPGA. */
	dma_buf_put(region[0]->buffer.dmabuf);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->addr,
			sg_dma_address(region[0]->buffer.mapping.sgt.sgl));
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
	KUNIT_ASSERT_NOT_NULL(test, bed_transfer(bed, 0));
	KUNIT_EXPECT_EQ(test, bed_transfer(bed, 0)->addr,
			sg_dma_address(region[1]->buffer.mapping.sgt.sgl));
	complete_whole(bed, region[1]);
	expect_capture(test, SIZE, 0, 0);
	dma_buf_put(region[1]->buffer.dmabuf);
}

/* "Not now" is asked again; when it stops at last nothing is lost. */
static void stop_late_test(struct kunit *test)
{
	struct fpgabuf_target *region[1];
	struct bed *bed = test->priv;

	make_regions(test, region, 1);
	bed->refuse_stop = 3;
	KUNIT_EXPECT_EQ(test, cancel(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->stops, BED_STOPS);
	expect_capture(test, 0, CUT, -ECANCELED);
	KUNIT_EXPECT_EQ(test, queue(test, region[0], 0), 0);
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, SIZE, 0, 0);
	put_regions(region, 1);
}

/* It never stops: it is not used again, and has its memory for ever. */
static void stuck_test(struct kunit *test)
{
	struct fpgabuf_target *region[3], *other;
	struct bed *bed = test->priv;
	unsigned int i;

	other = bed_region(test, SIZE, 0);
	make_regions(test, region, 3);
	bed->refuse_stop = UINT_MAX;
	KUNIT_EXPECT_EQ(test, cancel(bed), 3);
	for (i = 0; i < 3; i++) {
		expect_capture(test, 0, CUT, -ECANCELED);
		KUNIT_EXPECT_EQ(test, queue(test, region[i], 0), -EBUSY);
		dma_buf_put(region[i]->buffer.dmabuf);
	}
	KUNIT_EXPECT_EQ(test, queue(test, other, 0), -EIO);
	flush_delayed_fput();
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, region[i]->buffer.region->pages.nr_chunks > 0, true);

	/* For the test alone: in the end it is at rest. */
	for (i = 0; i < 3; i++)
		bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
	dma_buf_put(other->buffer.dmabuf);
}

/* An error that only the status tells ends the capture, and no other. */
static void status_test(struct kunit *test)
{
	struct fpgabuf_target *region[2];
	struct bed *bed = test->priv;

	bed_provider(bed, UNKNOWN);
	make_regions(test, region, 2);
	bed->failed = true;
	look(bed);
	expect_capture(test, 0, CUT, -EIO);
	complete_whole(bed, region[1]);
	expect_capture(test, SIZE, FPGABUF_CAPTURE_GAP, 0);
	put_regions(region, 2);
}

/* No room for one more is not the same as a transfer that cannot be. */
static void room_test(struct kunit *test)
{
	struct fpgabuf_target *region[1], *other;
	struct bed *bed = test->priv;

	other = bed_region(test, SIZE, 0);
	bed->fail_prep = 1;
	KUNIT_EXPECT_EQ(test, queue(test, other, 0), -EIO);
	make_regions(test, region, 1);
	bed->fail_prep = 1;
	KUNIT_EXPECT_EQ(test, queue(test, other, 0), -ENOBUFS);
	bed_complete(bed, SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, SIZE, 0, 0);
	bed->stream.channel.limits.piece = PAGE_SIZE;
	bed->stream.channel.limits.max_pieces = 3;
	KUNIT_EXPECT_EQ(test, queue(test, other, 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, queue(test, other, 3 * PAGE_SIZE), 0);
	bed_complete(bed, 3 * PAGE_SIZE, DMA_TRANS_NOERROR);
	expect_capture(test, 3 * PAGE_SIZE, FPGABUF_CAPTURE_GAP, 0);
	dma_buf_put(other->buffer.dmabuf);
	put_regions(region, 1);
}

/* Some go on to the end of the list, whatever number they are told. */
static void list_test(struct kunit *test)
{
	static const u32 lengths[] = {
		SIZE, PAGE_SIZE, SIZE - PAGE_SIZE, BED_ALIGNMENT, SIZE,
	};
	struct bed *bed = test->priv;
	struct fpgabuf_transfer *transfer;
	struct fpgabuf_target *region;
	struct scatterlist *sg;
	unsigned int i;

	dma_set_max_seg_size(&bed->pdev->dev, PAGE_SIZE);
	region = bed_region(test, SIZE, 0);
	transfer = &region->captures[0].transfer;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		u32 size = 0;

		fpgabuf_transfer_set(transfer, region->buffer.mapping.sgt.sgl,
				     0, lengths[i]);
		for (sg = transfer->sgt.sgl; sg; sg = sg_next(sg))
			size += sg_dma_len(sg);
		KUNIT_EXPECT_EQ(test, size, lengths[i]);
		KUNIT_EXPECT_EQ(test, transfer->nents,
				DIV_ROUND_UP(lengths[i], PAGE_SIZE));
	}
	dma_buf_put(region->buffer.dmabuf);
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(unknown_caps_test),
	KUNIT_CASE(cut_bytes_test),
	KUNIT_CASE(error_bytes_test),
	KUNIT_CASE(silent_short_test),
	KUNIT_CASE(silent_word_test),
	KUNIT_CASE(silent_hole_test),
	KUNIT_CASE(mark_undone_test),
	KUNIT_CASE(pieces_test),
	KUNIT_CASE(at_submit_test),
#ifdef CONFIG_PCI
	KUNIT_CASE(card_test),
#endif
	KUNIT_CASE(nudge_test),
	KUNIT_CASE(goes_on_test),
	KUNIT_CASE(serial_test),
	KUNIT_CASE(serial_refused_test),
	KUNIT_CASE(abandoned_test),
	KUNIT_CASE(stop_late_test),
	KUNIT_CASE(stuck_test),
	KUNIT_CASE(status_test),
	KUNIT_CASE(room_test),
	KUNIT_CASE(list_test),
	{}
};

static struct kunit_suite channel_suite = {
	.name = "fpgabuf-channel",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = channel_cases,
};

kunit_test_suite(channel_suite);
