// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - captures, and the stream of a device that they come from
 *
 * A capture is the turn of a region, or of a slice of one.  QUEUE starts a transfer
 * of the channel for it and appends it to the queue of the stream; the channel runs
 * the transfers one behind the other.  When one has ended, what came is noted (in
 * softirq context); a work item then makes the data visible to the CPU, which can
 * take milliseconds, and moves the capture to the list DEQUEUE takes from.
 *
 *	state		region is	in list		leaves it by
 *	IDLE		IDLE		-		QUEUE: CLAIMED
 *	CLAIMED		QUEUED		-		a place there: RUNNING
 *							a refusal: IDLE
 *	RUNNING		QUEUED		queued		its end, a stop: ENDED
 *							a refusal: IDLE
 *	ENDED		QUEUED		queued		the work item: FINISHING
 *	FINISHING	QUEUED		-		the work item: DONE
 *	DONE		DONE		done		DEQUEUE: TAKEN
 *							the close: IDLE
 *	TAKEN		DONE		-		the answer: IDLE
 *							a fault in copying: DONE
 *
 * A region with several captures is QUEUED until all of them are DONE, and IDLE with
 * the last of them.
 *
 * No variable holds the state.  It follows from &fpgabuf_buffer.state, which says
 * what the region is, from the list, and from &fpgabuf_capture.ended, which tells
 * ENDED from RUNNING.
 *
 * "Its end" is &fpgabuf_channel_ops.ended.  A stop ends all that are RUNNING, or
 * the first of them; the others are started again, and stay RUNNING.  The work
 * takes captures from the head of the queue only, so they are DONE in the order in
 * which they were queued.
 *
 * A channel may be unable to stop.  Then the captures that it has end all the
 * same, without a byte, but the transfer keeps the region: it is not captured
 * into, synced, unmapped or freed, until the channel has let go of it.
 *
 * The queue belongs to one open file at a time: a channel can only be stopped as
 * a whole, and nobody shall end another one's captures.
 */
#include <linux/device.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "backends.h"
#include "capture.h"
#include "channel.h"
#include "compat.h"
#include "dmabuf.h"
#include "fence.h"
#include "mapping.h"
#include "mark.h"
#include "memory.h"
#include "region.h"
#include "trace.h"

/* How often a channel is asked for errors that it does not report */
#define POLL_MS	100

static unsigned int default_timeout_ms = 10000;
module_param_named(timeout_ms, default_timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "timeout of captures that are queued without one, in ms (1 to 3600000)");

static struct fpgabuf_target *buffer_target(struct fpgabuf_buffer *buffer)
{
	return container_of(buffer, struct fpgabuf_target, buffer);
}

static struct fpgabuf_captures *queue_of(const struct fpgabuf_capture *capture)
{
	return &capture->target->stream->queue;
}

static struct fpgabuf_capture *first_capture(struct list_head *list)
{
	return list_first_entry_or_null(list, struct fpgabuf_capture, node);
}

static void set_bytes(struct fpgabuf_capture *capture, u32 bytes)
{
	capture->result.bytes = bytes;
	if (bytes < capture->length)
		capture->result.status |= FPGABUF_CAPTURE_PARTIAL;
}

static void capture_end(struct fpgabuf_capture *capture, int error)
{
	struct fpgabuf_result *result = &capture->result;

	lockdep_assert_held(&queue_of(capture)->lock);

	result->timestamp = ktime_get();
	result->error = error;
	if (error)
		result->status |= FPGABUF_CAPTURE_ERROR;
	if (error == -ETIMEDOUT)
		result->status |= FPGABUF_CAPTURE_TIMEOUT;
	if (capture->transfer.gap)
		result->status |= FPGABUF_CAPTURE_GAP;
	set_bytes(capture, capture->transfer.bytes);
	capture->ended = true;
}

static struct fpgabuf_capture *
transfer_capture(struct fpgabuf_transfer *transfer)
{
	return container_of(transfer, struct fpgabuf_capture, transfer);
}

static void transfer_ended(struct fpgabuf_transfer *transfer)
{
	struct fpgabuf_capture *capture = transfer_capture(transfer);
	struct fpgabuf_captures *queue = queue_of(capture);
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	capture_end(capture, transfer->error);
	spin_unlock_irqrestore(&queue->lock, flags);
	queue_work(queue->wq, &queue->finish);
}

/* The capture ends, but the region must live until the channel has let go. */
static void transfer_abandoned(struct fpgabuf_transfer *transfer)
{
	fpgabuf_buffer_keep(&transfer_capture(transfer)->target->buffer);
}

static void transfer_quiet(struct fpgabuf_transfer *transfer)
{
	fpgabuf_buffer_let_go(&transfer_capture(transfer)->target->buffer);
}

const struct fpgabuf_channel_ops fpgabuf_capture_ops = {
	.ended = transfer_ended,
	.abandoned = transfer_abandoned,
	.quiet = transfer_quiet,
};

