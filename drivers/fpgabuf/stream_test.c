// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the stream of bytes, on a channel that does as it is told
 */
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "compat.h"
#include "kunit_bed.h"
#include "stream.h"

/* Single pages, as no power of two divides it that a folio could have */
#define PAGES	5
#define SIZE	(PAGES * PAGE_SIZE)
#define NR	3

/* A power of two: one region, and a part of the next */
#define ROOM	8

/**
 * struct fake_pipe - what a stream needs of a pipe
 * @info: the pipe
 * @bufs: its buffers
 */
struct fake_pipe {
	struct pipe_inode_info info;
	struct pipe_buffer bufs[ROOM];
};

static struct fpgabuf_bytes *create_until(struct kunit *test, u32 flags,
					  u64 limit)
{
	struct fpgabuf_stream_setup setup = {
		.size = SIZE,
		.count = NR,
		.flags = flags,
		.limit = limit,
	};
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = fpgabuf_bytes_create(bed->file, &setup);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	return bytes;
}

static struct fpgabuf_bytes *create(struct kunit *test, u32 flags)
{
	return create_until(test, flags, 0);
}

static struct page *first_page(struct fpgabuf_bytes *bytes, unsigned int part)
{
	return fpgabuf_region_page(bytes->parts[part].target->buffer.region,
				   0);
}

/* The next region gets that many bytes, all the same. */
static void capture_with(struct kunit *test, struct fpgabuf_bytes *bytes,
			 unsigned int part, char byte, u32 size,
			 enum dmaengine_tx_result how)
{
	struct bed *bed = test->priv;

	memset(page_address(first_page(bytes, part)), byte, SIZE);
	KUNIT_ASSERT_NOT_NULL(test, bed_transfer(bed, 0));
	bed_complete(bed, size, how);
	flush_work(&bed->stream.queue.finish);
}

static void capture(struct kunit *test, struct fpgabuf_bytes *bytes,
		    unsigned int part, char byte, u32 size)
{
	capture_with(test, bytes, part, byte, size, DMA_TRANS_NOERROR);
}

static unsigned int nr_queued(struct bed *bed)
{
	struct fpgabuf_counts counts;

	fpgabuf_stream_count(&bed->stream, &counts);
	return counts.queued;
}

static ssize_t try_read(struct fpgabuf_bytes *bytes, loff_t *pos, void *mem,
			size_t size)
{
	struct kvec vec = { .iov_base = mem, .iov_len = size };
	struct iov_iter to;

	iov_iter_kvec(&to, READ, &vec, 1, size);
	return fpgabuf_bytes_read(bytes, pos, &to, false);
}

/* Bytes of that kind come next, and so many. */
static void expect_bytes(struct kunit *test, struct fpgabuf_bytes *bytes,
			 loff_t *pos, char byte, size_t size)
{
	char *mem = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_EXPECT_EQ(test, try_read(bytes, pos, mem, size), size);
	KUNIT_EXPECT_NULL(test, memchr_inv(mem, byte, size));
}

static void expect_error(struct kunit *test, struct fpgabuf_bytes *bytes,
			 loff_t *pos, int error)
{
	char byte;

	KUNIT_EXPECT_EQ(test, try_read(bytes, pos, &byte, 1), error);
}

static struct fake_pipe *fake_pipe_create(struct kunit *test)
{
	struct fake_pipe *pipe = kunit_kzalloc(test, sizeof(*pipe), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pipe);
	pipe->info.bufs = pipe->bufs;
	pipe->info.ring_size = ROOM;
	pipe->info.max_usage = ROOM;
	pipe->info.readers = 1;
	return pipe;
}

static void fake_pipe_empty(struct fake_pipe *pipe)
{
	unsigned int i;

	for (i = pipe->info.tail; i != pipe->info.head; i++) {
		struct pipe_buffer *buf = &pipe->bufs[i % ROOM];

		buf->ops->release(&pipe->info, buf);
	}
	pipe->info.tail = pipe->info.head;
}

