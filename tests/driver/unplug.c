// SPDX-License-Identifier: GPL-2.0-only
/* The device goes while everything is going on at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bed.h"
#include "net.h"

#define DRIVERS	"/sys/bus/platform/drivers/"

/* What can be taken away: the driver's device, or the one that does the DMA */
struct plug {
	const char *unbind, *bind, *device;
};

static const struct plug capture_plug = {
	DRIVERS "fpgabuf/unbind", DRIVERS "fpgabuf/bind", "fpgabuf.0",
};

static const struct plug provider_plug = {
	DRIVERS "fpgabuf-sim/unbind", DRIVERS "fpgabuf-sim/bind",
	"fpgabuf-sim.0",
};

/* The last region is the long one: queued once, it keeps the FPGA busy. */
enum { REGIONS = 4, LONG = REGIONS, ALL_REGIONS };

#define REGION		(256 * KIB)
#define LONG_REGION	(24 * MIB)
/* More than a stream gets to in a test */
#define STREAM_MAX	(256 * MIB)

/*
 * Whatever is captured is sent, in a thread, until nothing more can come: also
 * the bytes of captures that were ended.  The peer must find them all, without
 * a hole.
 */
struct stream {
	pthread_t thread;
	int dev, tx, rx;
	int fds[ALL_REGIONS];
	void *mem[ALL_REGIONS];
	struct reader *reader;
	atomic_uint queued;
	atomic_bool stop;
	unsigned int ended, copied;
	size_t bytes;
	/* What ended the long capture, and the thread */
	int long_error, end;
	/* What should not happen */
	int fault;
};

static size_t region_size(int index)
{
	return index == LONG ? LONG_REGION : REGION;
}

static int stream_queue(struct stream *s, int index)
{
	int ret = region_queue_wait(s->dev, s->fds[index], 0, index);

	if (!ret)
		s->queued++;
	return ret;
}

/* Returns when the network has let go of the bytes. */
static int stream_send(struct stream *s, const uint8_t *mem, size_t size)
{
	unsigned int copied;

	/*
	 * One piece at a time: a 32-bit kernel has no room for the completions of
	 * all pieces of the long region, and answers ENOBUFS.
	 */
	while (size) {
		ssize_t n = send_zerocopy(s->tx, mem, size < MIB ? size : MIB);

		if (n < 0)
			return n;
		s->bytes += n;
		mem += n;
		size -= n;
		if (net_completions(s->tx, 1, &copied, 20000) != 1)
			return -ETIMEDOUT;
		s->copied += copied;
	}
	return 0;
}

static int stream_step(struct stream *s, const struct fpgabuf_dequeue *done)
{
	int ret = stream_send(s, s->mem[done->cookie], done->bytes);

	s->ended++;
	if (done->cookie == LONG)
		s->long_error = done->error;
	if (ret || done->error || done->cookie == LONG || s->stop)
		return ret;
	ret = stream_queue(s, done->cookie);
	/* The captures that are left come out all the same. */
	return ret == -ENODEV ? 0 : ret;
}

static void *stream_main(void *arg)
{
	struct stream *s = arg;
	struct fpgabuf_dequeue done;

	while (!s->fault) {
		s->end = capture_get(s->dev, &done);
		if (s->end)
			break;
		s->fault = stream_step(s, &done);
	}
	return NULL;
}

static void stream_start(struct stream *s, int dev)
{
	int i;

	*s = (struct stream){ .dev = dev };
	net_connect(&s->tx, &s->rx);
	s->reader = reader_start(s->rx, STREAM_MAX);
	for (i = 0; i < ALL_REGIONS; i++) {
		s->fds[i] = region_alloc(dev, region_size(i));
		s->mem[i] = region_map(s->fds[i], region_size(i));
		if (i != LONG)
			REQUIRE(stream_queue(s, i), 0);
	}
	REQUIRE(pthread_create(&s->thread, NULL, stream_main, s), 0);
}

/* Every capture has come back, and every byte of them has arrived. */
static void stream_end(struct stream *s, uint64_t start)
{
	const void *data;
	size_t got;

	pthread_join(s->thread, NULL);
	EXPECT(s->fault, 0);
	EXPECT(s->ended, s->queued);
	EXPECT(s->copied, 0);
	close(s->tx);
	data = reader_wait(s->reader, &got);
	EXPECT(got, s->bytes);
	CU_ASSERT(is_pattern(data, got, start));
	reader_free(s->reader);
	close(s->rx);
}