static struct fpgabuf_capture *take_ended(struct fpgabuf_captures *queue)
{
	struct fpgabuf_capture *capture;

	spin_lock_irq(&queue->lock);
	capture = first_capture(&queue->queued);
	if (capture && capture->ended)
		list_del(&capture->node);
	else
		capture = NULL;
	spin_unlock_irq(&queue->lock);
	return capture;
}

/* So many captures are done, or will not be made: of all, the region is done. */
static void finished(struct fpgabuf_target *target, unsigned int nr)
{
	lockdep_assert_held(&target->stream->queue.lock);
	target->unfinished -= nr;
	if (target->unfinished)
		return;
	fpgabuf_buffer_done(&target->buffer);
	fpgabuf_fence_signal(target->fence, target->error);
}

/*
 * Fence and queue change in one step.  A caller that has dequeued the last capture
 * finds the fence signalled, and one that has waited for the fence finds the capture.
 */
static void capture_done(struct fpgabuf_captures *queue,
			 struct fpgabuf_capture *capture)
{
	struct fpgabuf_target *target = capture->target;

	spin_lock_irq(&queue->lock);
	capture->result.sequence = queue->captures++;
	if (capture->result.status & FPGABUF_CAPTURE_GAP)
		queue->gaps++;
	trace_fpgabuf_done(capture);
	list_add_tail(&capture->node, &queue->done);
	queue->nr_queued--;
	if (!target->error)
		target->error = capture->result.error;
	finished(target, 1);
	spin_unlock_irq(&queue->lock);
	/* Somebody may have dequeued the capture by now, and freed it. */
	wake_up_interruptible(&queue->wait);
}

/*
 * Now the CPU sees what is there.  If that is the mark, then the capture is not
 * what the provider took it for.
 */
static void check_mark(struct fpgabuf_capture *capture)
{
	if (capture->mark.had && capture->result.bytes == capture->length &&
	    fpgabuf_mark_untouched(&capture->span, capture->length,
				   &capture->mark))
		set_bytes(capture, 0);
}

static void finish_work(struct work_struct *work)
{
	struct fpgabuf_captures *queue =
		container_of(work, struct fpgabuf_captures, finish);
	struct fpgabuf_capture *capture;
	bool signalling = dma_fence_begin_signalling();

	while ((capture = take_ended(queue))) {
		fpgabuf_buffer_captured(&capture->target->buffer,
					capture->span, capture->result.bytes);
		check_mark(capture);
		capture_done(queue, capture);
	}
	dma_fence_end_signalling(signalling);
}

/*
 * Somebody who still reads, or writes, may have put a fence there, for example by
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE.  The region is claimed, so the fence of its last
 * capture is signalled.
 */
static bool is_fenced(const struct dma_buf *dmabuf)
{
	dma_resv_assert_held(dmabuf->resv);
	return !dma_resv_test_signaled(dmabuf->resv, DMA_RESV_USAGE_READ);
}

/* Take the region from its users, unless somebody still looks at it. */
static int claim(struct fpgabuf_target *target, bool importers_done)
{
	struct fpgabuf_usage usage;
	bool fenced = false;
	int ret = fpgabuf_buffer_claim(&target->buffer, importers_done, &usage);

	if (!ret && is_fenced(target->buffer.dmabuf)) {
		fpgabuf_buffer_give_back(&target->buffer);
		fenced = true;
		ret = -EBUSY;
	}
	if (usage.in_use || fenced) {
		atomic64_inc(&target->stream->busy);
		trace_fpgabuf_busy(target->buffer.region, &usage, fenced);
	}
	return ret;
}

static int may_queue(const struct fpgabuf_file *file)
{
	const struct fpgabuf_stream *stream = file->stream;
	const struct fpgabuf_captures *queue = &stream->queue;

	if (fpgabuf_buffers_gone(&stream->buffers))
		return -ENODEV;
	if (queue->owner && queue->owner != file)
		return -EUSERS;
	if (READ_ONCE(queue->nr_queued) >= FPGABUF_MAX_QUEUED)
		return -ENOBUFS;
	return 0;
}

static void enqueue(struct fpgabuf_file *file, struct fpgabuf_capture *capture)
{
	struct fpgabuf_captures *queue = &file->stream->queue;

	spin_lock_irq(&queue->lock);
	queue->owner = file;
	list_add_tail(&capture->node, &queue->queued);
	queue->nr_queued++;
	spin_unlock_irq(&queue->lock);
}

/* The channel did not take it. */
static void dequeue(struct fpgabuf_capture *capture, struct fpgabuf_file *owner)
{
	struct fpgabuf_captures *queue = queue_of(capture);

	spin_lock_irq(&queue->lock);
	queue->owner = owner;
	list_del(&capture->node);
	queue->nr_queued--;
	spin_unlock_irq(&queue->lock);
}

