// SPDX-License-Identifier: GPL-2.0-only
/* What can be seen from outside: debugfs and tracepoints */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bed.h"

#define DEBUGFS	"/sys/kernel/debug/fpgabuf/fpgabuf0/"
#define TRACING	"/sys/kernel/tracing/"

static unsigned long counter(const char *name)
{
	unsigned long value;

	REQUIRE(file_read_line(DEBUGFS "counters", name, &value), true);
	return value;
}

/* Capture so much; how much has been synced for it? */
static void check_synced(int dev, int fd, size_t length, size_t bytes)
{
	unsigned long cpu = counter("synced_for_cpu_bytes");
	unsigned long device = counter("synced_for_device_bytes");

	EXPECT(capture_run(dev, fd, length).bytes, bytes);
	EXPECT(counter("synced_for_device_bytes") - device, length);
	EXPECT(counter("synced_for_cpu_bytes") - cpu, bytes);
}

static void synced(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 16 * MIB);
	unsigned long cpu, device;

	sim_source("pattern");
	check_synced(dev, fd, 64 * KIB, 64 * KIB);
	check_synced(dev, fd, 1, 1);
	check_synced(dev, fd, 4 * MIB + 1, 4 * MIB + 1);
	check_synced(dev, fd, 16 * MIB, 16 * MIB);
	sim_set("packet", 1000);
	check_synced(dev, fd, 64 * KIB, 1000);
	sim_set("packet", 0);

	/*
	 * The bracket of a user: what was captured has been synced, what he has
	 * written is for all of it.
	 */
	cpu = counter("synced_for_cpu_bytes");
	device = counter("synced_for_device_bytes");
	sync_access(fd, true);
	EXPECT(counter("synced_for_cpu_bytes") - cpu, 0);
	sync_access(fd, false);
	EXPECT(counter("synced_for_device_bytes") - device, 16 * MIB);
	close(fd);
	close(dev);
}

static unsigned long inode(int fd)
{
	struct stat st;

	REQUIRE(fstat(fd, &st), 0);
	return st.st_ino;
}

/* The line of a region, without its inode; false if there is none. */
static bool region_line(int fd, char *rest, size_t size)
{
	FILE *file = fopen(DEBUGFS "regions", "re");
	unsigned long ino;
	char line[256];
	bool found = false;
	int n;

	REQUIRE(!file, false);
	while (!found && fgets(line, sizeof(line), file)) {
		found = sscanf(line, "%lu%n", &ino, &n) == 1 &&
			ino == inode(fd);
		if (found)
			snprintf(rest, size, "%s", line + n);
	}
	fclose(file);
	return found;
}

static void check_line(int fd, unsigned long bytes, const char *backend,
		       const char *state, unsigned long mappings,
		       unsigned long in_use)
{
	char line[256], want[256], squeezed[256], *word;
	size_t len = 0;

	REQUIRE(region_line(fd, line, sizeof(line)), true);
	for (word = strtok(line, "\n "); word; word = strtok(NULL, "\n "))
		len += snprintf(squeezed + len, sizeof(squeezed) - len, "%s ",
				word);
	snprintf(want, sizeof(want), "%lu %s %s 0 %lu %lu ", bytes, backend,
		 state, mappings, in_use);
	if (strcmp(squeezed, want))
		printf("\n    '%s', not '%s'", squeezed, want);
	CU_ASSERT_STRING_EQUAL(squeezed, want);
}

/* All of it, also where a page table ends in the midst of it */
static void *map_all(int fd, size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd,
			 0);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	return mem;
}

static void listed(void)
{
	int dev = device_open(0), folios = region_alloc(dev, 64 * KIB);
	int pages = region_alloc(dev, 20 * KIB), pipes[2];
	struct fpgabuf_alloc alloc = {
		.size = 4096,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	uint8_t *mem = map_all(pages, 20 * KIB);
	struct iovec iov = { mem, 4096 };
	char line[256];

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
	sim_source("feed");
	REQUIRE(region_queue(dev, folios, 0, 0), 0);
	check_line(folios, 64 * KIB, "folios 1", "queued", 0, 0);
	check_line(pages, 20 * KIB, "single pages 5", "idle", 5, 1);
	check_line(alloc.fd, 4096, "scattered pages 1", "idle", 0, 0);
	EXPECT(counter("used_bytes"), 88 * KIB);
	EXPECT(capture_cancel(dev), 1);
	check_line(folios, 64 * KIB, "folios 1", "done", 0, 0);
	close(alloc.fd);
	close(dev);
	close(folios);
	EXPECT(region_line(pages, line, sizeof(line)), true);

	file_write(DRIVER "unbind", "fpgabuf.0");
	EXPECT(access(DEBUGFS "regions", F_OK) ? -errno : 0, -ENOENT);
	munmap(mem, 20 * KIB);
	close(pages);
	close(pipes[0]);
	close(pipes[1]);
	file_write(DRIVER "bind", "fpgabuf.0");
	EXPECT(counter("captures"), 0);
}

/* Lines of the trace that have the text; if it is not one, shows them all. */
static int traced(const char *text)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[512];
	int found = 0;

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, text))
			found++;
	if (found != 1) {
		printf("\n    %d times: %s", found, text);
		rewind(file);
		while (fgets(line, sizeof(line), file))
			printf("    %s", line);
	}
	fclose(file);
	return found;
}

static void check_traced(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	EXPECT(traced(text), 1);
}

static void life(void)
{
	int dev, fd, pipes[2];
	struct fpgabuf_dequeue done;
	unsigned long ino;
	struct iovec iov;
	void *mem;

	file_write(TRACING "trace", "");
	file_write(TRACING "events/fpgabuf/enable", "1");
	dev = device_open(0);
	fd = region_alloc(dev, 64 * KIB);
	ino = inode(fd);
	mem = map_all(fd, 64 * KIB);
	iov = (struct iovec){ mem, 4096 };
	sim_source("pattern");
	REQUIRE(region_queue(dev, fd, 1000, 77), 0);
	REQUIRE(capture_get(dev, &done), 0);
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(vmsplice(pipes[1], &iov, 1, 0), 4096);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, 64 * KIB);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
	file_write(TRACING "events/fpgabuf/enable", "0");

	check_traced("fpgabuf_alloc: fpgabuf0 ino=%lu size=65536 backend=folio chunks=1\n",
		     ino);
	check_traced("fpgabuf_queue: fpgabuf0 ino=%lu cookie=77 length=1000\n",
		     ino);
	check_traced("fpgabuf_sync: fpgabuf0 ino=%lu bytes=1000 for=device\n",
		     ino);
	check_traced("fpgabuf_sync: fpgabuf0 ino=%lu bytes=1000 for=cpu\n",
		     ino);
	check_traced("fpgabuf_done: fpgabuf0 ino=%lu sequence=%llu bytes=1000 status= error=0\n",
		     ino, (unsigned long long)done.sequence);
	check_traced("fpgabuf_busy: fpgabuf0 ino=%lu in_use=1 mappings=16 fenced=0\n",
		     ino);
	check_traced("fpgabuf_free: fpgabuf0 ino=%lu size=65536\n", ino);
	file_write(TRACING "trace", "");
}

static const struct test tests[] = {
	{ "a capture of 64 KiB in 16 MiB syncs 64 KiB, a short one less",
	  synced },
	{ "debugfs lists the regions with backend, state and use", listed },
	{ "tracepoints tell the life of a region", life },
	{ }
};

SUITE(watch, .title = "what can be watched", .init = modules_load, .tests = tests)
