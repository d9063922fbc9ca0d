// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the queue of captures
 *
 * A capture is a region's turn.  QUEUE submits a dmaengine transfer for it and
 * appends it to the device's queue; the channel runs the transfers one behind
 * the other, without a gap while it has one.  Its callback only notes what came
 * (it runs in softirq context); a work item then makes the data visible to the
 * CPU, which can take milliseconds, and moves the capture to the list DEQUEUE
 * takes from.  The work takes captures from the head of the queue only, so
 * they are dequeued in the order in which they were queued.
 *
 * The queue belongs to one open file at a time: a dmaengine channel can only be
 * stopped as a whole, and nobody shall end another one's captures.
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/dmaengine.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "fpgabuf.h"
#include "trace.h"

static struct fpgabuf_region *capture_region(struct fpgabuf_capture *capture)
{
	return container_of(capture, struct fpgabuf_region, capture);
}

static struct fpgabuf_capture *first_capture(struct list_head *list)
{
	return list_first_entry_or_null(list, struct fpgabuf_capture, node);
}

static void capture_complete(struct fpgabuf_device *fdev,
			     struct fpgabuf_capture *capture, u32 bytes,
			     int error)
{
	lockdep_assert_held(&fdev->qlock);

	capture->timestamp = ktime_get();
	capture->bytes = bytes;
	capture->error = error;
	if (error)
		capture->status |= FPGABUF_CAPTURE_ERROR;
	if (error == -ETIMEDOUT)
		capture->status |= FPGABUF_CAPTURE_TIMEOUT;
	if (bytes < capture->length)
		capture->status |= FPGABUF_CAPTURE_PARTIAL;
	capture->completed = true;
	fdev->nr_running--;
}

static void capture_came(struct fpgabuf_capture *capture, u32 residue,
			 int error)
{
	struct fpgabuf_device *fdev = capture_region(capture)->fdev;
	unsigned long flags;

	spin_lock_irqsave(&fdev->qlock, flags);
	capture_complete(fdev, capture, capture->length - residue, error);
	spin_unlock_irqrestore(&fdev->qlock, flags);
	queue_work(fdev->wq, &fdev->finish);
}

/* dmaengine's callback; softirq or thread */
static void capture_callback(void *param, const struct dmaengine_result *result)
{
	struct fpgabuf_capture *capture = param;

	capture_came(capture, min(result->residue, capture->length),
		     result->result == DMA_TRANS_NOERROR ? 0 : -EIO);
}

/* That of a provider which has no result to tell */
static void capture_callback_plain(void *param)
{
	capture_came(param, 0, 0);
}

static struct fpgabuf_capture *take_completed(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture;

	spin_lock_irq(&fdev->qlock);
	capture = first_capture(&fdev->queued);
	if (capture && capture->started && capture->completed)
		list_del(&capture->node);
	else
		capture = NULL;
	spin_unlock_irq(&fdev->qlock);
	return capture;
}

/*
 * Fence and queue say it in one step: who has dequeued a capture finds the fence
 * signalled, and who has waited for the fence finds it in the queue.
 */
static void capture_done(struct fpgabuf_device *fdev,
			 struct fpgabuf_capture *capture)
{
	spin_lock_irq(&fdev->qlock);
	capture->sequence = fdev->captures++;
	if (capture->status & FPGABUF_CAPTURE_GAP)
		fdev->gaps++;
	WRITE_ONCE(capture->state, FPGABUF_REGION_DONE);
	trace_fpgabuf_done(capture_region(capture));
	list_add_tail(&capture->node, &fdev->done);
	fdev->nr_queued--;
	fpgabuf_fence_signal(capture->fence, capture->error);
	spin_unlock_irq(&fdev->qlock);
	/* Somebody may have dequeued the capture by now, and freed it. */
	wake_up_interruptible(&fdev->wait);
}

