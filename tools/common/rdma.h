/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream of bytes over a reliable connection of RDMA, in both directions
 *
 * librdmacm connects, in the port space of TCP, to the first port of the device that
 * leads there.  Both sides say in their private data how large the buffers are that
 * they receive into, and how many they have: three numbers of 32 bits in network order,
 * the first of them RDMA_MAGIC.  A SEND carries bytes of the stream, at most as many as
 * a buffer has room for, and takes one buffer.  A SEND_WITH_IMM carries none: its number
 * says how many buffers are free again, and RDMA_END in it that no more bytes will come
 * from there.  A number of 0 only asks whether the other side is still there.
 *
 * A connection that ends without RDMA_END has broken off, like a TCP connection that
 * was reset.  No call waits.
 */
#ifndef FPGABUF_COMMON_RDMA_H
#define FPGABUF_COMMON_RDMA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#include "common/resolve.h"

/* "fpgb"; the next version that is not compatible has another one */
#define RDMA_MAGIC	0x66706762u

/* In the number of a SEND_WITH_IMM, the other bits are buffers. */
#define RDMA_END	0x80000000u

/* Most pieces of memory in one SEND */
#define RDMA_PIECES	2

struct rdma_link;

/**
 * struct rdma_setup - how a side of a connection is
 * @buffers: into how many buffers it receives bytes
 * @few: so many of them until rdma_link_grow(), or 0: all from the beginning
 * @size: bytes of each
 * @keepalive_s: seconds of silence before the other side is probed; 0 = never
 * @pd: returns the protection domain to use with a device, or NULL
 * @arg: for @pd.  If @pd is NULL, the connection has a domain of its own
 */
struct rdma_setup {
	unsigned int buffers;
	unsigned int few;
	size_t size;
	unsigned int keepalive_s;
	struct ibv_pd *(*pd)(void *arg, struct ibv_context *device);
	void *arg;
};

/* Begins to connect: a negative errno if that fails at once. */
int rdma_link_connect(const struct address *to, const struct rdma_setup *setup,
		      int timeout_ms, struct rdma_link **link);

/* Takes the connection that an event of a listener asks for, and acknowledges this. */
int rdma_link_accept(struct rdma_cm_event *event,
		     const struct rdma_setup *setup, struct rdma_link **link);

/* Readable when there is something to do, or to read. */
int rdma_link_fd(const struct rdma_link *link);

/*
 * Does what there is to do.  Returns 0, or the negative errno that the connection has
 * ended with; bytes that had come before can still be read.
 */
int rdma_link_run(struct rdma_link *link);

/* Is it connected, or has it been? */
bool rdma_link_is_up(const struct rdma_link *link);

/* The address at the other end */
void rdma_link_name(const struct rdma_link *link, char name[ENDPOINT_NAME_SIZE]);

/* The domain that its memory must be registered in, once it is up */
struct ibv_pd *rdma_link_pd(const struct rdma_link *link);

/* Most bytes in one SEND */
size_t rdma_link_most(const struct rdma_link *link);

/*
 * Sends bytes of registered memory, which stays as it is until they have been
 * acknowledged.  -EAGAIN: the other side has no free buffer, or the device no room.
 */
int rdma_link_send(struct rdma_link *link, struct ibv_sge *pieces, int count);

/* Sends bytes that are copied; a few at a time.  Errors as above. */
int rdma_link_send_copy(struct rdma_link *link, const void *bytes, size_t size);

/* No more bytes will be sent. */
int rdma_link_end(struct rdma_link *link);

/* How many bytes were acknowledged: nothing reads their memory any more. */
uint64_t rdma_link_acknowledged(const struct rdma_link *link);

/* How many SENDs of bytes there were, and how many of them have completed */
uint64_t rdma_link_sends(const struct rdma_link *link);
uint64_t rdma_link_completions(const struct rdma_link *link);

/* Have all bytes been acknowledged, and the end if it was sent? */
bool rdma_link_is_idle(const struct rdma_link *link);

/*
 * Takes bytes that have come: how many; 0 at the end of the stream; -EAGAIN: none are
 * there yet; or the negative errno that the connection has ended with.
 */
ssize_t rdma_link_read(struct rdma_link *link, void *at, size_t size);

/* What rdma_link_read() would do: 1, 0 or a negative errno */
int rdma_link_peek(const struct rdma_link *link);

/*
 * Receives into all of its buffers from now on, which the other side is told: 0, or the
 * negative errno that the connection ends with.
 */
int rdma_link_grow(struct rdma_link *link);

/*
 * No more bytes will be sent, and what comes is of no use: its descriptor is readable
 * when there is something to do, and no longer when there is something to read.
 */
void rdma_link_leave(struct rdma_link *link);

/* Ends the connection: the device reads no memory for it any more. */
void rdma_link_stop(struct rdma_link *link);

/* The same, and forgets it; NULL is nothing. */
void rdma_link_free(struct rdma_link *link);

#endif /* FPGABUF_COMMON_RDMA_H */