/*
 * The watchdog shall run at that time, or earlier: soon, if the channel has to be
 * asked how it is.
 */
static void watch(struct fpgabuf_stream *stream, ktime_t deadline)
{
	struct fpgabuf_watchdog *watchdog = &stream->watchdog;
	s64 ms;

	lockdep_assert_held(&stream->lock);
	if (!stream->channel.provider->calls_back)
		deadline = min(deadline, ktime_add_ms(ktime_get(), POLL_MS));
	if (ktime_compare(deadline, watchdog->at) >= 0)
		return;
	watchdog->at = deadline;
	ms = max_t(s64, ktime_ms_delta(deadline, ktime_get()), 0);
	mod_delayed_work(watchdog->wq, &watchdog->work,
			 msecs_to_jiffies(ms) + 1);
}

/*
 * The memory goes to the device, before the channel hears of it: it may write at
 * once.  How far it gets must be seen where the channel does not tell.
 */
static void hand_memory(struct fpgabuf_capture *capture)
{
	struct fpgabuf_mapping *mapping = &capture->target->buffer.mapping;
	struct fpgabuf_span *span = &capture->span;

	fpgabuf_transfer_set(&capture->transfer, span->sg, span->skip,
			     capture->length);
	if (capture->mark.had)
		fpgabuf_mark_put(mapping->owner->dev, span, capture->length,
				 &capture->mark);
	fpgabuf_owner_sync_for_device(mapping, *span, capture->length,
				      DMA_FROM_DEVICE);
}

/* Return: as fpgabuf_channel_start(); nobody has seen what it refuses. */
static int start(struct fpgabuf_file *file, struct fpgabuf_capture *capture,
		 struct fpgabuf_batch *batch)
{
	struct fpgabuf_stream *stream = file->stream;
	struct fpgabuf_file *owner = stream->queue.owner;
	int ret;

	capture->result.status = 0;
	capture->ended = false;
	hand_memory(capture);
	trace_fpgabuf_queue(capture);
	enqueue(file, capture);
	/* When it has started it can be dequeued, and queued again. */
	ret = fpgabuf_channel_start(&stream->channel, &capture->transfer, batch);
	if (!ret)
		return 0;
	dequeue(capture, owner);
	if (capture->mark.had)
		fpgabuf_mark_undo(capture->target->buffer.mapping.owner->dev,
				  &capture->span, capture->length,
				  &capture->mark);
	return ret;
}

/*
 * The captures of a region, one behind the other, as many as there is room for.
 * Return: how many have started, or if none has, the error of the first.
 */
static int start_all(struct fpgabuf_file *file, struct fpgabuf_target *target,
		     unsigned int nr)
{
	struct fpgabuf_channel *channel = &file->stream->channel;
	struct fpgabuf_batch batch = {};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		ret = start(file, &target->captures[i], &batch);
		if (ret)
			break;
	}
	fpgabuf_channel_go(channel, &batch);
	return i ?: ret;
}

/* Where they are, and how long.  Return: how many captures @length bytes are. */
static unsigned int place_captures(struct fpgabuf_target *target, u32 length)
{
	struct fpgabuf_span span = fpgabuf_span_first(&target->buffer.mapping);
	unsigned int nr;

	for (nr = 0; length && nr < target->nr; nr++) {
		struct fpgabuf_capture *capture = &target->captures[nr];

		capture->span = span;
		capture->length = target->slice ? min(target->slice, length) :
						  length;
		length -= capture->length;
		if (length)
			fpgabuf_span_skip(&span, capture->length);
	}
	return nr;
}

/* So many of its captures have come back; with the last one it is idle. */
static void taken(struct fpgabuf_target *target, unsigned int nr)
{
	struct fpgabuf_captures *queue = &target->stream->queue;
	bool all;

	spin_lock_irq(&queue->lock);
	target->untaken -= nr;
	all = !target->untaken;
	spin_unlock_irq(&queue->lock);
	if (!all)
		return;
	fpgabuf_buffer_lower(&target->buffer);
	fpgabuf_buffer_unclaim(&target->buffer);
	dma_buf_put(target->buffer.dmabuf);
}

/* The channel has refused so many, behind those that run. */
static void count_refused(struct fpgabuf_target *target, unsigned int nr)
{
	struct fpgabuf_captures *queue = &target->stream->queue;

	spin_lock_irq(&queue->lock);
	finished(target, nr);
	spin_unlock_irq(&queue->lock);
}

/* Nobody has seen that it was queued. */
static void take_back(struct fpgabuf_target *target, int error)
{
	fpgabuf_fence_signal(target->fence, error);
	dma_buf_put(target->buffer.dmabuf);
}

/*
 * What is asked for, @nr captures at most.  They count from here on, so the region is
 * neither done nor idle before it is known how many of them there are.
 */
