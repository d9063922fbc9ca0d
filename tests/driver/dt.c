// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the device tree sets aside, see backends.dtso: carve-outs and CMA.
 * For a kernel booted with that overlay.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"
#include "kmod/fpgabuf-test-importer.h"
#include "net.h"

/* As backends.dtso has them */
#define CARVEOUT	0x60000000ul
#define CARVEOUT_SIZE	(16 * MIB)
#define SHARED		0x62000000ul
#define SHARED_SIZE	(2 * MIB)
#define AREA		0x64000000ul
#define AREA_SIZE	(16 * MIB)

#define ALL_BUT_CMA	(1 << FPGABUF_BACKEND_CARVEOUT |		\
			 1 << FPGABUF_BACKEND_FOLIO |			\
			 1 << FPGABUF_BACKEND_PAGES)

/* A device, whose FPGA is then the one that sim_source() and others mean */
static int open_with(const char *device, const char *fpga)
{
	int dev = node_open(device);

	sim_select(fpga);
	return dev;
}

static int open_carveout(void)
{
	return open_with("fpgabuf-carveout", "fpgabuf-sim-carveout");
}

static int open_area(void)
{
	return open_with("fpgabuf-cma", "fpgabuf-sim-cma");
}

/* Where a region is; the mapping is gone again. */
static uint64_t region_physical(int fd, size_t size)
{
	const volatile uint8_t *mem = mmap(NULL, size, PROT_READ, MAP_SHARED,
					   fd, 0);
	uint64_t at;

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	(void)mem[0];
	at = physical((const void *)mem);
	munmap((void *)mem, size);
	return at;
}

static bool within(uint64_t at, size_t size, uint64_t start, size_t length)
{
	return at >= start && at + size <= start + length;
}

static int alloc_from(int dev, size_t size, enum fpgabuf_backend backend)
{
	struct fpgabuf_alloc alloc;

	REQUIRE(region_try_alloc(dev, size, &alloc), 0);
	EXPECT(alloc.backend, backend);
	return alloc.fd;
}

static void carveout(void)
{
	static const size_t sizes[] = { 4096, 20480, 1 << 20, 16 << 20 };
	int dev = open_carveout(), fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fd = alloc_from(dev, sizes[i], FPGABUF_BACKEND_CARVEOUT);
		CU_ASSERT(within(region_physical(fd, sizes[i]), sizes[i],
				 CARVEOUT, CARVEOUT_SIZE));
		region_check(dev, fd, sizes[i]);
		close(fd);
		EXPECT(device_used(dev), 0);
	}
	close(dev);
}

