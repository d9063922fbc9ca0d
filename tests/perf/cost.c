// SPDX-License-Identifier: GPL-2.0-only
/*
 * What QUEUE and its test of references cost, by backend and size.  No test of
 * speed: a table for people, see Documentation/benchmark.rst.  Booted with --icount,
 * so that a nanosecond is an instruction, and the same whatever else runs on
 * the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"
#include "bench.h"

enum { REPEAT = 20 };

static const size_t sizes[] = { 4 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20 };

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
		start = bench_clock();
		EXPECT(call(dev, cmd, &copy), wanted);
		cost = bench_clock() - start;
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

static void table(void)
{
	struct fpgabuf_alloc alloc;
	size_t i, j;
	int dev;

	printf("\n%-10s %8s %7s %10s %10s %10s %10s\n%-10s %8s %7s %10s %10s %10s %10s",
	       "backend", "KiB", "chunks", "test,", "test,", "QUEUE,", "QUEUE,",
	       "", "", "", "unmapped", "mapped", "refused", "taken");
	bench_go_first(true);
	for (i = 0; i < BACKENDS; i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			dev = backend_device(&bench_backends[i], sizes[j], &alloc);
			if (dev < 0) {
				printf("\n%-10s %8zu       -",
				       bench_backends[i].name, sizes[j] / 1024);
				continue;
			}
			row(dev, &bench_backends[i], &alloc);
			close(alloc.fd);
			close(dev);
		}
	}
	bench_go_first(false);
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions for REGION_INFO and QUEUE", table },
	{ }
};

SUITE(cost,
	.alone = true,
	.title = "cost",
	.init = modules_load,
	.tests = tests)
