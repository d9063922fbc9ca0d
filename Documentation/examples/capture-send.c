// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-send COUNT >/dev/tcp/HOST/PORT	(bash connects the socket)
 *
 * Sends captures from the memory they were captured into.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#define REGIONS		4
#define SIZE		(1 << 20)
#define TIMEOUT_MS	30000
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

/* A page may be held for a moment longer than its completion says. */
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

int main(int argc, char **argv)
{
	struct buffer buffers[REGIONS] = { 0 };
	struct fpgabuf_dequeue capture;
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	uint64_t count, i;

	if (argc != 2)
		errx(2, "usage: capture-send COUNT >/dev/tcp/HOST/PORT");
	count = strtoull(argv[1], NULL, 10);
	check(fpgabuf_sender_create(STDOUT_FILENO, FPGABUF_ENGINE_ZEROCOPY, 1,
				    &sender), "standard output");
	check(fpgabuf_device_open(NULL, 0, &device), FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		struct buffer *b = &buffers[i];

		check(fpgabuf_device_alloc(device, SIZE, &b->region), "alloc");
		check(fpgabuf_region_map(b->region, PROT_READ, &b->memory),
		      "map");
	}
	while (count) {
		queue_all(device, buffers);
		check(fpgabuf_device_dequeue(device, &capture), "dequeue");
		check(capture.error, "capture");
		i = capture.cookie;
		buffers[i].queued = false;
		/* A packet that was too short for this DMA controller to count */
		if (!capture.bytes)
			continue;
		/* The FPGA goes on in the other regions meanwhile. */
		check(fpgabuf_sender_submit(sender, buffers[i].memory,
					    capture.bytes, i), "submit");
		check(fpgabuf_sender_drain(sender, TIMEOUT_MS), "send");
		fpgabuf_sender_reap(sender, &i);
		count--;
	}
	return 0;
}
