/* SPDX-License-Identifier: GPL-2.0-only */
/* Where peers connect to: a TCP port, or a path of a Unix socket. */
#ifndef FPGABUF_RECV_LISTENER_H
#define FPGABUF_RECV_LISTENER_H

#include <stdbool.h>

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

/* Takes the place.  Returns 0, or -1 after having said why not. */
int listener_open(struct listener *listener, const struct recv_options *o);

/*
 * Tells where: as a message, and in the port file.  A signal at @sigfd ends waiting
 * for a reader of that.  Returns 0, or -1 after having said why not.
 */
int listener_announce(const struct listener *listener,
		      const struct recv_options *o, int sigfd);

/* Takes the path away, too. */
void listener_close(struct listener *listener);

/*
 * Takes a connection and tells who it is.  A peer that is not there any more will
 * be noticed.  Returns a non-blocking socket or a negative errno.
 */
int listener_accept(const struct listener *listener,
		    const struct recv_options *o,
		    char peer[ENDPOINT_NAME_SIZE]);

/* Was it that very connection, or may it be better at another time? */
bool listener_goes_on(int err);

#endif /* FPGABUF_RECV_LISTENER_H */
