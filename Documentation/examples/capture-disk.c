// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture-disk FILE COUNT >INDEX
 *
 * Writes captures to a disk, from the memory that the FPGA has written to
 * (O_DIRECT); nothing goes through the page cache.  Several writes are in flight
 * while the FPGA fills other regions.
 *
 * Each capture begins at a new block.  The index has a line for each: its number,
 * its offset, its bytes, "gap" if samples may be missing before it, and "timeout"
 * if it ended before it was full.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

/* Disks are fast with whole blocks, large writes, and several at a time. */
#define BLOCK		4096U
#define WRITERS		4

/* All threads share it; @lock guards the members after it. */
struct job {
	struct fpgabuf_ring *ring;
	int file;
	pthread_mutex_t lock;
	off_t end;
};

static const struct fpgabuf_ring_setup setup = {
	.regions = 2 * WRITERS,
	.access = O_RDWR,
	.prot = PROT_READ,
	.timeout_ms = 1000,
	.max_failures = 1,
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

/* Waits for the next capture; false: there are no more. */
static bool wait_capture(struct job *job, struct fpgabuf_capture *c)
{
	int ret;

	do {
		ret = fpgabuf_ring_wait(job->ring, c, -1);
	} while (ret == -EINTR);
	if (ret == -ENODATA)
		return false;
	if (ret)
		errx(1, "%s: %s", fpgabuf_ring_why(job->ring), strerror(-ret));
	return true;
}

/* The next capture, and its place in the file and the index */
static bool take(struct job *job, struct fpgabuf_capture *c, off_t *offset)
{
	bool more;

	pthread_mutex_lock(&job->lock);
	more = wait_capture(job, c);
	if (more) {
		*offset = job->end;
		job->end += (c->bytes + BLOCK - 1) / BLOCK * BLOCK;
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "%s%s\n",
		       c->sequence, (uint64_t)*offset, c->bytes,
		       c->status & FPGABUF_CAPTURE_GAP ? " gap" : "",
		       c->status & FPGABUF_CAPTURE_TIMEOUT ? " timeout" : "");
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
		/* The space left on a full disk is not always whole blocks. */
		if (n % BLOCK)
			errx(1, "write: the disk is full");
		data += n;
		size -= n;
		offset += n;
	}
}

/* The rest of the last block has old bytes of the region. */
static void *write_captures(void *arg)
{
	struct job *job = arg;
	struct fpgabuf_capture c;
	off_t offset = 0;

	while (take(job, &c, &offset)) {
		write_all(job->file, c.addr,
			  (c.bytes + BLOCK - 1) / BLOCK * BLOCK, offset);
		fpgabuf_ring_give(job->ring, c.slot);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct job job = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct fpgabuf_device *device;
	pthread_t threads[WRITERS];
	unsigned int i;

	if (argc != 3)
		errx(2, "usage: capture-disk FILE COUNT >INDEX");
	job.file = open(argv[1], O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC,
			0666);
	if (job.file < 0)
		err(1, "%s", argv[1]);
	check(fpgabuf_device_open(NULL, O_NONBLOCK, &device),
	      FPGABUF_DEFAULT_DEVICE);
	check(fpgabuf_ring_create(device, &setup, &job.ring), "regions");
	fpgabuf_ring_limit(job.ring, strtoull(argv[2], NULL, 10), 0);
	for (i = 0; i < WRITERS; i++)
		if (pthread_create(&threads[i], NULL, write_captures, &job))
			errx(1, "cannot make a thread");
	for (i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	if (fsync(job.file))
		err(1, "%s", argv[1]);
	if (fflush(stdout))
		err(1, "index");
	return 0;
}
