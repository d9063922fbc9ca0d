/* SPDX-License-Identifier: GPL-2.0-only */
/* The two ends of a TCP connection, from HOST:PORT to a descriptor. */
#ifndef FPGABUF_COMMON_ENDPOINT_H
#define FPGABUF_COMMON_ENDPOINT_H

#include <sys/socket.h>

/**
 * struct endpoint - a host and a port
 * @host: name or address, without the brackets of [::1]:80; "" = none given
 * @port: decimal number
 */
struct endpoint {
	char host[256];
	char port[6];
};

/* Room for endpoint_name(), the NUL included. */
#define ENDPOINT_NAME_SIZE	80

/*
 * Reads HOST:PORT, [ADDRESS]:PORT or PORT; an IPv6 address needs the brackets.
 * -EINVAL: not of this form.
 */
int endpoint_parse(const char *text, struct endpoint *endpoint);

/*
 * Connects to the first address of @endpoint that answers, giving each of them
 * @timeout_ms.  Returns a non-blocking socket, or -1 after having said why.
 */
int endpoint_connect(const struct endpoint *endpoint, int timeout_ms);

/*
 * Listens at the first address of @endpoint that can be bound.  Returns a
 * non-blocking socket, or -1 after having said why.
 */
int endpoint_listen(const struct endpoint *endpoint);

/* Writes an address as ADDRESS:PORT. */
void endpoint_name(const struct sockaddr *addr, socklen_t len,
		   char name[ENDPOINT_NAME_SIZE]);

#endif /* FPGABUF_COMMON_ENDPOINT_H */