static void finish_work(struct work_struct *work)
{
	struct fpgabuf_device *fdev =
		container_of(work, struct fpgabuf_device, finish);
	struct fpgabuf_capture *capture;
	bool signalling = dma_fence_begin_signalling();

	while ((capture = take_completed(fdev))) {
		fpgabuf_owner_sync_for_cpu(capture_region(capture),
					   capture->bytes, DMA_FROM_DEVICE);
		capture_done(fdev, capture);
	}
	dma_fence_end_signalling(signalling);
}

/*
 * The channel reads the list while it prepares the transfer, so the entry that
 * the length ends in can be shortened for just that time.
 */
static struct dma_async_tx_descriptor *prep(struct fpgabuf_region *region,
					    u32 length)
{
	struct dma_async_tx_descriptor *desc;
	struct scatterlist *sg = region->sgt.sgl;
	unsigned int nents = 1, full;
	u32 left = length;

	while (left > sg_dma_len(sg)) {
		left -= sg_dma_len(sg);
		sg = sg_next(sg);
		nents++;
	}
	full = sg_dma_len(sg);
	sg_dma_len(sg) = left;
	desc = dmaengine_prep_slave_sg(region->fdev->chan, region->sgt.sgl,
				       nents, DMA_DEV_TO_MEM,
				       DMA_PREP_INTERRUPT | DMA_CTRL_ACK);
	sg_dma_len(sg) = full;
	return desc;
}

/* Hand the transfer to the channel; it does not start yet. */
static int submit(struct fpgabuf_capture *capture)
{
	struct dma_async_tx_descriptor *desc;

	desc = prep(capture_region(capture), capture->length);
	if (!desc)
		return -EIO;
	if (fpgabuf_channel_tells_result(capture_region(capture)->fdev->chan))
		desc->callback_result = capture_callback;
	else
		desc->callback = capture_callback_plain;
	desc->callback_param = capture;
	capture->dma_cookie = dmaengine_submit(desc);
	return dma_submit_error(capture->dma_cookie) ? -EIO : 0;
}

/* Take the region from its users, unless somebody still looks at it. */
static int claim(struct fpgabuf_region *region)
{
	struct fpgabuf_usage usage;
	int ret = 0;

	down_write(&region->sem);
	if (region->capture.state != FPGABUF_REGION_IDLE ||
	    fpgabuf_region_importers(region)) {
		ret = -EBUSY;
		goto out;
	}
	fpgabuf_region_usage(region, &usage);
	if (usage.in_use) {
		atomic64_inc(&region->fdev->busy);
		trace_fpgabuf_busy(region, &usage);
		ret = -EBUSY;
		goto out;
	}
	WRITE_ONCE(region->capture.state, FPGABUF_REGION_QUEUED);
out:
	up_write(&region->sem);
	return ret;
}

static void unclaim(struct fpgabuf_region *region)
{
	WRITE_ONCE(region->capture.state, FPGABUF_REGION_IDLE);
}

static int may_queue(const struct fpgabuf_file *file)
{
	struct fpgabuf_device *fdev = file->fdev;

	if (fdev->gone)
		return -ENODEV;
	if (fdev->owner && fdev->owner != file)
		return -EUSERS;
	if (READ_ONCE(fdev->nr_queued) >= FPGABUF_MAX_QUEUED)
		return -ENOBUFS;
	return 0;
}

/* Return: the transfer in front of this one, 0 if the channel has none. */
static dma_cookie_t enqueue(struct fpgabuf_file *file,
			    struct fpgabuf_capture *capture)
{
	struct fpgabuf_device *fdev = file->fdev;
	dma_cookie_t previous = 0;

	spin_lock_irq(&fdev->qlock);
	if (fdev->nr_running)
		previous = list_last_entry(&fdev->queued,
					   struct fpgabuf_capture,
					   node)->dma_cookie;
	fdev->owner = file;
	list_add_tail(&capture->node, &fdev->queued);
	fdev->nr_queued++;
	fdev->nr_running++;
	spin_unlock_irq(&fdev->qlock);
	return previous;
}

