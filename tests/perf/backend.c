// SPDX-License-Identifier: GPL-2.0-only
/* Regions of a backend that is chosen, for measures */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

const struct backend bench_backends[BACKENDS] = {
	{ FPGABUF_BACKEND_FOLIO, "folio", 0, O_RDWR },
	{ FPGABUF_BACKEND_PAGES, "pages", 0, O_RDWR },
	{ FPGABUF_BACKEND_SCATTER, "scatter", FPGABUF_ALLOC_SCATTER, O_RDWR },
	{ FPGABUF_BACKEND_CARVEOUT, "carve-out", 0, O_RDWR },
	{ FPGABUF_BACKEND_CMA, "CMA", 0, O_RDONLY },
};

uint64_t bench_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/*
 * QUEUE wakes the thread that plays the FPGA, which runs at once or later, as the
 * scheduler likes.  It is no part of the driver, so it has to wait.
 */
void bench_go_first(bool first)
{
	struct sched_param param = { .sched_priority = first };

	REQUIRE(sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &param),
		0);
}

/* A region of that backend and no other, or -errno */
int backend_alloc(int dev, const struct backend *backend, size_t size,
		  struct fpgabuf_alloc *alloc)
{
	int ret;

	*alloc = (struct fpgabuf_alloc){
		.size = size,
		.flags = backend->flags,
		.fd_flags = backend->access | O_CLOEXEC,
	};
	fail_backends(~(1u << backend->id));
	ret = call(dev, FPGABUF_IOC_ALLOC, alloc);
	fail_backends(0);
	return ret;
}

/* "fpgabuf.0" captures from "fpgabuf-sim.0". */
static void select_fpga(int node)
{
	static char name[64];
	char path[64], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/misc/fpgabuf%d/device", node);
	n = readlink(path, target, sizeof(target) - 1);
	REQUIRE(n > 0, true);
	target[n] = 0;
	snprintf(name, sizeof(name), "fpgabuf-sim%s",
		 strrchr(target, '/') + 1 + strlen("fpgabuf"));
	sim_select(name);
}

/* The first device that has so much of it; its FPGA then stands still. */
int backend_device(const struct backend *backend, size_t size,
		   struct fpgabuf_alloc *alloc)
{
	char path[32];
	int node, dev;

	for (node = 0; node < 16; node++) {
		snprintf(path, sizeof(path), "/dev/fpgabuf%d", node);
		dev = open(path, O_RDWR | O_CLOEXEC);
		if (dev < 0)
			continue;
		if (!backend_alloc(dev, backend, size, alloc)) {
			select_fpga(node);
			sim_source("feed");
			return dev;
		}
		close(dev);
	}
	return -1;
}