static ssize_t sendfile_read(struct fpgabuf_bytes *bytes, loff_t *pos,
			     struct fake_pipe *pipe, size_t size)
{
	struct pipe_inode_info *own = current->splice_pipe;
	ssize_t n;

	current->splice_pipe = &pipe->info;
	n = fpgabuf_bytes_splice(bytes, pos, &pipe->info, size, false);
	current->splice_pipe = own;
	return n;
}

/* A region that was read is queued when its last reference goes, not before. */
static void reference_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct page *page = first_page(bytes, 0) + PAGES - 1;
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	get_page(page);
	capture(test, bytes, 0, 'a', SIZE);
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR - 1);
	KUNIT_EXPECT_EQ(test, bytes->spent.nr, 1);
	put_page(page);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	KUNIT_EXPECT_EQ(test, bytes->spent.nr, 0);
	fpgabuf_bytes_destroy(bytes);
}

/* A receiver on this machine can map pages that it was sent. */
static void mapped_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct page *page = first_page(bytes, 0);
	loff_t pos = 0;

	get_page(page);
	atomic_inc(&page->_mapcount);
	capture(test, bytes, 0, 'a', SIZE);
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR - 1);
	atomic_dec(&page->_mapcount);
	put_page(page);
	fpgabuf_bytes_destroy(bytes);
}

/* All regions are read, and none can go round: each has a page in use. */
static void read_and_hold(struct kunit *test, struct fpgabuf_bytes *bytes)
{
	unsigned int i;
	loff_t pos = 0;

	for (i = 0; i < NR; i++) {
		KUNIT_EXPECT_FALSE(test, delayed_work_pending(&bytes->spent.again));
		get_page(first_page(bytes, i));
		capture(test, bytes, i, 'a' + i, SIZE);
	}
	for (i = 0; i < NR; i++)
		expect_bytes(test, bytes, &pos, 'a' + i, SIZE);
}

/* Without anybody who reads: the timer finds that they are free. */
static void timer_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	unsigned int i;

	read_and_hold(test, bytes);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 0);
	flush_delayed_work(&bytes->spent.again);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 0);
	/* One that is not the oldest */
	put_page(first_page(bytes, NR - 1));
	flush_delayed_work(&bytes->spent.again);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 1);
	for (i = 0; i < NR - 1; i++)
		put_page(first_page(bytes, i));
	flush_delayed_work(&bytes->spent.again);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	cancel_delayed_work_sync(&bytes->spent.again);
	fpgabuf_bytes_destroy(bytes);
}

/* A reader that has the lock left it to the timer, and sleeps when the lock is free. */
static void busy_timer_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	unsigned int i;

	read_and_hold(test, bytes);
	mutex_lock(&bytes->lock);
	flush_delayed_work(&bytes->spent.again);
	mutex_unlock(&bytes->lock);
	for (i = 0; i < NR; i++)
		put_page(first_page(bytes, i));
	flush_delayed_work(&bytes->spent.again);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	cancel_delayed_work_sync(&bytes->spent.again);
	fpgabuf_bytes_destroy(bytes);
}

/* What sendfile() has read and not sent is read again, and kept until then. */
static void sendfile_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fake_pipe *pipe = fake_pipe_create(test);
	loff_t pos = 0, sent = SIZE - 100;

	capture(test, bytes, 0, 'a', SIZE);
	KUNIT_EXPECT_EQ(test, sendfile_read(bytes, &pos, pipe, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, pos, SIZE);
	fake_pipe_empty(pipe);
	/* Nobody has a page, but the socket has not taken all. */
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, sent) & EPOLLIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR - 1);
	capture(test, bytes, 1, 'b', SIZE);
	expect_bytes(test, bytes, &sent, 'a', 100);
	KUNIT_EXPECT_EQ(test, sent, SIZE);
	expect_bytes(test, bytes, &sent, 'b', SIZE);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);

	/* It has, and poll() sees that. */
	capture(test, bytes, 2, 'c', SIZE);
	pos = 2 * SIZE;
	KUNIT_EXPECT_EQ(test, sendfile_read(bytes, &pos, pipe, SIZE), SIZE);
	fake_pipe_empty(pipe);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR - 1);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) == 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	fpgabuf_bytes_destroy(bytes);
}