static bool in_progress(struct fpgabuf_device *fdev, dma_cookie_t cookie)
{
	return dmaengine_tx_status(fdev->chan, cookie, NULL) ==
	       DMA_IN_PROGRESS;
}

/*
 * If the channel was still busy with the previous transfer when it had already
 * got this one, then there was no gap.  If it was not, there may have been one.
 * Only now can the capture be finished: by then it must be known.  The lock
 * cannot be held meanwhile, some providers call back from issue_pending.
 */
static void start(struct fpgabuf_device *fdev, struct fpgabuf_capture *capture,
		  dma_cookie_t previous)
{
	bool gap, completed;

	dma_async_issue_pending(fdev->chan);
	gap = fdev->streaming && !(previous && in_progress(fdev, previous));

	spin_lock_irq(&fdev->qlock);
	if (gap)
		capture->status |= FPGABUF_CAPTURE_GAP;
	fdev->streaming = true;
	completed = capture->completed;
	capture->started = true;
	spin_unlock_irq(&fdev->qlock);
	if (completed)
		queue_work(fdev->wq, &fdev->finish);
}

/* The watchdog shall run at that time, or earlier. */
static void watch(struct fpgabuf_device *fdev, ktime_t deadline)
{
	s64 ms;

	lockdep_assert_held(&fdev->lock);
	if (ktime_compare(deadline, fdev->watchdog_at) >= 0)
		return;
	fdev->watchdog_at = deadline;
	ms = max_t(s64, ktime_ms_delta(deadline, ktime_get()), 0);
	mod_delayed_work(fdev->watchdog_wq, &fdev->watchdog,
			 msecs_to_jiffies(ms) + 1);
}

/*
 * The region is claimed, fence and room for it are at hand: here nothing is
 * waited for that could in turn wait for a fence.
 */
static int queue_locked(struct fpgabuf_file *file,
			struct fpgabuf_region *region,
			const struct fpgabuf_queue *queue,
			struct dma_fence *fence)
{
	struct fpgabuf_device *fdev = file->fdev;
	struct fpgabuf_capture *capture = &region->capture;
	u32 timeout_ms = queue->timeout_ms ?: fdev->timeout_ms;
	dma_cookie_t previous;
	ktime_t deadline;
	int ret;

	ret = may_queue(file);
	if (ret)
		return ret;

	capture->cookie = queue->cookie;
	capture->length = queue->length ?: region->size;
	capture->status = 0;
	capture->started = false;
	capture->completed = false;
	deadline = ktime_add_ms(ktime_get(), timeout_ms);
	capture->deadline = deadline;
	ret = submit(capture);
	if (ret)
		return ret;

