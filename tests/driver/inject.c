// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call with every allocation and every user copy in it made to fail, one
 * at a time: /proc/thread-self/fail-nth counts them.  The rest of the kernel is
 * left alone.
 *
 * Not every fault makes a call fail: some memory is only nice to have, and a
 * page fault that finds none is taken again.  So either is right, success or
 * one of the errors that the contract has; and either way nothing may be left.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <xf86drm.h>

#include "bed.h"
#include "kmod/fpgabuf-test-importer.h"
#include "uring.h"

#define NTH	"/proc/thread-self/fail-nth"
#define DEBUG	"/sys/kernel/debug/"

/* More than the longest call has places. */
enum { PLACES_MAX = 2000 };

/* What a call works on; -1 and NULL where there is nothing. */
struct place {
	int dev, fd, other;
	void *mem;
	size_t size;
	uint32_t flags, handle;
	int access;
	struct uring ring;
};

/**
 * struct victim - a call that is made to fail
 * @name: what it is called in the output
 * @call: makes the call; 0 or -errno
 * @undo: takes back what it has done; gets what it returned
 * @errors: what it may return, up to the first 0
 * @must: how many of them have to be seen, from the first on
 */
struct victim {
	const char *name;
	int (*call)(struct place *place);
	void (*undo)(struct place *place, int ret);
	int errors[5];
	unsigned int must;
};

/* Without these, what may sleep does not fail, and each fault is told. */
static int set_up(void)
{
	static const char * const settings[][2] = {
		{ DEBUG "failslab/ignore-gfp-wait", "N" },
		{ DEBUG "failslab/verbose", "0" },
		{ DEBUG "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUG "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ DEBUG "fail_page_alloc/min-order", "0" },
		{ DEBUG "fail_page_alloc/verbose", "0" },
		{ DEBUG "fail_usercopy/verbose", "0" },
	};
	size_t i;

	if (access(NTH, W_OK)) {
		fprintf(stderr, "this kernel has no fault injection\n");
		return -1;
	}
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		int fd = open(settings[i][0], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, settings[i][1], 1) != 1) {
			perror(settings[i][0]);
			return -1;
		}
		close(fd);
	}
	return modules_load();
}

/* The nth place from now on fails. */
static void arm(int nth_fd, int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", nth);

	REQUIRE(pwrite(nth_fd, text, n, 0), n);
}

/*
 * Return: whether it has failed.  To ask and to disarm copy as well: if that is
 * what fails, then the call had not come so far.
 */
static bool disarm(int nth_fd)
{
	char text[16] = "";
	bool reached;

	reached = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 &&
		  atoi(text) == 0;
	if (pwrite(nth_fd, "0", 1, 0) != 1)
		REQUIRE(pwrite(nth_fd, "0", 1, 0), 1);
	return reached;
}

static bool allowed(const struct victim *victim, int ret, unsigned int *seen)
{
	size_t i;

	for (i = 0; victim->errors[i]; i++) {
		if (-ret == victim->errors[i]) {
			seen[i]++;
			return true;
		}
	}
	return !ret;
}

static void report(const struct victim *victim, int places,
		   const unsigned int *seen)
{
	size_t i;

	printf("\n    %s: %d places", victim->name, places);
	for (i = 0; victim->errors[i]; i++)
		printf(", %u %s", seen[i], strerrorname_np(victim->errors[i]));
	for (i = 0; i < victim->must; i++)
		EXPECT(seen[i] > 0, true);
}

