// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-disk FILE COUNT >INDEX
 *
 * Writes captures to a disk, which reads them from the memory they were
 * captured into (O_DIRECT); nothing goes through the page cache.  Several
 * writes are on their way while the FPGA fills other regions.
 *
 * Each capture begins at a new block.  The index has a line for each: number,
 * where it begins, how many bytes it has, and "gap" if samples may be missing
 * before it, "timeout" if it ended before it was full.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

/* What a disk likes: whole blocks, not too little and not one at a time */
#define BLOCK		4096U
#define SIZE		(1 << 20)
#define WRITERS		4
#define REGIONS		(2 * WRITERS)

/* An FPGA that has nothing to say for so long ends a capture */
#define TIMEOUT_MS	1000

/* No page of a region is held so long after its write */
#define PATIENCE_MS	2000

/* All threads have it together; @lock guards what is behind it */
struct job {
	struct fpgabuf_device *device;
	struct fpgabuf_region *regions[REGIONS];
	int file;
	uint64_t count;
	pthread_mutex_t lock;
	uint64_t taken;
	off_t end;
	bool gap;
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

/*
 * A page may be held for a moment longer than the write, and the DMA controller
 * may have room for fewer captures: then this one waits for its turn.
 */
static void queue(struct job *job, uint64_t i)
{
	const struct fpgabuf_queue args = {
		.cookie = i,
		.timeout_ms = TIMEOUT_MS,
	};
	unsigned int busy_ms = 0;
	int ret;

	for (;;) {
		ret = fpgabuf_device_queue_with(job->device, job->regions[i],
						&args);
		if (ret != -ENOBUFS &&
		    (ret != -EBUSY || busy_ms++ == PATIENCE_MS))
			break;
		usleep(1000);
	}
	check(ret, "queue");
}

/* Waits for a capture; poll() does so also when all regions are being written. */
static void dequeue(struct job *job, struct fpgabuf_dequeue *capture)
{
	struct pollfd device = {
		.fd = fpgabuf_device_fd(job->device),
		.events = POLLIN,
	};

	while (poll(&device, 1, -1) < 0)
		if (errno != EINTR)
			err(1, "poll");
	check(fpgabuf_device_dequeue(job->device, capture), "dequeue");
	if (capture->error != -ETIMEDOUT)
		check(capture->error, "capture");
}

/* The next capture and its place in the file; false: that was all */
static bool take(struct job *job, struct fpgabuf_dequeue *c, off_t *offset)
{
	bool more;

	pthread_mutex_lock(&job->lock);
	more = job->taken < job->count;
	if (more) {
		dequeue(job, c);
		job->gap |= c->status & FPGABUF_CAPTURE_GAP;
	}
	/* One without bytes is not written, but what it tells is. */
	if (more && c->bytes) {
		*offset = job->end;
		job->end += (c->bytes + BLOCK - 1) / BLOCK * BLOCK;
		job->taken++;
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "%s%s\n",
		       (uint64_t)c->sequence, (uint64_t)*offset,
		       (uint64_t)c->bytes, job->gap ? " gap" : "",
		       c->status & FPGABUF_CAPTURE_TIMEOUT ? " timeout" : "");
		job->gap = false;
	}
	pthread_mutex_unlock(&job->lock);
	return more;
}

static void write_all(int file, const char *data, size_t size, off_t offset)
{
	ssize_t n;

	while (size) {
		n = pwrite(file, data, size, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "write");
		/* What is left of a full disk is not always whole blocks. */
		if (n % BLOCK)
			errx(1, "write: the disk is full");
		data += n;
		size -= n;
		offset += n;
	}
}

static void *write_captures(void *arg)
{
	struct job *job = arg;
	struct fpgabuf_dequeue c;
	off_t offset = 0;

	while (take(job, &c, &offset)) {
		/* The rest of the last block is what was there before. */
		if (c.bytes)
			write_all(job->file,
				  fpgabuf_region_addr(job->regions[c.cookie]),
				  (c.bytes + BLOCK - 1) / BLOCK * BLOCK,
				  offset);
		queue(job, c.cookie);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct job job = { .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[WRITERS];
	unsigned int i;
	void *memory;

	if (argc != 3)
		errx(2, "usage: capture-disk FILE COUNT >INDEX");
	job.count = strtoull(argv[2], NULL, 10);
	job.file = open(argv[1], O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC,
			0666);
	if (job.file < 0)
		err(1, "%s", argv[1]);
	check(fpgabuf_device_open(NULL, 0, &job.device),
	      FPGABUF_DEFAULT_DEVICE);
	for (i = 0; i < REGIONS; i++) {
		check(fpgabuf_device_alloc(job.device, SIZE, &job.regions[i]),
		      "alloc");
		check(fpgabuf_region_map(job.regions[i], PROT_READ, &memory),
		      "map");
	}
	for (i = 0; i < WRITERS; i++)
		if (pthread_create(&threads[i], NULL, write_captures, &job))
			errx(1, "cannot make a thread");
	for (i = 0; i < REGIONS; i++)
		queue(&job, i);
	for (i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	if (fsync(job.file))
		err(1, "%s", argv[1]);
	if (fflush(stdout))
		err(1, "index");
	return 0;
}