	capture->fence = dma_fence_get(fence);
	dma_resv_add_fence(region->dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	fpgabuf_owner_sync_for_device(region, capture->length, DMA_FROM_DEVICE);
	trace_fpgabuf_queue(region);
	get_dma_buf(region->dmabuf);
	previous = enqueue(file, capture);
	/* When it has started it can be dequeued, and queued again. */
	start(fdev, capture, previous);
	watch(fdev, deadline);
	return 0;
}

/**
 * fpgabuf_capture_queue() - queue a region for its next capture
 * @file: the open file it is queued by
 * @region: the region; the caller holds its dma-buf until this returns
 * @queue: length, timeout and cookie
 *
 * Context: process, may sleep.
 *
 * Return: 0, or -EINVAL, -ENODEV, -EUSERS, -ENOBUFS, -EBUSY, -EIO, -ENOMEM,
 * -EINTR as the UAPI header says.
 */
int fpgabuf_capture_queue(struct fpgabuf_file *file,
			  struct fpgabuf_region *region,
			  const struct fpgabuf_queue *queue)
{
	struct fpgabuf_device *fdev = file->fdev;
	struct dma_resv *resv = region->dmabuf->resv;
	struct dma_fence *fence;
	int ret;

	if (queue->length > region->size ||
	    queue->length & (fdev->alignment - 1) ||
	    queue->timeout_ms > FPGABUF_TIMEOUT_MAX_MS)
		return -EINVAL;
	/* Before EBUSY: trying again would not help. */
	if (READ_ONCE(fdev->gone))
		return -ENODEV;

	fence = fpgabuf_fence_create(fdev);
	if (!fence)
		return -ENOMEM;
	ret = dma_resv_lock_interruptible(resv, NULL);
	if (ret)
		goto put;
	ret = dma_resv_reserve_fences(resv, 1);
	if (ret)
		goto unlock;
	/*
	 * Outside the lock of the device, which the watchdog takes: a page
	 * fault that this waits for may be waiting for memory, and that for
	 * a fence.
	 */
	ret = claim(region);
	if (ret)
		goto unlock;

	mutex_lock(&fdev->lock);
	ret = queue_locked(file, region, queue, fence);
	mutex_unlock(&fdev->lock);
	if (ret)
		unclaim(region);
unlock:
	dma_resv_unlock(resv);
put:
	dma_fence_put(fence);
	return ret;
}

static bool owns_queue(const struct fpgabuf_file *file)
{
	lockdep_assert_held(&file->fdev->qlock);
	return file->fdev->owner == file;
}

/*
 * One look at the queue: a capture, or -EAGAIN while one may still come, or
 * the reason why none will.
 */
static struct fpgabuf_capture *try_dequeue(const struct fpgabuf_file *file)
{
	struct fpgabuf_device *fdev = file->fdev;
	struct fpgabuf_capture *capture = NULL;
	int error = -EAGAIN;

	spin_lock_irq(&fdev->qlock);
	if (owns_queue(file))
		capture = first_capture(&fdev->done);
	if (capture)
		list_del(&capture->node);
	else if (!owns_queue(file) || !fdev->nr_queued)
		error = READ_ONCE(fdev->gone) ? -ENODEV : -EPIPE;
	spin_unlock_irq(&fdev->qlock);
	return capture ?: ERR_PTR(error);
}

/**
 * fpgabuf_capture_dequeue() - take the oldest finished capture
 * @file: the open file
 * @wait: until there is one
 *
 * Context: process, sleeps.
 *
 * Return: the capture, which the caller ends by fpgabuf_capture_release() or
 * fpgabuf_capture_put_back(), or ERR_PTR of -EAGAIN, -ERESTARTSYS, -EPIPE or
 * -ENODEV.
 */
struct fpgabuf_capture *fpgabuf_capture_dequeue(struct fpgabuf_file *file,
						bool wait)
{
	struct fpgabuf_capture *capture = try_dequeue(file);
	int ret;

	if (capture != ERR_PTR(-EAGAIN) || !wait)
		return capture;

	ret = wait_event_interruptible(file->fdev->wait,
				       (capture = try_dequeue(file)) !=
				       ERR_PTR(-EAGAIN));
	if (ret)
		return ERR_PTR(ret);
	return capture;
}

/**
 * fpgabuf_capture_put_back() - undo a dequeue
 * @capture: as it came from fpgabuf_capture_dequeue()
 */
void fpgabuf_capture_put_back(struct fpgabuf_capture *capture)
{
	struct fpgabuf_device *fdev = capture_region(capture)->fdev;

	spin_lock_irq(&fdev->qlock);
	list_add(&capture->node, &fdev->done);
	spin_unlock_irq(&fdev->qlock);
	wake_up_interruptible(&fdev->wait);
}

/**
 * fpgabuf_capture_release() - let go of a dequeued capture
 * @capture: not in any list; its region can be queued again, or vanish
 */
void fpgabuf_capture_release(struct fpgabuf_capture *capture)
{
	struct fpgabuf_region *region = capture_region(capture);

	unclaim(region);
	dma_buf_put(region->dmabuf);
}

/* What has arrived, as far as the channel tells. */
static u32 bytes_so_far(struct fpgabuf_device *fdev,
			struct fpgabuf_capture *capture)
{
	struct dma_tx_state state = { .residue = capture->length };

