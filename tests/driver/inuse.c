// SPDX-License-Identifier: GPL-2.0-only
/* A region is never filled again while somebody still reads it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bed.h"
#include "net.h"

static void busy_until_completed(size_t size)
{
	struct stalled st = stalled_send(device_open(0), size);
	uint64_t busy = device_info(st.dev).busy;
	struct fpgabuf_dequeue done;
	int i;

	CU_ASSERT(region_info(st.dev, st.fd).in_use > 0);
	for (i = 0; i < 100; i++)
		EXPECT(region_queue(st.dev, st.fd, 0, 0), -EBUSY);
	EXPECT(device_info(st.dev).busy, busy + 100);
	EXPECT(region_info(st.dev, st.fd).state, FPGABUF_REGION_IDLE);

	stalled_read(&st);
	EXPECT(region_queue_wait(st.dev, st.fd, 0, 0), 0);
	REQUIRE(capture_get(st.dev, &done), 0);
	CU_ASSERT(is_pattern(st.mem, st.size, st.size));
	EXPECT(region_info(st.dev, st.fd).in_use, 0);

	close(st.tx);
	close(st.rx);
	munmap(st.mem, st.size);
	close(st.fd);
	close(st.dev);
}

static void busy_folios(void)
{
	busy_until_completed(3 * MIB);
}

static void busy_pages(void)
{
	busy_until_completed(132 * KIB);
}

/* Nothing of the region is left but the packets. */
static void packets_outlive(void)
{
	struct stalled st = stalled_send(device_open(0), 2 * MIB);
	int i;

	munmap(st.mem, st.size);
	close(st.fd);
	EXPECT(device_info(st.dev).used_bytes, st.size);
	for (i = 0; i < 32; i++) {
		int fd = region_alloc(st.dev, st.size);
		void *mem = region_map(fd, st.size);

		memset(mem, 0x77, st.size);
		munmap(mem, st.size);
		close(fd);
	}
	stalled_read(&st);
	EXPECT(device_used(st.dev), 0);
	close(st.tx);
	close(st.rx);
	close(st.dev);
}

static int pipe_hold(uint8_t *mem, int pipes[2])
{
	struct iovec iov = { mem, 4096 };

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	return vmsplice(pipes[1], &iov, 1, 0);
}

static void pipe_is_busy(void)
{
	static const size_t sizes[] = { 4096, 20480, 2 << 20 };
	int pipes[2], dev = device_open(0);
	struct fpgabuf_dequeue done;
	size_t i;

	sim_source("pattern");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = region_alloc(dev, sizes[i]);
		uint8_t *mem = region_map(fd, sizes[i]);

		/* The last page, so that a test of the first is not enough. */
		EXPECT(pipe_hold(mem + sizes[i] - 4096, pipes), 4096);
		EXPECT(region_info(dev, fd).in_use, 1);
		EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
		munmap(mem, sizes[i]);
		EXPECT(region_info(dev, fd).mappings, 0);
		EXPECT(region_info(dev, fd).in_use, 1);
		EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
		close(pipes[0]);
		close(pipes[1]);
		EXPECT(region_info(dev, fd).in_use, 0);
		EXPECT(region_queue(dev, fd, 0, 0), 0);
		EXPECT(capture_get(dev, &done), 0);
		close(fd);
	}
	close(dev);
}

struct churn {
	int fd;
	atomic_bool stop;
	atomic_ulong rounds;
};

/* Map, fault in, drop and fault in again, unmap. */
static void churn_round(struct churn *churn, size_t size)
{
	volatile uint8_t *mem = mmap(NULL, size, PROT_READ, MAP_SHARED,
				     churn->fd, 0);
	size_t i;

	if (mem == MAP_FAILED)
		return;
	for (i = 0; i < size; i += 65536)
		(void)mem[i];
	madvise((void *)mem, size / 2, MADV_DONTNEED);
	(void)mem[0];
	munmap((void *)mem, size);
	churn->rounds++;
}

/* Processes, not threads: they unmap without waiting for other CPUs. */
static pid_t churn_start(struct churn *churn, size_t size)
{
	pid_t pid = fork();

	if (!pid) {
		while (!churn->stop)
			churn_round(churn, size);
		_exit(0);
	}
	return pid;
}

