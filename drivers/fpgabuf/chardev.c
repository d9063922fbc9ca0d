// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the device node
 *
 * Checks what user space hands in and turns it into calls of dmabuf.c and
 * capture.c.  The contract of each call is in uapi/linux/fpgabuf.h.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "fpgabuf.h"

union fpgabuf_arg {
	struct fpgabuf_info info;
	struct fpgabuf_alloc alloc;
	struct fpgabuf_queue queue;
	struct fpgabuf_dequeue dequeue;
	struct fpgabuf_cancel cancel;
	struct fpgabuf_region_info region_info;
};

/* Where an answer goes, and how much of it the caller has room for. */
struct fpgabuf_reply {
	void __user *to;
	size_t size;
};

static int reply(const struct fpgabuf_reply *reply, const void *arg)
{
	return copy_to_user(reply->to, arg, reply->size) ? -EFAULT : 0;
}

static u64 max_region(const struct fpgabuf_device *fdev)
{
	u64 limit = min(fdev->memory->quota.limit, fdev->memory->file_limit);

	return min(round_down(limit, PAGE_SIZE), FPGABUF_MAX_REGION);
}

static int ioctl_info(struct file *filp, union fpgabuf_arg *arg,
		      const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = filp->private_data;
	struct fpgabuf_device *fdev = file->fdev;
	struct fpgabuf_info *info = &arg->info;

	if (info->flags || info->reserved0 ||
	    memchr_inv(info->reserved, 0, sizeof(info->reserved)))
		return -EINVAL;

	/* Memory that nobody has any more is no longer used. */
	fpgabuf_quarantine_look();
	memset(info, 0, sizeof(*info));
	info->version = FPGABUF_UAPI_VERSION;
	strscpy(info->name, fdev->memory->name, sizeof(info->name));
	info->max_region_size = max_region(fdev);
	info->limit_bytes = fdev->memory->quota.limit;
	info->used_bytes = atomic64_read(&fdev->memory->quota.used);
	info->file_limit_bytes = file->quota.limit;
	info->file_used_bytes = atomic64_read(&file->quota.used);
	info->capabilities = fpgabuf_channel_capabilities(&fdev->channel);
	info->max_capture = fpgabuf_channel_max_length(&fdev->channel);
	info->max_packet = fpgabuf_channel_max_packet(&fdev->channel);
	info->transfers = fpgabuf_channel_serial(&fdev->channel) ?
			  1 : FPGABUF_MAX_QUEUED;
	info->alignment = fdev->channel.limits.alignment;
	info->queue_depth = FPGABUF_MAX_QUEUED;
	info->default_timeout_ms = fdev->timeout_ms;
	info->busy = atomic64_read(&fdev->busy);

	spin_lock_irq(&fdev->qlock);
	info->queued = fdev->nr_queued;
	info->captures = fdev->captures;
	info->gaps = fdev->gaps;
	spin_unlock_irq(&fdev->qlock);
	return reply(to, info);
}

static bool alloc_valid(const struct fpgabuf_device *fdev,
			const struct fpgabuf_alloc *alloc)
{
	u32 access = alloc->fd_flags & O_ACCMODE;

	return !(alloc->flags & ~FPGABUF_ALLOC_SCATTER) && !alloc->reserved0 &&
	       !memchr_inv(alloc->reserved, 0, sizeof(alloc->reserved)) &&
	       !(alloc->fd_flags & ~(O_CLOEXEC | O_ACCMODE)) &&
	       (access == O_RDONLY || access == O_RDWR) &&
	       alloc->size && alloc->size <= max_region(fdev);
}

