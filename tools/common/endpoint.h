/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two ends of a connection by TCP or a Unix socket, from a word on the
 * command line to a descriptor.
 */
#ifndef FPGABUF_COMMON_ENDPOINT_H
#define FPGABUF_COMMON_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address;

/**
 * struct endpoint - a host and a port, or a Unix socket
 * @host: name or address, without the brackets of [::1]:80; "" = none given
 * @port: decimal number
 * @path: of a Unix socket, or ""; then the others are ""
 */
struct endpoint {
	char host[256];
	char port[6];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Room for endpoint_text(), the NUL included. */
#define ENDPOINT_TEXT_SIZE	(256 + 6 + 3)

/* Room for endpoint_name(), the NUL included. */
#define ENDPOINT_NAME_SIZE	128

/*
 * Reads HOST:PORT, [ADDRESS]:PORT or PORT; an IPv6 address needs the brackets.
 * Or unix:PATH.
 * -EINVAL: not of this form.
 */
int endpoint_parse(const char *text, struct endpoint *endpoint);

/* Writes the endpoint as on the command line. */
void endpoint_text(const struct endpoint *endpoint,
		   char text[ENDPOINT_TEXT_SIZE]);

/* Is it a link-local address without the interface that it needs? */
bool endpoint_lacks_scope(const struct endpoint *endpoint);

/*
 * Connects to the first address of @endpoint that answers, waiting @timeout_ms for
 * each.  Returns a non-blocking socket, or an error for endpoint_explain().
 */
int endpoint_connect(const struct endpoint *endpoint, int timeout_ms);

/*
 * Begins to connect to an address, of any family.  Returns a non-blocking socket,
 * whose SO_ERROR has the result when it is writable, or a negative errno.
 */
int endpoint_connect_start(const struct address *address);

/* Prints why it failed, and the remedy. */
void endpoint_explain(const struct endpoint *endpoint, int err);

/*
 * Listens at the first address of @endpoint that can be bound.  Returns a
 * non-blocking socket, or -1 after a message.
 */
int endpoint_listen(const struct endpoint *endpoint);

/* Writes an address as ADDRESS:PORT or unix:PATH. */
void endpoint_name(const struct sockaddr *addr, socklen_t len,
		   char name[ENDPOINT_NAME_SIZE]);

#endif /* FPGABUF_COMMON_ENDPOINT_H */
