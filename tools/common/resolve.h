/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Resolves names to addresses, now or in the background
 *
 * A name server may be slow, and a program that sends cannot wait for it.
 */
#ifndef FPGABUF_COMMON_RESOLVE_H
#define FPGABUF_COMMON_RESOLVE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/endpoint.h"

#define MAX_ADDRESSES	8

/**
 * struct address - of a socket
 * @addr: the address
 * @len: length of that
 */
struct address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/**
 * struct addresses - where an endpoint may be
 * @list: the best first
 * @count: how many
 */
struct addresses {
	struct address list[MAX_ADDRESSES];
	unsigned int count;
};

/* With @passive to listen at.  Returns 0 or what resolve_strerror() knows. */
int resolve(const struct endpoint *endpoint, bool passive,
	    struct addresses *addresses);

/*
 * Begins to do so, to connect.  Returns a descriptor that can be read when it is
 * done, or a negative errno.
 */
int resolve_start(const struct endpoint *endpoint);

/* Takes the result, if it is there, and closes the descriptor. */
int resolve_finish(int fd, struct addresses *addresses);

/* Is it a failure of the above, rather than of a system call? */
bool is_resolve_error(int err);

/* Words for a negative errno, and for failures of the above. */
const char *resolve_strerror(int err);

#endif /* FPGABUF_COMMON_RESOLVE_H */
