/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection that a stream comes by: a socket, or RDMA. */
#ifndef FPGABUF_RECV_INLET_H
#define FPGABUF_RECV_INLET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct inlet;
struct rdma_link;

/*
 * struct inlet_kind - the functions of a kind, see the calls below.  One that closes at
 * once needs no gone().
 */
struct inlet_kind {
	ssize_t (*read)(const struct inlet *inlet, void *at, size_t len);
	int (*peek)(const struct inlet *inlet);
	void (*say)(const struct inlet *inlet, const void *bytes, size_t len);
	void (*close)(struct inlet *inlet);
	bool (*gone)(const struct inlet *inlet);
	void (*reset)(struct inlet *inlet);
};

/**
 * struct inlet - a connection
 * @kind: its functions
 * @fd: the socket, or what to poll in its place; -1 when it was closed
 * @going: when it was closed: what to poll until it is gone, or -1: it is gone
 * @rdma: the connection, if it is one by RDMA
 */
struct inlet {
	const struct inlet_kind *kind;
	int fd;
	int going;
	struct rdma_link *rdma;
};

extern const struct inlet_kind inlet_socket;
extern const struct inlet_kind inlet_rdma;

/*
 * Takes bytes: how many; 0 at the end of the stream; or a negative errno, -EAGAIN if
 * there are none yet.
 */
ssize_t inlet_read(const struct inlet *inlet, void *at, size_t len);

/* What that would do: 1, 0 or a negative errno */
int inlet_peek(const struct inlet *inlet);

/* Says something to the peer, if there is room for it. */
void inlet_say(const struct inlet *inlet, const void *bytes, size_t len);

/*
 * Closes it so that the peer sees the end.  That may take a while: poll @going, and ask
 * whether the peer has seen it, or never will.  Then it is still to be reset.
 */
void inlet_close(struct inlet *inlet);
bool inlet_gone(const struct inlet *inlet);

/* Closes it so that the peer sees a failure, and at once. */
void inlet_reset(struct inlet *inlet);

#endif /* FPGABUF_RECV_INLET_H */
