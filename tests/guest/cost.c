// SPDX-License-Identifier: GPL-2.0-only
/*
 * What QUEUE and its test of references cost, by backend and size.  No test of
 * speed: a table for people, see Documentation/cost.rst.  Booted with --icount,
 * so that a nanosecond is an instruction, and the same whatever else runs on
 * the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"

enum { REPEAT = 20 };

struct backend {
	enum fpgabuf_backend id;
	const char *name;
	uint32_t flags;
	uint32_t access;
};

static const struct backend backends[] = {
	{ FPGABUF_BACKEND_FOLIO, "folio", 0, O_RDWR },
	{ FPGABUF_BACKEND_PAGES, "pages", 0, O_RDWR },
	{ FPGABUF_BACKEND_SCATTER, "scatter", FPGABUF_ALLOC_SCATTER, O_RDWR },
	{ FPGABUF_BACKEND_CARVEOUT, "carve-out", 0, O_RDWR },
	{ FPGABUF_BACKEND_CMA, "CMA", 0, O_RDONLY },
};

static const size_t sizes[] = { 4 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20 };

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The least of several: interrupts are counted too. */
static uint64_t cheapest(int dev, unsigned long cmd, const void *arg, int wanted)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < REPEAT; i++) {
		struct fpgabuf_dequeue done;
		union {
			struct fpgabuf_region_info info;
			struct fpgabuf_queue queue;
		} copy;
		uint64_t start, cost;

		memcpy(&copy, arg, _IOC_SIZE(cmd));
		start = now_ns();
		EXPECT(call(dev, cmd, &copy), wanted);
		cost = now_ns() - start;
		if (cost < best)
			best = cost;
		if (cmd == FPGABUF_IOC_QUEUE && !wanted) {
			EXPECT(capture_cancel(dev), 1);
			EXPECT(capture_get(dev, &done), 0);
		}
	}
	return best;
}

static void row(int dev, const struct backend *backend,
		const struct fpgabuf_alloc *alloc)
{
	struct fpgabuf_region_info info = { .fd = alloc->fd };
	struct fpgabuf_queue queue = { .fd = alloc->fd };
	uint64_t idle, mapped, busy, queued;
	struct iovec iov;
	int pipes[2];
	void *mem;

	idle = cheapest(dev, FPGABUF_IOC_REGION_INFO, &info, 0);
	mem = mmap(huge_address(alloc->size), alloc->size, PROT_READ,
		   MAP_SHARED | MAP_POPULATE | MAP_FIXED_NOREPLACE, alloc->fd,
		   0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	EXPECT(region_info(dev, alloc->fd).mappings,
	       table_entries(mem, alloc->size));
	mapped = cheapest(dev, FPGABUF_IOC_REGION_INFO, &info, 0);
	queued = cheapest(dev, FPGABUF_IOC_QUEUE, &queue, 0);

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	iov = (struct iovec){ mem, 4096 };
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
	busy = cheapest(dev, FPGABUF_IOC_QUEUE, &queue, -EBUSY);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, alloc->size);
	printf("\n%-10s %8zu %7u %10llu %10llu %10llu %10llu", backend->name,
	       (size_t)alloc->size / 1024, alloc->chunks,
	       (unsigned long long)idle, (unsigned long long)mapped,
	       (unsigned long long)busy, (unsigned long long)queued);
}

/* A region of that backend and no other, or -errno */
static int alloc_from(int dev, const struct backend *backend, size_t size,
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
static int device_with(const struct backend *backend, size_t size,
		       struct fpgabuf_alloc *alloc)
{
	char path[32];
	int node, dev;

	for (node = 0; node < 16; node++) {
		snprintf(path, sizeof(path), "/dev/fpgabuf%d", node);
		dev = open(path, O_RDWR | O_CLOEXEC);
		if (dev < 0)
			continue;
		if (!alloc_from(dev, backend, size, alloc)) {
			select_fpga(node);
			sim_source("feed");
			return dev;
		}
		close(dev);
	}
	return -1;
}

static void table(void)
{
	struct fpgabuf_alloc alloc;
	size_t i, j;
	int dev;

	printf("\n%-10s %8s %7s %10s %10s %10s %10s\n%-10s %8s %7s %10s %10s %10s %10s",
	       "backend", "KiB", "chunks", "test,", "test,", "QUEUE,", "QUEUE,",
	       "", "", "", "unmapped", "mapped", "refused", "taken");
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			dev = device_with(&backends[i], sizes[j], &alloc);
			if (dev < 0) {
				printf("\n%-10s %8zu       -",
				       backends[i].name, sizes[j] / 1024);
				continue;
			}
			row(dev, &backends[i], &alloc);
			close(alloc.fd);
			close(dev);
		}
	}
	printf("\n");
}

static const CU_TestInfo tests[] = {
	{ "instructions for REGION_INFO and QUEUE", table },
	CU_TEST_INFO_NULL,
};

const struct suite cost_suite = {
	.name = "cost",
	.title = "cost",
	.init = modules_load,
	.tests = tests,
};
