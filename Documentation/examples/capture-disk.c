// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-disk FILE COUNT
 *
 * Writes captures to a disk, which reads them from the memory they were
 * captured into (O_DIRECT); nothing goes through the page cache.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

/* What a disk likes: a multiple of its blocks, and not too little at a time */
#define REGIONS		4
#define SIZE		(1 << 20)
#define PATIENCE_MS	2000

struct buffer {
	struct fpgabuf_region *region;
	void *memory;
	bool queued;
};

static int check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
	return ret;
}

/* A page may be held for a moment longer than the write. */
static int queue(struct fpgabuf_device *device, struct fpgabuf_region *region,
		 uint64_t cookie)
{
	unsigned int ms = 0;
	int ret;

	while ((ret = fpgabuf_device_queue(device, region, 0, cookie)) ==
	       -EBUSY && ms++ < PATIENCE_MS)
		usleep(1000);
	return ret;
}

/* The DMA controller may have room for less: then the others wait. */
static void queue_all(struct fpgabuf_device *device, struct buffer *buffers)
{
	unsigned int i, queued = 0;
	int ret;

	for (i = 0; i < REGIONS; i++)
		queued += buffers[i].queued;
	for (i = 0; i < REGIONS; i++) {
		if (buffers[i].queued)
			continue;
		ret = queue(device, buffers[i].region, i);
		if (ret == -ENOBUFS && queued)
			return;
		check(ret, "queue");
		buffers[i].queued = true;
		queued++;
	}
}

static void write_all(int file, const void *memory, size_t size, off_t offset)
{
	ssize_t n = pwrite(file, memory, size, offset);

	if (n < 0)
		err(1, "write");
	if ((size_t)n != size)
		errx(1, "the disk is full");
}

int main(int argc, char **argv)
{
	struct buffer buffers[REGIONS] = { 0 };
	struct fpgabuf_dequeue capture;
	struct fpgabuf_device *device;
	uint64_t count, n = 0, i;
	int file;

	if (argc != 3)
		errx(2, "usage: capture-disk FILE COUNT");
	count = strtoull(argv[2], NULL, 10);
	file = open(argv[1], O_WRONLY | O_CREAT | O_DIRECT, 0666);
	if (file < 0)
		err(1, "%s", argv[1]);
	check(fpgabuf_device_open(NULL, 0, &device), FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		struct buffer *b = &buffers[i];

		check(fpgabuf_device_alloc(device, SIZE, &b->region), "alloc");
		check(fpgabuf_region_map(b->region, PROT_READ, &b->memory),
		      "map");
	}
	while (n < count) {
		queue_all(device, buffers);
		check(fpgabuf_device_dequeue(device, &capture), "dequeue");
		check(capture.error, "capture");
		i = capture.cookie;
		buffers[i].queued = false;
		/* A packet that was too short for this DMA controller to count */
		if (!capture.bytes)
			continue;
		if (capture.bytes != SIZE)
			errx(1, "a short capture, which O_DIRECT cannot write");
		/* The FPGA goes on in the other regions meanwhile. */
		write_all(file, buffers[i].memory, capture.bytes, n++ * SIZE);
	}
	if (fsync(file))
		err(1, "%s", argv[1]);
	return 0;
}