static void carveout_full(void)
{
	int dev = open_carveout(), a, b, c;
	uint64_t at;

	a = alloc_from(dev, 8 * MIB, FPGABUF_BACKEND_CARVEOUT);
	b = alloc_from(dev, 8 * MIB, FPGABUF_BACKEND_CARVEOUT);
	c = alloc_from(dev, 64 * KIB, FPGABUF_BACKEND_FOLIO);
	close(c);
	at = region_physical(a, 8 * MIB);
	close(a);
	c = alloc_from(dev, 1 * MIB, FPGABUF_BACKEND_CARVEOUT);
	EXPECT(region_physical(c, MIB), at);
	/* Seven are left, in one piece. */
	a = alloc_from(dev, 7 * MIB + 4096, FPGABUF_BACKEND_PAGES);
	close(a);
	a = alloc_from(dev, 7 * MIB, FPGABUF_BACKEND_CARVEOUT);
	close(a);
	close(b);
	close(c);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void carveout_zeroed(void)
{
	int round, dev = open_carveout();

	for (round = 0; round < 2; round++) {
		int fd = alloc_from(dev, MIB, FPGABUF_BACKEND_CARVEOUT);
		uint8_t *mem = region_map(fd, MIB);

		CU_ASSERT(!mem[0] && !memcmp(mem, mem + 1, MIB - 1));
		memset(mem, 0xa5, MIB);
		munmap(mem, MIB);
		close(fd);
	}
	close(dev);
}

static void hold_page(const uint8_t *mem, int pipes[2])
{
	struct iovec iov = { (void *)mem, 4096 };

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
}

static void pipe_close(const int pipes[2])
{
	close(pipes[0]);
	close(pipes[1]);
}

static void carveout_held(void)
{
	int dev = open_carveout(), pipes[2], fd;
	uint8_t *mem;

	fd = alloc_from(dev, 16 * MIB, FPGABUF_BACKEND_CARVEOUT);
	mem = region_map(fd, 16 * MIB);
	hold_page(mem + 5 * MIB, pipes);
	munmap(mem, 16 * MIB);
	close(fd);
	/* All of it is still somebody's, and charged to who allocated it. */
	EXPECT(device_info(dev).used_bytes, 16 * MIB);

	fd = alloc_from(dev, MIB, FPGABUF_BACKEND_FOLIO);
	close(fd);
	EXPECT(device_info(dev).used_bytes, 16 * MIB);
	pipe_close(pipes);
	EXPECT(device_used(dev), 0);
	fd = alloc_from(dev, 16 * MIB, FPGABUF_BACKEND_CARVEOUT);
	close(fd);
	close(dev);
}

static void carveout_shared(void)
{
	int a = open_with("fpgabuf-shared0", "fpgabuf-sim-shared0"), fds[3], i;
	int b = open_with("fpgabuf-shared1", "fpgabuf-sim-shared1");

	fds[0] = alloc_from(a, MIB, FPGABUF_BACKEND_CARVEOUT);
	fds[1] = alloc_from(b, MIB, FPGABUF_BACKEND_CARVEOUT);
	EXPECT(region_physical(fds[0], MIB), SHARED);
	EXPECT(region_physical(fds[1], MIB), SHARED + MIB);
	fds[2] = alloc_from(b, 4096, FPGABUF_BACKEND_FOLIO);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(a);
	close(b);
}

static void carveout_rebound(void)
{
	int dev = open_carveout(), fd, other;
	uint8_t *mem;

	fd = alloc_from(dev, 12 * MIB, FPGABUF_BACKEND_CARVEOUT);
	mem = region_map(fd, 12 * MIB);
	memset(mem, 0x5a, 12 * MIB);
	file_write(DRIVER "unbind", "fpgabuf-carveout");
	close(dev);
	file_write(DRIVER "bind", "fpgabuf-carveout");

	dev = open_carveout();
	other = alloc_from(dev, 8 * MIB, FPGABUF_BACKEND_FOLIO);
	close(other);
	other = alloc_from(dev, 4 * MIB, FPGABUF_BACKEND_CARVEOUT);
	close(other);
	CU_ASSERT(mem[0] == 0x5a && !memcmp(mem, mem + 1, 12 * MIB - 1));
	munmap(mem, 12 * MIB);
	close(fd);
	other = alloc_from(dev, 16 * MIB, FPGABUF_BACKEND_CARVEOUT);
	close(other);
	close(dev);
}

static void nomap_refused(void)
{
	node_refused("fpgabuf-nomap", -EINVAL,
		     "cannot use memory-region "
		     "/reserved-memory/fpgabuf-nomap@63000000");
}

static void register_refused(void)
{
	node_refused("b000000.fpgabuf-register", -ENOSYS,
		     "the DMA channel cannot read");
	node_refused("b001000.fpgabuf-register", -EINVAL,
		     "reg-io-width of 8 does not fit");
	node_refused("b002000.fpgabuf-register", -EINVAL,
		     "reg-io-width of 3 does not fit");
	node_refused("b003000.fpgabuf-register", -EINVAL,
		     "fpgabuf,burst of 0");
}

static void limits(void)
{
	int dev = open_carveout();

	EXPECT(device_info(dev).limit_bytes, 48 * MIB);
	EXPECT(device_info(dev).file_limit_bytes, 32 * MIB);
	EXPECT(device_info(dev).max_region_size, 32 * MIB);
	close(dev);
}

static int alloc_read_only(int dev, size_t size, struct fpgabuf_alloc *alloc)
{
	*alloc = (struct fpgabuf_alloc){
		.size = size,
		.fd_flags = O_RDONLY | O_CLOEXEC,
	};
	return call(dev, FPGABUF_IOC_ALLOC, alloc);
}

/* Nothing else has memory. */
static int alloc_cma(int dev, size_t size)
{
	struct fpgabuf_alloc alloc;

	fail_backends(ALL_BUT_CMA);
	REQUIRE(alloc_read_only(dev, size, &alloc), 0);
	fail_backends(0);
	EXPECT(alloc.backend, FPGABUF_BACKEND_CMA);
	EXPECT(alloc.chunks, size / 4096);
	return alloc.fd;
}

static void cma(void)
{
	static const size_t sizes[] = { 8192, 20480, 1 << 20, 8 << 20 };
	int dev = open_area(), fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fd = alloc_cma(dev, sizes[i]);
		CU_ASSERT(within(region_physical(fd, sizes[i]), sizes[i], AREA,
				 AREA_SIZE));
		region_check(dev, fd, sizes[i]);
		close(fd);
		EXPECT(device_used(dev), 0);
	}
	close(dev);
}