/* Two threads that read may have the same position. */
static void old_position_test(struct kunit *test)
{
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fake_pipe *pipe = fake_pipe_create(test);
	loff_t first = 0, second = 0;

	capture(test, bytes, 0, 'a', SIZE);
	capture(test, bytes, 1, 'b', SIZE);
	expect_bytes(test, bytes, &first, 'a', 100);
	expect_bytes(test, bytes, &second, 'a', SIZE - 100);
	KUNIT_EXPECT_EQ(test, second, SIZE);
	first = 0;
	KUNIT_EXPECT_EQ(test, fpgabuf_bytes_splice(bytes, &first, &pipe->info,
						   100, true), 100);
	KUNIT_EXPECT_EQ(test, first, SIZE + 100);
	second = 100;
	expect_bytes(test, bytes, &second, 'b', SIZE - 100);
	fake_pipe_empty(pipe);
	fpgabuf_bytes_destroy(bytes);
}

/* A pipe that is full: what it does not take comes next. */
static void full_pipe_test(struct kunit *test)
{
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fake_pipe *pipe = fake_pipe_create(test);
	struct page *page = first_page(bytes, 1);
	loff_t pos = 0;
	ssize_t n;

	capture(test, bytes, 0, 'a', SIZE);
	capture(test, bytes, 1, 'b', SIZE);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	n = fpgabuf_bytes_splice(bytes, &pos, &pipe->info, 2 * SIZE, true);
	KUNIT_EXPECT_EQ(test, n, ROOM * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fpgabuf_bytes_splice(bytes, &pos, &pipe->info, 1,
						   true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	KUNIT_EXPECT_EQ(test, page_ref_count(page + ROOM - PAGES), 1);
	fake_pipe_empty(pipe);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	expect_bytes(test, bytes, &pos, 'b', (2 * PAGES - ROOM) * PAGE_SIZE);
	/* Nobody reads the pipe any more. */
	capture(test, bytes, 2, 'c', SIZE);
	pipe->info.readers = 0;
	KUNIT_EXPECT_EQ(test, fpgabuf_bytes_splice(bytes, &pos, &pipe->info, 1,
						   true), -EPIPE);
	KUNIT_EXPECT_EQ(test, page_ref_count(first_page(bytes, 2)), 1);
	flush_signals(current);
	expect_bytes(test, bytes, &pos, 'c', SIZE);
	fpgabuf_bytes_destroy(bytes);
}

static int count_wake(struct wait_queue_entry *entry, unsigned int mode,
		      int flags, void *key)
{
	(*(unsigned int *)entry->private)++;
	return 0;
}

/* Somebody else reads, and takes its time: nobody waits who must not. */
static void contended_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fake_pipe *pipe = fake_pipe_create(test);
	unsigned int woken = 0;
	struct wait_queue_entry entry;
	loff_t pos = 0;

	capture(test, bytes, 0, 'a', SIZE);
	init_waitqueue_func_entry(&entry, count_wake);
	entry.private = &woken;
	add_wait_queue(&bed->stream.queue.wait, &entry);
	mutex_lock(&bytes->lock);
	KUNIT_EXPECT_EQ(test, fpgabuf_bytes_splice(bytes, &pos, &pipe->info, 1,
						   true), -EAGAIN);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) == 0);
	mutex_unlock(&bytes->lock);
	KUNIT_EXPECT_EQ(test, woken, 0);
	/* The next one who leaves says so to poll(). */
	expect_bytes(test, bytes, &pos, 'a', 1);
	KUNIT_EXPECT_EQ(test, woken, 1);
	expect_bytes(test, bytes, &pos, 'a', 1);
	KUNIT_EXPECT_EQ(test, woken, 1);
	/* So does the timer, which may have been the other one. */
	mutex_lock(&bytes->lock);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) == 0);
	mutex_unlock(&bytes->lock);
	queue_delayed_work(system_freezable_wq, &bytes->spent.again, 0);
	flush_delayed_work(&bytes->spent.again);
	KUNIT_EXPECT_EQ(test, woken, 2);
	remove_wait_queue(&bed->stream.queue.wait, &entry);
	fpgabuf_bytes_destroy(bytes);
}

