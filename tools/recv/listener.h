/* SPDX-License-Identifier: GPL-2.0-only */
/* Where peers connect to: a TCP port, or a path of a Unix socket. */
#ifndef FPGABUF_RECV_LISTENER_H
#define FPGABUF_RECV_LISTENER_H

#include <stdbool.h>

#include "recv/by-rdma.h"
#include "recv/options.h"

/**
 * struct listener - the listening socket
 * @fd: it, non-blocking, or what to poll in its place; -1 when it was closed
 * @path: the path that goes with it, or NULL
 * @rdma: with --rdma, where peers connect to
 */
struct listener {
	int fd;
	const char *path;
	struct rdma_listener rdma;
};

/* Begins to listen.  Returns 0, or -1 after a message. */
int listener_open(struct listener *listener, const struct recv_options *o);

/*
 * Publishes the address: as a message, and in the port file.  A signal at @sigfd ends
 * the wait for a reader of this file.  Returns 0, or -1 after a message.
 */
int listener_announce(const struct listener *listener,
		      const struct recv_options *o, int sigfd);

/* Closes the socket, and removes the path. */
void listener_close(struct listener *listener);

/*
 * Accepts a connection, and returns the name of the peer.  Probes find a peer that has
 * gone.  Returns 0 or a negative errno.
 */
int listener_accept(const struct listener *listener,
		    const struct recv_options *o, struct inlet *inlet,
		    char peer[ENDPOINT_NAME_SIZE]);

/* Was it an error of this connection only, or should accepting pause? */
bool listener_goes_on(int err);

#endif /* FPGABUF_RECV_LISTENER_H */