/* In high memory, where armhf has the default area, the kernel gives nothing. */
static bool area_is_high(void)
{
	FILE *zones = fopen("/proc/zoneinfo", "re");
	unsigned long pages = 0;
	bool high = false;
	char line[256];

	REQUIRE(!zones, false);
	while (!pages && fgets(line, sizeof(line), zones)) {
		if (!strncmp(line, "Node", 4))
			high = strstr(line, "HighMem");
		else if (high)
			sscanf(line, " cma %lu", &pages);
	}
	fclose(zones);
	return pages;
}

static void cma_default(void)
{
	int dev, fd;

	if (area_is_high()) {
		skip("the default area is in high memory, which devices cannot use");
		return;
	}
	dev = open_carveout();
	fd = alloc_cma(dev, MIB);
	CU_ASSERT(!within(region_physical(fd, MIB), MIB, AREA, AREA_SIZE));
	region_check(dev, fd, MIB);
	close(fd);
	close(dev);
}

static void cma_last(void)
{
	int dev = open_area(), log = kmsg_open();
	struct fpgabuf_alloc alloc;

	REQUIRE(alloc_read_only(dev, MIB, &alloc), 0);
	EXPECT(alloc.backend, FPGABUF_BACKEND_FOLIO);
	close(alloc.fd);

	fail_backends(ALL_BUT_CMA);
	EXPECT(region_try_alloc(dev, MIB, &alloc), -ENOMEM);
	EXPECT(kmsg_count(log, "tried carve-out, folios, single pages: "), 1);
	fail_backends(ALL_BUT_CMA | 1 << FPGABUF_BACKEND_CMA);
	EXPECT(alloc_read_only(dev, MIB, &alloc), -ENOMEM);
	EXPECT(kmsg_count(log, "tried carve-out, folios, single pages, CMA: "),
	       1);
	fail_backends(0);
	close(log);
	close(dev);
}

static int try_map(int fd, int prot)
{
	void *mem = mmap(NULL, MIB, prot, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, MIB);
	return 0;
}

static void cma_read_only(void)
{
	struct importer_import arg = { .max_segment = MIB };
	int dev = open_area(), fd = alloc_cma(dev, MIB), importer;
	void *mem;

	EXPECT(try_map(fd, PROT_READ | PROT_WRITE), -EACCES);
	EXPECT(try_map(fd, PROT_WRITE), -EACCES);
	mem = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	EXPECT(mprotect(mem, MIB, PROT_READ | PROT_WRITE) ? -errno : 0,
	       -EACCES);
	munmap(mem, MIB);

	importer = open("/dev/fpgabuf-test-importer", O_RDWR | O_CLOEXEC);
	REQUIRE(importer >= 0, true);
	arg.fd = fd;
	REQUIRE(call(importer, IMPORTER_IMPORT, &arg), 0);
	EXPECT(try_map(importer, PROT_READ | PROT_WRITE), -EACCES);
	EXPECT(try_map(importer, PROT_READ), 0);
	close(importer);
	close(fd);
	close(dev);
}

