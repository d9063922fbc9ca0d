// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - what the KUnit suites share: see kunit_bed.h
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "kunit_bed.h"

#define BED_LIMIT	SZ_256M

static struct bed *chan_to_bed(struct dma_chan *chan)
{
	return container_of(chan, struct bed, chan);
}

static void run_hook(struct bed *bed, void (**hook)(struct bed *bed))
{
	void (*fn)(struct bed *bed) = *hook;

	*hook = NULL;
	if (fn)
		fn(bed);
}

static bool take(unsigned int *left)
{
	return *left && (*left)--;
}

static dma_cookie_t fake_submit(struct dma_async_tx_descriptor *tx)
{
	struct bed_transfer *transfer =
		container_of(tx, struct bed_transfer, tx);
	struct bed *bed = chan_to_bed(tx->chan);
	unsigned long flags;

	if (take(&bed->fail_submit)) {
		kfree(transfer);
		return -EIO;
	}
	spin_lock_irqsave(&bed->lock, flags);
	tx->cookie = ++tx->chan->cookie;
	list_add_tail(&transfer->node, &bed->submitted);
	spin_unlock_irqrestore(&bed->lock, flags);
	run_hook(bed, &bed->at_submit);
	return bed->chan.cookie;
}

static struct dma_async_tx_descriptor *
fake_prep(struct dma_chan *chan, struct scatterlist *sgl, unsigned int nents,
	  enum dma_transfer_direction direction, unsigned long flags,
	  void *context)
{
	struct bed *bed = chan_to_bed(chan);
	struct bed_transfer *transfer;
	struct scatterlist *sg;
	unsigned int i;

	if (direction != DMA_DEV_TO_MEM || take(&bed->fail_prep))
		return NULL;
	/* The next transfer may be prepared when the last one calls back. */
	transfer = kzalloc_obj(*transfer, GFP_NOWAIT);
	if (!transfer)
		return NULL;
	transfer->addr = sg_dma_address(sgl);
	for_each_sg(sgl, sg, nents, i)
		transfer->size += sg_dma_len(sg);
	dma_async_tx_descriptor_init(&transfer->tx, chan);
	transfer->tx.tx_submit = fake_submit;
	return &transfer->tx;
}

static void fake_issue_pending(struct dma_chan *chan)
{
	struct bed *bed = chan_to_bed(chan);
	unsigned long flags;

	run_hook(bed, &bed->before_issue);
	spin_lock_irqsave(&bed->lock, flags);
	bed->issues++;
	list_splice_tail_init(&bed->submitted, &bed->issued);
	spin_unlock_irqrestore(&bed->lock, flags);
	run_hook(bed, &bed->after_issue);
}

static struct bed_transfer *find(struct list_head *list, dma_cookie_t cookie)
{
	struct bed_transfer *transfer;

	list_for_each_entry(transfer, list, node)
		if (transfer->tx.cookie == cookie)
			return transfer;
	return NULL;
}

static enum dma_status fake_tx_status(struct dma_chan *chan,
				      dma_cookie_t cookie,
				      struct dma_tx_state *state)
{
	struct bed *bed = chan_to_bed(chan);
	struct bed_transfer *transfer;
	enum dma_status status;
	unsigned long flags;

	spin_lock_irqsave(&bed->lock, flags);
	transfer = find(&bed->issued, cookie) ?: find(&bed->submitted, cookie);
	status = transfer ? DMA_IN_PROGRESS : DMA_COMPLETE;
	if (transfer && bed->failed)
		status = DMA_ERROR;
	if (state)
		state->residue = transfer ? transfer->size - transfer->done : 0;
	spin_unlock_irqrestore(&bed->lock, flags);
	run_hook(bed, &bed->after_status);
	return status;
}

