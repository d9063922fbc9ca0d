// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the fence of a capture
 *
 * Every queued capture has one, as the write fence of its dma-buf.  So a process
 * that has nothing but the descriptor can wait: by poll(), by a sync_file, by
 * DMA_BUF_IOCTL_SYNC.  It is signalled when the capture is finished, with the
 * error if there is one, and at the latest when the capture times out.
 *
 * A sync_file may outlive everything else.  Up to 6.12 it asks even a signalled
 * fence for its names, so each fence holds the module, and owns its name.
 */
#include <linux/dma-fence.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/fpgabuf.h>

#include "compat.h"
#include "fence.h"

/**
 * struct fpgabuf_fence - the fence of a capture
 * @base: the fence
 * @lock: protects it
 * @name: its timeline: the device
 */
struct fpgabuf_fence {
	struct dma_fence base;
	spinlock_t lock; /* the fence's */
	char name[sizeof_field(struct fpgabuf_info, name)];
};

static struct fpgabuf_fence *to_fpgabuf_fence(struct dma_fence *fence)
{
	return container_of(fence, struct fpgabuf_fence, base);
}

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "fpgabuf";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return to_fpgabuf_fence(fence)->name;
}

/* fpgabuf_fence_barrier() waits until this has returned. */
static void fence_free(struct rcu_head *rcu)
{
	struct dma_fence *fence = container_of(rcu, struct dma_fence, rcu);

	kfree(to_fpgabuf_fence(fence));
	module_put(THIS_MODULE);
}

/* Others may look at a fence under rcu_read_lock() alone. */
static void fence_release(struct dma_fence *fence)
{
	call_rcu(&fence->rcu, fence_free);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_driver_name,
	.get_timeline_name = fence_timeline_name,
	.release = fence_release,
};

/**
 * fpgabuf_fence_create() - make a fence for a capture
 * @name: of the device
 *
 * It is its own timeline: nothing is said about the order of captures.
 *
 * Context: process, may sleep.
 *
 * Return: the fence with one reference, or NULL.
 */
struct dma_fence *fpgabuf_fence_create(const char *name)
{
	struct fpgabuf_fence *fence;

	fence = kzalloc_obj(*fence);
	if (!fence)
		return NULL;
	__module_get(THIS_MODULE);
	spin_lock_init(&fence->lock);
	strscpy(fence->name, name, sizeof(fence->name));
	dma_fence_init(&fence->base, &fence_ops, &fence->lock,
		       dma_fence_context_alloc(1), 1);
	return &fence->base;
}

/**
 * fpgabuf_fence_signal() - the capture is finished
 * @fence: its fence; the caller's reference is dropped
 * @error: 0 or a negative errno
 *
 * Context: any but hard interrupt; callbacks of the fence run here.
 */
void fpgabuf_fence_signal(struct dma_fence *fence, int error)
{
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

/**
 * fpgabuf_fence_barrier() - wait until no fence is being freed
 *
 * Context: module exit, which the last fence has just made possible.
 */
void fpgabuf_fence_barrier(void)
{
	rcu_barrier();
}