/* It would pin the pages for long, and never end trying to move them. */
static void cma_not_pinned(void)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);
	int dev = open_area(), fd = alloc_cma(dev, MIB);
	struct fpgabuf_baseline baseline = { .fd = fd };
	struct iovec iov = { NULL, MIB };

	REQUIRE(ring < 0 ? -errno : 0, 0);
	iov.iov_base = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(iov.iov_base == MAP_FAILED ? -errno : 0, 0);
	EXPECT(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		       &iov, 1) ? -errno : 0, -EFAULT);
	/* Nor is there anything to be recorded. */
	EXPECT(call(dev, FPGABUF_IOC_BASELINE, &baseline), -EOPNOTSUPP);
	munmap(iov.iov_base, MIB);
	close(ring);
	close(fd);
	close(dev);
}

/* Is there room for so much in the area?  Waits for the answer that is wanted. */
static bool room_is(int dev, size_t size, bool wanted)
{
	struct fpgabuf_alloc alloc;
	int i, ret = 0;

	fail_backends(ALL_BUT_CMA);
	for (i = 0; i < 100; i++) {
		ret = alloc_read_only(dev, size, &alloc);
		if (!ret)
			close(alloc.fd);
		if (!ret == wanted)
			break;
		usleep(10000);
	}
	fail_backends(0);
	return !ret;
}

static void cma_quarantine(void)
{
	int dev = open_area(), fd = alloc_cma(dev, 12 * MIB), pipes[2], i;
	uint8_t *mem = mmap(NULL, 12 * MIB, PROT_READ, MAP_SHARED, fd, 0);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	EXPECT(room_is(dev, 12 * MIB, false), false);
	hold_page(mem + MIB, pipes);
	munmap(mem, 12 * MIB);
	close(fd);
	EXPECT(device_info(dev).used_bytes, 12 * MIB);

	/* Ten times as long as the check takes to look again */
	for (i = 0; i < 100; i++) {
		EXPECT(room_is(dev, 12 * MIB, false), false);
		usleep(10000);
	}
	EXPECT(room_is(dev, 3 * MIB, true), true);
	close(dev);
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	pipe_close(pipes);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_test_importer"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
	EXPECT(modules_load_tree(), 0);
	dev = open_area();
	EXPECT(room_is(dev, 12 * MIB, true), true);
	close(dev);
}

static const struct test tests[] = {
	{ "limits come from the device tree", limits },
	{ "regions lie in the carve-out: captured, mapped, sent", carveout },
	{ "a carve-out that is full is no error, and is used again",
	  carveout_full },
	{ "memory of a carve-out is zeroed each time", carveout_zeroed },
	{ "a region of which a pipe holds a page stays until it lets go",
	  carveout_held },
	{ "two devices share a carve-out and get different pages",
	  carveout_shared },
	{ "a new binding does not hand out what a region still has",
	  carveout_rebound },
	{ "a memory-region without pages is refused, and the log says so",
	  nomap_refused },
	{ "a data register that the channel cannot read is refused, and the log says so",
	  register_refused },
	{ "a CMA region lies in its area: captured, mapped, sent", cma },
	{ "without an area of its own a device uses the system's",
	  cma_default },
	{ "CMA is the last resort, and for read-only regions", cma_last },
	{ "a CMA region cannot be mapped writable", cma_read_only },
	{ "a CMA region cannot be pinned by io_uring", cma_not_pinned },
	{ "a CMA region is given back when the last reference has gone",
	  cma_quarantine },
	{ }
};

SUITE(dt,
	.alone = true,
	.title = "memory set aside",
	.init = modules_load_tree,
	.tests = tests)
