/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - a device as a stream of bytes
 */
#ifndef FPGABUF_STREAM_H
#define FPGABUF_STREAM_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <linux/fpgabuf.h>

/* Older kernels have none. */
#ifndef FPGABUF_STREAMS
#define FPGABUF_STREAMS	true
#endif

struct fpgabuf_file;
struct fpgabuf_target;
struct iov_iter;
struct pipe_inode_info;

/**
 * struct fpgabuf_part - a region of a stream of bytes
 * @target: the region; a reference on its dma-buf is held
 * @node: in &fpgabuf_ready.list or &fpgabuf_spent.list, or in no list while the
 *	region is queued or done
 * @begin: position of its first byte
 * @bytes: how many it has
 * @gap: bytes may be missing in front of it, and nobody has said to go on
 */
struct fpgabuf_part {
	struct fpgabuf_target *target;
	struct list_head node;
	u64 begin;
	u32 bytes;
	bool gap;
};

/**
 * struct fpgabuf_ready - the bytes that can be read
 * @list: parts with bytes, in order, up to @end
 * @position: of the next byte
 * @kept: bytes from here on can still be asked for again, see begin_call()
 * @end: position behind the last byte of @list
 * @broken: bytes may be missing behind @end
 *
 * Part of &struct fpgabuf_bytes, under its lock.
 */
struct fpgabuf_ready {
	struct list_head list;
	u64 position;
	u64 kept;
	u64 end;
	bool broken;
};

/**
 * struct fpgabuf_spent - regions that were read
 * @list: parts; queued again when nobody has their pages
 * @nr: how many those are
 * @again: looks at them, if there are few others
 * @pause_ms: until @again runs next
 *
 * Part of &struct fpgabuf_bytes, under its lock.
 */
struct fpgabuf_spent {
	struct list_head list;
	unsigned int nr;
	struct delayed_work again;
	unsigned int pause_ms;
};

/**
 * struct fpgabuf_wanted - what is asked of the channel
 * @timeout_ms: of each capture
 * @limit: bytes that shall come in all; U64_MAX: there is no limit
 * @asked: bytes that have come, or may come from what is queued
 * @stopped: no more
 *
 * Part of &struct fpgabuf_bytes, under its lock; @stopped is read without it as well.
 */
struct fpgabuf_wanted {
	u32 timeout_ms;
	u64 limit;
	u64 asked;
	bool stopped;
};

/**
 * struct fpgabuf_taken - what has been taken from the queue
 * @captures: how many
 * @partial: those that were shorter than their region
 * @gaps: parts with bytes missing in front
 * @timeouts: captures that have ended by timeout
 * @errors: captures that have ended with another error
 *
 * Part of &struct fpgabuf_bytes, under its lock.
 */
struct fpgabuf_taken {
	u64 captures;
	u64 partial;
	u64 gaps;
	u64 timeouts;
	u64 errors;
};

/**
 * struct fpgabuf_bytes - an open file as a stream of bytes
 * @file: owns the queue, on behalf of the user's file, and is charged as that is
 * @join: gaps are only counted
 * @exact: a capture that ends early without an error has all bytes that came
 * @lock: guards @wanted, @ready, @spent, @counts and @refused.  A reader holds it while it
 *	copies to user space, so that can take as long as the user likes: nobody
 *	waits for it who holds the lock of a pipe, or who must not wait
 * @wanted: what is captured
 * @ready: what can be read
 * @spent: what was read
 * @counts: what has come
 * @refused: why the last part could not be queued, or 0; read without @lock as well
 * @missed: somebody who cannot wait for @lock wants to be told when it is free;
 *	without @lock
 * @nr_parts: length of @parts
 * @parts: the regions
 *
 * Belongs to the open file, and goes when that is closed.
 */
struct fpgabuf_bytes {
	struct fpgabuf_file *file;
	bool join;
	bool exact;
	struct mutex lock; /* outermost, see dmabuf.h */
	struct fpgabuf_wanted wanted;
	struct fpgabuf_ready ready;
	struct fpgabuf_spent spent;
	struct fpgabuf_taken counts;
	int refused;
	bool missed;
	unsigned int nr_parts;
	struct fpgabuf_part parts[];
};

struct fpgabuf_bytes *fpgabuf_bytes_create(struct fpgabuf_file *file,
					   struct fpgabuf_stream_setup *setup);
void fpgabuf_bytes_destroy(struct fpgabuf_bytes *bytes);
ssize_t fpgabuf_bytes_read(struct fpgabuf_bytes *bytes, loff_t *pos,
			   struct iov_iter *to, bool wait);
ssize_t fpgabuf_bytes_splice(struct fpgabuf_bytes *bytes, loff_t *pos,
			     struct pipe_inode_info *pipe, size_t len,
			     bool wait);
__poll_t fpgabuf_bytes_poll(struct fpgabuf_bytes *bytes, loff_t pos);
int fpgabuf_bytes_info(struct fpgabuf_bytes *bytes,
		       struct fpgabuf_stream_info *info);

#endif /* FPGABUF_STREAM_H */
