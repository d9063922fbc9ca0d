/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - a region as dma-buf
 *
 * Lock order of the driver, outermost first:
 *
 *	&fpgabuf_bytes.lock
 *	mmap_lock, dma_resv, &fpgabuf_buffers.binding
 *	  &fpgabuf_stream.lock, &fpgabuf_buffers.lock
 *	    &fpgabuf_buffer.sem
 *	      &fpgabuf_importers.lock
 *	      &fpgabuf_captures.lock, &fpgabuf_turns.lock (spinlocks, taken in
 *	      the DMA callback, neither inside the other)
 *
 * &fpgabuf_stream.lock and &fpgabuf_buffers.lock are never held together.  Each lock is
 * taken only in the file that belongs to its header.
 */
#ifndef FPGABUF_DMABUF_H
#define FPGABUF_DMABUF_H

#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>

#include <linux/fpgabuf.h>

#include "importers.h"
#include "mapping.h"

struct fpgabuf_account;
struct fpgabuf_buffer;
struct fpgabuf_usage;

/**
 * struct fpgabuf_buffers - the regions of a device, as dma-bufs
 * @owner: the device that they are mapped for
 * @release: the last reference of a dma-buf has gone: end the buffer by
 *	fpgabuf_buffer_exit(), and free the structure around it; process, may sleep
 * @gone: the binding ends: nothing is mapped for @owner any more.  Written once,
 *	read with READ_ONCE() or under @binding
 * @binding: held for reading while memory is mapped for @owner, or unmapped, which
 *	can take long; for writing by the end of the binding
 * @lock: guards @list
 * @list: all regions that are dma-bufs
 * @synced: bytes of all regions that were synced for importers
 *
 * Lives as long as the last region, in the structure of its user.
 */
struct fpgabuf_buffers {
	struct fpgabuf_owner owner;
	void (*release)(struct fpgabuf_buffer *buffer);
	bool gone;
	struct rw_semaphore binding;
	struct mutex lock; /* list */
	struct list_head list;
	atomic64_t synced;
};

/**
 * struct fpgabuf_buffer - a region as dma-buf
 * @buffers: all regions of its device; they live longer
 * @node: in their list
 * @region: the region
 * @mapping: the mapping for the owner; the channel uses its addresses
 * @dmabuf: the dma-buf that owns this structure, once it is exported
 * @sem: for writing: the in-use test together with the claim, the end of
 *	importers' mappings, and @vmapped; for reading: page faults and CPU access.
 *	While it is held for writing, no page can become mapped, and @mapping does
 *	not go
 * @importers: mappings by importing devices
 * @vmapped: an importer has mapped it into the kernel
 * @captured: a capture has ended; written before @state says that it is done
 * @state: its state; leaves IDLE only under @sem held for writing.  It is stored with
 *	release and loaded with acquire: a reader that sees the end of a capture also
 *	sees its result
 * @kept: transfers that the channel has not let go of, although the capture is over
 */
struct fpgabuf_buffer {
	struct fpgabuf_buffers *buffers;
	struct list_head node;
	struct fpgabuf_region *region;
	struct fpgabuf_mapping mapping;
	struct dma_buf *dmabuf;
	struct rw_semaphore sem;
	struct fpgabuf_importers importers;
	bool vmapped;
	bool captured;
	enum fpgabuf_region_state state;
	atomic_t kept;
};

void fpgabuf_buffers_init(struct fpgabuf_buffers *buffers,
			  struct device *dma_dev, size_t segment,
			  void (*release)(struct fpgabuf_buffer *buffer));
void fpgabuf_buffers_end(struct fpgabuf_buffers *buffers);
bool fpgabuf_buffers_gone(const struct fpgabuf_buffers *buffers);
void fpgabuf_buffers_unmap(struct fpgabuf_buffers *buffers);
void fpgabuf_buffers_each(struct fpgabuf_buffers *buffers,
			  void (*fn)(struct fpgabuf_buffer *buffer, void *data),
			  void *data);
struct fpgabuf_buffer *fpgabuf_buffers_find(const struct fpgabuf_buffers *buffers,
					    int fd);

int fpgabuf_buffer_init(struct fpgabuf_buffer *buffer,
			struct fpgabuf_buffers *buffers,
			struct fpgabuf_account *account,
			const struct fpgabuf_alloc *alloc);
int fpgabuf_buffer_export(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_exit(struct fpgabuf_buffer *buffer);

void fpgabuf_buffer_look(struct fpgabuf_buffer *buffer,
			 struct fpgabuf_usage *usage, unsigned int *importers);
bool fpgabuf_buffer_try_look(struct fpgabuf_buffer *buffer,
			     struct fpgabuf_usage *usage,
			     unsigned int *importers);
enum fpgabuf_region_state
fpgabuf_buffer_state(const struct fpgabuf_buffer *buffer);

int fpgabuf_buffer_record(struct fpgabuf_buffer *buffer, u64 *pins);
void fpgabuf_buffer_forget(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_lower(struct fpgabuf_buffer *buffer);
int fpgabuf_buffer_claim(struct fpgabuf_buffer *buffer, bool importers_done,
			 struct fpgabuf_usage *usage);
void fpgabuf_buffer_give_back(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_captured(struct fpgabuf_buffer *buffer,
			     struct fpgabuf_span span, size_t bytes);
void fpgabuf_buffer_done(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_unclaim(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_keep(struct fpgabuf_buffer *buffer);
void fpgabuf_buffer_let_go(struct fpgabuf_buffer *buffer);

#endif /* FPGABUF_DMABUF_H */
