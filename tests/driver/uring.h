/* SPDX-License-Identifier: GPL-2.0-only */
/* io_uring with the calls of the kernel alone, and what stays registered. */
#ifndef GUEST_URING_H
#define GUEST_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/io_uring.h>

/**
 * struct uring - a ring, used by one thread, one operation at a time
 * @fd: the ring
 * @sq: ring of submissions, of one page
 * @cq: ring of completions, the same
 * @sqes: submissions
 * @params: where in them what is
 */
struct uring {
	int fd;
	void *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
	size_t sq_size, cq_size, sqes_size;
};

/* What a completion says: one with a flexible array cannot be returned. */
struct uring_result {
	int res;
	uint32_t flags;
};

bool uring_pins(void);
int uring_open(struct uring *ring);
void uring_close(struct uring *ring);
int uring_register(struct uring *ring, const struct iovec *iov,
		   unsigned int nr);
int uring_unregister(struct uring *ring);
void uring_submit(struct uring *ring, const struct io_uring_sqe *sqe);
struct uring_result uring_wait(struct uring *ring);

/* A submission that sends from, or writes, a registered buffer */
struct io_uring_sqe uring_send(int socket, const void *mem, size_t size,
			       unsigned int index);
struct io_uring_sqe uring_write(int file, const void *mem, size_t size,
				uint64_t offset, unsigned int index);

#endif /* GUEST_URING_H */