static int fake_terminate(struct dma_chan *chan)
{
	struct bed *bed = chan_to_bed(chan);
	struct bed_transfer *transfer, *next;
	unsigned long flags;

	run_hook(bed, &bed->before_stop);
	if (take(&bed->refuse_stop))
		return -EPERM;
	spin_lock_irqsave(&bed->lock, flags);
	list_splice_tail_init(&bed->submitted, &bed->issued);
	list_for_each_entry_safe(transfer, next, &bed->issued, node) {
		list_del(&transfer->node);
		kfree(transfer);
	}
	bed->stops++;
	bed->failed = false;
	spin_unlock_irqrestore(&bed->lock, flags);
	return 0;
}

/**
 * bed_provider() - let the channel be that of another provider
 * @bed: the bed; nothing is queued
 * @driver: name of the provider's driver
 */
void bed_provider(struct bed *bed, const char *driver)
{
	struct fpgabuf_channel *channel = &bed->stream.channel;

	fpgabuf_channel_init(channel, bed->memory.dev, &bed->chan,
			     fpgabuf_provider_find(driver),
			     &fpgabuf_capture_ops);
	channel->limits.alignment = BED_ALIGNMENT;
}

/**
 * bed_transfer() - look into the channel
 * @bed: the bed
 * @n: which transfer, the running one is 0
 *
 * Return: the transfer, or NULL if the channel has not that many.
 */
struct bed_transfer *bed_transfer(struct bed *bed, unsigned int n)
{
	struct bed_transfer *transfer;

	list_for_each_entry(transfer, &bed->issued, node)
		if (!n--)
			return transfer;
	return NULL;
}

/**
 * bed_complete() - the running transfer ends
 * @bed: the bed
 * @bytes: how many have arrived
 * @how: in which way
 *
 * Calls back in the context in which a real controller does.  If nothing runs
 * nothing happens, which the test will notice.
 */
void bed_complete(struct bed *bed, u32 bytes, enum dmaengine_tx_result how)
{
	struct bed_transfer *transfer;
	struct dmaengine_result result = { .result = how };
	unsigned long flags;

	spin_lock_irqsave(&bed->lock, flags);
	transfer = list_first_entry_or_null(&bed->issued, struct bed_transfer,
					    node);
	if (transfer)
		list_del(&transfer->node);
	spin_unlock_irqrestore(&bed->lock, flags);
	if (!transfer)
		return;

	result.residue = transfer->size - bytes;
	local_bh_disable();
	if (transfer->tx.callback_result)
		transfer->tx.callback_result(transfer->tx.callback_param,
					     &result);
	else
		transfer->tx.callback(transfer->tx.callback_param);
	local_bh_enable();
	kfree(transfer);
}

static void channel_init(struct bed *bed)
{
	spin_lock_init(&bed->lock);
	INIT_LIST_HEAD(&bed->submitted);
	INIT_LIST_HEAD(&bed->issued);
	bed->dma.dev = &bed->pdev->dev;
	bed->dma.device_prep_slave_sg = fake_prep;
	bed->dma.device_issue_pending = fake_issue_pending;
	bed->dma.device_tx_status = fake_tx_status;
	bed->dma.device_terminate_all = fake_terminate;
	bed->chan.device = &bed->dma;
	bed->chan.dev = &bed->chan_dev;
	bed->chan.cookie = DMA_MIN_COOKIE;
}

static void memory_init(struct bed *bed)
{
	struct fpgabuf_memory *memory = &bed->memory;

	kref_init(&memory->ref);
	strscpy(memory->name, "fpgabuf-kunit", sizeof(memory->name));
	memory->dev = &bed->pdev->dev;
	memory->dma_dev = &bed->pdev->dev;
	memory->quota.limit = BED_LIMIT;
	memory->search.limit = BED_LIMIT;
	memory->file_limit = BED_LIMIT;
}

static void device_init(struct bed *bed)
{
	memory_init(bed);
	bed_provider(bed, "fpgabuf-sim");
	fpgabuf_stream_init(&bed->stream, &bed->memory);
	bed->stream.timeout_ms = 3600000;
}

/**
 * bed_open() - another open file of the device
 * @test: of a suite with a bed
 *
 * Return: the file; to be closed by fpgabuf_file_close().
 */
struct fpgabuf_file *bed_open(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_file *file = fpgabuf_file_open(&bed->stream);

	KUNIT_ASSERT_NOT_NULL(test, file);
	return file;
}