	dmaengine_tx_status(fdev->chan, capture->dma_cookie, &state);
	return capture->length - min(state.residue, capture->length);
}

/*
 * No callback comes any more when this returns: then captures can be freed.
 * Providers without a way to wait for a callback, such as the PL330's, make it
 * in a tasklet that may be running, which RCU waits for.
 */
static void terminate(struct fpgabuf_device *fdev)
{
	int ret = dmaengine_terminate_sync(fdev->chan);

	if (ret)
		dev_err(fdev->dev, "the DMA channel does not stop: %d\n", ret);
	if (!fdev->chan->device->device_synchronize)
		synchronize_rcu();
}

/* The channel forgets its residues when it is stopped: ask before. */
static void stop_channel(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture;

	spin_lock_irq(&fdev->qlock);
	list_for_each_entry(capture, &fdev->queued, node)
		if (!capture->completed)
			capture->bytes = bytes_so_far(fdev, capture);
	spin_unlock_irq(&fdev->qlock);
	terminate(fdev);
}

/*
 * With the channel stopped, end what is queued, up to @last or all of it.
 * Returns how many captures had not been completed.
 */
static unsigned int end_captures(struct fpgabuf_device *fdev,
				 const struct fpgabuf_capture *last, int error)
{
	struct fpgabuf_capture *capture;
	unsigned int ended = 0;

	spin_lock_irq(&fdev->qlock);
	list_for_each_entry(capture, &fdev->queued, node) {
		if (!capture->completed) {
			capture_complete(fdev, capture, capture->bytes, error);
			ended++;
		}
		if (capture == last)
			break;
	}
	spin_unlock_irq(&fdev->qlock);
	queue_work(fdev->wq, &fdev->finish);
	return ended;
}

/**
 * fpgabuf_capture_cancel() - stop the channel and end everything queued
 * @fdev: the device
 * @error: what the captures shall say, a negative errno
 *
 * On return all captures can be dequeued.
 *
 * Context: process, sleeps; &fpgabuf_device.lock held.
 *
 * Return: how many captures were ended that way.
 */
unsigned int fpgabuf_capture_cancel(struct fpgabuf_device *fdev, int error)
{
	unsigned int canceled;

	lockdep_assert_held(&fdev->lock);
	if (!fdev->chan)
		return 0;

	stop_channel(fdev);
	canceled = end_captures(fdev, NULL, error);
	spin_lock_irq(&fdev->qlock);
	fdev->streaming = false;
	spin_unlock_irq(&fdev->qlock);
	flush_work(&fdev->finish);
	return canceled;
}

/* The last capture in the queue whose time is over, or NULL. */
static struct fpgabuf_capture *last_expired(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture, *last = NULL;
	ktime_t now = ktime_get();

	spin_lock_irq(&fdev->qlock);
	list_for_each_entry(capture, &fdev->queued, node)
		if (!capture->completed &&
		    ktime_compare(capture->deadline, now) <= 0)
			last = capture;
	spin_unlock_irq(&fdev->qlock);
	return last;
}

static struct fpgabuf_capture *first_running(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture, *found = NULL;

	spin_lock_irq(&fdev->qlock);
	list_for_each_entry(capture, &fdev->queued, node) {
		if (!capture->completed) {
			found = capture;
			break;
		}
	}
	spin_unlock_irq(&fdev->qlock);
	return found;
}

/*
 * Give the channel again what it had when it was stopped.  Captures that are
 * not completed leave the queue only under &fpgabuf_device.lock, and the
 * completed ones are in front of them: the list can be walked.
 */
static void restart_channel(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture = first_running(fdev);

	if (!capture)
		return;
	capture->status |= FPGABUF_CAPTURE_GAP;
	list_for_each_entry_from(capture, &fdev->queued, node) {
		if (submit(capture)) {
			dev_err(fdev->dev, "cannot restart the DMA channel\n");
			/* It knows nothing of them: the bytes are as before. */
			terminate(fdev);
			end_captures(fdev, NULL, -EIO);
			return;
		}
	}
	dma_async_issue_pending(fdev->chan);
}

static void watch_queued(struct fpgabuf_device *fdev)
{
	ktime_t earliest = KTIME_MAX;
	struct fpgabuf_capture *capture;

	spin_lock_irq(&fdev->qlock);
	list_for_each_entry(capture, &fdev->queued, node)
		if (!capture->completed &&
		    ktime_compare(capture->deadline, earliest) < 0)
			earliest = capture->deadline;
	spin_unlock_irq(&fdev->qlock);

	fdev->watchdog_at = KTIME_MAX;
	watch(fdev, earliest);
}

/*
 * A capture whose time is over ends, and so do those in front of it: it had to
 * wait for them.  Those behind it go on.
 */
static void watchdog_work(struct work_struct *work)
{
	struct fpgabuf_device *fdev =
		container_of(work, struct fpgabuf_device, watchdog.work);
	struct fpgabuf_capture *last;

	mutex_lock(&fdev->lock);
	if (last_expired(fdev)) {
		stop_channel(fdev);
		/* It may have been completed at the last moment. */
		last = last_expired(fdev);
		if (last)
			end_captures(fdev, last, -ETIMEDOUT);
		restart_channel(fdev);
	}
	watch_queued(fdev);
	mutex_unlock(&fdev->lock);
}

/**
 * fpgabuf_capture_init() - set up an empty queue
 * @fdev: device in the making
 */
void fpgabuf_capture_init(struct fpgabuf_device *fdev)
{
	spin_lock_init(&fdev->qlock);
	INIT_LIST_HEAD(&fdev->queued);
	INIT_LIST_HEAD(&fdev->done);
	init_waitqueue_head(&fdev->wait);
	INIT_WORK(&fdev->finish, finish_work);
	INIT_DELAYED_WORK(&fdev->watchdog, watchdog_work);
	fdev->watchdog_at = KTIME_MAX;
}

/**
 * fpgabuf_capture_close() - an open file goes: end what it has in the queue
 * @file: the file
 *
 * Context: process, sleeps.
 */
void fpgabuf_capture_close(struct fpgabuf_file *file)
{
	struct fpgabuf_device *fdev = file->fdev;
	struct fpgabuf_capture *capture, *next;
	LIST_HEAD(done);

	mutex_lock(&fdev->lock);
	if (fdev->owner == file) {
		fpgabuf_capture_cancel(fdev, -ECANCELED);
		spin_lock_irq(&fdev->qlock);
		list_splice_init(&fdev->done, &done);
		fdev->owner = NULL;
		spin_unlock_irq(&fdev->qlock);
	}
	mutex_unlock(&fdev->lock);

	list_for_each_entry_safe(capture, next, &done, node)
		fpgabuf_capture_release(capture);
}

/**
 * fpgabuf_capture_poll() - what poll() shall say
 * @file: the open file
 *
 * Return: readable when something can be dequeued, hung up when the device is
 * gone.
 */
__poll_t fpgabuf_capture_poll(struct fpgabuf_file *file)
{
	struct fpgabuf_device *fdev = file->fdev;
	__poll_t events = 0;

	spin_lock_irq(&fdev->qlock);
	if (owns_queue(file) && !list_empty(&fdev->done))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(fdev->gone))
		events |= EPOLLHUP;
	spin_unlock_irq(&fdev->qlock);
	return events;
}
