// SPDX-License-Identifier: GPL-2.0-only
/* The mapping has real pages: everything that takes user memory takes it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

#define DISK	"/dev/vda"
#define REMAP	"/dev/fpgabuf-test-remap"

/* A region with the pattern in it. */
static void *captured(int dev, int *fd, size_t size)
{
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	*fd = region_alloc(dev, size);
	done = capture_run(dev, *fd, 0);
	REQUIRE(done.bytes, size);
	return region_map(*fd, size);
}

/* Send in pieces, each completed before the next: then COPIED is exact. */
static void send_and_check(size_t size, size_t piece)
{
	int tx, rx, fd, dev = device_open(0);
	uint8_t *mem = captured(dev, &fd, size);
	struct reader *reader;
	unsigned int copied;
	const void *data;
	size_t at, got;

	net_connect(&tx, &rx);
	reader = reader_start(rx, size);
	for (at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		EXPECT(send_zerocopy(tx, mem + at, n), n);
		EXPECT(net_completions(tx, 1, &copied, 10000), 1);
		EXPECT(copied, 0);
	}
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(tx);
	close(rx);
	munmap(mem, size);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void zerocopy_from_folios(void)
{
	send_and_check(1536 * KIB, 256 * KIB);
}

static void zerocopy_from_single_pages(void)
{
	send_and_check(20 * KIB, 8 * KIB);
}

static void direct_write(void)
{
	const size_t size = 1536 * KIB;
	int fd, disk, dev = device_open(0);
	void *mem = captured(dev, &fd, size), *back = NULL;

	disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	REQUIRE(disk < 0 ? -errno : 0, 0);
	EXPECT(pwrite(disk, mem, size, 0), size);
	REQUIRE(posix_memalign(&back, 4096, size), 0);
	EXPECT(pread(disk, back, size, 0), size);
	CU_ASSERT(is_pattern(back, size, 0));
	free(back);
	close(disk);
	munmap(mem, size);
	close(fd);
	close(dev);
}

static void direct_read(void)
{
	const size_t size = 256 * KIB;
	int fd, disk, dev = device_open(0);
	void *mem, *data = NULL;

	fd = region_alloc(dev, size);
	mem = region_map(fd, size);
	REQUIRE(posix_memalign(&data, 4096, size), 0);
	random_fill(data, size, 7);
	disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	REQUIRE(disk < 0 ? -errno : 0, 0);
	EXPECT(pwrite(disk, data, size, 0), size);
	EXPECT(pread(disk, mem, size, 0), size);
	CU_ASSERT(!memcmp(mem, data, size));
	free(data);
	close(disk);
	munmap(mem, size);
	close(fd);
	close(dev);
}

static void vmsplice_from_mapping(void)
{
	const size_t size = 32 * KIB;
	int pipes[2], fd, dev = device_open(0);
	void *mem = captured(dev, &fd, size);
	struct iovec iov = { mem, size };
	uint8_t back[32 * KIB];

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), size);
	CU_ASSERT(region_info(dev, fd).in_use > 0);
	EXPECT(read(pipes[0], back, size), size);
	CU_ASSERT(is_pattern(back, size, 0));
	EXPECT(region_info(dev, fd).in_use, 0);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, size);
	close(fd);
	close(dev);
}

/* What the seeds of this project ran into. */
static void remap_fails(void)
{
	const size_t size = 64 * KIB;
	int tx, rx, pipes[2], disk, fd = open(REMAP, O_RDWR | O_CLOEXEC);
	struct iovec iov = { .iov_len = size };
	void *mem;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(mem == MAP_FAILED, false);
	net_connect(&tx, &rx);
	EXPECT(send(tx, mem, size, MSG_DONTWAIT), size);
	EXPECT(send_zerocopy(tx, mem, size), -EFAULT);
	close(tx);
	close(rx);

	disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	REQUIRE(disk < 0 ? -errno : 0, 0);
	EXPECT(pwrite(disk, mem, size, 0) < 0 ? -errno : 0, -EFAULT);
	close(disk);

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	iov.iov_base = mem;
	EXPECT(vmsplice(pipes[1], &iov, 1, 0) < 0 ? -errno : 0, -EFAULT);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, size);
	close(fd);
}