/* Until the call goes through without having come to the place that fails. */
static void walk(const struct victim *victim, struct place *place)
{
	int nth_fd = open(NTH, O_RDWR | O_CLOEXEC), nth;
	unsigned int seen[ARRAY_SIZE(victim->errors)] = { 0 };

	REQUIRE(nth_fd < 0 ? -errno : 0, 0);
	for (nth = 1; nth < PLACES_MAX; nth++) {
		bool reached;
		int ret;

		arm(nth_fd, nth);
		ret = victim->call(place);
		reached = disarm(nth_fd);
		if (!allowed(victim, ret, seen)) {
			printf("\n    %s, place %d", victim->name, nth);
			EXPECT(ret, 0);
		}
		victim->undo(place, ret);
		if (!reached) {
			EXPECT(ret, 0);
			break;
		}
	}
	CU_ASSERT(nth < PLACES_MAX);
	report(victim, nth - 1, seen);
	close(nth_fd);
}

/* Nothing is left, and the device does what it should. */
static void end(int dev)
{
	int fd;

	EXPECT(device_used(dev), 0);
	CU_ASSERT(!dmabufs_left());
	sim_source("pattern");
	fd = region_alloc(dev, 64 * KIB);
	EXPECT(capture_run(dev, fd, 0).bytes, 64 * KIB);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void undo_nothing(struct place *place, int ret)
{
	(void)place;
	(void)ret;
}

static int do_open(struct place *place)
{
	place->other = open("/dev/fpgabuf0", O_RDWR | O_CLOEXEC);
	return place->other < 0 ? -errno : 0;
}

static void undo_open(struct place *place, int ret)
{
	if (!ret)
		close(place->other);
}

static int do_info(struct place *place)
{
	struct fpgabuf_info info = { 0 };

	return call(place->dev, FPGABUF_IOC_INFO, &info);
}

static void opens(void)
{
	static const struct victim victims[] = {
		{ "open", do_open, undo_open, { ENOMEM, EFAULT }, 1 },
		{ "INFO", do_info, undo_nothing, { EFAULT }, 1 },
	};
	struct place place = { .dev = device_open(0) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(victims); i++)
		walk(&victims[i], &place);
	end(place.dev);
}

static int do_alloc(struct place *place)
{
	struct fpgabuf_alloc alloc = {
		.size = place->size,
		.flags = place->flags,
		.fd_flags = place->access | O_CLOEXEC,
	};
	int ret = call(place->dev, FPGABUF_IOC_ALLOC, &alloc);

	place->other = alloc.fd;
	return ret;
}

static void undo_alloc(struct place *place, int ret)
{
	if (!ret)
		close(place->other);
	EXPECT(device_used(place->dev), 0);
	CU_ASSERT(!dmabufs_left());
}

static void alloc_of(const char *name, size_t size, uint32_t flags, int access)
{
	const struct victim victim = {
		name, do_alloc, undo_alloc, { ENOMEM, EFAULT }, 2,
	};
	struct place place = {
		.dev = device_open(0),
		.size = size,
		.flags = flags,
		.access = access,
	};

	walk(&victim, &place);
	/* Another one may be of any memory. */
	fail_backends(0);
	end(place.dev);
}

static void allocs(void)
{
	alloc_of("ALLOC of a page", 4 * KIB, 0, O_RDWR);
	alloc_of("ALLOC of single pages", 20 * KIB, 0, O_RDWR);
	alloc_of("ALLOC of folios", 1536 * KIB, 0, O_RDWR);
	alloc_of("ALLOC of scattered pieces", 3 * MIB + 12 * KIB,
		 FPGABUF_ALLOC_SCATTER, O_RDWR);
}

/* As the last resort, with what it takes to get there. */
static void alloc_cma(void)
{
	unsigned long kib;

	if (!file_read_line("/proc/meminfo", "CmaTotal", &kib) || !kib) {
		skip("this kernel has no CMA area");
		return;
	}
	fail_backends(~(1U << FPGABUF_BACKEND_CMA));
	alloc_of("ALLOC of CMA", MIB, 0, O_RDONLY);
}

static int do_queue(struct place *place)
{
	return region_queue(place->dev, place->fd, 0, 7);
}

static void undo_queue(struct place *place, int ret)
{
	struct fpgabuf_dequeue done;

	if (ret) {
		EXPECT(region_info(place->dev, place->fd).state,
		       FPGABUF_REGION_IDLE);
		EXPECT(device_info(place->dev).queued, 0);
		return;
	}
	EXPECT(capture_get(place->dev, &done), 0);
	EXPECT(done.bytes, place->size);
	EXPECT(done.cookie, 7);
}

/* Of 16 slices as many as could be had may be queued. */
static int do_slices(struct place *place)
{
	struct fpgabuf_queue queue = {
		.fd = place->fd,
		.slice = place->size / 16,
		.cookie = 7,
	};

	return call(place->dev, FPGABUF_IOC_QUEUE, &queue);
}

/* Whole in between, so that it has to be cut again. */
static void undo_slices(struct place *place, int ret)
{
	struct fpgabuf_dequeue done;
	unsigned int nr = 0;

	while (!capture_get(place->dev, &done)) {
		EXPECT(done.offset, nr * place->size / 16);
		EXPECT(done.bytes, place->size / 16);
		nr++;
	}
	EXPECT(!nr, !!ret);
	EXPECT(region_info(place->dev, place->fd).state, FPGABUF_REGION_IDLE);
	EXPECT(region_queue(place->dev, place->fd, 0, 7), 0);
	undo_queue(place, 0);
}

/* A capture that waits to be dequeued: the call before took it, or not. */
static int do_dequeue(struct place *place)
{
	struct fpgabuf_dequeue done;

	return capture_get(place->dev, &done);
}

static void undo_dequeue(struct place *place, int ret)
{
	uint64_t captures = device_info(place->dev).captures;

	if (ret)
		return;
	EXPECT(region_queue(place->dev, place->fd, 0, 0), 0);
	wait_for_captures(place->dev, captures + 1);
}

/* The device is idle or not: what counts is that the answer is lost. */
static int do_cancel(struct place *place)
{
	return capture_cancel(place->dev);
}

static int do_region_info(struct place *place)
{
	struct fpgabuf_region_info info = { .fd = place->fd };

	return call(place->dev, FPGABUF_IOC_REGION_INFO, &info);
}

static struct place region_place(size_t size)
{
	struct place place = { .dev = device_open(0), .size = size };

	place.fd = region_alloc(place.dev, size);
	sim_source("pattern");
	return place;
}

static void queues(void)
{
	static const struct victim queue = {
		"QUEUE", do_queue, undo_queue, { ENOMEM, EFAULT, EIO }, 2,
	};
	static const struct victim slices = {
		"QUEUE in slices", do_slices, undo_slices,
		{ ENOMEM, EFAULT, EIO }, 2,
	};
	static const struct victim dequeue = {
		"DEQUEUE", do_dequeue, undo_dequeue, { EFAULT }, 1,
	};
	static const struct victim cancel = {
		"CANCEL", do_cancel, undo_nothing, { EFAULT }, 1,
	};
	static const struct victim info = {
		"REGION_INFO", do_region_info, undo_nothing, { EFAULT }, 1,
	};
	struct place place = region_place(64 * KIB);
	struct fpgabuf_dequeue done;

	walk(&queue, &place);
	walk(&slices, &place);
	walk(&info, &place);
	/* The first capture to be dequeued */
	undo_dequeue(&place, 0);
	walk(&dequeue, &place);
	EXPECT(capture_get(place.dev, &done), 0);
	walk(&cancel, &place);
	close(place.fd);
	end(place.dev);
}

static int do_stream(struct place *place)
{
	struct fpgabuf_stream_setup setup = {
		.size = 64 * KIB,
		.count = 2,
		.flags = FPGABUF_STREAM_JOIN,
	};

	return call(place->dev, FPGABUF_IOC_STREAM, &setup);
}

/* A stream it is until it is closed. */
static void undo_stream(struct place *place, int ret)
{
	if (!ret) {
		close(place->dev);
		place->dev = device_open(0);
	}
	EXPECT(device_used(place->dev), 0);
	CU_ASSERT(!dmabufs_left());
}

/* Both regions, so that both are queued again */
static int do_read(struct place *place)
{
	ssize_t n = read(place->dev, place->mem, 128 * KIB);

	place->size = n < 0 ? 0 : n;
	return n < 0 ? -errno : 0;
}

/* And no byte is lost, or comes twice: fd is where the stream should be. */
static void undo_read(struct place *place, int ret)
{
	(void)ret;
	CU_ASSERT(is_pattern(place->mem, place->size, place->fd));
	place->fd += place->size;
}

static int do_splice(struct place *place)
{
	struct pollfd pfd = { .fd = place->dev, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, 20000) < 0)
		return -errno;
	n = splice(place->dev, NULL, place->other, NULL, 4096, 0);
	return n < 0 ? -errno : n == 4096 ? 0 : -EIO;
}