static int ioctl_alloc(struct file *filp, union fpgabuf_arg *arg,
		       const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = filp->private_data;
	struct fpgabuf_alloc *alloc = &arg->alloc;
	struct fpgabuf_region *region;
	struct dma_buf *dmabuf;
	int fd, ret;

	if (!alloc_valid(file->fdev, alloc))
		return -EINVAL;

	fd = get_unused_fd_flags(alloc->fd_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;

	dmabuf = fpgabuf_dmabuf_create(file, alloc);
	if (IS_ERR(dmabuf)) {
		put_unused_fd(fd);
		return PTR_ERR(dmabuf);
	}
	region = dmabuf->priv;
	alloc->size = region->pages.size;
	alloc->fd = fd;
	alloc->backend = region->pages.backend->id;
	alloc->chunks = region->pages.nr_chunks;

	ret = reply(to, alloc);
	if (ret) {
		put_unused_fd(fd);
		dma_buf_put(dmabuf);
		return ret;
	}
	fd_install(fd, dmabuf->file);
	return 0;
}

static int ioctl_queue(struct file *filp, union fpgabuf_arg *arg,
		       const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = filp->private_data;
	const struct fpgabuf_queue *queue = &arg->queue;
	struct fpgabuf_region *region;
	int ret;

	if (queue->flags || queue->reserved0 ||
	    memchr_inv(queue->reserved, 0, sizeof(queue->reserved)))
		return -EINVAL;

	region = fpgabuf_dmabuf_get(file->fdev, queue->fd);
	if (IS_ERR(region))
		return PTR_ERR(region);

	ret = fpgabuf_capture_queue(file, region, queue);
	dma_buf_put(region->dmabuf);
	return ret;
}

static int ioctl_dequeue(struct file *filp, union fpgabuf_arg *arg,
			 const struct fpgabuf_reply *to)
{
	struct fpgabuf_dequeue *dequeue = &arg->dequeue;
	struct fpgabuf_capture *capture;
	int ret;

	if (dequeue->flags || dequeue->reserved0 ||
	    memchr_inv(dequeue->reserved, 0, sizeof(dequeue->reserved)))
		return -EINVAL;

	capture = fpgabuf_capture_dequeue(filp->private_data,
					  !(filp->f_flags & O_NONBLOCK));
	if (IS_ERR(capture))
		return PTR_ERR(capture);

	*dequeue = (struct fpgabuf_dequeue){
		.status = capture->status,
		.cookie = capture->cookie,
		.bytes = capture->bytes,
		.sequence = capture->sequence,
		.timestamp_ns = ktime_to_ns(capture->timestamp),
		.error = capture->error,
	};
	ret = reply(to, dequeue);
	if (ret)
		fpgabuf_capture_put_back(capture);
	else
		fpgabuf_capture_release(capture);
	return ret;
}

static int ioctl_cancel(struct file *filp, union fpgabuf_arg *arg,
			const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = filp->private_data;
	struct fpgabuf_device *fdev = file->fdev;
	struct fpgabuf_cancel *cancel = &arg->cancel;
	int ret = 0;

	if (cancel->flags ||
	    memchr_inv(cancel->reserved, 0, sizeof(cancel->reserved)))
		return -EINVAL;

	cancel->canceled = 0;
	mutex_lock(&fdev->lock);
	if (fdev->gone)
		ret = -ENODEV;
	else if (fdev->owner == file)
		cancel->canceled = fpgabuf_capture_cancel(fdev, -ECANCELED);
	mutex_unlock(&fdev->lock);
	return ret ?: reply(to, cancel);
}

static int ioctl_region_info(struct file *filp, union fpgabuf_arg *arg,
			     const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = filp->private_data;
	struct fpgabuf_region_info *info = &arg->region_info;
	struct fpgabuf_region *region;
	struct fpgabuf_usage usage;
	u32 importers;

	if (info->flags || memchr_inv(info->reserved, 0, sizeof(info->reserved)))
		return -EINVAL;

	region = fpgabuf_dmabuf_get(file->fdev, info->fd);
	if (IS_ERR(region))
		return PTR_ERR(region);

	down_write(&region->sem);
	fpgabuf_region_usage(region, &usage);
	importers = fpgabuf_region_importers(region);
	up_write(&region->sem);

	info->size = region->pages.size;
	info->backend = region->pages.backend->id;
	info->chunks = region->pages.nr_chunks;
	info->state = fpgabuf_capture_state(region);
	info->importers = importers;
	info->in_use = usage.in_use;
	info->mappings = usage.mappings;
	dma_buf_put(region->dmabuf);
	return reply(to, info);
}

/**
 * struct fpgabuf_call - one ioctl
 * @cmd: its number as this driver has it; the size in it is the newest
 * @fn: checks the argument, acts, and replies
 */
struct fpgabuf_call {
	unsigned int cmd;
	int (*fn)(struct file *filp, union fpgabuf_arg *arg,
		  const struct fpgabuf_reply *to);
};

static const struct fpgabuf_call calls[] = {
	{ FPGABUF_IOC_INFO, ioctl_info },
	{ FPGABUF_IOC_ALLOC, ioctl_alloc },
	{ FPGABUF_IOC_QUEUE, ioctl_queue },
	{ FPGABUF_IOC_DEQUEUE, ioctl_dequeue },
	{ FPGABUF_IOC_CANCEL, ioctl_cancel },
	{ FPGABUF_IOC_REGION_INFO, ioctl_region_info },
};

/* All of the number counts but the size, which may be another version's. */
static const struct fpgabuf_call *find_call(unsigned int cmd)
{
	const unsigned int size_mask = _IOC_SIZEMASK << _IOC_SIZESHIFT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!((cmd ^ calls[i].cmd) & ~size_mask))
			return &calls[i];
	return NULL;
}

