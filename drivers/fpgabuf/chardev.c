// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the device node
 *
 * Checks what user space hands in and turns it into calls of capture.c and
 * stream.c.  The contract of each call is in uapi/linux/fpgabuf.h.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <linux/fpgabuf.h>

#include "capture.h"
#include "channel.h"
#include "chardev.h"
#include "compat.h"
#include "dmabuf.h"
#include "memory.h"
#include "region.h"
#include "stream.h"

/**
 * struct fpgabuf_open - an open node
 * @file: the file, as far as captures are concerned
 * @bytes: the stream that it was made, or NULL; set once
 */
struct fpgabuf_open {
	struct fpgabuf_file *file;
	struct fpgabuf_bytes *bytes;
};

static struct fpgabuf_file *file_of(const struct file *filp)
{
	const struct fpgabuf_open *open = filp->private_data;

	return open->file;
}

static struct fpgabuf_bytes *bytes_of(const struct file *filp)
{
	const struct fpgabuf_open *open = filp->private_data;

	/* Pairs with the release of ioctl_stream(). */
	return smp_load_acquire(&open->bytes);
}

union fpgabuf_arg {
	struct fpgabuf_info info;
	struct fpgabuf_alloc alloc;
	struct fpgabuf_queue queue;
	struct fpgabuf_dequeue dequeue;
	struct fpgabuf_cancel cancel;
	struct fpgabuf_region_info region_info;
	struct fpgabuf_stream_setup stream_setup;
	struct fpgabuf_stream_info stream_info;
	struct fpgabuf_baseline baseline;
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

static u64 max_region(const struct fpgabuf_memory *memory)
{
	u64 limit = min(memory->quota.limit, memory->file_limit);

	return min(round_down(limit, PAGE_SIZE), FPGABUF_MAX_REGION);
}

static int ioctl_info(struct file *filp, union fpgabuf_arg *arg,
		      const struct fpgabuf_reply *to)
{
	const struct fpgabuf_file *file = file_of(filp);
	struct fpgabuf_stream *stream = file->stream;
	const struct fpgabuf_memory *memory = stream->memory;
	const struct fpgabuf_channel *channel = &stream->channel;
	struct fpgabuf_info *info = &arg->info;
	struct fpgabuf_counts counts;

	if (info->flags || info->reserved0 ||
	    memchr_inv(info->reserved, 0, sizeof(info->reserved)))
		return -EINVAL;

	/* Memory that nobody has any more is no longer used. */
	fpgabuf_quarantine_look();
	memset(info, 0, sizeof(*info));
	info->version = FPGABUF_UAPI_VERSION;
	strscpy(info->name, memory->name, sizeof(info->name));
	info->max_region_size = max_region(memory);
	info->limit_bytes = memory->quota.limit;
	info->used_bytes = atomic64_read(&memory->quota.used);
	info->file_limit_bytes = file->account->quota.limit;
	info->file_used_bytes = atomic64_read(&file->account->quota.used);
	info->capabilities = fpgabuf_channel_capabilities(channel) |
			     FPGABUF_CAP_IMPORTERS_DONE | FPGABUF_CAP_BASELINE |
			     FPGABUF_CAP_SLICES |
			     (FPGABUF_STREAMS ? FPGABUF_CAP_STREAM : 0);
	info->max_capture = fpgabuf_channel_max_length(channel);
	info->max_packet = fpgabuf_channel_max_packet(channel);
	info->transfers = fpgabuf_channel_serial(channel) ?
			  1 : FPGABUF_MAX_QUEUED;
	info->alignment = channel->limits.alignment;
	info->queue_depth = FPGABUF_MAX_QUEUED;
	info->default_timeout_ms = stream->timeout_ms;
	info->busy = atomic64_read(&stream->busy);

	fpgabuf_stream_count(stream, &counts);
	info->queued = counts.queued;
	info->captures = counts.captures;
	info->gaps = counts.gaps;
	return reply(to, info);
}

static bool alloc_valid(const struct fpgabuf_memory *memory,
			const struct fpgabuf_alloc *alloc)
{
	u32 access = alloc->fd_flags & O_ACCMODE;

	return !(alloc->flags & ~FPGABUF_ALLOC_SCATTER) && !alloc->reserved0 &&
	       !memchr_inv(alloc->reserved, 0, sizeof(alloc->reserved)) &&
	       !(alloc->fd_flags & ~(O_CLOEXEC | O_ACCMODE)) &&
	       (access == O_RDONLY || access == O_RDWR) &&
	       alloc->size && alloc->size <= max_region(memory);
}

static int ioctl_alloc(struct file *filp, union fpgabuf_arg *arg,
		       const struct fpgabuf_reply *to)
{
	struct fpgabuf_file *file = file_of(filp);
	struct fpgabuf_alloc *alloc = &arg->alloc;
	const struct fpgabuf_pages *pages;
	struct fpgabuf_target *target;
	struct dma_buf *dmabuf;
	int fd, ret;

	if (!alloc_valid(file->stream->memory, alloc))
		return -EINVAL;

	fd = get_unused_fd_flags(alloc->fd_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;

	target = fpgabuf_target_create(file, alloc);
	if (IS_ERR(target)) {
		put_unused_fd(fd);
		return PTR_ERR(target);
	}
	dmabuf = target->buffer.dmabuf;
	pages = &target->buffer.region->pages;
	alloc->size = pages->size;
	alloc->fd = fd;
	alloc->backend = pages->backend->id;
	alloc->chunks = pages->nr_chunks;

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
	struct fpgabuf_file *file = file_of(filp);
	const struct fpgabuf_queue *queue = &arg->queue;
	struct fpgabuf_target *target;
	int ret;

	if (queue->flags & ~FPGABUF_QUEUE_IMPORTERS_DONE ||
	    memchr_inv(queue->reserved, 0, sizeof(queue->reserved)))
		return -EINVAL;
	if (bytes_of(filp))
		return -EBUSY;

	target = fpgabuf_target_find(file, queue->fd);
	if (IS_ERR(target))
		return PTR_ERR(target);

	ret = fpgabuf_target_queue(file, target, queue);
	dma_buf_put(target->buffer.dmabuf);
	return queue->slice ? ret : min(ret, 0);
}

static int ioctl_dequeue(struct file *filp, union fpgabuf_arg *arg,
			 const struct fpgabuf_reply *to)
{
	struct fpgabuf_dequeue *dequeue = &arg->dequeue;
	const struct fpgabuf_result *result;
	struct fpgabuf_capture *capture;
	int ret;

	if (dequeue->flags || dequeue->offset ||
	    memchr_inv(dequeue->reserved, 0, sizeof(dequeue->reserved)))
		return -EINVAL;
	if (bytes_of(filp))
		return -EBUSY;

	capture = fpgabuf_capture_dequeue(file_of(filp),
					  !(filp->f_flags & O_NONBLOCK));
	if (IS_ERR(capture))
		return PTR_ERR(capture);

	result = &capture->result;
	*dequeue = (struct fpgabuf_dequeue){
		.status = result->status,
		.cookie = capture->target->cookie,
		.bytes = result->bytes,
		.sequence = result->sequence,
		.timestamp_ns = ktime_to_ns(result->timestamp),
		.error = result->error,
		.offset = capture->offset,
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
	struct fpgabuf_cancel *cancel = &arg->cancel;
	int ret;

	if (cancel->flags ||
	    memchr_inv(cancel->reserved, 0, sizeof(cancel->reserved)))
		return -EINVAL;
	if (bytes_of(filp))
		return -EBUSY;

	ret = fpgabuf_capture_cancel(file_of(filp), &cancel->canceled);
	return ret ?: reply(to, cancel);
}

static int ioctl_region_info(struct file *filp, union fpgabuf_arg *arg,
			     const struct fpgabuf_reply *to)
{
	struct fpgabuf_region_info *info = &arg->region_info;
	const struct fpgabuf_pages *pages;
	struct fpgabuf_target *target;
	struct fpgabuf_buffer *buffer;
	struct fpgabuf_usage usage;
	unsigned int importers;

	if (info->flags || memchr_inv(info->reserved, 0, sizeof(info->reserved)))
		return -EINVAL;

	target = fpgabuf_target_find(file_of(filp), info->fd);
	if (IS_ERR(target))
		return PTR_ERR(target);

	buffer = &target->buffer;
	pages = &buffer->region->pages;
	fpgabuf_buffer_look(buffer, &usage, &importers);
	info->size = pages->size;
	info->backend = pages->backend->id;
	info->chunks = pages->nr_chunks;
	info->state = fpgabuf_buffer_state(buffer);
	info->importers = importers;
	info->in_use = usage.in_use;
	info->mappings = usage.mappings;
	info->standing = usage.standing;
	dma_buf_put(buffer->dmabuf);
	return reply(to, info);
}

static bool setup_valid(const struct fpgabuf_stream *stream,
			const struct fpgabuf_stream_setup *setup)
{
	return !(setup->flags & ~FPGABUF_STREAM_JOIN) && !setup->reserved0 &&
	       !memchr_inv(setup->reserved, 0, sizeof(setup->reserved)) &&
	       setup->size && setup->size <= max_region(stream->memory) &&
	       setup->count >= 2 && setup->count <= FPGABUF_MAX_QUEUED &&
	       !(setup->limit & (stream->channel.limits.alignment - 1)) &&
	       setup->timeout_ms <= FPGABUF_TIMEOUT_MAX_MS;
}

/* Of two that come at once only one can own the queue, and succeed. */
static int ioctl_stream(struct file *filp, union fpgabuf_arg *arg,
			const struct fpgabuf_reply *to)
{
	struct fpgabuf_stream_setup *setup = &arg->stream_setup;
	struct fpgabuf_open *open = filp->private_data;
	struct fpgabuf_bytes *bytes;
	int ret;

	if (!setup_valid(open->file->stream, setup))
		return -EINVAL;
	if (bytes_of(filp))
		return -EBUSY;
	bytes = fpgabuf_bytes_create(open->file, setup);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	ret = reply(to, setup);
	if (ret) {
		fpgabuf_bytes_destroy(bytes);
		return ret;
	}
	/* Pairs with bytes_of(). */
	smp_store_release(&open->bytes, bytes);
	return 0;
}

static int ioctl_stream_info(struct file *filp, union fpgabuf_arg *arg,
			     const struct fpgabuf_reply *to)
{
	struct fpgabuf_stream_info *info = &arg->stream_info;
	struct fpgabuf_bytes *bytes = bytes_of(filp);
	int ret;

	if (info->flags & ~(FPGABUF_STREAM_GO_ON | FPGABUF_STREAM_STOP) ||
	    memchr_inv(info->reserved, 0, sizeof(info->reserved)) || !bytes)
		return -EINVAL;
	ret = fpgabuf_bytes_info(bytes, info);
	return ret ?: reply(to, info);
}

static int ioctl_baseline(struct file *filp, union fpgabuf_arg *arg,
			  const struct fpgabuf_reply *to)
{
	struct fpgabuf_baseline *baseline = &arg->baseline;
	struct fpgabuf_file *file = file_of(filp);
	struct fpgabuf_target *target;
	int ret;

	if (baseline->flags ||
	    memchr_inv(baseline->reserved, 0, sizeof(baseline->reserved)))
		return -EINVAL;
	if (fpgabuf_buffers_gone(&file->stream->buffers))
		return -ENODEV;

	target = fpgabuf_target_find(file, baseline->fd);
	if (IS_ERR(target))
		return PTR_ERR(target);

	ret = fpgabuf_buffer_record(&target->buffer, &baseline->pins);
	if (!ret) {
		ret = reply(to, baseline);
		if (ret)
			fpgabuf_buffer_forget(&target->buffer);
	}
	dma_buf_put(target->buffer.dmabuf);
	return ret;
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
	{ FPGABUF_IOC_STREAM, ioctl_stream },
	{ FPGABUF_IOC_STREAM_INFO, ioctl_stream_info },
	{ FPGABUF_IOC_BASELINE, ioctl_baseline },
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

static bool may_wait(const struct file *filp)
{
	return !(filp->f_flags & O_NONBLOCK);
}

static ssize_t fpgabuf_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *filp = iocb->ki_filp;
	struct fpgabuf_bytes *bytes = bytes_of(filp);

	if (!bytes)
		return -EINVAL;
	return fpgabuf_bytes_read(bytes, &iocb->ki_pos, to, may_wait(filp) &&
				  !(iocb->ki_flags & IOCB_NOWAIT));
}

static ssize_t fpgabuf_splice_read(struct file *filp, loff_t *pos,
				   struct pipe_inode_info *pipe, size_t len,
				   unsigned int flags)
{
	struct fpgabuf_bytes *bytes = bytes_of(filp);

	if (!bytes)
		return -EINVAL;
	return fpgabuf_bytes_splice(bytes, pos, pipe, len, may_wait(filp) &&
				    !(flags & SPLICE_F_NONBLOCK));
}

static __poll_t fpgabuf_poll(struct file *filp, poll_table *wait)
{
	struct fpgabuf_file *file = file_of(filp);
	struct fpgabuf_bytes *bytes = bytes_of(filp);

	poll_wait(filp, &file->stream->queue.wait, wait);
	return bytes ? fpgabuf_bytes_poll(bytes, filp->f_pos) :
		       fpgabuf_file_poll(file);
}

/* There is a position, because sendfile() wants one, but nobody can set it. */
static loff_t fpgabuf_llseek(struct file *filp, loff_t offset, int whence)
{
	return -ESPIPE;
}

/* misc_open() holds its mutex, so the node cannot go while this runs. */
static int fpgabuf_open(struct inode *inode, struct file *filp)
{
	struct fpgabuf_node *node =
		container_of(filp->private_data, struct fpgabuf_node, misc);
	struct fpgabuf_open *open = kzalloc_obj(*open);

	if (!open)
		return -ENOMEM;
	open->file = fpgabuf_file_open(node->stream);
	if (!open->file) {
		kfree(open);
		return -ENOMEM;
	}
	filp->private_data = open;
	filp->f_mode &= ~(FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

static int fpgabuf_close(struct inode *inode, struct file *filp)
{
	struct fpgabuf_open *open = filp->private_data;

	if (open->bytes)
		fpgabuf_bytes_destroy(open->bytes);
	fpgabuf_file_close(open->file);
	kfree(open);
	return 0;
}

static const struct file_operations fpgabuf_fops = {
	.owner = THIS_MODULE,
	.open = fpgabuf_open,
	.release = fpgabuf_close,
	.llseek = fpgabuf_llseek,
	.read_iter = fpgabuf_read_iter,
	.splice_read = fpgabuf_splice_read,
	.unlocked_ioctl = fpgabuf_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = fpgabuf_poll,
};

/**
 * fpgabuf_node_add() - let programs have a device
 * @node: filled in
 * @stream: what they capture from; lives until fpgabuf_node_remove()
 * @parent: the capture device
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno.
 */
int fpgabuf_node_add(struct fpgabuf_node *node, struct fpgabuf_stream *stream,
		     struct device *parent)
{
	node->stream = stream;
	node->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = stream->memory->name,
		.fops = &fpgabuf_fops,
		.parent = parent,
		.mode = 0660,
	};
	return misc_register(&node->misc);
}

/**
 * fpgabuf_node_remove() - nobody opens it any more
 * @node: the node; files that are open stay
 *
 * Context: process, may sleep.
 */
void fpgabuf_node_remove(struct fpgabuf_node *node)
{
	misc_deregister(&node->misc);
}