static void undo_splice(struct place *place, int ret)
{
	if (ret)
		return;
	EXPECT(read(place->flags, place->mem, 4096), 4096);
	CU_ASSERT(is_pattern(place->mem, 4096, place->fd));
	place->fd += 4096;
}

static int do_stream_info(struct place *place)
{
	struct fpgabuf_stream_info info = { .flags = FPGABUF_STREAM_GO_ON };

	return call(place->dev, FPGABUF_IOC_STREAM_INFO, &info);
}

static void streams(void)
{
	static const struct victim stream = {
		"STREAM", do_stream, undo_stream, { ENOMEM, EFAULT, EIO }, 2,
	};
	static const struct victim reading = {
		"read() of a stream", do_read, undo_read, { EFAULT }, 1,
	};
	static const struct victim splicing = {
		"splice() of a stream", do_splice, undo_splice,
		{ EFAULT, ENOMEM }, 0,
	};
	static const struct victim info = {
		"STREAM_INFO", do_stream_info, undo_nothing, { EFAULT }, 1,
	};
	struct place place = { .dev = device_open(0) };
	int pipes[2];

	sim_source("pattern");
	walk(&stream, &place);
	place.mem = malloc(128 * KIB);
	REQUIRE(!place.mem, false);
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	sim_source("pattern");
	REQUIRE(do_stream(&place), 0);
	walk(&reading, &place);
	place.flags = pipes[0];
	place.other = pipes[1];
	walk(&splicing, &place);
	walk(&info, &place);
	close(pipes[0]);
	close(pipes[1]);
	free(place.mem);
	undo_stream(&place, 0);
	end(place.dev);
}

