// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a device as a stream of bytes
 *
 * The regions of a stream go round by themselves:
 *
 *	queued or done	the channel has it, or has ended: see capture.c
 *	ready		it has bytes that were not read, or can be read again
 *	spent		all of it was read; pipes and packets may still have pages
 *
 * read() copies.  splice() puts references to the pages into a pipe, and from
 * there they go to a socket.  The buffers of the pipe have the operations of the
 * kernel's own nosteal_pipe_buf_ops, so nothing of this module is called when they
 * go, which may be long after the file was closed.  Nobody tells when the last
 * reference goes: spent regions are looked at when somebody reads, and by a timer
 * when there are few others.  A region is queued only by fpgabuf_target_queue(),
 * with its guarantee.
 *
 * The stream captures by an open file of its own, which owns the queue.  So QUEUE,
 * DEQUEUE and CANCEL of the user find the queue with another owner, and the regions
 * have no descriptor: nobody can map, queue or import them.
 *
 * The lock of a pipe is held when splice() calls.  Then nothing waits here for a
 * capture, or for another reader: EAGAIN says that poll() is to wait.  Only the
 * pipe that sendfile() has for itself is locked by nobody else.
 */
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "capture.h"
#include "channel.h"
#include "compat.h"
#include "dmabuf.h"
#include "region.h"
#include "stream.h"

/* How often spent regions are looked at: less and less while none comes back */
#define PAUSE_MIN_MS	2
#define PAUSE_MAX_MS	100

/* How many that are held a reader looks at, before it leaves the rest to the timer */
#define LOOKS	4

/* What is put into a pipe at a time */
#define MAX_PIECES	16

static struct wait_queue_head *wait_queue(const struct fpgabuf_bytes *bytes)
{
	return &bytes->file->stream->queue.wait;
}

static bool is_gone(const struct fpgabuf_bytes *bytes)
{
	return fpgabuf_buffers_gone(&bytes->file->stream->buffers);
}

/* Is the channel to be asked for more? */
static bool wants_more(const struct fpgabuf_bytes *bytes)
{
	return !bytes->wanted.stopped &&
	       bytes->wanted.asked < bytes->wanted.limit;
}

/*
 * As QUEUE wants it: 0 is the whole region.  A capture that ended early may have left a
 * length that the channel cannot take.
 */
static u64 next_length(const struct fpgabuf_bytes *bytes,
		       const struct fpgabuf_part *part)
{
	u64 size = part->target->buffer.dmabuf->size;
	u64 left = min(bytes->wanted.limit - bytes->wanted.asked, size);
	u64 length = ALIGN(left, bytes->file->stream->channel.limits.alignment);

	return length < size ? length : 0;
}

static int queue_part(struct fpgabuf_bytes *bytes, struct fpgabuf_part *part)
{
	const struct fpgabuf_queue queue = {
		.cookie = part - bytes->parts,
		.length = next_length(bytes, part),
		.timeout_ms = bytes->wanted.timeout_ms,
	};
	int ret = fpgabuf_target_queue(bytes->file, part->target, &queue);

	if (ret < 0)
		return ret;
	bytes->wanted.asked += part->target->captures[0].length;
	return 0;
}

/*
 * Unlike QUEUE this takes a page that somebody has mapped for one in use: nobody
 * has a descriptor to map it by, but a receiver on this machine can map what it was
 * sent.  Nobody can get a page of a region that nobody has.
 */
static bool queue_again(struct fpgabuf_bytes *bytes, struct fpgabuf_part *part)
{
	int ret;

	if (!wants_more(bytes) ||
	    !fpgabuf_region_at_rest(part->target->buffer.region))
		return false;
	ret = queue_part(bytes, part);
	/* The others pass by themselves. */
	WRITE_ONCE(bytes->refused, ret == -EIO ? ret : 0);
	if (ret)
		return false;
	list_del_init(&part->node);
	bytes->spent.nr--;
	return true;
}