static int try_map(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *mem = mmap(NULL, size, prot, flags, fd, offset);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, size);
	return 0;
}

static void private_refused(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);

	EXPECT(try_map(fd, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0),
	       -EINVAL);
	EXPECT(try_map(fd, 64 * KIB, PROT_READ, MAP_PRIVATE, 0), -EINVAL);
	close(fd);
	close(dev);
}

static void exec_refused(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	void *mem = region_map(fd, 64 * KIB);

	EXPECT(try_map(fd, 64 * KIB, PROT_READ | PROT_EXEC, MAP_SHARED, 0),
	       -EPERM);
	EXPECT(mprotect(mem, 4 * KIB, PROT_READ | PROT_EXEC) ? -errno : 0,
	       -EACCES);
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void bounds(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	void *mem;

	EXPECT(try_map(fd, 68 * KIB, PROT_READ, MAP_SHARED, 0), -EINVAL);
	EXPECT(try_map(fd, 64 * KIB, PROT_READ, MAP_SHARED, 4 * KIB), -EINVAL);
	EXPECT(try_map(fd, 4 * KIB, PROT_READ, MAP_SHARED, 60 * KIB), 0);
	mem = region_map(fd, 64 * KIB);
	EXPECT(mremap(mem, 64 * KIB, 128 * KIB, MREMAP_MAYMOVE) == MAP_FAILED ?
	       -errno : 0, -EFAULT);
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void offset_mapping(void)
{
	const size_t size = 4 * MIB, offset = 3 * MIB + 12 * KIB;
	int fd, dev = device_open(0);
	void *mem, *part = NULL;

	mem = captured(dev, &fd, size);
	part = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, fd, offset);
	REQUIRE(part == MAP_FAILED, false);
	CU_ASSERT(is_pattern(part, 64 * KIB, offset));
	munmap(part, 64 * KIB);
	munmap(mem, size);
	close(fd);
	close(dev);
}

static void moved_mapping(void)
{
	const size_t size = 1 * MIB;
	int fd, dev = device_open(0);
	uint8_t *mem = captured(dev, &fd, size), *moved;

	EXPECT(mem[0], 0);
	moved = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(moved == MAP_FAILED, false);
	moved = mremap(mem, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	REQUIRE(moved == MAP_FAILED, false);
	CU_ASSERT(is_pattern(moved, size, 0));
	EXPECT(madvise(moved, size, MADV_DONTNEED), 0);
	CU_ASSERT(is_pattern(moved, size, 0));
	EXPECT(region_info(dev, fd).in_use, 0);
	munmap(moved, size);
	EXPECT(region_info(dev, fd).mappings, 0);
	close(fd);
	close(dev);
}

static void read_only(void)
{
	struct fpgabuf_alloc alloc = {
		.size = 64 * KIB,
		.fd_flags = O_RDONLY | O_CLOEXEC,
	};
	int tx, rx, dev = device_open(0);
	unsigned int copied;
	void *mem;

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	EXPECT(try_map(alloc.fd, 64 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED,
		       0), -EACCES);
	mem = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, alloc.fd, 0);
	REQUIRE(mem == MAP_FAILED, false);
	net_connect(&tx, &rx);
	EXPECT(send_zerocopy(tx, mem, 16 * KIB), 16 * KIB);
	EXPECT(net_completions(tx, 1, &copied, 10000), 1);
	EXPECT(copied, 0);
	close(tx);
	close(rx);
	munmap(mem, 64 * KIB);
	close(alloc.fd);
	close(dev);
}

static void on_segv(int signal)
{
	_exit(signal);
}

static void not_inherited(void)
{
	int fd, status, dev = device_open(0);
	volatile uint8_t *mem = captured(dev, &fd, 64 * KIB);
	pid_t pid;

	EXPECT(mem[8], 1);
	pid = fork();
	if (!pid) {
		/* Left to the kernel, it would be a line in its log. */
		signal(SIGSEGV, on_segv);
		_exit(mem[8]);
	}
	REQUIRE(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == SIGSEGV);
	munmap((void *)mem, 64 * KIB);
	close(fd);
	close(dev);
}

/*
 * A child that has the mapping because its parent asked for that starts without
 * pages: if they came by fork(), the in-use test could be deceived meanwhile.
 */
static void fork_and_look(int dev, int fd, uint8_t *mem)
{
	uint64_t mappings = region_info(dev, fd).mappings;
	int go[2], status;
	pid_t pid;
	char c;

	REQUIRE(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1))
			_exit(2);
		_exit(!is_pattern(mem, MIB, 0));
	}
	EXPECT(region_info(dev, fd).mappings, mappings);
	EXPECT(region_info(dev, fd).in_use, 0);
	close(go[1]);
	REQUIRE(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
	EXPECT(region_info(dev, fd).mappings, mappings);
	close(go[0]);
}

