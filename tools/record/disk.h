/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes and syncs that the kernel does while the program goes on
 *
 * They are begun in the order in which they are given, and each only when the one
 * before has ended as it should.  So a file has no hole, whenever the program is killed.
 * One that has not ended so cancels (-ECANCELED) some of those behind it.  Without
 * io_uring, each is done before the call returns.
 */
#ifndef FPGABUF_RECORD_DISK_H
#define FPGABUF_RECORD_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct disk;

/**
 * struct disk_request - a write or a sync; it stays where it is until it is done
 * @fd: the file
 * @addr: the bytes to write; a sync has none
 * @len: how many
 * @buffer: the number of the registered buffer that they are in, from 1; 0 = none
 * @offset: where in the file
 * @result: when it is done: bytes written, or 0 for a sync; or a negative errno
 * @done: it is done
 * @next: the next one that waits; belongs to the disk
 */
struct disk_request {
	int fd;
	const void *addr;
	size_t len;
	unsigned int buffer;
	uint64_t offset;
	int result;
	bool done;
	struct disk_request *next;
};

/* No request has more bytes. */
#define DISK_MOST_BYTES	((size_t)1 << 30)

/* For @depth requests at once; NULL after a message. */
struct disk *disk_open(unsigned int depth);
void disk_close(struct disk *disk);

/* Does the kernel write while the program goes on? */
bool disk_is_async(const struct disk *disk);

/*
 * The kernel holds these buffers from now on, until they are forgotten or the disk is
 * closed: 0 or a negative errno.
 */
int disk_register(struct disk *disk, const struct iovec *buffers,
		  unsigned int count);
void disk_forget(struct disk *disk);

void disk_write(struct disk *disk, struct disk_request *request);
void disk_sync(struct disk *disk, struct disk_request *request);

/* Readable when something is done; -1: there is nothing to wait for. */
int disk_fd(const struct disk *disk);

/* Marks what is done. */
void disk_collect(struct disk *disk);

/* Waits until one more is done. */
void disk_wait(struct disk *disk);

#endif /* FPGABUF_RECORD_DISK_H */
