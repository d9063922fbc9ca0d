// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the queue of captures
 *
 * A capture is a region's turn.  QUEUE starts a transfer of the channel for it
 * and appends it to the device's queue; the channel runs the transfers one behind
 * the other.  When one has ended, what came is noted (in softirq context); a work
 * item then makes the data visible to the CPU, which can take milliseconds, and
 * moves the capture to the list DEQUEUE takes from.  The work takes captures from
 * the head of the queue only, so they are dequeued in the order in which they
 * were queued.
 *
 * A channel may be unable to stop.  Then the captures that it has end all the
 * same, without a byte, but the transfer keeps the region: it is not captured
 * into, synced, unmapped or freed, until the channel has let go of it.
 *
 * The queue belongs to one open file at a time: a channel can only be stopped as
 * a whole, and nobody shall end another one's captures.
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/poll.h>

#include "compat.h"
#include "fpgabuf.h"
#include "trace.h"

/* How often a channel is asked for errors that it does not report */
#define POLL_MS	100

static struct fpgabuf_region *capture_region(struct fpgabuf_capture *capture)
{
	return container_of(capture, struct fpgabuf_region, capture);
}

static struct fpgabuf_capture *first_capture(struct list_head *list)
{
	return list_first_entry_or_null(list, struct fpgabuf_capture, node);
}

static void set_bytes(struct fpgabuf_capture *capture, u32 bytes)
{
	capture->bytes = bytes;
	if (bytes < capture->length)
		capture->status |= FPGABUF_CAPTURE_PARTIAL;
}

static void capture_complete(struct fpgabuf_device *fdev,
			     struct fpgabuf_capture *capture, int error)
{
	lockdep_assert_held(&fdev->qlock);

	capture->timestamp = ktime_get();
	capture->error = error;
	if (error)
		capture->status |= FPGABUF_CAPTURE_ERROR;
	if (error == -ETIMEDOUT)
		capture->status |= FPGABUF_CAPTURE_TIMEOUT;
	if (capture->transfer.gap)
		capture->status |= FPGABUF_CAPTURE_GAP;
	set_bytes(capture, capture->transfer.bytes);
	capture->completed = true;
}

static struct fpgabuf_capture *
transfer_capture(struct fpgabuf_transfer *transfer)
{
	return container_of(transfer, struct fpgabuf_capture, transfer);
}

static void transfer_ended(struct fpgabuf_transfer *transfer)
{
	struct fpgabuf_capture *capture = transfer_capture(transfer);
	struct fpgabuf_device *fdev = capture_region(capture)->fdev;
	unsigned long flags;

	spin_lock_irqsave(&fdev->qlock, flags);
	capture_complete(fdev, capture, transfer->error);
	spin_unlock_irqrestore(&fdev->qlock, flags);
	queue_work(fdev->wq, &fdev->finish);
}

/* The capture ends, but the region must live until the channel has let go. */
static void transfer_abandoned(struct fpgabuf_transfer *transfer)
{
	get_dma_buf(capture_region(transfer_capture(transfer))->dmabuf);
}

/*
 * As dma_buf_put() does, which is not for softirq.  With the last reference the
 * region goes later, in a context that can sleep.
 */
static void transfer_quiet(struct fpgabuf_transfer *transfer)
{
	fput(capture_region(transfer_capture(transfer))->dmabuf->file);
}

const struct fpgabuf_channel_ops fpgabuf_capture_ops = {
	.ended = transfer_ended,
	.abandoned = transfer_abandoned,
	.quiet = transfer_quiet,
};

static struct fpgabuf_capture *take_completed(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *capture;

	spin_lock_irq(&fdev->qlock);
	capture = first_capture(&fdev->queued);
	if (capture && capture->completed)
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
	/* Whoever sees this sees the new generation: fpgabuf_capture_state() */
	smp_store_release(&capture->state, FPGABUF_REGION_DONE);
	trace_fpgabuf_done(capture_region(capture));
	list_add_tail(&capture->node, &fdev->done);
	fdev->nr_queued--;
	fpgabuf_fence_signal(capture->fence, capture->error);
	spin_unlock_irq(&fdev->qlock);
	/* Somebody may have dequeued the capture by now, and freed it. */
	wake_up_interruptible(&fdev->wait);
}

/*
 * Now the CPU sees what is there.  If that is the mark, then the capture is not
 * what the provider took it for.
 */
static void check_mark(struct fpgabuf_capture *capture)
{
	if (capture->mark.had && capture->bytes == capture->length &&
	    fpgabuf_mark_untouched(capture_region(capture), capture->length,
				   &capture->mark))
		set_bytes(capture, 0);
}