/* The oldest comes back first, as a rule. */
static void queue_spent(struct fpgabuf_bytes *bytes, unsigned int looks)
{
	struct fpgabuf_part *part, *next;

	list_for_each_entry_safe(part, next, &bytes->spent.list, node)
		if (!queue_again(bytes, part) && !--looks)
			break;
}

static void spend(struct fpgabuf_bytes *bytes, struct fpgabuf_part *part)
{
	list_move_tail(&part->node, &bytes->spent.list);
	bytes->spent.nr++;
}

static void look_later(struct fpgabuf_bytes *bytes, unsigned int ms)
{
	queue_delayed_work(system_freezable_wq, &bytes->spent.again,
			   msecs_to_jiffies(ms) + 1);
}

static void watch_spent(struct fpgabuf_bytes *bytes)
{
	if (2 * bytes->spent.nr > bytes->nr_parts && wants_more(bytes) &&
	    !is_gone(bytes))
		look_later(bytes, bytes->spent.pause_ms);
}

static void leave(struct fpgabuf_bytes *bytes)
{
	mutex_unlock(&bytes->lock);
	/* Pairs with the barrier of enter_or_be_told(). */
	smp_mb();
	if (READ_ONCE(bytes->missed)) {
		WRITE_ONCE(bytes->missed, false);
		wake_up_interruptible(wait_queue(bytes));
	}
}

/*
 * A reader that has the lock may have found the timer running, and left it to us.  When
 * it sleeps, nobody but us looks.
 */
static void again_work(struct work_struct *work)
{
	struct fpgabuf_bytes *bytes =
		container_of(work, struct fpgabuf_bytes, spent.again.work);

	if (!mutex_trylock(&bytes->lock)) {
		look_later(bytes, PAUSE_MIN_MS);
		return;
	}
	queue_spent(bytes, bytes->nr_parts);
	bytes->spent.pause_ms = min(2 * bytes->spent.pause_ms, PAUSE_MAX_MS);
	watch_spent(bytes);
	leave(bytes);
	if (READ_ONCE(bytes->refused))
		wake_up_interruptible(wait_queue(bytes));
}

/* What nobody will ask for again can go round. */
static void let_go(struct fpgabuf_bytes *bytes)
{
	struct fpgabuf_part *part, *next;

	list_for_each_entry_safe(part, next, &bytes->ready.list, node) {
		if (part->begin + part->bytes > bytes->ready.kept)
			break;
		spend(bytes, part);
	}
	queue_spent(bytes, LOOKS);
	bytes->spent.pause_ms = PAUSE_MIN_MS;
	watch_spent(bytes);
}

/*
 * What sendfile() has read, and the socket has not taken, it throws away: the
 * position of the file alone tells.  So the bytes of one such call are kept until
 * the next call, and that begins where the file says.
 *
 * Of other calls nothing is kept, so a position that is out of date does no harm:
 * two threads that read at once may have the same one.
 */
static void begin_call(struct fpgabuf_bytes *bytes, u64 pos)
{
	if (pos >= bytes->ready.kept && pos < bytes->ready.position)
		bytes->ready.position = pos;
	bytes->ready.kept = bytes->ready.position;
	let_go(bytes);
}

static void end_call(struct fpgabuf_bytes *bytes, loff_t *pos, bool keep)
{
	*pos = bytes->ready.position;
	if (keep)
		return;
	bytes->ready.kept = bytes->ready.position;
	let_go(bytes);
}

/* What was stopped, as it should be, is no error, and without bytes it is nothing. */
static void count(struct fpgabuf_bytes *bytes,
		  const struct fpgabuf_result *result)
{
	bool stopped = result->error == -ECANCELED;

	if (stopped && !result->bytes)
		return;
	bytes->counts.captures++;
	if (result->status & FPGABUF_CAPTURE_PARTIAL)
		bytes->counts.partial++;
	if (result->status & FPGABUF_CAPTURE_TIMEOUT)
		bytes->counts.timeouts++;
	else if (result->status & FPGABUF_CAPTURE_ERROR && !stopped)
		bytes->counts.errors++;
}

