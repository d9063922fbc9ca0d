/* SPDX-License-Identifier: GPL-2.0-only */
/* Where peers connect to: a TCP port, or a path of a Unix socket. */
#ifndef FPGABUF_RECV_LISTENER_H
#define FPGABUF_RECV_LISTENER_H

#include "recv/options.h"

/**
 * struct listener - the listening socket
 * @fd: it, non-blocking; -1 when it was closed
 * @path: the path that goes with it, or NULL
 */
struct listener {
	int fd;
	const char *path;
};

/*
 * Listens, and tells where: as a message, and in the port file.  Returns 0, or
 * -1 after having said why not.
 */
int listener_open(struct listener *listener, const struct recv_options *o);

/* Takes the path away, too. */
void listener_close(struct listener *listener);

/*
 * Takes a connection and tells who it is.  Returns a non-blocking socket or a
 * negative errno.
 */
int listener_accept(const struct listener *listener,
		    char peer[ENDPOINT_NAME_SIZE]);

#endif /* FPGABUF_RECV_LISTENER_H */