/* A region that is registered, and has no baseline */
static void pin(struct place *place)
{
	struct iovec iov = { .iov_len = place->size };

	place->fd = region_alloc(place->dev, place->size);
	place->mem = region_map(place->fd, place->size);
	iov.iov_base = place->mem;
	REQUIRE(uring_open(&place->ring), 0);
	REQUIRE(uring_register(&place->ring, &iov, 1), 0);
}

static void unpin(struct place *place)
{
	EXPECT(uring_unregister(&place->ring), 0);
	uring_close(&place->ring);
	munmap(place->mem, place->size);
	close(place->fd);
}

static int do_baseline(struct place *place)
{
	struct fpgabuf_baseline baseline = { .fd = place->fd };

	return call(place->dev, FPGABUF_IOC_BASELINE, &baseline);
}

/* It has been recorded, or nothing has. */
static void undo_baseline(struct place *place, int ret)
{
	EXPECT(region_info(place->dev, place->fd).standing > 0, !ret);
	if (ret)
		return;
	unpin(place);
	pin(place);
}

static void baselines(void)
{
	static const struct victim baseline = {
		"BASELINE", do_baseline, undo_baseline, { ENOMEM, EFAULT }, 2,
	};
	struct place place = { .dev = device_open(0), .size = 64 * KIB };

	pin(&place);
	walk(&baseline, &place);
	unpin(&place);
	end(place.dev);
}