/* An error is one, even if no byte is; so are bytes that came and are not counted. */
static bool may_lose(const struct fpgabuf_bytes *bytes, u32 status)
{
	return status & FPGABUF_CAPTURE_ERROR ||
	       (status & FPGABUF_CAPTURE_PARTIAL && !bytes->exact);
}

/* In front of the first byte nothing is missing, whatever the channel did before. */
static void append(struct fpgabuf_bytes *bytes, struct fpgabuf_part *part,
		   const struct fpgabuf_result *result)
{
	if (result->status & FPGABUF_CAPTURE_GAP && bytes->ready.end)
		bytes->ready.broken = true;
	part->begin = bytes->ready.end;
	part->bytes = min_t(u64, result->bytes,
			    bytes->wanted.limit - bytes->ready.end);
	part->gap = part->bytes && bytes->ready.broken;
	if (part->bytes) {
		bytes->counts.gaps += bytes->ready.broken;
		bytes->ready.broken = false;
	}
	bytes->ready.end += part->bytes;
	if (may_lose(bytes, result->status) && bytes->ready.end)
		bytes->ready.broken = true;
}

/* Return: 0, or as fpgabuf_capture_dequeue(). */
static int take_capture(struct fpgabuf_bytes *bytes)
{
	struct fpgabuf_capture *capture =
		fpgabuf_capture_dequeue(bytes->file, false);
	struct fpgabuf_part *part;

	if (IS_ERR(capture))
		return PTR_ERR(capture);
	part = &bytes->parts[capture->target->cookie];
	bytes->wanted.asked -= capture->length - capture->result.bytes;
	count(bytes, &capture->result);
	append(bytes, part, &capture->result);
	/* The part has a reference of its own. */
	fpgabuf_capture_release(capture);
	if (part->bytes)
		list_add_tail(&part->node, &bytes->ready.list);
	else
		spend(bytes, part);
	return 0;
}

/* There is no byte: see that some can come.  Return: -ENODATA if none shall come. */
static int why_none(struct fpgabuf_bytes *bytes, int error)
{
	if (error != -EAGAIN && !wants_more(bytes))
		return -ENODATA;
	if (error == -ENODEV)
		return error;
	queue_spent(bytes, bytes->nr_parts);
	watch_spent(bytes);
	/* That all regions are spent is no reason to end. */
	return error == -EPIPE && bytes->refused ? bytes->refused : -EAGAIN;
}

/*
 * The part with the next byte, or ERR_PTR of -EAGAIN, -ENODEV, -EIO, -ENODATA: the
 * end, or -EOVERFLOW: there is a gap.
 */
static struct fpgabuf_part *next_part(struct fpgabuf_bytes *bytes)
{
	struct fpgabuf_part *part;
	int ret;

	while (bytes->ready.position == bytes->ready.end) {
		ret = take_capture(bytes);
		if (ret)
			return ERR_PTR(why_none(bytes, ret));
	}
	list_for_each_entry(part, &bytes->ready.list, node)
		if (bytes->ready.position < part->begin + part->bytes)
			break;
	if (part->gap && bytes->ready.position == part->begin && !bytes->join)
		return ERR_PTR(-EOVERFLOW);
	return part;
}

/* Adjacent bytes of one page, which may be compound */
struct piece {
	struct page *page;
	unsigned int offset;
	unsigned int len;
};

static struct piece next_piece(const struct fpgabuf_bytes *bytes,
			       const struct fpgabuf_part *part, size_t max)
{
	const struct fpgabuf_region *region = part->target->buffer.region;
	u32 offset = bytes->ready.position - part->begin;
	const struct fpgabuf_chunk *chunk =
		fpgabuf_region_chunk(region, offset >> PAGE_SHIFT);
	u32 in_chunk = offset - (chunk->index << PAGE_SHIFT);
	u32 len = min_t(u32, part->bytes - offset,
			(PAGE_SIZE << chunk->order) - in_chunk);

	return (struct piece){
		.page = chunk->page,
		.offset = in_chunk,
		.len = min_t(size_t, len, max),
	};
}

