// SPDX-License-Identifier: GPL-2.0-only
/* io_uring with the calls of the kernel alone, and what stays registered. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bed.h"
#include "uring.h"

#define ENTRIES	4

static void *ring_map(int fd, size_t size, off_t offset)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, fd, offset);

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	return mem;
}

int uring_open(struct uring *ring)
{
	struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, p);
	if (ring->fd < 0)
		return -errno;
	ring->sq_size = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
	ring->cq_size = p->cq_off.cqes +
			p->cq_entries * sizeof(struct io_uring_cqe);
	ring->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
	ring->sq = ring_map(ring->fd, ring->sq_size, IORING_OFF_SQ_RING);
	ring->cq = ring_map(ring->fd, ring->cq_size, IORING_OFF_CQ_RING);
	ring->sqes = ring_map(ring->fd, ring->sqes_size, IORING_OFF_SQES);
	return 0;
}

/* Whether this kernel takes mappings of regions as fixed buffers; 6.1 does not. */
bool uring_pins(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	struct iovec iov = { region_map(fd, 4096), 4096 };
	struct uring ring;
	bool pins = false;

	if (!uring_open(&ring)) {
		pins = !uring_register(&ring, &iov, 1);
		uring_close(&ring);
	}
	munmap(iov.iov_base, iov.iov_len);
	close(fd);
	close(dev);
	return pins;
}

void uring_close(struct uring *ring)
{
	munmap(ring->sq, ring->sq_size);
	munmap(ring->cq, ring->cq_size);
	munmap(ring->sqes, ring->sqes_size);
	close(ring->fd);
}

static int ring_register(struct uring *ring, unsigned int what,
			 const void *arg, unsigned int nr)
{
	return syscall(SYS_io_uring_register, ring->fd, what, arg, nr) < 0 ?
	       -errno : 0;
}

int uring_register(struct uring *ring, const struct iovec *iov,
		   unsigned int nr)
{
	return ring_register(ring, IORING_REGISTER_BUFFERS, iov, nr);
}

int uring_unregister(struct uring *ring)
{
	return ring_register(ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

static uint32_t *sq_word(const struct uring *ring, uint32_t offset)
{
	return (uint32_t *)((char *)ring->sq + offset);
}

static uint32_t *cq_word(const struct uring *ring, uint32_t offset)
{
	return (uint32_t *)((char *)ring->cq + offset);
}

void uring_submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *off = &ring->params.sq_off;
	uint32_t tail = *sq_word(ring, off->tail);
	uint32_t index = tail & *sq_word(ring, off->ring_mask);

	ring->sqes[index] = *sqe;
	sq_word(ring, off->array)[index] = index;
	__atomic_store_n(sq_word(ring, off->tail), tail + 1, __ATOMIC_RELEASE);
	REQUIRE(syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0), 1);
}

struct uring_result uring_wait(struct uring *ring)
{
	const struct io_cqring_offsets *off = &ring->params.cq_off;
	uint32_t head = *cq_word(ring, off->head);
	const struct io_uring_cqe *cqe, *cqes = (void *)cq_word(ring, off->cqes);
	struct uring_result result;

	while (__atomic_load_n(cq_word(ring, off->tail), __ATOMIC_ACQUIRE) ==
	       head)
		REQUIRE(syscall(SYS_io_uring_enter, ring->fd, 0, 1,
				IORING_ENTER_GETEVENTS, NULL, 0) < 0 ?
			-errno : 0, 0);
	cqe = &cqes[head & *cq_word(ring, off->ring_mask)];
	result = (struct uring_result){ cqe->res, cqe->flags };
	__atomic_store_n(cq_word(ring, off->head), head + 1, __ATOMIC_RELEASE);
	return result;
}

struct io_uring_sqe uring_send(int socket, const void *mem, size_t size,
			       unsigned int index)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_SEND_ZC,
		.fd = socket,
		.addr = (uintptr_t)mem,
		.len = size,
		.msg_flags = MSG_WAITALL,
		.ioprio = IORING_RECVSEND_FIXED_BUF,
		.buf_index = index,
	};
}

struct io_uring_sqe uring_write(int file, const void *mem, size_t size,
				uint64_t offset, unsigned int index)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_WRITE_FIXED,
		.fd = file,
		.addr = (uintptr_t)mem,
		.len = size,
		.off = offset,
		.buf_index = index,
	};
}
