// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-first COUNT >/dev/tcp/HOST/PORT	(bash connects the socket)
 *
 * Sends captures from the memory that the FPGA has written to, one at a time, while
 * the FPGA fills other regions.  capture-send keeps several in flight.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

int main(int argc, char **argv)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = 8,
		.prot = PROT_READ,
	};
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;
	struct fpgabuf_sender *sender;
	struct fpgabuf_capture c;
	int ret;

	if (argc != 2)
		errx(2, "usage: capture-first COUNT >/dev/tcp/HOST/PORT");
	check(fpgabuf_device_open(NULL, O_NONBLOCK, &device), "device");
	check(fpgabuf_ring_create(device, &setup, &ring), "regions");
	check(fpgabuf_sender_create(STDOUT_FILENO, FPGABUF_ENGINE_AUTO, 1,
				    &sender), "standard output");
	fpgabuf_ring_limit(ring, strtoull(argv[1], NULL, 10), 0);
	while (!(ret = fpgabuf_ring_wait(ring, &c, -1))) {
		check(fpgabuf_sender_submit(sender, c.addr, c.bytes, c.slot),
		      "submit");
		check(fpgabuf_sender_drain(sender, 30000), "send");
		fpgabuf_sender_reap(sender, &(uint64_t){ 0 });
		check(fpgabuf_ring_give(ring, c.slot), "give");
	}
	if (ret != -ENODATA)
		errx(1, "%s: %s", fpgabuf_ring_why(ring), strerror(-ret));
	return 0;
}