static void prepare(struct fpgabuf_target *target,
		    const struct fpgabuf_queue *queue, unsigned int nr)
{
	u32 timeout_ms = queue->timeout_ms ?: target->stream->timeout_ms;

	target->cookie = queue->cookie;
	target->deadline = ktime_add_ms(ktime_get(), timeout_ms);
	target->error = 0;
	target->unfinished = nr;
	target->untaken = nr;
}

/*
 * The region is claimed, fence and room for it are at hand: here nothing is
 * waited for that could in turn wait for a fence.  Sets @refused to how many of its
 * captures are still to be taken off.
 */
static int queue_locked(struct fpgabuf_file *file,
			struct fpgabuf_target *target,
			const struct fpgabuf_queue *queue,
			struct dma_fence *fence, unsigned int *refused)
{
	struct fpgabuf_stream *stream = file->stream;
	struct dma_buf *dmabuf = target->buffer.dmabuf;
	unsigned int nr;
	ktime_t deadline;
	int ret;

	ret = may_queue(file);
	if (ret)
		return ret;

	nr = min(place_captures(target, queue->length ?: dmabuf->size),
		 FPGABUF_MAX_QUEUED - READ_ONCE(stream->queue.nr_queued));
	prepare(target, queue, nr);
	deadline = target->deadline;
	target->fence = dma_fence_get(fence);
	dma_resv_add_fence(dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	get_dma_buf(dmabuf);
	ret = start_all(file, target, nr);
	if (ret < 0) {
		take_back(target, ret);
		return ret;
	}
	watch(stream, deadline);
	*refused = nr - ret;
	if (*refused)
		count_refused(target, *refused);
	return ret;
}

static bool is_valid(const struct fpgabuf_target *target,
		     const struct fpgabuf_queue *queue)
{
	u32 alignment = target->stream->channel.limits.alignment;

	return queue->length <= target->buffer.dmabuf->size &&
	       !(queue->length & (alignment - 1)) &&
	       !(queue->slice & (max_t(u32, alignment,
				       FPGABUF_SLICE_ALIGN) - 1)) &&
	       queue->timeout_ms <= FPGABUF_TIMEOUT_MAX_MS;
}

/* Claimed, the region has its captures for itself. */
static int cut(struct fpgabuf_target *target, u32 slice)
{
	if (slice >= target->buffer.dmabuf->size)
		slice = 0;
	return fpgabuf_target_cut(target, &target->stream->channel, slice);
}

static int queue_claimed(struct fpgabuf_file *file,
			 struct fpgabuf_target *target,
			 const struct fpgabuf_queue *queue,
			 struct dma_fence *fence)
{
	struct fpgabuf_stream *stream = file->stream;
	int ret = cut(target, queue->slice);
	unsigned int refused = 0;

	if (ret)
		return ret;
	mutex_lock(&stream->lock);
	ret = queue_locked(file, target, queue, fence, &refused);
	mutex_unlock(&stream->lock);
	if (refused)
		taken(target, refused);
	return ret;
}

/**
 * fpgabuf_target_queue() - queue a region for its next capture, or captures
 * @file: the open file it is queued by
 * @target: the region; the caller holds its dma-buf until this returns
 * @queue: length, slice, timeout, cookie and flags, which are checked
 *
 * Context: process, may sleep.
 *
 * Return: how many captures are queued, 1 or more, or -EINVAL, -ENODEV, -EUSERS,
 * -ENOBUFS, -EMSGSIZE, -EBUSY, -EIO, -ENOMEM as the UAPI header says, or
 * -ERESTARTSYS.
 */
int fpgabuf_target_queue(struct fpgabuf_file *file,
			 struct fpgabuf_target *target,
			 const struct fpgabuf_queue *queue)
{
	struct fpgabuf_stream *stream = file->stream;
	struct dma_resv *resv = target->buffer.dmabuf->resv;
	struct dma_fence *fence;
	int ret;

	if (!is_valid(target, queue))
		return -EINVAL;
	/* Before EBUSY: trying again would not help. */
	if (fpgabuf_buffers_gone(&stream->buffers))
		return -ENODEV;

	fence = fpgabuf_fence_create(stream->memory->name);
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
	 * Outside the lock of the stream, which the watchdog takes: a page
	 * fault that this waits for may be waiting for memory, and that for
	 * a fence.
	 */
	ret = claim(target, queue->flags & FPGABUF_QUEUE_IMPORTERS_DONE);
	if (ret)
		goto unlock;
	ret = queue_claimed(file, target, queue, fence);
	if (ret < 0)
		fpgabuf_buffer_give_back(&target->buffer);
unlock:
	dma_resv_unlock(resv);
put:
	dma_fence_put(fence);
	return ret;
}

static bool owns_queue(const struct fpgabuf_file *file)
{
	lockdep_assert_held(&file->stream->queue.lock);
	return file->stream->queue.owner == file;
}

/*
 * One look at the queue: a capture, or -EAGAIN while one may still come, or
 * the reason why none will.
 */
static struct fpgabuf_capture *try_dequeue(const struct fpgabuf_file *file)
{
	struct fpgabuf_captures *queue = &file->stream->queue;
	struct fpgabuf_capture *capture = NULL;
	int error = -EAGAIN;

