/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - objects shared by the files of the driver
 *
 *	region.c   a region's pages: which backend fills them, who uses them
 *	quarantine.c regions that have gone, and whose pages somebody still has
 *	backends.c, folio.c, pages.c, scatter.c, carveout.c, cma.c
 *		   the backends, see backends.h and memory.h
 *	dma.c      a region's way to devices: sg_table, owner mapping, sync, and
 *		   the mark that tells whether a capture got to its end
 *	dmabuf.c   a region as dma-buf: importers, CPU access, mmap
 *	capture.c  the queue: queued -> running -> done
 *	fence.c    the fence of a capture
 *	chardev.c  the device node: ioctls and poll
 *	channel.c  the DMA channel: transfers, and what is known of them
 *	provider.c what is known of the drivers of DMA controllers
 *	main.c     the platform driver: bind, unbind
 *	trace.h, debugfs.c
 *		   what can be watched from outside
 *
 * Lock order, outermost first:
 *
 *	mmap_lock, dma_resv, &fpgabuf_device.binding
 *	  &fpgabuf_device.lock
 *	    &fpgabuf_region.sem
 *	      &fpgabuf_device.qlock, &fpgabuf_channel.lock (spinlocks, taken
 *	      in the DMA callback, neither inside the other)
 */
#ifndef FPGABUF_H
#define FPGABUF_H

#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dmaengine.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/fpgabuf.h>

#include "channel.h"
#include "memory.h"

/* The residue of a dmaengine transfer is 32 bits wide: stay well inside. */
#define FPGABUF_MAX_REGION	((u64)SZ_2G)
#define FPGABUF_MAX_QUEUED	256

/**
 * struct fpgabuf_device - one capture channel and its device node
 * @ref: held by the bound driver and every &struct fpgabuf_file
 * @dev: the platform device; for log lines, while bound
 * @memory: what it may have, from when the channel is open; a reference is held
 * @channel: the DMA channel; open while bound; started and stopped under @lock
 * @misc: the device node
 * @id: number in the name of the node
 * @binding: held for reading by those that map memory for its device, or undo
 *	that, which can take long; for writing by the end of the binding
 * @lock: serialises everything that talks to @channel, and guards @gone, @owner
 *	and @regions
 * @gone: unbound; no DMA any more, but memory stays
 * @owner: the open file the queue belongs to; written under @lock and @qlock,
 *	read under either
 * @regions: all living regions
 * @busy: QUEUE calls refused because the pages were in use
 * @synced_for_cpu: bytes of regions synced for the CPU
 * @synced_for_device: bytes of regions synced for the channel's device
 * @debugfs: directory
 * @qlock: guards the lists and counts below; taken in the DMA callback
 * @queued: captures handed to the channel, oldest first
 * @nr_queued: length of @queued, plus one while its head is being finished
 * @done: finished captures that wait for DEQUEUE
 * @captures: captures finished since bound
 * @gaps: those with FPGABUF_CAPTURE_GAP
 * @wait: DEQUEUE and poll()
 * @wq: runs @finish
 * @watchdog_wq: runs @watchdog, which waits for @lock, whose holder may wait
 *	for @finish: with one queue, and no memory but for its rescuer, for ever
 * @finish: takes completed captures from @queued to @done
 * @watchdog: ends captures that take too long
 * @watchdog_at: when it runs next, KTIME_MAX if it does not; under @lock
 * @timeout_ms: what a timeout of 0 means
 */
struct fpgabuf_device {
	struct kref ref;
	struct device *dev;
	struct fpgabuf_memory *memory;
	struct fpgabuf_channel channel;
	struct miscdevice misc;
	int id;

	struct rw_semaphore binding;
	struct mutex lock; /* the channel, gone, owner, regions */
	bool gone;
	struct fpgabuf_file *owner;
	struct list_head regions;

	atomic64_t busy;
	atomic64_t synced_for_cpu;
	atomic64_t synced_for_device;
	struct dentry *debugfs;

	spinlock_t qlock; /* the queue; taken in the DMA callback */
	struct list_head queued;
	unsigned int nr_queued;
	struct list_head done;
	u64 captures;
	u64 gaps;