static int do_map(struct place *place)
{
	place->mem = mmap(NULL, place->size, PROT_READ | PROT_WRITE,
			  MAP_SHARED, place->fd, 0);
	return place->mem == MAP_FAILED ? -errno : 0;
}

static void undo_map(struct place *place, int ret)
{
	if (!ret)
		munmap(place->mem, place->size);
}

/* Faults, but with an error for the caller instead of another try */
static int do_populate(struct place *place)
{
	return madvise(place->mem, place->size, MADV_POPULATE_WRITE) ? -errno
								      : 0;
}

/* Unmapped, or the next time would find page tables. */
static void undo_populate(struct place *place, int ret)
{
	if (!ret)
		EXPECT(region_info(place->dev, place->fd).mappings,
		       table_entries(place->mem, place->size));
	munmap(place->mem, place->size);
	EXPECT(region_info(place->dev, place->fd).mappings, 0);
	EXPECT(region_info(place->dev, place->fd).in_use, 0);
	place->mem = region_map(place->fd, place->size);
}

static void maps(void)
{
	static const struct victim map = {
		"mmap", do_map, undo_map, { ENOMEM }, 1,
	};
	static const struct victim populate = {
		"page faults", do_populate, undo_populate,
		{ ENOMEM, EFAULT }, 0,
	};
	struct place place = region_place(4 * MIB);

	walk(&map, &place);
	place.mem = region_map(place.fd, place.size);
	walk(&populate, &place);
	munmap(place.mem, place.size);
	close(place.fd);
	end(place.dev);
}

static int do_sync(struct place *place)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_RW | DMA_BUF_SYNC_START,
	};

	return call(place->fd, DMA_BUF_IOCTL_SYNC, &sync);
}

static void undo_sync(struct place *place, int ret)
{
	if (!ret)
		sync_access(place->fd, false);
}

static int do_export(struct place *place)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_READ };
	int ret = call(place->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export);

	place->other = export.fd;
	return ret;
}

static void undo_export(struct place *place, int ret)
{
	if (ret)
		return;
	EXPECT(sync_file_status(place->other), 1);
	close(place->other);
}

static void dmabuf_calls(void)
{
	static const struct victim sync = {
		"SYNC", do_sync, undo_sync, { EFAULT }, 1,
	};
	static const struct victim export = {
		"EXPORT_SYNC_FILE", do_export, undo_export,
		{ ENOMEM, EFAULT }, 2,
	};
	struct place place = region_place(64 * KIB);

	capture_run(place.dev, place.fd, 0);
	walk(&sync, &place);
	walk(&export, &place);
	close(place.fd);
	end(place.dev);
}

static void not_imported(struct place *place)
{
	EXPECT(region_info(place->dev, place->fd).importers, 0);
}

static int do_prime(struct place *place)
{
	return drmPrimeFDToHandle(place->other, place->fd, &place->handle) ?
	       -errno : 0;
}

static int card_open(void)
{
	int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	REQUIRE(card < 0 ? -errno : 0, 0);
	return card;
}

/* A handle whose number was lost on the way out goes with the open file. */
static void undo_prime(struct place *place, int ret)
{
	if (!ret) {
		EXPECT(drmCloseBufferHandle(place->other, place->handle), 0);
	} else {
		close(place->other);
		place->other = card_open();
	}
	not_imported(place);
}

static void prime(void)
{
	static const struct victim victim = {
		"import by vgem", do_prime, undo_prime, { ENOMEM, EFAULT }, 2,
	};
	struct place place = region_place(1536 * KIB);

	place.other = card_open();
	walk(&victim, &place);
	close(place.other);
	close(place.fd);
	end(place.dev);
}

static int do_import(struct place *place)
{
	struct importer_import arg = { .fd = place->fd, .max_segment = 4 * KIB };

	return call(place->other, IMPORTER_IMPORT, &arg);
}

/* It has the dma-buf although its answer was lost; else there is none. */
static void undo_import(struct place *place, int ret)
{
	int dropped = call(place->other, IMPORTER_DROP, NULL);

	EXPECT(dropped == 0 || (ret && dropped == -ENXIO), true);
	not_imported(place);
}