static struct fpgabuf_stream_info get_info(struct kunit *test,
					   struct fpgabuf_bytes *bytes,
					   u32 flags)
{
	struct fpgabuf_stream_info info = { .flags = flags };

	KUNIT_EXPECT_EQ(test, fpgabuf_bytes_info(bytes, &info), 0);
	return info;
}

/* The first capture ends before the next one is there: a gap in front of it. */
static void make_gap(struct kunit *test, struct fpgabuf_bytes *bytes,
		     loff_t *pos)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		capture(test, bytes, i, 'a', SIZE);
	for (i = 0; i < NR; i++)
		expect_bytes(test, bytes, pos, 'a', SIZE);
	expect_error(test, bytes, pos, -EAGAIN);
	capture(test, bytes, 0, 'b', SIZE);
}

static void gap_test(struct kunit *test)
{
	struct fpgabuf_bytes *bytes = create(test, 0);
	loff_t pos = 0;

	make_gap(test, bytes, &pos);
	expect_error(test, bytes, &pos, -EOVERFLOW);
	expect_error(test, bytes, &pos, -EOVERFLOW);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) ==
			  (EPOLLIN | EPOLLRDNORM | EPOLLERR));
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).error, -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).gaps, 1);
	KUNIT_EXPECT_EQ(test,
			get_info(test, bytes, FPGABUF_STREAM_GO_ON).error, 0);
	expect_bytes(test, bytes, &pos, 'b', SIZE);
	fpgabuf_bytes_destroy(bytes);
}

static void join_test(struct kunit *test)
{
	struct fpgabuf_bytes *bytes = create(test, FPGABUF_STREAM_JOIN);
	loff_t pos = 0;

	make_gap(test, bytes, &pos);
	expect_bytes(test, bytes, &pos, 'b', SIZE);
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).gaps, 1);
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).error, 0);
	fpgabuf_bytes_destroy(bytes);
}

/* The bytes in front of an error are good, and those behind it come after a gap. */
static void error_test(struct kunit *test)
{
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fpgabuf_stream_info info;
	loff_t pos = 0;

	capture_with(test, bytes, 0, 'a', PAGE_SIZE, DMA_TRANS_READ_FAILED);
	/* One without bytes in between does not hide it. */
	capture(test, bytes, 1, 'x', 0);
	capture(test, bytes, 2, 'b', SIZE);
	expect_bytes(test, bytes, &pos, 'a', PAGE_SIZE);
	expect_error(test, bytes, &pos, -EOVERFLOW);
	info = get_info(test, bytes, FPGABUF_STREAM_GO_ON);
	KUNIT_EXPECT_EQ(test, info.errors, 1);
	KUNIT_EXPECT_EQ(test, info.partial, 2);
	KUNIT_EXPECT_EQ(test, info.captures, 3);
	expect_bytes(test, bytes, &pos, 'b', SIZE);
	fpgabuf_bytes_destroy(bytes);
}