/* Faults wait for the test: without a pause it would keep them all out. */
static void churn_wait(struct churn *churn)
{
	unsigned long now = churn->rounds;
	int i;

	for (i = 0; i < 1000000 && churn->rounds == now && !churn->stop; i++)
		sched_yield();
}

/*
 * The test of references must never find a held page idle, whatever the
 * mappings do meanwhile.
 */
static void churn_against(size_t size, unsigned int tests)
{
	const size_t churners[] = { size, 4096, 4096 };
	int pipes[2], dev = device_open(0), fd = region_alloc(dev, size);
	struct churn *churn = mmap(NULL, sizeof(*churn), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint8_t *mem = region_map(fd, size);
	pid_t pids[ARRAY_SIZE(churners)];
	unsigned int i, idle = 0;

	REQUIRE(churn == MAP_FAILED, false);
	churn->fd = fd;
	EXPECT(pipe_hold(mem, pipes), 4096);
	munmap(mem, size);
	for (i = 0; i < ARRAY_SIZE(churners); i++)
		pids[i] = churn_start(churn, churners[i]);
	for (i = 0; i < tests; i++) {
		if (!region_info(dev, fd).in_use)
			idle++;
		if (i % 4 == 0)
			churn_wait(churn);
	}
	EXPECT(idle, 0);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	churn->stop = true;
	for (i = 0; i < ARRAY_SIZE(churners); i++)
		waitpid(pids[i], NULL, 0);
	printf("\n    %u tests against %lu mappings", tests, churn->rounds);
	close(pipes[0]);
	close(pipes[1]);
	EXPECT(region_info(dev, fd).in_use, 0);
	EXPECT(region_info(dev, fd).mappings, 0);
	munmap(churn, sizeof(*churn));
	close(fd);
	close(dev);
}

static void churn_folio(void)
{
	churn_against(2 * MIB, rounds(10000));
}

static void churn_pages(void)
{
	churn_against(20 * KIB, rounds(10000));
}

/*
 * vgem is a DRM driver without hardware that imports whatever it gets.  It does
 * not map what it imported, but hands it on.
 */
static void importer(void)
{
	const size_t size = 1536 * KIB;
	int dev = device_open(0), fd = region_alloc(dev, size), again;
	int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	uint8_t *mem = region_map(fd, size), *seen;
	uint32_t handle;

	REQUIRE(card < 0 ? -errno : 0, 0);
	sim_source("pattern");
	capture_run(dev, fd, 0);
	REQUIRE(drmPrimeFDToHandle(card, fd, &handle), 0);
	if (vgem_maps()) {
		EXPECT(region_info(dev, fd).importers, 1);
		EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	} else {
		skip("the refusal of QUEUE, this vgem maps nothing yet");
	}

	REQUIRE(drmPrimeHandleToFD(card, handle, DRM_RDWR, &again), 0);
	seen = region_map(again, size);
	CU_ASSERT(is_pattern(seen, size, 0));
	sync_access(fd, true);
	memcpy(mem, "written", 8);
	sync_access(fd, false);
	CU_ASSERT(!memcmp(seen, "written", 8));
	munmap(seen, size);
	close(again);

	EXPECT(drmCloseBufferHandle(card, handle), 0);
	EXPECT(region_info(dev, fd).importers, 0);
	EXPECT(capture_run(dev, fd, 0).bytes, size);
	close(card);
	munmap(mem, size);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static const struct test tests[] = {
	{ "QUEUE is refused while a stalled peer holds folios, then works",
	  busy_folios },
	{ "QUEUE is refused while a stalled peer holds single pages, then works",
	  busy_pages },
	{ "packets outlive their region and keep its bytes", packets_outlive },
	{ "QUEUE is refused while a pipe holds one page", pipe_is_busy },
	{ "mapping and unmapping never makes a held folio look idle",
	  churn_folio },
	{ "mapping and unmapping never makes held pages look idle",
	  churn_pages },
	{ "a PRIME importer sees the bytes and keeps QUEUE out", importer },
	{ }
};

SUITE(inuse,
	.title = "pages in use",
	.init = modules_load,
	.tests = tests)
