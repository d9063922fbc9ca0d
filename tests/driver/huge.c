// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of 2 MiB folios at addresses that suit them: the kernel maps each by
 * one entry of the page table, whatever is then done to the mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"

/* Where the kernel is new enough, but not the C library's headers */
#ifndef MADV_COLD
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

struct huge {
	int dev;
	int fd;
	uint8_t *mem;
	size_t size;
};

static void *map_at(const struct huge *h, void *addr)
{
	void *mem = mmap(addr, h->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, h->fd, 0);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	return mem;
}

static void touch(const struct huge *h)
{
	size_t at;

	for (at = 0; at < h->size; at += 4096)
		(void)*(volatile uint8_t *)(h->mem + at);
}

static void open_captured(struct huge *h, size_t size)
{
	h->size = size;
	h->dev = device_open(0);
	sim_source("pattern");
	/* In fragmented memory a region would be of single pages. */
	file_write("/proc/sys/vm/compact_memory", "1");
	h->fd = region_alloc(h->dev, size);
	REQUIRE(region_info(h->dev, h->fd).chunks, size / HUGE);
	EXPECT(capture_run(h->dev, h->fd, 0).bytes, size);
	h->mem = map_at(h, huge_address(size));
	touch(h);
}

/* Nothing may be left: not a mapping, not a reference, not a byte. */
static void unmap_and_close(struct huge *h)
{
	munmap(h->mem, h->size);
	EXPECT(region_info(h->dev, h->fd).mappings, 0);
	EXPECT(region_info(h->dev, h->fd).in_use, 0);
	EXPECT(capture_run(h->dev, h->fd, 0).bytes, h->size);
	close(h->fd);
	EXPECT(device_used(h->dev), 0);
	close(h->dev);
}

static uint64_t mappings(const struct huge *h)
{
	return region_info(h->dev, h->fd).mappings;
}

static void by_entry(void)
{
	static const size_t sizes[] = { 2 * MIB, 4 * MIB, 6 * MIB, 24 * MIB };
	struct huge h;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		open_captured(&h, sizes[i]);
		EXPECT(huge_mapped(h.mem), sizes[i]);
		EXPECT(mappings(&h), sizes[i] / HUGE);
		CU_ASSERT(is_pattern(h.mem, sizes[i], 0));
		unmap_and_close(&h);
	}
}

static void written(void)
{
	struct huge h;

	open_captured(&h, 4 * MIB);
	munmap(h.mem, h.size);
	h.mem = map_at(&h, h.mem);
	/* The first access is a write, to both. */
	memset(h.mem + HUGE - 8, 0x5a, 16);
	EXPECT(huge_mapped(h.mem), 4 * MIB);
	CU_ASSERT(is_pattern(h.mem, HUGE - 8, 0));
	CU_ASSERT(is_pattern(h.mem + HUGE + 8, HUGE - 8, HUGE + 8));
	EXPECT(h.mem[HUGE - 8] + h.mem[HUGE + 7], 2 * 0x5a);
	unmap_and_close(&h);
}

/* Each page, head or tail, in each of the folios is seen when it is held. */
static void held(void)
{
	struct huge h;
	struct iovec iov;
	int pipes[2];
	size_t at;

	open_captured(&h, 4 * MIB);
	for (at = 0; at < h.size; at += 31 * 4096) {
		iov = (struct iovec){ h.mem + at, 4096 };
		REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
		EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
		EXPECT(region_info(h.dev, h.fd).in_use, 1);
		EXPECT(region_queue(h.dev, h.fd, 0, 0), -EBUSY);
		close(pipes[0]);
		close(pipes[1]);
		EXPECT(region_info(h.dev, h.fd).in_use, 0);
	}
	EXPECT(huge_mapped(h.mem), 4 * MIB);
	unmap_and_close(&h);
}

/* A second mapping, by pages: both kinds are counted side by side. */
static void beside_pages(void)
{
	uint8_t *other;
	struct huge h;

	open_captured(&h, 2 * MIB);
	other = map_at(&h, (char *)huge_address(h.size + HUGE) + 4096);
	CU_ASSERT(is_pattern(other, h.size, 0));
	EXPECT(huge_mapped(other), 0);
	EXPECT(mappings(&h), 1 + 512);
	EXPECT(region_info(h.dev, h.fd).in_use, 0);
	EXPECT(region_queue(h.dev, h.fd, 0, 0), 0);
	EXPECT(capture_cancel(h.dev) >= 0, true);
	munmap(h.mem, h.size);
	EXPECT(mappings(&h), 512);
	munmap(other, h.size);
	h.mem = map_at(&h, h.mem);
	EXPECT(capture_get(h.dev, &(struct fpgabuf_dequeue){ 0 }), 0);
	unmap_and_close(&h);
}