/* A channel that does not count a packet, or only its front */
static void uncounted_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_channel *channel = &bed->stream.channel;
	struct fpgabuf_bytes *bytes;
	loff_t pos = 0;

	channel->tells = false;
	bytes = create(test, 0);
	capture(test, bytes, 0, 'a', SIZE);
	/* What it had is not known. */
	capture(test, bytes, 1, 'x', 0);
	capture(test, bytes, 2, 'b', SIZE);
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_error(test, bytes, &pos, -EOVERFLOW);
	fpgabuf_bytes_destroy(bytes);
}

/* No EOF: captures without bytes go round, and are nothing. */
static void empty_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	loff_t pos = 0;
	unsigned int i;

	for (i = 0; i < NR; i++)
		capture(test, bytes, i, 'x', 0);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, 0) == 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	expect_error(test, bytes, &pos, -EAGAIN);
	/* In front of the first byte nothing is missing. */
	capture(test, bytes, 0, 'a', 100);
	expect_bytes(test, bytes, &pos, 'a', 100);
	fpgabuf_bytes_destroy(bytes);
}

static u32 asked_for(struct bed *bed)
{
	const struct bed_transfer *transfer = bed_transfer(bed, 0);

	return transfer ? transfer->size : 0;
}

/* So much is asked for, and no more; what did not come is asked for again. */
static void limit_test(struct kunit *test)
{
	const u64 limit = 3 * SIZE + BED_ALIGNMENT;
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create_until(test, 0, limit);
	loff_t pos = 0;

	capture(test, bytes, 0, 'a', SIZE);
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	/* A packet of a length that the channel could not be asked for */
	capture(test, bytes, 1, 'b', SIZE - 9);
	capture(test, bytes, 2, 'c', SIZE);
	expect_bytes(test, bytes, &pos, 'b', SIZE - 9);
	expect_bytes(test, bytes, &pos, 'c', SIZE);
	KUNIT_EXPECT_EQ(test, asked_for(bed), 8);
	capture(test, bytes, 0, 'd', 8);
	expect_bytes(test, bytes, &pos, 'd', 8);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 1);
	KUNIT_EXPECT_EQ(test, asked_for(bed), 16);
	capture(test, bytes, 1, 'e', 16);
	expect_bytes(test, bytes, &pos, 'e', 9);
	KUNIT_EXPECT_EQ(test, pos, limit);
	expect_error(test, bytes, &pos, 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 0);
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).held, 0);
	KUNIT_EXPECT_EQ(test, get_info(test, bytes, 0).error, 0);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&bytes->spent.again));
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) ==
			  (EPOLLIN | EPOLLRDNORM));
	fpgabuf_bytes_destroy(bytes);
}

/* Whole regions need not be a multiple of it, as with QUEUE. */
static void alignment_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes;

	bed->stream.channel.limits.alignment = 2 * PAGE_SIZE;
	bytes = create(test, 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	KUNIT_EXPECT_EQ(test, asked_for(bed), SIZE);
	fpgabuf_bytes_destroy(bytes);
}

/* Less than the regions hold */
static void short_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create_until(test, 0, SIZE + 1);
	struct fake_pipe *pipe = fake_pipe_create(test);
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, nr_queued(bed), 2);
	capture(test, bytes, 0, 'a', SIZE);
	capture(test, bytes, 1, 'b', 1);
	KUNIT_EXPECT_EQ(test, sendfile_read(bytes, &pos, pipe, SIZE + 2),
			SIZE + 1);
	fake_pipe_empty(pipe);
	/* What the socket did not take comes again, and then the end. */
	pos = SIZE;
	expect_bytes(test, bytes, &pos, 'b', 1);
	KUNIT_EXPECT_EQ(test, sendfile_read(bytes, &pos, pipe, 1), 0);
	expect_error(test, bytes, &pos, 0);
	/* And nothing can be lost any more by an unbind. */
	fpgabuf_stream_stop(&bed->stream, -ENODEV);
	expect_error(test, bytes, &pos, 0);
	fpgabuf_bytes_destroy(bytes);
}

