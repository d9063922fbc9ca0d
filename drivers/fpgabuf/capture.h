/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - captures, and the stream of a device that they come from
 */
#ifndef FPGABUF_CAPTURE_H
#define FPGABUF_CAPTURE_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "dmabuf.h"
#include "target.h"

struct fpgabuf_account;
struct fpgabuf_file;
struct fpgabuf_memory;
struct platform_device;

/**
 * struct fpgabuf_captures - the queue of a stream
 * @lock: guards all members, and the result of a transfer; taken in the DMA callback.
 *	Innermost: no lock of the driver is taken inside it
 * @owner: the open file the queue belongs to; written under @lock and
 *	&fpgabuf_stream.lock, read under either
 * @queued: captures handed to the channel, oldest first
 * @nr_queued: length of @queued, plus one while its head is being finished
 * @done: finished captures that wait for DEQUEUE
 * @captures: captures finished since bound
 * @gaps: captures with FPGABUF_CAPTURE_GAP since bound
 * @wait: DEQUEUE and poll() wait here
 * @wq: runs @finish
 * @finish: takes completed captures from @queued to @done
 */
struct fpgabuf_captures {
	spinlock_t lock; /* the queue; taken in the DMA callback */
	struct fpgabuf_file *owner;
	struct list_head queued;
	unsigned int nr_queued;
	struct list_head done;
	u64 captures;
	u64 gaps;
	wait_queue_head_t wait;
	struct workqueue_struct *wq;
	struct work_struct finish;
};

/**
 * struct fpgabuf_watchdog - ends captures that take too long
 * @wq: runs @work, which waits for &fpgabuf_stream.lock, whose holder may wait
 *	for &fpgabuf_captures.finish: with one queue, and no memory but for its
 *	rescuer, for ever
 * @work: looks at all captures
 * @at: when it runs next, KTIME_MAX if it does not; under &fpgabuf_stream.lock
 */
struct fpgabuf_watchdog {
	struct workqueue_struct *wq;
	struct delayed_work work;
	ktime_t at;
};

/**
 * struct fpgabuf_stream - a device's captures: the channel, and its queue
 * @ref: held by the bound driver, every open file and every capture
 * @memory: the memory for its regions; a reference is held
 * @buffers: its regions, and whether the device is still bound
 * @channel: the DMA channel; open while bound; started and stopped under @lock
 * @lock: serialises everything that talks to @channel, and guards the watchdog;
 *	for its place in the order of locks see dmabuf.h
 * @queue: the captures
 * @watchdog: ends captures that take too long
 * @timeout_ms: the timeout that 0 stands for
 * @busy: QUEUE calls that were refused because the pages were in use
 */
struct fpgabuf_stream {
	struct kref ref;
	struct fpgabuf_memory *memory;
	struct fpgabuf_buffers buffers;
	struct fpgabuf_channel channel;
	struct mutex lock; /* the channel, the owner of the queue */
	struct fpgabuf_captures queue;
	struct fpgabuf_watchdog watchdog;
	u32 timeout_ms;
	atomic64_t busy;
};

/**
 * struct fpgabuf_file - the part of an open file that captures need
 * @stream: the stream of the device; a reference is held
 * @account: for the regions made through it; a reference is held
 *
 * Does not change.
 */
struct fpgabuf_file {
	struct fpgabuf_stream *stream;
	struct fpgabuf_account *account;
};

/**
 * struct fpgabuf_counts - the queue at a moment
 * @queued: captures that are not finished
 * @captures: captures finished since bound
 * @gaps: captures with FPGABUF_CAPTURE_GAP since bound
 */
struct fpgabuf_counts {
	unsigned int queued;
	u64 captures;
	u64 gaps;
};

extern const struct fpgabuf_channel_ops fpgabuf_capture_ops;

struct fpgabuf_stream *fpgabuf_stream_create(struct platform_device *pdev,
					     int id);
void fpgabuf_stream_init(struct fpgabuf_stream *stream,
			 struct fpgabuf_memory *memory);
unsigned int fpgabuf_stream_stop(struct fpgabuf_stream *stream, int error);
void fpgabuf_stream_unbind(struct fpgabuf_stream *stream);
void fpgabuf_stream_suspend(struct fpgabuf_stream *stream);
int fpgabuf_stream_resume(struct fpgabuf_stream *stream);
void fpgabuf_stream_count(struct fpgabuf_stream *stream,
			  struct fpgabuf_counts *counts);

struct fpgabuf_file *fpgabuf_file_open(struct fpgabuf_stream *stream);
struct fpgabuf_file *fpgabuf_file_again(const struct fpgabuf_file *file);
bool fpgabuf_file_owns_queue(const struct fpgabuf_file *file);
void fpgabuf_file_close(struct fpgabuf_file *file);
__poll_t fpgabuf_file_poll(const struct fpgabuf_file *file);

struct fpgabuf_target *fpgabuf_target_create(struct fpgabuf_file *file,
					     const struct fpgabuf_alloc *alloc);
struct fpgabuf_target *fpgabuf_target_find(const struct fpgabuf_file *file,
					   int fd);
int fpgabuf_target_queue(struct fpgabuf_file *file,
			 struct fpgabuf_target *target,
			 const struct fpgabuf_queue *queue);
struct fpgabuf_capture *fpgabuf_capture_dequeue(struct fpgabuf_file *file,
						bool wait);
void fpgabuf_capture_put_back(struct fpgabuf_capture *capture);
void fpgabuf_capture_release(struct fpgabuf_capture *capture);
int fpgabuf_capture_cancel(struct fpgabuf_file *file, u32 *canceled);

#endif /* FPGABUF_CAPTURE_H */