	spin_lock_irq(&queue->lock);
	if (owns_queue(file))
		capture = first_capture(&queue->done);
	if (capture)
		list_del(&capture->node);
	else if (!owns_queue(file) || !queue->nr_queued)
		error = fpgabuf_buffers_gone(&file->stream->buffers) ?
			-ENODEV : -EPIPE;
	spin_unlock_irq(&queue->lock);
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

	ret = wait_event_interruptible(file->stream->queue.wait,
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
	struct fpgabuf_captures *queue = queue_of(capture);

	spin_lock_irq(&queue->lock);
	list_add(&capture->node, &queue->done);
	spin_unlock_irq(&queue->lock);
	wake_up_interruptible(&queue->wait);
}

/**
 * fpgabuf_capture_release() - let go of a dequeued capture
 * @capture: not in any list; with the last of its region that can be queued again, or
 *	vanish
 *
 * Context: process, sleeps.
 */
void fpgabuf_capture_release(struct fpgabuf_capture *capture)
{
	taken(capture->target, 1);
}

/*
 * With the channel stopped, end what is queued, up to @last or all of it.
 * Returns how many captures had not ended.
 */
static unsigned int end_captures(struct fpgabuf_captures *queue,
				 const struct fpgabuf_capture *last, int error)
{
	struct fpgabuf_capture *capture;
	unsigned int ended = 0;

	spin_lock_irq(&queue->lock);
	list_for_each_entry(capture, &queue->queued, node) {
		if (!capture->ended) {
			capture_end(capture, error);
			ended++;
		}
		if (capture == last)
			break;
	}
	spin_unlock_irq(&queue->lock);
	queue_work(queue->wq, &queue->finish);
	return ended;
}

/*
 * Stop the channel and end everything queued.  On return all captures can be
 * dequeued.  Returns how many were ended that way.
 */
static unsigned int cancel(struct fpgabuf_stream *stream, int error)
{
	unsigned int canceled;

	lockdep_assert_held(&stream->lock);
	if (!stream->channel.chan)
		return 0;

	fpgabuf_channel_stop(&stream->channel);
	canceled = end_captures(&stream->queue, NULL, error);
	flush_work(&stream->queue.finish);
	return canceled;
}

/**
 * fpgabuf_capture_cancel() - end everything that an open file has queued
 * @file: the file
 * @canceled: how many captures were ended that way; all can be dequeued
 *
 * Context: process, sleeps.
 *
 * Return: 0 or -ENODEV.
 */
int fpgabuf_capture_cancel(struct fpgabuf_file *file, u32 *canceled)
{
	struct fpgabuf_stream *stream = file->stream;
	int ret = 0;

	*canceled = 0;
	mutex_lock(&stream->lock);
	if (fpgabuf_buffers_gone(&stream->buffers))
		ret = -ENODEV;
	else if (stream->queue.owner == file)
		*canceled = cancel(stream, -ECANCELED);
	mutex_unlock(&stream->lock);
	return ret;
}

/* The last capture in the queue whose time is over, or NULL. */
static struct fpgabuf_capture *last_expired(struct fpgabuf_captures *queue)
{
	struct fpgabuf_capture *capture, *last = NULL;
	ktime_t now = ktime_get();

	spin_lock_irq(&queue->lock);
	list_for_each_entry(capture, &queue->queued, node)
		if (!capture->ended &&
		    ktime_compare(capture->target->deadline, now) <= 0)
			last = capture;
	spin_unlock_irq(&queue->lock);
	return last;
}

static struct fpgabuf_capture *first_running(struct fpgabuf_captures *queue)
{
	struct fpgabuf_capture *capture, *found = NULL;

