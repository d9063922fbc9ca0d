/* SPDX-License-Identifier: GPL-2.0-only */
/* Loopback connections for the tests. */
#ifndef FPGABUF_UNIT_NET_H
#define FPGABUF_UNIT_NET_H

#include <stddef.h>
#include <stdint.h>

/* No wait of a test takes longer, in milliseconds. */
#define PATIENCE_MS	20000

/**
 * struct pair - two connected TCP sockets
 * @sender: the connecting end
 * @peer: the accepting end
 */
struct pair {
	int sender;
	int peer;
};

/* Bytes of the socket buffers, or 0 for the usual.  Exits on error. */
struct pair pair_open(int send_buffer, int receive_buffer);
void pair_close(struct pair *pair);

/* Closes the peer's end so that the sender gets a reset. */
void pair_reset(struct pair *pair);

/* Connects to a port of 127.0.0.1; -1 if that fails. */
int connect_port(int port);

#define TCP_TIMER_NONE		0
#define TCP_TIMER_KEEPALIVE	2

/*
 * The timer, as /proc tells it, of a connection from the port @local to the port
 * @remote, of which one may be 0 for any; -1: there is no such connection.
 */
int tcp_timer(int local, int remote);

/* Waits for @events; returns what came, or 0 if nothing did in time. */
short wait_for(int fd, short events);

/* Where every socket is said to lead, by a network card; "" = where it does. */
void net_pretend(const char *address);

/* Bytes that are different at every offset for a long way. */
void fill_noise(uint8_t *data, size_t len);

#endif /* FPGABUF_UNIT_NET_H */
