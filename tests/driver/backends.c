// SPDX-License-Identifier: GPL-2.0-only
/* Where memory comes from when there is little, and what is said about it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

#define RESERVE	"/proc/sys/vm/min_free_kbytes"

static int scatter_try_alloc(int dev, uint64_t size, struct fpgabuf_alloc *alloc)
{
	*alloc = (struct fpgabuf_alloc){
		.size = size,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	return call(dev, FPGABUF_IOC_ALLOC, alloc);
}

enum { HOLD_EVERY = 128, PIPE_SLOTS = 256, MAX_PIPES = 64 };

struct fragments {
	int pipes[MAX_PIPES][2];
	int nr;
};

/* One page in so many goes into a pipe, where nothing can move it. */
static void hold_pages(struct fragments *frag, uint8_t *mem, size_t size)
{
	size_t i, left = 0;

	for (i = 0; i < size; i += HOLD_EVERY * 4096) {
		struct iovec iov = { mem + i, 4096 };

		if (!left) {
			int *pipes = frag->pipes[frag->nr++];

			REQUIRE(frag->nr <= MAX_PIPES, true);
			REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
			REQUIRE(fcntl(pipes[1], F_SETPIPE_SZ, PIPE_SLOTS * 4096),
				PIPE_SLOTS * 4096);
			left = PIPE_SLOTS;
		}
		REQUIRE(vmsplice(frag->pipes[frag->nr - 1][1], &iov, 1, 0),
			4096);
		left--;
	}
}

/*
 * Take nearly all memory, and give back all of it but a page in 512 KiB.  What
 * the kernel keeps for itself would stay in one piece: it is told to keep less,
 * though some for its own use.
 */
static void fragment_memory(struct fragments *frag)
{
	size_t size = (size_t)free_kib() * KIB - 40 * MIB;
	uint8_t *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(mem == MAP_FAILED, false);
	/*
	 * A huge page with one page held would be held as a whole.  Kernels
	 * without such pages refuse that.
	 */
	EXPECT(madvise(mem, size, MADV_NOHUGEPAGE) ? -errno : 0,
	       access("/sys/kernel/mm/transparent_hugepage", F_OK) ? -EINVAL :
								     0);
	memset(mem, 1, size);
	frag->nr = 0;
	hold_pages(frag, mem, size);
	munmap(mem, size);
}

static void fragments_free(struct fragments *frag)
{
	while (frag->nr--) {
		close(frag->pipes[frag->nr][0]);
		close(frag->pipes[frag->nr][1]);
	}
}

static void fragmented(void)
{
	const size_t size = 64 * MIB;
	int dev = device_open(0), log = kmsg_open();
	struct fpgabuf_alloc alloc;
	struct fragments frag;
	unsigned long reserve;
	char text[32];
	void *mem;

	REQUIRE(file_read_line(RESERVE, "", &reserve), true);
	file_write(RESERVE, "4096");
	fragment_memory(&frag);
	EXPECT(region_try_alloc(dev, size, &alloc), -ENOMEM);
	EXPECT(device_info(dev).used_bytes, 0);
	EXPECT(kmsg_count(log, "no memory for a region of 67108864 bytes, "
			       "tried folios, single pages: allocate earlier"),
	       1);
	close(log);

	REQUIRE(scatter_try_alloc(dev, size, &alloc), 0);
	fragments_free(&frag);
	snprintf(text, sizeof(text), "%lu", reserve);
	file_write(RESERVE, text);
	mem = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, alloc.fd,
		   0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	CU_ASSERT(!contiguous(mem, size));
	munmap(mem, size);
	printf("\n    %u chunks", alloc.chunks);
	EXPECT(alloc.size, size);
	EXPECT(alloc.backend, FPGABUF_BACKEND_SCATTER);
	EXPECT(region_info(dev, alloc.fd).backend, FPGABUF_BACKEND_SCATTER);
	region_check(dev, alloc.fd, size);
	close(alloc.fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void falling(void)
{
	static const struct {
		size_t size;
		unsigned int chunks;
	} cases[] = {
		{ 1, 1 },
		{ 20480, 2 },		/* 16 + 4 KiB */
		{ 2 * MIB, 1 },
		{ 3 * MIB + 12288, 4 },	/* 2 + 1 MiB, 8 + 4 KiB */
		{ 8 * MIB, 4 },
	};
	int dev = device_open(0);
	struct fpgabuf_alloc alloc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		REQUIRE(scatter_try_alloc(dev, cases[i].size, &alloc), 0);
		EXPECT(alloc.chunks, cases[i].chunks);
		region_check(dev, alloc.fd, alloc.size);
		close(alloc.fd);
	}
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void next_in_line(void)
{
	int dev = device_open(0), log = kmsg_open();
	struct fpgabuf_alloc alloc;

	fail_backends(1 << FPGABUF_BACKEND_FOLIO);
	REQUIRE(region_try_alloc(dev, 128 * KIB, &alloc), 0);
	EXPECT(alloc.backend, FPGABUF_BACKEND_PAGES);
	EXPECT(alloc.chunks, 32);
	region_check(dev, alloc.fd, 128 * KIB);
	close(alloc.fd);

	fail_backends(1 << FPGABUF_BACKEND_FOLIO | 1 << FPGABUF_BACKEND_PAGES |
		      1 << FPGABUF_BACKEND_SCATTER);
	EXPECT(region_try_alloc(dev, 128 * KIB, &alloc), -ENOMEM);
	EXPECT(scatter_try_alloc(dev, 128 * KIB, &alloc), -ENOMEM);
	EXPECT(device_info(dev).used_bytes, 0);
	EXPECT(device_info(dev).file_used_bytes, 0);
	EXPECT(kmsg_count(log, "tried folios, single pages: "), 1);
	fail_backends(0);
	REQUIRE(region_try_alloc(dev, 128 * KIB, &alloc), 0);
	close(alloc.fd);
	close(log);
	close(dev);
}

static const struct test tests[] = {
	{ "SCATTER gets 64 MiB of fragmented memory: captured, mapped, sent",
	  fragmented },
	{ "scattered pieces are as large as they can be", falling },
	{ "when one backend has no memory the next is asked, and the log says so",
	  next_in_line },
	{ }
};

SUITE(backends,
	.title = "backends",
	.init = modules_load,
	.tests = tests)