/* What the FPGA had written when it was told to stop is delivered. */
static void stop_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	struct fpgabuf_stream_info info;
	loff_t pos = 0;

	capture(test, bytes, 0, 'a', SIZE);
	memset(page_address(first_page(bytes, 1)), 'b', SIZE);
	bed_transfer(bed, 0)->done = 100;
	info = get_info(test, bytes, FPGABUF_STREAM_STOP);
	KUNIT_EXPECT_EQ(test, info.queued, 0);
	KUNIT_EXPECT_EQ(test, info.error, 0);
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_bytes(test, bytes, &pos, 'b', 100);
	expect_error(test, bytes, &pos, 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 0);
	info = get_info(test, bytes, FPGABUF_STREAM_STOP);
	/* One had no bytes. */
	KUNIT_EXPECT_EQ(test, info.captures, 2);
	KUNIT_EXPECT_EQ(test, info.partial, 1);
	KUNIT_EXPECT_EQ(test, info.errors, 0);
	KUNIT_EXPECT_EQ(test, info.gaps, 0);
	fpgabuf_bytes_destroy(bytes);
}

/* Nothing runs, because somebody has all pages: a reader that waits is told. */
static void stop_waiting_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	unsigned int woken = 0, i;
	struct wait_queue_entry entry;
	loff_t pos = 0;

	for (i = 0; i < NR; i++) {
		get_page(first_page(bytes, i));
		capture(test, bytes, i, 'a', SIZE);
		expect_bytes(test, bytes, &pos, 'a', SIZE);
	}
	expect_error(test, bytes, &pos, -EAGAIN);
	init_waitqueue_func_entry(&entry, count_wake);
	entry.private = &woken;
	add_wait_queue(&bed->stream.queue.wait, &entry);
	get_info(test, bytes, FPGABUF_STREAM_STOP);
	KUNIT_EXPECT_GE(test, woken, 1);
	remove_wait_queue(&bed->stream.queue.wait, &entry);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) ==
			  (EPOLLIN | EPOLLRDNORM));
	expect_error(test, bytes, &pos, 0);
	for (i = 0; i < NR; i++)
		put_page(first_page(bytes, i));
	expect_error(test, bytes, &pos, 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), 0);
	fpgabuf_bytes_destroy(bytes);
}

/* When the device goes, that is not the end that the user asked for. */
static void stop_unbound_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	loff_t pos = 0;

	fpgabuf_stream_stop(&bed->stream, -ENODEV);
	KUNIT_EXPECT_EQ(test,
			get_info(test, bytes, FPGABUF_STREAM_STOP).error,
			-ENODEV);
	expect_error(test, bytes, &pos, -ENODEV);
	fpgabuf_bytes_destroy(bytes);
}

/* Nothing is queued any more, and cannot be: that is told, and tried again. */
static void refused_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, FPGABUF_STREAM_JOIN);
	loff_t pos = 0;
	unsigned int i;

	for (i = 0; i < NR; i++)
		capture(test, bytes, i, 'a', 100);
	bed->fail_submit = 100;
	expect_bytes(test, bytes, &pos, 'a', NR * 100);
	expect_error(test, bytes, &pos, -EIO);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) & EPOLLERR);
	bed->fail_submit = 0;
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	fpgabuf_bytes_destroy(bytes);
}

/* What was captured is delivered, then nothing more comes. */
static void unbound_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes = create(test, 0);
	loff_t pos = 0;

	capture(test, bytes, 0, 'a', SIZE);
	memset(page_address(first_page(bytes, 1)), 'b', SIZE);
	bed_transfer(bed, 0)->done = 100;
	fpgabuf_stream_stop(&bed->stream, -ENODEV);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) ==
			  (EPOLLIN | EPOLLRDNORM | EPOLLHUP));
	expect_bytes(test, bytes, &pos, 'a', SIZE);
	expect_bytes(test, bytes, &pos, 'b', 100);
	expect_error(test, bytes, &pos, -ENODEV);
	KUNIT_EXPECT_TRUE(test, fpgabuf_bytes_poll(bytes, pos) == EPOLLHUP);
	fpgabuf_bytes_destroy(bytes);
}