static int do_vmap(struct place *place)
{
	uint8_t byte;
	struct importer_read arg = { .buffer = (uintptr_t)&byte, .size = 1 };

	return call(place->other, IMPORTER_VMAP, &arg);
}

static void undo_vmap(struct place *place, int ret)
{
	(void)ret;
	EXPECT(call(place->other, IMPORTER_VUNMAP, NULL), 0);
	EXPECT(region_info(place->dev, place->fd).importers, 1);
}

/*
 * The kernel warns of every exporter that fails to vmap, as if it were a bug to
 * have no memory.  That warning is kept from the console, and no other one.
 */
static void walk_vmap(struct place *place)
{
	static const struct victim vmap = {
		"vmap", do_vmap, undo_vmap, { ENOMEM, EFAULT }, 2,
	};
	int warnings = kmsg_open(), known = kmsg_open();

	EXPECT(klogctl(8, NULL, 4), 0);
	walk(&vmap, place);
	EXPECT(klogctl(8, NULL, 7), 0);
	EXPECT(kmsg_count(warnings, "WARNING: "),
	       kmsg_count(known, " at dma_buf_vmap+"));
	close(warnings);
	close(known);
}

static void imports(void)
{
	static const struct victim import = {
		"import", do_import, undo_import, { ENOMEM, EFAULT }, 2,
	};
	struct place place = region_place(3 * MIB);

	place.other = open("/dev/fpgabuf-test-importer", O_RDWR | O_CLOEXEC);
	REQUIRE(place.other < 0 ? -errno : 0, 0);
	walk(&import, &place);
	REQUIRE(do_import(&place), 0);
	walk_vmap(&place);
	close(place.other);
	not_imported(&place);
	close(place.fd);
	end(place.dev);
}

static int bind_write(int fd)
{
	return pwrite(fd, "fpgabuf.0", 9, 0) == 9 ? 0 : -errno;
}

static int do_bind(struct place *place)
{
	return bind_write(place->fd);
}

static void undo_bind(struct place *place, int ret)
{
	EXPECT(access("/dev/fpgabuf0", F_OK) ? -errno : 0,
	       ret ? -ENOENT : 0);
	if (!ret)
		EXPECT(bind_write(place->other), 0);
}

/* The probe: whatever was missing, another one finds all that it needs. */
static void binds(void)
{
	static const struct victim victim = {
		"bind", do_bind, undo_bind, { ENOMEM, EFAULT }, 1,
	};
	struct place place = {
		.fd = open(DRIVER "bind", O_WRONLY | O_CLOEXEC),
		.other = open(DRIVER "unbind", O_WRONLY | O_CLOEXEC),
	};

	REQUIRE(place.fd < 0 || place.other < 0 ? -errno : 0, 0);
	REQUIRE(bind_write(place.other), 0);
	walk(&victim, &place);
	REQUIRE(bind_write(place.fd), 0);
	close(place.fd);
	close(place.other);
	end(device_open(0));
}

static const struct test tests[] = {
	{ "faults in open and INFO", opens },
	{ "faults in ALLOC, for every kind of memory", allocs },
	{ "faults in ALLOC of CMA", alloc_cma },
	{ "faults in QUEUE, DEQUEUE, CANCEL and REGION_INFO", queues },
	{ "faults in the calls of a stream, and no byte is lost", streams },
	{ "faults in BASELINE", baselines },
	{ "faults in mmap and in page faults", maps },
	{ "faults in SYNC and EXPORT_SYNC_FILE", dmabuf_calls },
	{ "faults in the import by a DRM driver", prime },
	{ "faults in an importer's mappings", imports },
	{ "faults while the driver is bound", binds },
	{ }
};

SUITE(inject,
	.alone = true,
	.title = "faults of the kernel",
	.init = set_up,
	.tests = tests)