static void hole(void)
{
	struct huge h;
	uint8_t *at;

	open_captured(&h, 6 * MIB);
	at = h.mem + HUGE + 100 * 4096;
	EXPECT(munmap(at, 4096), 0);
	CU_ASSERT(is_pattern(h.mem, at - h.mem, 0));
	CU_ASSERT(is_pattern(at + 4096, h.mem + h.size - at - 4096,
			     at + 4096 - h.mem));
	/* Two entries as before, and single pages around the hole */
	EXPECT(mappings(&h), 2 + 511);
	EXPECT(region_info(h.dev, h.fd).in_use, 0);
	unmap_and_close(&h);
}

static void moved(void)
{
	uint8_t *to, *from;
	struct huge h;

	open_captured(&h, 4 * MIB);
	from = h.mem;
	to = huge_address(h.size);
	h.mem = mremap(from, h.size, h.size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	REQUIRE(h.mem == to, true);
	CU_ASSERT(is_pattern(h.mem, h.size, 0));
	EXPECT(huge_mapped(h.mem), 4 * MIB);

	/* To where no such entry can be. */
	to = (uint8_t *)huge_address(h.size + HUGE) + 4096;
	h.mem = mremap(h.mem, h.size, h.size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	REQUIRE(h.mem == to, true);
	CU_ASSERT(is_pattern(h.mem, h.size, 0));
	EXPECT(huge_mapped(h.mem), 0);
	EXPECT(mappings(&h), 2 * 512);
	EXPECT(region_info(h.dev, h.fd).in_use, 0);
	unmap_and_close(&h);
}

static void on_segv(int signal)
{
	_exit(signal);
}

/* The exit code of a child that writes there; it maps the region itself. */
static int write_faults(const struct huge *h, size_t at)
{
	volatile uint8_t *mem;
	pid_t pid = fork();
	int status;

	if (!pid) {
		signal(SIGSEGV, on_segv);
		mem = mmap(h->mem, h->size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, h->fd, 0);
		if (mem == MAP_FAILED)
			_exit(100);
		mem[HUGE + 4096] = mem[at];
		if (mprotect((void *)(mem + HUGE), 4096, PROT_READ))
			_exit(101);
		mem[HUGE + 4096] = mem[at];
		mem[at] = mem[HUGE + 4096];
		_exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0), pid);
	REQUIRE(WIFEXITED(status), true);
	return WEXITSTATUS(status);
}

static void protected(void)
{
	struct huge h;

	open_captured(&h, 4 * MIB);
	EXPECT(write_faults(&h, HUGE), SIGSEGV);
	EXPECT(write_faults(&h, HUGE - 4096), 0);
	EXPECT(mprotect(h.mem + 8 * 4096, 4096, PROT_READ), 0);
	CU_ASSERT(is_pattern(h.mem, h.size, 0));
	EXPECT(mprotect(h.mem, h.size, PROT_READ), 0);
	EXPECT(mprotect(h.mem, h.size, PROT_READ | PROT_WRITE), 0);
	memset(h.mem, 1, h.size);
	EXPECT(region_info(h.dev, h.fd).in_use, 0);
	unmap_and_close(&h);
}

/* Some of it kernels refuse; none of it may lose a byte or leave a reference. */
static void advised(void)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_COLLAPSE, MADV_WILLNEED, MADV_RANDOM,
		MADV_DOFORK,
	};
	struct huge h;
	size_t i;

	open_captured(&h, 4 * MIB);
	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		madvise(h.mem, h.size, advices[i]);
		CU_ASSERT(is_pattern(h.mem, h.size, 0));
		madvise(h.mem + 8192, HUGE, advices[i]);
		CU_ASSERT(is_pattern(h.mem, h.size, 0));
		EXPECT(region_info(h.dev, h.fd).in_use, 0);
	}
	mlock(h.mem, h.size);
	CU_ASSERT(is_pattern(h.mem, h.size, 0));
	munlock(h.mem, h.size);
	unmap_and_close(&h);
}

/* The processes that map and unmap, while one page is held. */
struct churn {
	int fd;
	atomic_bool stop;
	atomic_ulong rounds;
};

static void churn_round(const struct churn *churn, uint8_t *at)
{
	volatile uint8_t *mem = mmap(at, HUGE, PROT_READ,
				     MAP_SHARED | MAP_FIXED, churn->fd, 0);

	if (mem == MAP_FAILED)
		_exit(1);
	(void)mem[4096];
	madvise((void *)mem, HUGE, MADV_DONTNEED);
	(void)mem[0];
	/* Splits the entry */
	munmap((void *)mem, 4096);
	(void)mem[8192];
	munmap((void *)mem, HUGE);
}