static void no_room(struct bed *bed)
{
	bed->fail_prep = 1;
}

/* What the controller has no room for is queued when somebody reads. */
static void room_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct fpgabuf_bytes *bytes;
	loff_t pos = 0;

	bed->at_submit = no_room;
	bytes = create(test, 0);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR - 1);
	KUNIT_EXPECT_EQ(test, bytes->spent.nr, 1);
	expect_error(test, bytes, &pos, -EAGAIN);
	KUNIT_EXPECT_EQ(test, nr_queued(bed), NR);
	fpgabuf_bytes_destroy(bytes);
}

/* Another file has the queue, or this one has used it, or gaps cannot be seen. */
static void setup_test(struct kunit *test)
{
	struct fpgabuf_stream_setup setup = { .size = SIZE, .count = NR };
	const struct fpgabuf_queue queue = {};
	struct bed *bed = test->priv;
	struct fpgabuf_file *other = bed_open(test);
	struct fpgabuf_target *region = bed_region(test, SIZE, 0);
	struct fpgabuf_bytes *bytes;
	u32 canceled;

	KUNIT_ASSERT_EQ(test, bed_queue(bed->file, region, &queue),
			0);
	KUNIT_EXPECT_PTR_EQ(test, fpgabuf_bytes_create(bed->file, &setup),
			    ERR_PTR(-EBUSY));
	KUNIT_EXPECT_PTR_EQ(test, fpgabuf_bytes_create(other, &setup),
			    ERR_PTR(-EUSERS));
	fpgabuf_capture_cancel(bed->file, &canceled);
	fpgabuf_capture_release(fpgabuf_capture_dequeue(bed->file, false));
	fpgabuf_file_close(bed->file);
	bed->file = bed_open(test);
	bed_provider(bed, "unknown");
	KUNIT_EXPECT_PTR_EQ(test, fpgabuf_bytes_create(bed->file, &setup),
			    ERR_PTR(-EOPNOTSUPP));
	setup.flags = FPGABUF_STREAM_JOIN;
	bytes = fpgabuf_bytes_create(bed->file, &setup);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	KUNIT_EXPECT_EQ(test, atomic64_read(&bed->file->account->quota.used),
			NR * SIZE);
	KUNIT_EXPECT_EQ(test, bed_queue(bed->file, region, &queue),
			-EUSERS);
	fpgabuf_bytes_destroy(bytes);
	fpgabuf_file_close(other);
	dma_buf_put(region->buffer.dmabuf);
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE(reference_test),
	KUNIT_CASE(mapped_test),
	KUNIT_CASE(timer_test),
	KUNIT_CASE(busy_timer_test),
	KUNIT_CASE(sendfile_test),
	KUNIT_CASE(old_position_test),
	KUNIT_CASE(full_pipe_test),
	KUNIT_CASE(contended_test),
	KUNIT_CASE(gap_test),
	KUNIT_CASE(join_test),
	KUNIT_CASE(error_test),
	KUNIT_CASE(uncounted_test),
	KUNIT_CASE(empty_test),
	KUNIT_CASE(limit_test),
	KUNIT_CASE(alignment_test),
	KUNIT_CASE(short_test),
	KUNIT_CASE(stop_test),
	KUNIT_CASE(stop_waiting_test),
	KUNIT_CASE(stop_unbound_test),
	KUNIT_CASE(refused_test),
	KUNIT_CASE(room_test),
	KUNIT_CASE(unbound_test),
	KUNIT_CASE(setup_test),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "fpgabuf-stream",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = stream_cases,
};

kunit_test_suite(stream_suite);