	spin_lock_irq(&queue->lock);
	list_for_each_entry(capture, &queue->queued, node) {
		if (!capture->ended) {
			found = capture;
			break;
		}
	}
	spin_unlock_irq(&queue->lock);
	return found;
}

/*
 * Give the channel again what it had when it was stopped.  Captures that are
 * not ended leave the queue only under &fpgabuf_stream.lock, and the
 * ended ones are in front of them: the list can be walked.
 */
static void restart_channel(struct fpgabuf_stream *stream)
{
	struct fpgabuf_capture *capture = first_running(&stream->queue), *next;

	if (!capture)
		return;
	capture->result.status |= FPGABUF_CAPTURE_GAP;
	/* One that is started may end at once, and leave the list. */
	list_for_each_entry_safe_from(capture, next, &stream->queue.queued, node) {
		int ret;

		/* They may be what a channel was left with that does not stop. */
		if (fpgabuf_transfer_busy(&capture->transfer))
			ret = -EIO;
		else
			ret = fpgabuf_channel_start(&stream->channel,
						    &capture->transfer, NULL);
		if (ret) {
			fpgabuf_channel_stop(&stream->channel);
			end_captures(&stream->queue, NULL, -EIO);
			return;
		}
	}
}

static void watch_queued(struct fpgabuf_stream *stream)
{
	ktime_t earliest = KTIME_MAX;
	struct fpgabuf_capture *capture;

	spin_lock_irq(&stream->queue.lock);
	list_for_each_entry(capture, &stream->queue.queued, node)
		if (!capture->ended &&
		    ktime_compare(capture->target->deadline, earliest) < 0)
			earliest = capture->target->deadline;
	spin_unlock_irq(&stream->queue.lock);

	stream->watchdog.at = KTIME_MAX;
	if (earliest != KTIME_MAX)
		watch(stream, earliest);
}

/*
 * A capture whose time is over ends, and so do those in front of it: it had to
 * wait for them.  Those behind it go on.
 */
static void end_expired(struct fpgabuf_stream *stream)
{
	struct fpgabuf_capture *last;

	fpgabuf_channel_pause(&stream->channel);
	/* It may have been completed at the last moment. */
	last = last_expired(&stream->queue);
	if (last)
		end_captures(&stream->queue, last, -ETIMEDOUT);
	restart_channel(stream);
}

/* The same for one that has failed; those behind it go on. */
static void end_failed(struct fpgabuf_stream *stream)
{
	struct fpgabuf_capture *failed = first_running(&stream->queue);

	fpgabuf_channel_pause(&stream->channel);
	if (failed && failed == first_running(&stream->queue))
		end_captures(&stream->queue, failed, -EIO);
	restart_channel(stream);
}

static void watchdog_work(struct work_struct *work)
{
	struct fpgabuf_stream *stream =
		container_of(work, struct fpgabuf_stream, watchdog.work.work);

	mutex_lock(&stream->lock);
	if (!fpgabuf_buffers_gone(&stream->buffers)) {
		if (last_expired(&stream->queue))
			end_expired(stream);
		else if (fpgabuf_channel_failed(&stream->channel))
			end_failed(stream);
		watch_queued(stream);
	}
	mutex_unlock(&stream->lock);
}

static void workqueues_free(struct fpgabuf_stream *stream)
{
	if (stream->watchdog.wq)
		destroy_workqueue(stream->watchdog.wq);
	if (stream->queue.wq)
		destroy_workqueue(stream->queue.wq);
}

static void stream_free(struct kref *ref)
{
	struct fpgabuf_stream *stream =
		container_of(ref, struct fpgabuf_stream, ref);

	workqueues_free(stream);
	fpgabuf_memory_put(stream->memory);
	kfree(stream);
}

static void stream_get(struct fpgabuf_stream *stream)
{
	kref_get(&stream->ref);
}

static void stream_put(struct fpgabuf_stream *stream)
{
	kref_put(&stream->ref, stream_free);
}

static void target_free(struct fpgabuf_target *target)
{
	struct fpgabuf_stream *stream = target->stream;

	fpgabuf_target_exit(target);
	fpgabuf_buffer_exit(&target->buffer);
	kfree(target);
	stream_put(stream);
}

static void release_buffer(struct fpgabuf_buffer *buffer)
{
	target_free(buffer_target(buffer));
}

/**
 * fpgabuf_target_create() - make a region, and the dma-buf that owns it
 * @file: the open file it is made through
 * @alloc: what is wanted, checked
 *
 * Context: process, may sleep.
 *
 * Return: the region with one reference on its dma-buf, or ERR_PTR of -EDQUOT,
 * -ENOMEM, -EINTR, -EIO or -ENODEV.
 */
struct fpgabuf_target *fpgabuf_target_create(struct fpgabuf_file *file,
					     const struct fpgabuf_alloc *alloc)
{
	struct fpgabuf_stream *stream = file->stream;
	struct fpgabuf_target *target = kzalloc_obj(*target);
	int ret;

	if (!target)
		return ERR_PTR(-ENOMEM);
	ret = fpgabuf_buffer_init(&target->buffer, &stream->buffers,
				  file->account, alloc);
	if (ret) {
		kfree(target);
		return ERR_PTR(ret);
	}
	stream_get(stream);
	target->stream = stream;
	ret = fpgabuf_target_cut(target, &stream->channel, 0);
	if (!ret)
		ret = fpgabuf_buffer_export(&target->buffer);
	if (ret) {
		target_free(target);
		return ERR_PTR(ret);
	}
	return target;
}

/**
 * fpgabuf_target_find() - the region behind a descriptor
 * @file: an open file of the device it must belong to
 * @fd: a descriptor of the calling process
 *
 * Return: as fpgabuf_buffers_find().
 */
struct fpgabuf_target *fpgabuf_target_find(const struct fpgabuf_file *file,
					   int fd)
{
	struct fpgabuf_buffer *buffer =
		fpgabuf_buffers_find(&file->stream->buffers, fd);

	return IS_ERR(buffer) ? ERR_CAST(buffer) : buffer_target(buffer);
}

static void queue_init(struct fpgabuf_captures *queue)
{
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->queued);
	INIT_LIST_HEAD(&queue->done);
	init_waitqueue_head(&queue->wait);
	INIT_WORK(&queue->finish, finish_work);
}

/**
 * fpgabuf_stream_init() - set up a stream whose channel is open
 * @stream: the stream; all 0 but its channel and its workqueues
 * @memory: what its regions are made of; the caller's reference is taken over
 */
void fpgabuf_stream_init(struct fpgabuf_stream *stream,
			 struct fpgabuf_memory *memory)
{
	struct device *dma_dev = memory->dma_dev;

