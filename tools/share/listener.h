/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket that clients connect to, and who may. */
#ifndef FPGABUF_SHARE_LISTENER_H
#define FPGABUF_SHARE_LISTENER_H

#include <sys/socket.h>

#include "share/options.h"

/**
 * struct listener - the listening socket
 * @fd: the socket, non-blocking
 * @path: its file, to be removed, or NULL if systemd passed the socket
 */
struct listener {
	int fd;
	const char *path;
};

/*
 * Makes the socket, or uses the socket that systemd has passed.  Returns 0, or an exit
 * code after a message.
 */
int listener_open(struct listener *listener,
		  const struct share_options *options);
void listener_close(struct listener *listener);

/*
 * Accepts a connection.  Returns a non-blocking socket and the credentials of the
 * peer, or a negative errno; -EAGAIN if no client waits.
 */
int listener_accept(const struct listener *listener, struct ucred *peer);

/* Does this peer have the right to be served? */
bool rights_allow(const struct share_rights *rights, int fd,
		  const struct ucred *peer);

#endif /* FPGABUF_SHARE_LISTENER_H */