static ssize_t copy_ready(struct fpgabuf_bytes *bytes, struct iov_iter *to)
{
	u64 begin = bytes->ready.position;
	int error = 0;

	while (!error && iov_iter_count(to)) {
		struct fpgabuf_part *part = next_part(bytes);
		struct piece piece;
		size_t n;

		if (IS_ERR(part)) {
			error = PTR_ERR(part);
			break;
		}
		piece = next_piece(bytes, part, iov_iter_count(to));
		n = copy_page_to_iter(piece.page, piece.offset, piece.len, to);
		bytes->ready.position += n;
		if (n < piece.len)
			error = -EFAULT;
	}
	return bytes->ready.position - begin ?: error;
}

static void release_piece(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

/* So many pieces as go at once.  Return: 0, or why there is none. */
static int collect(struct fpgabuf_bytes *bytes, struct splice_pipe_desc *spd,
		   size_t len)
{
	while (len && spd->nr_pages < MAX_PIECES) {
		struct fpgabuf_part *part = next_part(bytes);
		struct piece piece;

		if (IS_ERR(part))
			return spd->nr_pages ? 0 : PTR_ERR(part);
		piece = next_piece(bytes, part, len);
		get_page(piece.page);
		spd->pages[spd->nr_pages] = piece.page;
		spd->partial[spd->nr_pages++] = (struct partial_page){
			.offset = piece.offset,
			.len = piece.len,
		};
		bytes->ready.position += piece.len;
		len -= piece.len;
	}
	return 0;
}

/* What the pipe does not take was not read. */
static ssize_t give_some(struct fpgabuf_bytes *bytes,
			 struct pipe_inode_info *pipe, size_t len)
{
	struct partial_page partial[MAX_PIECES];
	struct page *pages[MAX_PIECES];
	struct splice_pipe_desc spd = {
		.pages = pages,
		.partial = partial,
		.nr_pages_max = MAX_PIECES,
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = release_piece,
	};
	u64 begin = bytes->ready.position;
	ssize_t n = collect(bytes, &spd, len);

	if (!n)
		n = splice_to_pipe(pipe, &spd);
	bytes->ready.position = begin + max_t(ssize_t, n, 0);
	return n;
}

static ssize_t give_ready(struct fpgabuf_bytes *bytes,
			  struct pipe_inode_info *pipe, size_t len)
{
	size_t given = 0;
	ssize_t n = 0;

	while (given < len) {
		n = give_some(bytes, pipe, len - given);
		if (n <= 0)
			break;
		given += n;
	}
	return given ?: n;
}

static int enter(struct fpgabuf_bytes *bytes, bool wait)
{
	if (!wait)
		return mutex_trylock(&bytes->lock) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(&bytes->lock) ? -ERESTARTSYS : 0;
}

/* For poll(): if another one has the lock it wakes us when it leaves. */
static bool enter_or_be_told(struct fpgabuf_bytes *bytes)
{
	if (mutex_trylock(&bytes->lock))
		return true;
	WRITE_ONCE(bytes->missed, true);
	/* It has left, or sees that we wait. */
	smp_mb();
	return mutex_trylock(&bytes->lock);
}

/* The channel has nothing, and refuses what it is given, or is given nothing. */
static bool nothing_comes(const struct fpgabuf_bytes *bytes)
{
	struct fpgabuf_counts counts;

	if (!READ_ONCE(bytes->refused) && !READ_ONCE(bytes->wanted.stopped))
		return false;
	fpgabuf_stream_count(bytes->file->stream, &counts);
	return !counts.queued;
}

/* Is it worth looking?  Somebody who has the lock may leave bytes behind. */
static bool worth_looking(struct fpgabuf_bytes *bytes)
{
	return fpgabuf_file_poll(bytes->file) || nothing_comes(bytes) ||
	       READ_ONCE(bytes->ready.position) != READ_ONCE(bytes->ready.end) ||
	       mutex_is_locked(&bytes->lock);
}

static int wait_for_bytes(struct fpgabuf_bytes *bytes)
{
	/* What is there at once may have no bytes, again and again. */
	if (signal_pending(current))
		return -ERESTARTSYS;
	cond_resched();
	return wait_event_interruptible(*wait_queue(bytes),
					worth_looking(bytes));
}

static ssize_t try_read(struct fpgabuf_bytes *bytes, loff_t *pos,
			struct iov_iter *to, bool wait)
{
	ssize_t ret = enter(bytes, wait);

	if (ret)
		return ret;
	begin_call(bytes, *pos);
	ret = copy_ready(bytes, to);
	end_call(bytes, pos, false);
	leave(bytes);
	return ret == -ENODATA ? 0 : ret;
}

/**
 * fpgabuf_bytes_read() - copy bytes of a stream
 * @bytes: the stream
 * @pos: position of the file; set to what comes next
 * @to: where they go
 * @wait: until there are some
 *
 * Context: process, sleeps.
 *
 * Return: how many, 0 at the end, or -EAGAIN, -ERESTARTSYS, -EFAULT, -EOVERFLOW,
 * -EIO or -ENODEV as the UAPI header says.
 */
ssize_t fpgabuf_bytes_read(struct fpgabuf_bytes *bytes, loff_t *pos,
			   struct iov_iter *to, bool wait)
{
	ssize_t ret;

	if (!iov_iter_count(to))
		return 0;
	while ((ret = try_read(bytes, pos, to, wait)) == -EAGAIN && wait) {
		ret = wait_for_bytes(bytes);
		if (ret)
			break;
	}
	return ret;
}

static ssize_t try_splice(struct fpgabuf_bytes *bytes, loff_t *pos,
			  struct pipe_inode_info *pipe, size_t len, bool wait)
{
	ssize_t ret = enter(bytes, wait);

	if (ret)
		return ret;
	begin_call(bytes, *pos);
	ret = give_ready(bytes, pipe, len);
	end_call(bytes, pos, pipe == current->splice_pipe);
	leave(bytes);
	return ret == -ENODATA ? 0 : ret;
}

/**
 * fpgabuf_bytes_splice() - put references to bytes of a stream into a pipe
 * @bytes: the stream
 * @pos: position of the file; set to what comes next
 * @pipe: the pipe; locked, unless it is the one of sendfile()
 * @len: so many bytes at most
 * @wait: until there are some, if the pipe is the one of sendfile()
 *
 * Context: process, sleeps.
 *
 * Return: how many, or as fpgabuf_bytes_read(), or -EPIPE.
 */
ssize_t fpgabuf_bytes_splice(struct fpgabuf_bytes *bytes, loff_t *pos,
			     struct pipe_inode_info *pipe, size_t len,
			     bool wait)
{
	ssize_t ret;

	if (pipe != current->splice_pipe)
		wait = false;
	while ((ret = try_splice(bytes, pos, pipe, len, wait)) == -EAGAIN &&
	       wait) {
		ret = wait_for_bytes(bytes);
		if (ret)
			break;
	}
	return ret;
}

/**
 * fpgabuf_bytes_poll() - what poll() shall say
 * @bytes: the stream
 * @pos: position of the file
 *
 * The caller has put itself into the queue's list of those who wait.
 *
 * Context: process, may sleep.
 *
 * Return: readable if a call would not wait, with an error if it would fail, hung
 * up when the device is gone.
 */
__poll_t fpgabuf_bytes_poll(struct fpgabuf_bytes *bytes, loff_t pos)
{
	__poll_t events = is_gone(bytes) ? EPOLLHUP : 0;
	struct fpgabuf_part *part;
	bool again;

	if (!enter_or_be_told(bytes))
		return events;
	/* What sendfile() did not get rid of; see begin_call() */
	again = pos >= bytes->ready.kept && pos < bytes->ready.position;
	if (pos == bytes->ready.position)
		bytes->ready.kept = pos;
	let_go(bytes);
	part = next_part(bytes);
	if (again || !IS_ERR(part) || part == ERR_PTR(-ENODATA))
		events |= EPOLLIN | EPOLLRDNORM;
	else if (part == ERR_PTR(-EOVERFLOW) || part == ERR_PTR(-EIO))
		events |= EPOLLIN | EPOLLRDNORM | EPOLLERR;
	leave(bytes);
	return events;
}

/* That the device is gone is told behind the last byte. */
static void stop(struct fpgabuf_bytes *bytes)
{
	u32 canceled;

	if (fpgabuf_capture_cancel(bytes->file, &canceled))
		return;
	WRITE_ONCE(bytes->wanted.stopped, true);
	/* A reader that waited for regions which somebody holds */
	wake_up_interruptible(wait_queue(bytes));
}

/**
 * fpgabuf_bytes_info() - how a stream is, past a gap, and to its end
 * @bytes: the stream
 * @info: the flags are read, and checked; all else is filled in
 *
 * Context: process, sleeps.
 *
 * Return: 0 or -ERESTARTSYS.
 */
int fpgabuf_bytes_info(struct fpgabuf_bytes *bytes,
		       struct fpgabuf_stream_info *info)
{
	struct fpgabuf_part *part;
	struct fpgabuf_counts counts;
	int ret = enter(bytes, true);

	if (ret)
		return ret;
	if (info->flags & FPGABUF_STREAM_STOP)
		stop(bytes);
	part = next_part(bytes);
	if (part == ERR_PTR(-EOVERFLOW) && info->flags & FPGABUF_STREAM_GO_ON) {
		list_for_each_entry(part, &bytes->ready.list, node)
			if (part->begin == bytes->ready.position)
				part->gap = false;
		part = next_part(bytes);
	}
	fpgabuf_stream_count(bytes->file->stream, &counts);
	info->error = part == ERR_PTR(-EAGAIN) || part == ERR_PTR(-ENODATA) ?
		      0 : PTR_ERR_OR_ZERO(part);
	info->position = bytes->ready.position;
	info->captures = bytes->counts.captures;
	info->partial = bytes->counts.partial;
	info->gaps = bytes->counts.gaps;
	info->timeouts = bytes->counts.timeouts;
	info->errors = bytes->counts.errors;
	info->queued = counts.queued;
	info->held = wants_more(bytes) ? bytes->spent.nr : 0;
	leave(bytes);
	return 0;
}

static int make_parts(struct fpgabuf_bytes *bytes,
		      struct fpgabuf_stream_setup *setup)
{
	const struct fpgabuf_alloc alloc = {
		.size = setup->size,
		.fd_flags = O_RDONLY,
	};
	unsigned int i;

	for (i = 0; i < setup->count; i++) {
		struct fpgabuf_part *part = &bytes->parts[i];
		struct fpgabuf_target *target =
			fpgabuf_target_create(bytes->file, &alloc);

		if (IS_ERR(target))
			return PTR_ERR(target);
		INIT_LIST_HEAD(&part->node);
		part->target = target;
		bytes->nr_parts++;
		setup->size = target->buffer.region->pages.size;
	}
	return 0;
}

/* Bytes may come from here on.  What there is no room or no need for waits. */
static int queue_all(struct fpgabuf_bytes *bytes)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < bytes->nr_parts && !ret; i++) {
		ret = wants_more(bytes) ? queue_part(bytes, &bytes->parts[i]) :
					  -ENOBUFS;
		if (ret == -ENOBUFS) {
			spend(bytes, &bytes->parts[i]);
			ret = 0;
		}
	}
	return ret;
}