	kref_init(&stream->ref);
	stream->memory = memory;
	fpgabuf_buffers_init(&stream->buffers, dma_dev,
			     fpgabuf_channel_segment(&stream->channel, dma_dev),
			     release_buffer);
	mutex_init(&stream->lock);
	queue_init(&stream->queue);
	INIT_DELAYED_WORK(&stream->watchdog.work, watchdog_work);
	stream->watchdog.at = KTIME_MAX;
	stream->timeout_ms = clamp_t(u32, default_timeout_ms, 1,
				     FPGABUF_TIMEOUT_MAX_MS);
}

static int workqueues_alloc(struct fpgabuf_stream *stream, int id)
{
	stream->queue.wq =
		alloc_workqueue("fpgabuf%d",
				WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0,
				id);
	if (!stream->queue.wq)
		return -ENOMEM;
	stream->watchdog.wq = alloc_workqueue("fpgabuf%d-watchdog",
					      WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
					      id);
	return stream->watchdog.wq ? 0 : -ENOMEM;
}

/* With the channel open */
static int stream_setup(struct fpgabuf_stream *stream, struct device *dev,
			int id)
{
	struct fpgabuf_memory *memory;
	int ret;

	ret = workqueues_alloc(stream, id);
	if (ret)
		return ret;
	memory = fpgabuf_memory_create(dev,
				       fpgabuf_channel_dma_device(&stream->channel),
				       id);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	fpgabuf_stream_init(stream, memory);
	return 0;
}

/**
 * fpgabuf_stream_create() - open the channel of a device, with an empty queue
 * @pdev: the capture device
 * @id: its number
 *
 * Context: process, may sleep.
 *
 * Return: the stream with one reference, to be ended by fpgabuf_stream_unbind(),
 * or ERR_PTR, and if it is not -ENOMEM the log says why.
 */
struct fpgabuf_stream *fpgabuf_stream_create(struct platform_device *pdev,
					     int id)
{
	struct fpgabuf_stream *stream = kzalloc_obj(*stream);
	int ret;

	if (!stream)
		return ERR_PTR(-ENOMEM);
	ret = fpgabuf_channel_open(&stream->channel, pdev,
				   &fpgabuf_capture_ops);
	if (ret)
		goto err_free;
	ret = stream_setup(stream, &pdev->dev, id);
	if (ret)
		goto err_channel;
	return stream;

err_channel:
	workqueues_free(stream);
	fpgabuf_channel_close(&stream->channel);
err_free:
	kfree(stream);
	return ERR_PTR(ret);
}

/**
 * fpgabuf_stream_stop() - end everything, and start nothing any more
 * @stream: the stream
 * @error: what the captures shall say, a negative errno
 *
 * On return all captures can be dequeued, and whoever waits is told.
 *
 * Context: process, sleeps.
 *
 * Return: how many captures were ended that way.
 */
unsigned int fpgabuf_stream_stop(struct fpgabuf_stream *stream, int error)
{
	unsigned int ended;

	mutex_lock(&stream->lock);
	fpgabuf_buffers_end(&stream->buffers);
	ended = cancel(stream, error);
	mutex_unlock(&stream->lock);
	wake_up_interruptible_all(&stream->queue.wait);
	return ended;
}

/**
 * fpgabuf_stream_unbind() - end the DMA, but not the memory
 * @stream: the stream; the caller's reference is dropped
 *
 * Captures that ran come back with ENODEV, data already captured stays readable,
 * and regions go with their last holder.
 *
 * Context: process, sleeps.
 */
void fpgabuf_stream_unbind(struct fpgabuf_stream *stream)
{
	fpgabuf_stream_stop(stream, -ENODEV);
	mutex_lock(&stream->lock);
	fpgabuf_channel_close(&stream->channel);
	mutex_unlock(&stream->lock);
	fpgabuf_buffers_unmap(&stream->buffers);
	cancel_delayed_work_sync(&stream->watchdog.work);
	stream_put(stream);
}

/**
 * fpgabuf_stream_suspend() - end everything queued, the stream goes on later
 * @stream: the stream; nobody queues meanwhile
 *
 * The next capture has a gap before it.
 *
 * Context: process, sleeps.
 */
void fpgabuf_stream_suspend(struct fpgabuf_stream *stream)
{
	mutex_lock(&stream->lock);
	fpgabuf_channel_pause(&stream->channel);
	end_captures(&stream->queue, NULL, -ESHUTDOWN);
	flush_work(&stream->queue.finish);
	mutex_unlock(&stream->lock);
}

/**
 * fpgabuf_stream_resume() - undo fpgabuf_stream_suspend()
 * @stream: the stream
 *
 * Return: 0 or a negative errno.
 */
int fpgabuf_stream_resume(struct fpgabuf_stream *stream)
{
	return fpgabuf_channel_resume(&stream->channel);
}

/**
 * fpgabuf_stream_count() - how the queue is
 * @stream: the stream
 * @counts: filled in, of one moment
 *
 * Context: process.
 */
void fpgabuf_stream_count(struct fpgabuf_stream *stream,
			  struct fpgabuf_counts *counts)
{
	struct fpgabuf_captures *queue = &stream->queue;