static void stream_free(struct stream *s)
{
	int i;

	for (i = 0; i < ALL_REGIONS; i++) {
		munmap(s->mem[i], region_size(i));
		close(s->fds[i]);
	}
}

/* vgem, a device without hardware that imports a captured region */
struct import {
	int card, fd;
	uint32_t handle;
	uint64_t position;
};

#define IMPORT	(132 * KIB)

static void import_start(struct import *import, int dev)
{
	import->card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	REQUIRE(import->card < 0 ? -errno : 0, 0);
	import->position = sim_position();
	import->fd = region_alloc(dev, IMPORT);
	EXPECT(capture_run(dev, import->fd, 0).bytes, IMPORT);
	REQUIRE(drmPrimeFDToHandle(import->card, import->fd, &import->handle),
		0);
	EXPECT(region_info(dev, import->fd).importers, vgem_maps());
}

/* Only the importer has it, and gives it back. */
static void import_check(const struct import *import)
{
	uint8_t *mem;
	int fd;

	REQUIRE(drmPrimeHandleToFD(import->card, import->handle, DRM_RDWR,
				   &fd), 0);
	sync_access(fd, true);
	mem = region_map(fd, IMPORT);
	CU_ASSERT(is_pattern(mem, IMPORT, import->position));
	sync_access(fd, false);
	munmap(mem, IMPORT);
	close(fd);
}

static void import_end(const struct import *import)
{
	EXPECT(drmCloseBufferHandle(import->card, import->handle), 0);
	close(import->card);
}

/* Somebody who sleeps until something happens to a descriptor */
struct sleeper {
	pthread_t thread;
	int fd;
	short wanted;
	bool woken;
};

static void *sleeper_main(void *arg)
{
	struct sleeper *sleeper = arg;
	struct pollfd pfd = {
		.fd = sleeper->fd,
		.events = sleeper->wanted & POLLIN,
	};

	sleeper->woken = poll(&pfd, 1, 20000) == 1 &&
			 pfd.revents & sleeper->wanted;
	return NULL;
}

static void sleeper_start(struct sleeper *sleeper, int fd, short wanted)
{
	*sleeper = (struct sleeper){ .fd = fd, .wanted = wanted };
	REQUIRE(pthread_create(&sleeper->thread, NULL, sleeper_main, sleeper),
		0);
}

static void sleeper_end(struct sleeper *sleeper)
{
	pthread_join(sleeper->thread, NULL);
	CU_ASSERT(sleeper->woken);
}

/* All of it */
struct bench {
	int dev, sync;
	struct stalled stalled;
	struct import import;
	struct stream stream;
	struct sleeper on_device, on_dmabuf, on_fence;
	uint64_t start;
};

static void bench_start(struct bench *b)
{
	b->dev = device_open(0);
	b->stalled = stalled_send(b->dev, 1536 * KIB);
	import_start(&b->import, b->dev);
	b->start = sim_position();
	stream_start(&b->stream, b->dev);
	sleeper_start(&b->on_device, b->dev, POLLHUP);
}

/* From now on there is a capture that takes a while, and is waited for. */
static void bench_wait_for_long(struct bench *b)
{
	int fd = b->stream.fds[LONG];

	REQUIRE(stream_queue(&b->stream, LONG), 0);
	b->sync = export_sync_file(fd);
	sleeper_start(&b->on_dmabuf, fd, POLLIN);
	sleeper_start(&b->on_fence, b->sync, POLLIN);
}

static void expect_gone(struct bench *b)
{
	struct pollfd pfd = { .fd = b->dev };
	struct fpgabuf_dequeue done;
	struct fpgabuf_alloc alloc;

	sleeper_end(&b->on_device);
	sleeper_end(&b->on_dmabuf);
	sleeper_end(&b->on_fence);
	stream_end(&b->stream, b->start);
	EXPECT(b->stream.end, -ENODEV);
	/* Fence and DEQUEUE say the same. */
	if (is_sync_file(b->sync))
		EXPECT(sync_file_status(b->sync), b->stream.long_error ?: 1);

	EXPECT(poll(&pfd, 1, 0), 1);
	EXPECT(pfd.revents, POLLHUP);
	EXPECT(capture_get(b->dev, &done), -ENODEV);
	EXPECT(region_queue(b->dev, b->stream.fds[0], 0, 0), -ENODEV);
	EXPECT(region_try_alloc(b->dev, 4096, &alloc), -ENODEV);
}