	wait_queue_head_t wait;
	struct workqueue_struct *wq;
	struct workqueue_struct *watchdog_wq;
	struct work_struct finish;
	struct delayed_work watchdog;
	ktime_t watchdog_at;
	u32 timeout_ms;
};

/**
 * struct fpgabuf_file - an open file of the device node
 * @ref: held by the file and by every region made through it
 * @fdev: the device; a reference is held
 * @quota: for the regions made through it
 */
struct fpgabuf_file {
	struct kref ref;
	struct fpgabuf_device *fdev;
	struct fpgabuf_quota quota;
};

struct fpgabuf_region;

/**
 * struct fpgabuf_mark - what is put where a capture ends, before it starts
 * @put: random bytes; if they are still there, the FPGA did not get there
 * @had: what was there, for each segment; NULL if the channel tells how much came
 */
struct fpgabuf_mark {
	u64 put;
	u64 *had;
};

/**
 * struct fpgabuf_capture - a region's turn in the queue
 * @node: in &fpgabuf_device.queued or &fpgabuf_device.done
 * @state: leaves IDLE only under &fpgabuf_region.sem held for writing.  It is
 *	stored with release and loaded with acquire: whoever sees that a capture
 *	is over sees what it has left
 * @completed: the channel is through with it
 * @transfer: what the channel does for it.  If that could not be stopped it
 *	outlives the capture, and holds a reference on the dma-buf of its own
 * @mark: what the memory was given before
 * @cookie: the user's
 * @length: bytes asked for
 * @bytes: bytes that arrived
 * @sequence: number on the device
 * @timestamp: CLOCK_MONOTONIC of the completion
 * @deadline: CLOCK_MONOTONIC of the timeout
 * @fence: signalled when it is done; a reference is held while it is queued
 * @status: FPGABUF_CAPTURE_* bits
 * @error: 0 or negative errno
 *
 * While the state is not IDLE the capture holds a reference on the dma-buf.
 */
struct fpgabuf_capture {
	struct list_head node;
	enum fpgabuf_region_state state;
	bool completed;
	struct fpgabuf_transfer transfer;
	struct fpgabuf_mark mark;
	u64 cookie;
	u32 length;
	u32 bytes;
	u64 sequence;
	ktime_t timestamp;
	ktime_t deadline;
	struct dma_fence *fence;
	u32 status;
	int error;
};

/**
 * struct fpgabuf_region - contiguous memory the FPGA writes to
 * @file: the open file it was made through; a reference is held
 * @fdev: its device
 * @node: in &fpgabuf_device.regions
 * @dmabuf: the dma-buf that owns the region
 * @ino: its inode number, to tell regions apart by
 * @pages: its pages
 * @held: the chunk that somebody else was found to hold last, once it has gone
 * @sem: for writing: the in-use test with what follows from it, and
 *	@importers and @vmapped; for reading: page faults and CPU access.  No
 *	page can become mapped while it is held for writing
 * @importers: mappings by importing devices
 * @vmapped: an importer has mapped it into the kernel
 * @sgt: the owner's mapping: what the channel is given; no entries after
 *	unbind
 * @generation: counts what has been captured into it; written before the state of
 *	@capture says that it is done
 * @capture: the region's place in the queue
 */
struct fpgabuf_region {
	struct fpgabuf_file *file;
	struct fpgabuf_device *fdev;
	struct list_head node;
	struct dma_buf *dmabuf;
	unsigned long ino;
	struct fpgabuf_pages pages;
	unsigned int held;

	struct rw_semaphore sem;
	struct list_head importers;
	bool vmapped;
	struct sg_table sgt;
	unsigned int generation;
	struct fpgabuf_capture capture;
};

/**
 * struct fpgabuf_usage - who refers to a region's pages
 * @mappings: page table entries
 * @in_use: references that are neither the region's nor a mapping's
 */
struct fpgabuf_usage {
	u64 mappings;
	u64 in_use;
};

/* main.c */
void fpgabuf_device_get(struct fpgabuf_device *fdev);
void fpgabuf_device_put(struct fpgabuf_device *fdev);