static pid_t churn_start(struct churn *churn, uint8_t *at)
{
	pid_t pid = fork();

	if (!pid) {
		while (!churn->stop) {
			churn_round(churn, at);
			churn->rounds++;
		}
		_exit(0);
	}
	return pid;
}

static void churn_wait(struct churn *churn)
{
	unsigned long now = churn->rounds;
	int i;

	for (i = 0; i < 1000000 && churn->rounds == now; i++)
		sched_yield();
}

/*
 * A fault that is under way may make a free region look held, for a moment.
 * A held one must never look free.
 */
static void never_idle(void)
{
	struct churn *churn = mmap(NULL, sizeof(*churn), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i, idle = 0, tests = rounds(10000);
	int status, pipes[2];
	struct iovec iov;
	struct huge h;
	pid_t pids[3];

	REQUIRE(churn == MAP_FAILED, false);
	open_captured(&h, HUGE);
	churn->fd = h.fd;
	iov = (struct iovec){ h.mem + 77 * 4096, 4096 };
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
	munmap(h.mem, h.size);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = churn_start(churn, h.mem);
	for (i = 0; i < tests; i++) {
		if (!region_info(h.dev, h.fd).in_use)
			idle++;
		if (i % 4 == 0)
			churn_wait(churn);
	}
	EXPECT(idle, 0);
	churn->stop = true;
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		EXPECT(waitpid(pids[i], &status, 0), pids[i]);
		EXPECT(status, 0);
	}
	printf("\n    %u tests against %lu mappings ", tests, churn->rounds);
	EXPECT(region_info(h.dev, h.fd).in_use, 1);
	close(pipes[0]);
	close(pipes[1]);
	munmap(churn, sizeof(*churn));
	h.mem = map_at(&h, h.mem);
	unmap_and_close(&h);
}

/* Pages that were huge ones of a process have its addresses in them. */
static void leave_traces(void)
{
	size_t size = 384 * MIB;
	void *mem = mmap(huge_address(size), size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			 0);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	EXPECT(madvise(mem, size, MADV_HUGEPAGE), 0);
	memset(mem, 0x5a, size);
	munmap(mem, size);
}

/*
 * Two folios that lie behind each other.  There are free ones of that size, so many
 * have just been huge pages, but who has the neighbour is chance: the driver then
 * takes single pages, with which there is nothing to be seen here.
 */
static int alloc_folios(int dev, size_t size)
{
	struct fpgabuf_alloc alloc;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		REQUIRE(region_try_alloc(dev, size, &alloc), 0);
		if (alloc.chunks == size / HUGE)
			return alloc.fd;
		close(alloc.fd);
		file_write("/proc/sys/vm/compact_memory", "1");
	}
	REQUIRE(alloc.chunks, size / HUGE);
	return -1;
}

static void used_before(void)
{
	enum { REGIONS = 48 };
	struct huge h[REGIONS];
	int dev = device_open(0), i;

	file_write("/proc/sys/vm/compact_memory", "1");
	leave_traces();
	for (i = 0; i < REGIONS; i++) {
		h[i] = (struct huge){ .dev = dev, .size = 4 * MIB };
		h[i].fd = alloc_folios(dev, h[i].size);
		h[i].mem = map_at(&h[i], huge_address(h[i].size));
		touch(&h[i]);
		EXPECT(huge_mapped(h[i].mem), h[i].size);
	}
	for (i = 0; i < REGIONS; i++) {
		munmap(h[i].mem, h[i].size);
		close(h[i].fd);
	}
	EXPECT(device_used(dev), 0);
	close(dev);
}

static const struct test tests[] = {
	{ "each folio is mapped by one entry", by_entry },
	{ "... also when it is written to first", written },
	{ "... whatever its memory was before", used_before },
	{ "a page that is held is seen, whichever it is", held },
	{ "mappings by entry and by page are counted side by side",
	  beside_pages },
	{ "a hole leaves the rest as it is", hole },
	{ "moved: by entry where that can be, else by pages", moved },
	{ "protection changes for one page, for all", protected },
	{ "no advice loses a byte or leaves a reference", advised },
	{ "mapping and unmapping never makes a held folio look idle",
	  never_idle },
	{ }
};

static const char *no_huge_pages(void)
{
	return access("/sys/kernel/mm/transparent_hugepage", F_OK) ?
		       "this kernel has no CONFIG_TRANSPARENT_HUGEPAGE" :
		       NULL;
}

SUITE(huge,
	.title = "folios mapped by one entry of the page table",
	.lacks = no_huge_pages,
	.init = modules_load,
	.tests = tests)