static void forked(const int *advices, size_t nr)
{
	int dev = device_open(0), fd = region_alloc(dev, MIB), err = 0;
	uint8_t *mem = region_map(fd, MIB);
	size_t i;

	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, MIB);
	CU_ASSERT(is_pattern(mem, MIB, 0));
	for (i = 0; i < nr && !err; i++)
		err = madvise(mem, MIB, advices[i]) ? errno : 0;
	if (err) {
		EXPECT(err, EINVAL);
		skip("this kernel does not let a child have such a mapping");
	} else {
		fork_and_look(dev, fd, mem);
	}
	munmap(mem, MIB);
	close(fd);
	close(dev);
}

static void forked_when_asked(void)
{
	static const int advices[] = { MADV_DOFORK };

	forked(advices, ARRAY_SIZE(advices));
}

/*
 * Does the kernel tell of a new mapping when its pages are already there?  Debian's
 * 6.1.176 does, 6.1.192 has got the change from 6.9.
 */
static bool fork_tells_late(void)
{
	unsigned int major, minor, patch = 0;
	struct utsname kernel;
	const char *version;

	REQUIRE(uname(&kernel), 0);
	/* Debian's release does not name the last number. */
	version = strstr(kernel.version, "Debian ");
	version = version ? version + strlen("Debian ") : kernel.release;
	REQUIRE(sscanf(version, "%u.%u.%u", &major, &minor, &patch) >= 2, true);
	if (major != 6)
		return major < 6;
	return minor < 9 && (minor != 1 || patch < 192);
}

static void forked_when_insisted(void)
{
	static const int advices[] = { MADV_DOFORK, MADV_KEEPONFORK };

	if (fork_tells_late()) {
		skip("before Linux 6.9 a driver hears of a fork() when it is done");
		return;
	}
	forked(advices, ARRAY_SIZE(advices));
}

static const struct test tests[] = {
	{ "MSG_ZEROCOPY sends from folios and the kernel copies nothing",
	  zerocopy_from_folios },
	{ "MSG_ZEROCOPY sends from single pages and the kernel copies nothing",
	  zerocopy_from_single_pages },
	{ "O_DIRECT writes a captured region to a disk", direct_write },
	{ "O_DIRECT reads from a disk into a region", direct_read },
	{ "vmsplice puts the pages of a region into a pipe",
	  vmsplice_from_mapping },
	{ "the same calls fail with EFAULT on a remap_pfn_range mapping",
	  remap_fails },
	{ "a private mapping is refused", private_refused },
	{ "an executable mapping is refused", exec_refused },
	{ "a mapping ends where the region ends and cannot grow", bounds },
	{ "a mapping at an offset shows the bytes at that offset",
	  offset_mapping },
	{ "a mapping can be moved, dropped and faulted in again",
	  moved_mapping },
	{ "a read-only dma-buf is sent without a copy and not mapped writable",
	  read_only },
	{ "a child does not inherit the mapping", not_inherited },
	{ "a child that gets the mapping gets no pages with it",
	  forked_when_asked },
	{ "... not even when its parent insists", forked_when_insisted },
	{ }
};

SUITE(pages,
	.title = "the mapping has real pages",
	.init = modules_load,
	.tests = tests)