static void finish_work(struct work_struct *work)
{
	struct fpgabuf_device *fdev =
		container_of(work, struct fpgabuf_device, finish);
	struct fpgabuf_capture *capture;
	bool signalling = dma_fence_begin_signalling();

	while ((capture = take_completed(fdev))) {
		struct fpgabuf_region *region = capture_region(capture);

		WRITE_ONCE(region->generation, region->generation + 1);
		fpgabuf_owner_sync_for_cpu(region, capture->bytes,
					   DMA_FROM_DEVICE);
		check_mark(capture);
		capture_done(fdev, capture);
	}
	dma_fence_end_signalling(signalling);
}

/* Take the region from its users, unless somebody still looks at it. */
static int claim(struct fpgabuf_region *region)
{
	struct fpgabuf_usage usage;
	int ret = 0;

	down_write(&region->sem);
	if (fpgabuf_capture_state(region) != FPGABUF_REGION_IDLE ||
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
	/* What the last capture left is written: fpgabuf_capture_state() */
	smp_store_release(&region->capture.state, FPGABUF_REGION_IDLE);
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

static void enqueue(struct fpgabuf_file *file, struct fpgabuf_capture *capture)
{
	struct fpgabuf_device *fdev = file->fdev;

	spin_lock_irq(&fdev->qlock);
	fdev->owner = file;
	list_add_tail(&capture->node, &fdev->queued);
	fdev->nr_queued++;
	spin_unlock_irq(&fdev->qlock);
}

static void dequeue(struct fpgabuf_device *fdev, struct fpgabuf_capture *capture,
		    struct fpgabuf_file *owner)
{
	spin_lock_irq(&fdev->qlock);
	fdev->owner = owner;
	list_del(&capture->node);
	fdev->nr_queued--;
	spin_unlock_irq(&fdev->qlock);
}

/*
 * The watchdog shall run at that time, or earlier: soon, if the channel has to be
 * asked how it is.
 */
static void watch(struct fpgabuf_device *fdev, ktime_t deadline)
{
	s64 ms;

	lockdep_assert_held(&fdev->lock);
	if (!fdev->channel.provider->calls_back)
		deadline = min(deadline, ktime_add_ms(ktime_get(), POLL_MS));
	if (ktime_compare(deadline, fdev->watchdog_at) >= 0)
		return;
	fdev->watchdog_at = deadline;
	ms = max_t(s64, ktime_ms_delta(deadline, ktime_get()), 0);
	mod_delayed_work(fdev->watchdog_wq, &fdev->watchdog,
			 msecs_to_jiffies(ms) + 1);
}

/*
 * The memory goes to the device, before the channel hears of it: it may write at
 * once.  How far it gets must be seen where the channel does not tell.
 */
static void hand_memory(struct fpgabuf_region *region)
{
	struct fpgabuf_capture *capture = &region->capture;

	fpgabuf_transfer_set(&capture->transfer, &region->sgt, capture->length);
	if (capture->mark.had)
		fpgabuf_mark_put(region, capture->length, &capture->mark);
	fpgabuf_owner_sync_for_device(region, capture->length, DMA_FROM_DEVICE);
}

/* The channel did not take it; nobody else has seen that it was queued. */
static void take_back(struct fpgabuf_region *region, struct fpgabuf_file *owner,
		      int error)
{
	struct fpgabuf_capture *capture = &region->capture;

	dequeue(region->fdev, capture, owner);
	if (capture->mark.had)
		fpgabuf_mark_undo(region, capture->length, &capture->mark);
	fpgabuf_fence_signal(capture->fence, error);
	dma_buf_put(region->dmabuf);
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
	struct fpgabuf_file *owner = fdev->owner;
	ktime_t deadline;
	int ret;

	ret = may_queue(file);
	if (ret)
		return ret;

	capture->cookie = queue->cookie;
	capture->length = queue->length ?: region->pages.size;
	capture->status = 0;
	capture->completed = false;
	deadline = ktime_add_ms(ktime_get(), timeout_ms);
	capture->deadline = deadline;
	capture->fence = dma_fence_get(fence);
	dma_resv_add_fence(region->dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	get_dma_buf(region->dmabuf);
	hand_memory(region);
	trace_fpgabuf_queue(region);
	enqueue(file, capture);
	/* When it has started it can be dequeued, and queued again. */
	ret = fpgabuf_channel_start(&fdev->channel, &capture->transfer);
	if (ret) {
		take_back(region, owner, ret);
		return ret;
	}
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
 * Return: 0, or -EINVAL, -ENODEV, -EUSERS, -ENOBUFS, -EMSGSIZE, -EBUSY, -EIO,
 * -ENOMEM as the UAPI header says, or -ERESTARTSYS.
 */
int fpgabuf_capture_queue(struct fpgabuf_file *file,
			  struct fpgabuf_region *region,
			  const struct fpgabuf_queue *queue)
{
	struct fpgabuf_device *fdev = file->fdev;
	struct dma_resv *resv = region->dmabuf->resv;
	struct dma_fence *fence;
	int ret;

	if (queue->length > region->pages.size ||
	    queue->length & (fdev->channel.limits.alignment - 1) ||
	    queue->timeout_ms > FPGABUF_TIMEOUT_MAX_MS)
		return -EINVAL;
	/* Before EBUSY: trying again would not help. */
	if (READ_ONCE(fdev->gone))
		return -ENODEV;

	fence = fpgabuf_fence_create(fdev);
	if (!fence)
		return -ENOMEM;
	ret = dma_resv_lock_interruptible(resv, NULL);
	if (ret) {
		/* Nothing has been done: without a handler, do it again. */
		ret = -ERESTARTSYS;
		goto put;
	}
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
			capture_complete(fdev, capture, error);
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
	if (!fdev->channel.chan)
		return 0;

	fpgabuf_channel_stop(&fdev->channel);
	canceled = end_captures(fdev, NULL, error);
	flush_work(&fdev->finish);
	return canceled;
}

/**
 * fpgabuf_capture_suspend() - end everything queued, the stream goes on later
 * @fdev: the device
 *
 * As fpgabuf_capture_cancel(); but the next capture has a gap before it.
 *
 * Context: process, sleeps; &fpgabuf_device.lock held.
 */
void fpgabuf_capture_suspend(struct fpgabuf_device *fdev)
{
	lockdep_assert_held(&fdev->lock);
	fpgabuf_channel_pause(&fdev->channel);
	end_captures(fdev, NULL, -ESHUTDOWN);
	flush_work(&fdev->finish);
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
	struct fpgabuf_capture *capture = first_running(fdev), *next;

	if (!capture)
		return;
	capture->status |= FPGABUF_CAPTURE_GAP;
	/* One that is started may end at once, and leave the list. */
	list_for_each_entry_safe_from(capture, next, &fdev->queued, node) {
		int ret;

		/* They may be what a channel was left with that does not stop. */
		if (fpgabuf_transfer_busy(&capture->transfer))
			ret = -EIO;
		else
			ret = fpgabuf_channel_start(&fdev->channel,
						    &capture->transfer);
		if (ret) {
			fpgabuf_channel_stop(&fdev->channel);
			end_captures(fdev, NULL, -EIO);
			return;
		}
	}
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
	if (earliest != KTIME_MAX)
		watch(fdev, earliest);
}

/*
 * A capture whose time is over ends, and so do those in front of it: it had to
 * wait for them.  Those behind it go on.
 */
static void end_expired(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *last;

	fpgabuf_channel_pause(&fdev->channel);
	/* It may have been completed at the last moment. */
	last = last_expired(fdev);
	if (last)
		end_captures(fdev, last, -ETIMEDOUT);
	restart_channel(fdev);
}

/* The same for one that has failed; those behind it go on. */
static void end_failed(struct fpgabuf_device *fdev)
{
	struct fpgabuf_capture *failed = first_running(fdev);

	fpgabuf_channel_pause(&fdev->channel);
	if (failed && failed == first_running(fdev))
		end_captures(fdev, failed, -EIO);
	restart_channel(fdev);
}

static void watchdog_work(struct work_struct *work)
{
	struct fpgabuf_device *fdev =
		container_of(work, struct fpgabuf_device, watchdog.work);

	mutex_lock(&fdev->lock);
	if (!fdev->gone) {
		if (last_expired(fdev))
			end_expired(fdev);
		else if (fpgabuf_channel_failed(&fdev->channel))
			end_failed(fdev);
		watch_queued(fdev);
	}
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
 * fpgabuf_capture_state() - what a region is doing, as its users see it
 * @region: the region
 *
 * As long as the channel has not let go of it, it is as good as queued.
 *
 * Context: any.
 *
 * Return: a snapshot.
 */
enum fpgabuf_region_state
fpgabuf_capture_state(const struct fpgabuf_region *region)
{
	enum fpgabuf_region_state state;

	/* Pairs with the release of those who end a capture. */
	state = smp_load_acquire(&region->capture.state);
	if (state == FPGABUF_REGION_IDLE &&
	    fpgabuf_transfer_busy(&region->capture.transfer))
		return FPGABUF_REGION_QUEUED;
	return state;
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