static void capture_again(int number)
{
	int dev = device_open(number), fd = region_alloc(dev, REGION);
	void *mem = region_map(fd, REGION);

	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, REGION);
	CU_ASSERT(is_pattern(mem, REGION, 0));
	munmap(mem, REGION);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* Each holder finds its bytes, and with the last one the memory is free. */
static void holders_leave(struct bench *b)
{
	struct stalled *st = &b->stalled;

	stream_free(&b->stream);
	close(b->sync);
	CU_ASSERT(is_pattern(st->mem, st->size, 0));
	munmap(st->mem, st->size);
	close(st->fd);
	stalled_read(st);
	close(st->tx);
	close(st->rx);

	close(b->import.fd);
	CU_ASSERT(dmabufs_left());
	EXPECT(device_info(b->dev).used_bytes, IMPORT);
	import_check(&b->import);
	import_end(&b->import);
	EXPECT(device_used(b->dev), 0);
	CU_ASSERT(!dmabufs_left());
	close(b->dev);
}

static int unplug(const struct plug *plug, unsigned int captures,
		  unsigned int rate)
{
	struct bench b;

	bench_start(&b);
	sim_set("rate", rate);
	wait_for_captures(b.dev, device_info(b.dev).captures + captures);
	bench_wait_for_long(&b);
	file_write(plug->unbind, plug->device);
	expect_gone(&b);

	/* The new one has the number of the old one, which is still held. */
	file_write(plug->bind, plug->device);
	sim_set("rate", 0);
	capture_again(0);
	holders_leave(&b);
	return b.stream.long_error;
}

/* The first rounds fill caches that stay. */
enum { WARM_UP = 4 };

/* At this rate the long capture takes more than a second. */
#define SLOW	(16 * MIB)

static void unbind_capture(void)
{
	EXPECT(unplug(&capture_plug, 8, SLOW), -ENODEV);
	capture_again(0);
}

static void unbind_provider(void)
{
	EXPECT(unplug(&provider_plug, 8, SLOW), -ENODEV);
	capture_again(0);
}

/* Two of three times as fast as the FPGA can: then the long capture may make it. */
static void unbind_provider_often(void)
{
	const unsigned int measured = hurried() ? 10 : 30;
	unsigned int round, running = 0;
	long before = 0, lost, too_many = measured * 33 / 2;
	int i;

	for (round = 0; round < WARM_UP + measured; round++) {
		if (round == WARM_UP)
			before = known_pages();
		running += unplug(&provider_plug, round % 11,
				  round % 3 ? 0 : SLOW) == -ENODEV;
	}
	/* The smallest region that could be forgotten has 33 pages. */
	for (i = 0; i < 500; i++) {
		lost = before - known_pages();
		if (lost < too_many)
			break;
		usleep(10000);
	}
	printf("\n    %ld pages missing after %u rounds; the long capture ran in %u of %u",
	       lost, measured, running, WARM_UP + measured);
	CU_ASSERT(lost < too_many);
	CU_ASSERT(running >= measured / 3);
	capture_again(0);
}

static void stays(void)
{
	int i, dev = device_open(0);
	struct stream stream;
	uint64_t captures;

	sim_source("pattern");
	stream_start(&stream, dev);
	captures = device_info(dev).captures;
	for (i = 1; i <= 50; i++) {
		EXPECT(module_try_unload("fpgabuf_sim"), -EAGAIN);
		EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
		wait_for_captures(dev, captures + i);
	}
	stream.stop = true;
	EXPECT(capture_cancel(dev) >= 0, true);
	stream_end(&stream, 0);
	EXPECT(stream.end, -EPIPE);
	stream_free(&stream);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static const struct test tests[] = {
	{ "the driver unbound in full use: users are told, data stay",
	  unbind_capture },
	{ "the DMA provider unbound in full use: users are told, data stay",
	  unbind_provider },
	{ "the same at other moments, as fast as it can, leaves nothing behind",
	  unbind_provider_often },
	{ "unloading is refused in full use, and the stream does not notice",
	  stays },
	{ }
};

SUITE(unplug,
	.title = "unplugging",
	.init = modules_load,
	.tests = tests)
