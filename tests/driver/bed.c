// SPDX-License-Identifier: GPL-2.0-only
/* The device, its regions and captures, and the kernel around them */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

#include "bed.h"

#define FAIL	"/sys/module/fpgabuf/parameters/debug_fail_backends"

bool debug_kernel(void)
{
	struct utsname uts;

	return !uname(&uts) && strstr(uts.release, "-debug-");
}

/* The test says why it does nothing: tests/matrix/run.sh counts such lines. */
void skip(const char *reason)
{
	printf("\n    skipped: %s", reason);
}

/* On the debug kernel, which is that much slower, and if it was asked for */
bool hurried(void)
{
	return debug_kernel() || getenv("FPGABUF_QUICK");
}

/* So many of them, or a tenth if there is no time. */
unsigned int rounds(unsigned int n)
{
	return hurried() ? n / 10 : n;
}

/* All that was ever promised, however long it takes */
bool thorough(void)
{
	return getenv("FPGABUF_THOROUGH");
}

int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

int device_open(int number)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/fpgabuf%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

int region_try_alloc(int dev, uint64_t size, struct fpgabuf_alloc *alloc)
{
	*alloc = (struct fpgabuf_alloc){
		.size = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	return call(dev, FPGABUF_IOC_ALLOC, alloc);
}

int region_alloc(int dev, uint64_t size)
{
	struct fpgabuf_alloc alloc;

	REQUIRE(region_try_alloc(dev, size, &alloc), 0);
	return alloc.fd;
}

void *region_map(int fd, size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	return mem;
}

struct fpgabuf_region_info region_info(int dev, int fd)
{
	struct fpgabuf_region_info info = { .fd = fd };

	REQUIRE(call(dev, FPGABUF_IOC_REGION_INFO, &info), 0);
	return info;
}

int region_queue(int dev, int fd, uint64_t length, uint64_t cookie)
{
	struct fpgabuf_queue queue = {
		.fd = fd,
		.length = length,
		.cookie = cookie,
	};

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

/*
 * A completion tells that the network has let go of the pages; the driver of
 * the NIC drops its reference an instant later.  EBUSY in between is right.
 */
int region_queue_wait(int dev, int fd, uint64_t length, uint64_t cookie)
{
	int ret, i;

	for (i = 0; i < 500; i++) {
		ret = region_queue(dev, fd, length, cookie);
		if (ret != -EBUSY)
			break;
		usleep(10000);
	}
	return ret;
}

/* What the dma-buf core knows of, and has been made by fpgabuf. */
bool dmabufs_left(void)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	char line[256];
	bool found = false;

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "fpgabuf"))
			found = true;
	fclose(file);
	return found;
}

/* How many it knows of, whoever has made them */
long dmabufs(void)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	char line[256];
	long nr = -1;

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Total %ld objects", &nr);
	fclose(file);
	REQUIRE(nr >= 0, true);
	return nr;
}

int capture_get(int dev, struct fpgabuf_dequeue *done)
{
	memset(done, 0, sizeof(*done));
	return call(dev, FPGABUF_IOC_DEQUEUE, done);
}

struct fpgabuf_dequeue capture_run(int dev, int fd, uint64_t length)
{
	struct fpgabuf_dequeue done;

	REQUIRE(region_queue(dev, fd, length, 0), 0);
	REQUIRE(capture_get(dev, &done), 0);
	return done;
}

int capture_cancel(int dev)
{
	struct fpgabuf_cancel cancel = { 0 };
	int ret = call(dev, FPGABUF_IOC_CANCEL, &cancel);

	return ret ? ret : (int)cancel.canceled;
}

/* A bracket for reading and writing. */
void sync_access(int fd, bool start)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_RW |
			 (start ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END),
	};

	EXPECT(call(fd, DMA_BUF_IOCTL_SYNC, &sync), 0);
}

struct fpgabuf_info device_info(int dev)
{
	struct fpgabuf_info info = { 0 };

	REQUIRE(call(dev, FPGABUF_IOC_INFO, &info), 0);
	return info;
}

/* Files are closed late (by the last of several threads, say): wait a bit. */
uint64_t device_used(int dev)
{
	uint64_t used = 0;
	int i;

	for (i = 0; i < 200; i++) {
		used = device_info(dev).used_bytes;
		if (!used)
			break;
		usleep(10000);
	}
	return used;
}

void wait_for_captures(int dev, uint64_t captures)
{
	int i;

	for (i = 0; i < 2000 && device_info(dev).captures < captures; i++)
		usleep(5000);
	EXPECT(device_info(dev).captures >= captures, true);
}

/* Is a dma-buf or a sync_file finished?  Waits if told so. */
bool readable(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 && pfd.revents & POLLIN;
}

/*
 * Before Linux 6.0 a dma-buf has none.  It can be waited for as well, so there
 * it is the dma-buf once more.
 */
/* The call came with Linux 6.0; from then on it must be there. */
static bool has_sync_files(void)
{
	return kernel_since(6, 0);
}

int export_sync_file(int fd)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_READ };
	int ret = call(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export);

	if (ret == -ENOTTY && !has_sync_files())
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	REQUIRE(ret, 0);
	return export.fd;
}

/* The fence of one region's capture, put on another one: as of who still uses it */
void import_fence(int fd, int sync, uint32_t flags)
{
	struct dma_buf_import_sync_file arg = { .flags = flags, .fd = sync };

	REQUIRE(call(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &arg), 0);
}

bool is_sync_file(int fd)
{
	struct sync_file_info info = { 0 };

	return call(fd, SYNC_IOC_FILE_INFO, &info) != -ENOTTY;
}

/* 0 = not yet, 1 = finished, or a negative errno */
int sync_file_status(int fd)
{
	struct sync_file_info info = { 0 };

	if (!is_sync_file(fd))
		return readable(fd, 0);
	REQUIRE(call(fd, SYNC_IOC_FILE_INFO, &info), 0);
	return info.status;
}

/* For a test of nothing else: says why it is skipped. */
bool need_sync_files(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	int sync = export_sync_file(fd);
	bool have = is_sync_file(sync);

	if (!have)
		skip("this kernel has no DMA_BUF_IOCTL_EXPORT_SYNC_FILE");
	close(sync);
	close(fd);
	close(dev);
	return have;
}

void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t size = strlen(text);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(write(fd, text, size), size);
	close(fd);
}

/* The number behind "key" in a file like /proc/meminfo. */
bool file_read_line(const char *path, const char *key, unsigned long *value)
{
	FILE *file = fopen(path, "re");
	char line[256];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		const char *rest = line + strlen(key);

		found = !strncmp(line, key, strlen(key)) &&
			sscanf(rest + strspn(rest, ": "), "%lu", value) == 1;
	}
	fclose(file);
	return found;
}

/* The backends whose bits are set find no memory. */
void fail_backends(unsigned int mask)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", mask);
	file_write(FAIL, text);
}

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Lines with that text since the log was opened */
int kmsg_count(int fd, const char *text)
{
	char line[1024];
	int found = 0;
	ssize_t n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, text))
			found++;
	}
	return found;
}

bool kernel_since(unsigned int wanted_major, unsigned int wanted_minor)
{
	unsigned int major, minor;
	struct utsname kernel;

	if (uname(&kernel) ||
	    sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > wanted_major ||
	       (major == wanted_major && minor >= wanted_minor);
}

/* Before Linux 6.1 the driver makes no file a stream of bytes. */
bool has_streams(void)
{
	return kernel_since(6, 1);
}