/*
 * Where each piece of a transfer can end with a packet, a capture has only the front
 * that is certain: all of it if there is one piece.
 */
static bool counts_packets(const struct fpgabuf_bytes *bytes)
{
	const struct fpgabuf_buffer *buffer = &bytes->parts[0].target->buffer;
	const struct fpgabuf_channel *channel = &bytes->file->stream->channel;
	u64 max_packet = fpgabuf_channel_max_packet(channel);

	if (!(fpgabuf_channel_capabilities(channel) & FPGABUF_CAP_PACKETS))
		return false;
	return !max_packet || (buffer->dmabuf->size <= max_packet &&
			       buffer->mapping.sgt.orig_nents == 1);
}

/* Without this, a gap would not be seen. */
static bool sees_gaps(const struct fpgabuf_file *file)
{
	return fpgabuf_channel_capabilities(&file->stream->channel) &
	       FPGABUF_CAP_EXACT_GAPS;
}

static struct fpgabuf_bytes *bytes_alloc(struct fpgabuf_file *file,
					 const struct fpgabuf_stream_setup *setup)
{
	struct fpgabuf_bytes *bytes =
		kvzalloc(struct_size(bytes, parts, setup->count),
			 GFP_KERNEL_ACCOUNT);

	if (!bytes)
		return NULL;
	bytes->file = fpgabuf_file_again(file);
	if (!bytes->file) {
		kvfree(bytes);
		return NULL;
	}
	bytes->join = setup->flags & FPGABUF_STREAM_JOIN;
	bytes->wanted.timeout_ms = setup->timeout_ms;
	bytes->wanted.limit = setup->limit ?: U64_MAX;
	mutex_init(&bytes->lock);
	INIT_LIST_HEAD(&bytes->ready.list);
	INIT_LIST_HEAD(&bytes->spent.list);
	INIT_DELAYED_WORK(&bytes->spent.again, again_work);
	bytes->spent.pause_ms = PAUSE_MIN_MS;
	return bytes;
}