/* region.c */
struct fpgabuf_region *fpgabuf_region_create(struct fpgabuf_file *file,
					     const struct fpgabuf_alloc *alloc);
void fpgabuf_region_destroy(struct fpgabuf_region *region);
bool fpgabuf_region_at_rest(struct fpgabuf_region *region);
void fpgabuf_region_free(struct fpgabuf_region *region);
const struct fpgabuf_chunk *
fpgabuf_region_chunk(const struct fpgabuf_region *region, pgoff_t index);
struct page *fpgabuf_region_page(const struct fpgabuf_region *region,
				 pgoff_t index);
void fpgabuf_region_usage(struct fpgabuf_region *region,
			  struct fpgabuf_usage *usage);

/* region.c, for its tests */
extern void (*fpgabuf_usage_hook)(const struct fpgabuf_chunk *chunk);

/* quarantine.c */
void fpgabuf_quarantine_add(struct fpgabuf_region *region);
void fpgabuf_quarantine_look(void);
void fpgabuf_quarantine_barrier(void);

/* dma.c */
int fpgabuf_sg_build(const struct fpgabuf_region *region, struct device *dev,
		     size_t max_segment, struct sg_table *sgt);
int fpgabuf_owner_map(struct fpgabuf_region *region);
void fpgabuf_owner_unmap(struct fpgabuf_region *region);
void fpgabuf_owner_sync_for_cpu(struct fpgabuf_region *region, size_t bytes,
				enum dma_data_direction dir);
void fpgabuf_owner_sync_for_device(struct fpgabuf_region *region, size_t bytes,
				   enum dma_data_direction dir);
void fpgabuf_mark_put(struct fpgabuf_region *region, u32 length,
		      struct fpgabuf_mark *mark);
void fpgabuf_mark_undo(struct fpgabuf_region *region, u32 length,
		       const struct fpgabuf_mark *mark);
bool fpgabuf_mark_untouched(struct fpgabuf_region *region, u32 length,
			    const struct fpgabuf_mark *mark);

/* dmabuf.c */
struct dma_buf *fpgabuf_dmabuf_create(struct fpgabuf_file *file,
				      const struct fpgabuf_alloc *alloc);
struct fpgabuf_region *fpgabuf_dmabuf_get(struct fpgabuf_device *fdev, int fd);
unsigned int fpgabuf_region_importers(const struct fpgabuf_region *region);

/* fence.c */
struct dma_fence *fpgabuf_fence_create(struct fpgabuf_device *fdev);
void fpgabuf_fence_signal(struct dma_fence *fence, int error);
void fpgabuf_fence_barrier(void);

/* capture.c */
extern const struct fpgabuf_channel_ops fpgabuf_capture_ops;
void fpgabuf_capture_init(struct fpgabuf_device *fdev);
int fpgabuf_capture_queue(struct fpgabuf_file *file,
			  struct fpgabuf_region *region,
			  const struct fpgabuf_queue *queue);
struct fpgabuf_capture *fpgabuf_capture_dequeue(struct fpgabuf_file *file,
						bool wait);
void fpgabuf_capture_put_back(struct fpgabuf_capture *capture);
void fpgabuf_capture_release(struct fpgabuf_capture *capture);
unsigned int fpgabuf_capture_cancel(struct fpgabuf_device *fdev, int error);
void fpgabuf_capture_suspend(struct fpgabuf_device *fdev);
void fpgabuf_capture_close(struct fpgabuf_file *file);
enum fpgabuf_region_state
fpgabuf_capture_state(const struct fpgabuf_region *region);
__poll_t fpgabuf_capture_poll(struct fpgabuf_file *file);

/* debugfs.c */
void fpgabuf_debugfs_add(struct fpgabuf_device *fdev);
void fpgabuf_debugfs_remove(struct fpgabuf_device *fdev);
void fpgabuf_debugfs_init(void);
void fpgabuf_debugfs_exit(void);

/* chardev.c */
void fpgabuf_file_get(struct fpgabuf_file *file);
void fpgabuf_file_put(struct fpgabuf_file *file);
extern const struct file_operations fpgabuf_fops;

#endif /* FPGABUF_H */