	spin_lock_irq(&queue->lock);
	counts->queued = queue->nr_queued;
	counts->captures = queue->captures;
	counts->gaps = queue->gaps;
	spin_unlock_irq(&queue->lock);
}

/* The caller's reference on @account is taken over, if there is one. */
static struct fpgabuf_file *file_new(struct fpgabuf_stream *stream,
				     struct fpgabuf_account *account)
{
	struct fpgabuf_file *file;

	if (!account)
		return NULL;
	file = kzalloc_obj(*file);
	if (!file) {
		fpgabuf_account_put(account);
		return NULL;
	}
	file->account = account;
	stream_get(stream);
	file->stream = stream;
	return file;
}

/**
 * fpgabuf_file_open() - somebody opens the device node
 * @stream: of the device
 *
 * Context: process, may sleep.
 *
 * Return: the file, to be ended by fpgabuf_file_close(), or NULL.
 */
struct fpgabuf_file *fpgabuf_file_open(struct fpgabuf_stream *stream)
{
	return file_new(stream, fpgabuf_account_create(stream->memory));
}

/**
 * fpgabuf_file_again() - another open file that is charged together with one
 * @file: the open file
 *
 * It can own the queue instead of @file.
 *
 * Context: process, may sleep.
 *
 * Return: the file, to be ended by fpgabuf_file_close(), or NULL.
 */
struct fpgabuf_file *fpgabuf_file_again(const struct fpgabuf_file *file)
{
	fpgabuf_account_get(file->account);
	return file_new(file->stream, file->account);
}

/**
 * fpgabuf_file_owns_queue() - has an open file queued?
 * @file: the file
 *
 * Context: process.
 */
bool fpgabuf_file_owns_queue(const struct fpgabuf_file *file)
{
	struct fpgabuf_captures *queue = &file->stream->queue;
	bool owns;

	spin_lock_irq(&queue->lock);
	owns = owns_queue(file);
	spin_unlock_irq(&queue->lock);
	return owns;
}

/* What is done goes with its file; its regions can be queued by others. */
static void give_up_queue(struct fpgabuf_stream *stream, struct list_head *done)
{
	struct fpgabuf_captures *queue = &stream->queue;

	cancel(stream, -ECANCELED);
	spin_lock_irq(&queue->lock);
	list_splice_init(&queue->done, done);
	queue->owner = NULL;
	spin_unlock_irq(&queue->lock);
}

/**
 * fpgabuf_file_close() - an open file goes: end what it has in the queue
 * @file: the file
 *
 * Context: process, sleeps.
 */
void fpgabuf_file_close(struct fpgabuf_file *file)
{
	struct fpgabuf_stream *stream = file->stream;
	struct fpgabuf_capture *capture, *next;
	LIST_HEAD(done);

	mutex_lock(&stream->lock);
	if (stream->queue.owner == file)
		give_up_queue(stream, &done);
	mutex_unlock(&stream->lock);

	list_for_each_entry_safe(capture, next, &done, node)
		fpgabuf_capture_release(capture);
	fpgabuf_account_put(file->account);
	kfree(file);
	stream_put(stream);
}

/**
 * fpgabuf_file_poll() - what poll() shall say
 * @file: the open file
 *
 * Return: readable when something can be dequeued, hung up when the device is
 * gone.
 */
__poll_t fpgabuf_file_poll(const struct fpgabuf_file *file)
{
	struct fpgabuf_captures *queue = &file->stream->queue;
	__poll_t events = 0;

	spin_lock_irq(&queue->lock);
	if (owns_queue(file) && !list_empty(&queue->done))
		events |= EPOLLIN | EPOLLRDNORM;
	if (fpgabuf_buffers_gone(&file->stream->buffers))
		events |= EPOLLHUP;
	spin_unlock_irq(&queue->lock);
	return events;
}