/**
 * bed_init() - make a device
 * @test: gets it as its priv
 *
 * Return: 0 or a negative errno.
 */
int bed_init(struct kunit *test)
{
	struct bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	if (!bed)
		return -ENOMEM;
	test->priv = bed;
	bed->pdev = platform_device_register_simple("fpgabuf-kunit",
						    PLATFORM_DEVID_NONE,
						    NULL, 0);
	if (IS_ERR(bed->pdev))
		return PTR_ERR(bed->pdev);
	dma_coerce_mask_and_coherent(&bed->pdev->dev, DMA_BIT_MASK(64));
	dma_set_max_seg_size(&bed->pdev->dev, SZ_4M);
	channel_init(bed);
	device_init(bed);
	bed->stream.queue.wq = alloc_workqueue("fpgabuf-kunit", WQ_UNBOUND, 0);
	if (!bed->stream.queue.wq)
		goto err_pdev;
	bed->stream.watchdog.wq = alloc_workqueue("fpgabuf-kunit-watchdog",
						  WQ_UNBOUND, 0);
	if (!bed->stream.watchdog.wq)
		goto err_wq;
	bed->file = bed_open(test);
	return 0;

err_wq:
	destroy_workqueue(bed->stream.queue.wq);
err_pdev:
	platform_device_unregister(bed->pdev);
	return -ENOMEM;
}

static bool only_ours(struct bed *bed)
{
	return kref_read(&bed->stream.ref) == 1 &&
	       kref_read(&bed->memory.ref) == 1;
}

/* A thread of the kernel leaves the last fput() to somebody else. */
static bool all_gone(struct bed *bed)
{
	ktime_t deadline = ktime_add_ms(ktime_get(), 1000);

	while (!only_ours(bed) && ktime_before(ktime_get(), deadline)) {
		flush_delayed_fput();
		usleep_range(500, 1000);
	}
	return only_ours(bed);
}

/**
 * bed_exit() - take the device away
 * @test: the test
 *
 * Fails the test if a region or a file is left, or memory still charged.
 */
void bed_exit(struct kunit *test)
{
	struct bed *bed = test->priv;

	if (!bed || IS_ERR_OR_NULL(bed->pdev) ||
	    !bed->stream.watchdog.wq)
		return;
	fpgabuf_file_close(bed->file);
	cancel_delayed_work_sync(&bed->stream.watchdog.work);
	KUNIT_EXPECT_TRUE(test, all_gone(bed));
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->memory.quota.used), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->stream.buffers.list));
	destroy_workqueue(bed->stream.watchdog.wq);
	destroy_workqueue(bed->stream.queue.wq);
	platform_device_unregister(bed->pdev);
}

/**
 * bed_region() - a region and its dma-buf, as ALLOC makes them
 * @test: of a suite with a bed
 * @size: bytes
 * @flags: FPGABUF_ALLOC_* bits
 *
 * Return: the region; it goes with the last dma_buf_put().
 */
struct fpgabuf_target *bed_region(struct kunit *test, size_t size, u32 flags)
{
	const struct fpgabuf_alloc alloc = {
		.size = size,
		.flags = flags,
		.fd_flags = O_RDWR,
	};
	struct bed *bed = test->priv;
	struct fpgabuf_owner *owner = &bed->stream.buffers.owner;
	struct fpgabuf_target *region;

	/* The test may have set another limit by now. */
	owner->segment = fpgabuf_channel_segment(&bed->stream.channel,
						 owner->dev);
	region = fpgabuf_target_create(bed->file, &alloc);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	return region;
}

/**
 * bed_queue() - queue a region for one capture
 * @file: the open file
 * @region: the region
 * @queue: as QUEUE has it, without a slice
 *
 * Return: 0, or as fpgabuf_target_queue().
 */
int bed_queue(struct fpgabuf_file *file, struct fpgabuf_target *region,
	      const struct fpgabuf_queue *queue)
{
	return min(fpgabuf_target_queue(file, region, queue), 0);
}
