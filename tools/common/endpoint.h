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

/* Says where, in the words of the command line. */
void endpoint_text(const struct endpoint *endpoint,
		   char text[ENDPOINT_TEXT_SIZE]);

/* Is it a link-local address, which says nothing without its interface? */
bool endpoint_lacks_scope(const struct endpoint *endpoint);

/*
 * Connects to the first address of @endpoint that answers, giving each of them
 * @timeout_ms.  Returns a non-blocking socket, or what endpoint_explain() knows.
 */
int endpoint_connect(const struct endpoint *endpoint, int timeout_ms);

/*
 * Begins to connect to an address, of any family.  Returns a non-blocking
 * socket, whose SO_ERROR says how it went when it is writable, or a negative
 * errno.
 */
int endpoint_connect_start(const struct address *address);

/* Says why it did not go well, and what helps. */
void endpoint_explain(const struct endpoint *endpoint, int err);

/*
 * Listens at the first address of @endpoint that can be bound.  Returns a
 * non-blocking socket, or -1 after having said why.
 */
int endpoint_listen(const struct endpoint *endpoint);

/* Writes an address as ADDRESS:PORT or unix:PATH. */
void endpoint_name(const struct sockaddr *addr, socklen_t len,
		   char name[ENDPOINT_NAME_SIZE]);

#endif /* FPGABUF_COMMON_ENDPOINT_H */