static long fpgabuf_ioctl(struct file *filp, unsigned int cmd,
			  unsigned long param)
{
	const struct fpgabuf_call *call = find_call(cmd);
	struct fpgabuf_reply to = { .to = (void __user *)param };
	size_t ours, theirs = _IOC_SIZE(cmd);
	union fpgabuf_arg arg;
	int ret;

	if (!call)
		return -ENOTTY;

	/* None has grown yet: the present size is the first published one. */
	ours = _IOC_SIZE(call->cmd);
	if (theirs < ours)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, ours, to.to, theirs);
	if (ret)
		return ret;
	to.size = ours;
	return call->fn(filp, &arg, &to);
}

static __poll_t fpgabuf_poll(struct file *filp, poll_table *wait)
{
	struct fpgabuf_file *file = filp->private_data;

	poll_wait(filp, &file->fdev->wait, wait);
	return fpgabuf_capture_poll(file);
}

static void file_free(struct kref *ref)
{
	struct fpgabuf_file *file = container_of(ref, struct fpgabuf_file, ref);

	fpgabuf_device_put(file->fdev);
	kfree(file);
}

/**
 * fpgabuf_file_get() - take a reference
 * @file: an open file, or one that a region remembers
 */
void fpgabuf_file_get(struct fpgabuf_file *file)
{
	kref_get(&file->ref);
}

/**
 * fpgabuf_file_put() - drop a reference
 * @file: the file; freed with the last one
 *
 * Context: process, may sleep.
 */
void fpgabuf_file_put(struct fpgabuf_file *file)
{
	kref_put(&file->ref, file_free);
}

/* misc_open() holds its mutex, so the device cannot go while this runs. */
static int fpgabuf_open(struct inode *inode, struct file *filp)
{
	struct fpgabuf_device *fdev =
		container_of(filp->private_data, struct fpgabuf_device, misc);
	struct fpgabuf_file *file;

	file = kzalloc_obj(*file);
	if (!file)
		return -ENOMEM;
	kref_init(&file->ref);
	fpgabuf_device_get(fdev);
	file->fdev = fdev;
	file->quota.limit = fdev->memory->file_limit;
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int fpgabuf_close(struct inode *inode, struct file *filp)
{
	struct fpgabuf_file *file = filp->private_data;

	fpgabuf_capture_close(file);
	fpgabuf_file_put(file);
	return 0;
}

const struct file_operations fpgabuf_fops = {
	.owner = THIS_MODULE,
	.open = fpgabuf_open,
	.release = fpgabuf_close,
	.unlocked_ioctl = fpgabuf_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = fpgabuf_poll,
};