/**
 * fpgabuf_bytes_create() - make a stream of bytes, which begins to capture
 * @file: the user's open file
 * @setup: what is wanted, checked; the size is set to what the regions have
 *
 * Context: process, may sleep.
 *
 * Return: the stream, to be ended by fpgabuf_bytes_destroy(), or ERR_PTR as the
 * UAPI header says.
 */
struct fpgabuf_bytes *fpgabuf_bytes_create(struct fpgabuf_file *file,
					   struct fpgabuf_stream_setup *setup)
{
	struct fpgabuf_bytes *bytes;
	int ret;

	if (!FPGABUF_STREAMS ||
	    (!(setup->flags & FPGABUF_STREAM_JOIN) && !sees_gaps(file)))
		return ERR_PTR(-EOPNOTSUPP);
	if (fpgabuf_file_owns_queue(file))
		return ERR_PTR(-EBUSY);
	bytes = bytes_alloc(file, setup);
	if (!bytes)
		return ERR_PTR(-ENOMEM);
	ret = make_parts(bytes, setup);
	if (!ret) {
		bytes->exact = counts_packets(bytes);
		ret = queue_all(bytes);
	}
	if (ret) {
		fpgabuf_bytes_destroy(bytes);
		return ERR_PTR(ret);
	}
	return bytes;
}

/**
 * fpgabuf_bytes_destroy() - the file is closed
 * @bytes: the stream; nobody reads any more
 *
 * Pages that pipes and packets have stay theirs.
 *
 * Context: process, sleeps.
 */
void fpgabuf_bytes_destroy(struct fpgabuf_bytes *bytes)
{
	unsigned int i;

	cancel_delayed_work_sync(&bytes->spent.again);
	fpgabuf_file_close(bytes->file);
	for (i = 0; i < bytes->nr_parts; i++)
		dma_buf_put(bytes->parts[i].target->buffer.dmabuf);
	mutex_destroy(&bytes->lock);
	kvfree(bytes);
}
