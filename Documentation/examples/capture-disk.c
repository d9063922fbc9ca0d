// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-disk FILE COUNT
 *
 * Writes captures to a disk, which reads them from the memory they were
 * captured into (O_DIRECT); nothing goes through the page cache.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

/* What a disk likes: a multiple of its blocks, and not too little at a time */
#define REGIONS	4
#define SIZE	(1 << 20)

static int check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
	return ret;
}

/* A page may be held for a moment longer than the write. */
static void queue(struct fpgabuf_device *device, struct fpgabuf_region *region,
		  uint64_t cookie)
{
	int ret;

	while ((ret = fpgabuf_device_queue(device, region, 0, cookie)) ==
	       -EBUSY)
		usleep(1000);
	check(ret, "queue");
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
	struct fpgabuf_region *regions[REGIONS];
	struct fpgabuf_dequeue capture;
	struct fpgabuf_device *device;
	void *memory[REGIONS];
	uint64_t count, n, i;
	int file;

	if (argc != 3)
		errx(2, "usage: capture-disk FILE COUNT");
	count = strtoull(argv[2], NULL, 10);
	file = open(argv[1], O_WRONLY | O_CREAT | O_DIRECT, 0666);
	if (file < 0)
		err(1, "%s", argv[1]);
	check(fpgabuf_device_open(NULL, 0, &device), FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		check(fpgabuf_device_alloc(device, SIZE, &regions[i]), "alloc");
		check(fpgabuf_region_map(regions[i], PROT_READ, &memory[i]),
		      "map");
		queue(device, regions[i], i);
	}
	for (n = 0; n < count; n++) {
		check(fpgabuf_device_dequeue(device, &capture), "dequeue");
		check(capture.error, "capture");
		/* The FPGA goes on in the other regions meanwhile. */
		i = capture.cookie;
		if (capture.bytes != SIZE)
			errx(1, "a short capture, which O_DIRECT cannot write");
		write_all(file, memory[i], capture.bytes, n * SIZE);
		queue(device, regions[i], i);
	}
	if (fsync(file))
		err(1, "%s", argv[1]);
	return 0;
}
