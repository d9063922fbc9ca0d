// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-send COUNT >/dev/tcp/HOST/PORT	(bash connects the socket)
 *
 * Sends captures from the memory they were captured into.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#define REGIONS		4
#define SIZE		(1 << 20)
#define TIMEOUT_MS	30000

static int check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
	return ret;
}

/* A page may be held for a moment longer than its completion says. */
static void queue(struct fpgabuf_device *device, struct fpgabuf_region *region,
		  uint64_t cookie)
{
	int ret;

	while ((ret = fpgabuf_device_queue(device, region, 0, cookie)) ==
	       -EBUSY)
		usleep(1000);
	check(ret, "queue");
}

int main(int argc, char **argv)
{
	struct fpgabuf_region *regions[REGIONS];
	struct fpgabuf_dequeue capture;
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	void *memory[REGIONS];
	uint64_t count, i;

	if (argc != 2)
		errx(2, "usage: capture-send COUNT >/dev/tcp/HOST/PORT");
	count = strtoull(argv[1], NULL, 10);
	check(fpgabuf_sender_create(STDOUT_FILENO, FPGABUF_ENGINE_ZEROCOPY, 1,
				    &sender), "standard output");
	check(fpgabuf_device_open(NULL, 0, &device), FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		check(fpgabuf_device_alloc(device, SIZE, &regions[i]), "alloc");
		check(fpgabuf_region_map(regions[i], PROT_READ, &memory[i]),
		      "map");
		queue(device, regions[i], i);
	}
	while (count--) {
		check(fpgabuf_device_dequeue(device, &capture), "dequeue");
		check(capture.error, "capture");
		/* The FPGA goes on in the other regions meanwhile. */
		i = capture.cookie;
		check(fpgabuf_sender_submit(sender, memory[i], capture.bytes,
					    i), "submit");
		check(fpgabuf_sender_drain(sender, TIMEOUT_MS), "send");
		fpgabuf_sender_reap(sender, &i);
		queue(device, regions[i], i);
	}
	return 0;
}
