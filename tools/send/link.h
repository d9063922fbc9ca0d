/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket of a peer: connecting and closing it. */
#ifndef FPGABUF_SEND_LINK_H
#define FPGABUF_SEND_LINK_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/resolve.h"
#include "send/options.h"

/**
 * struct link_inbox - data from the peer
 * @bytes: the beginning of a receipt
 * @have: how many bytes of it have come
 * @other: the peer has sent something that is not a receipt
 * @answered: a receipt has come
 * @receipt: the last one
 */
struct link_inbox {
	uint8_t bytes[FPGABUF_FRAME_RECEIPT_SIZE];
	size_t have;
	bool other;
	bool answered;
	struct fpgabuf_frame_receipt receipt;
};

/* Connects and waits: returns a socket, or an error for endpoint_explain(). */
int link_connect(const struct endpoint *peer, const struct send_options *o);

/*
 * Why the kernel copies on the way to a peer, or "".  Asks the routing table, and sends
 * nothing.  Not 0 if there is no way.
 */
int link_obstacle(const struct endpoint *peer, char *text, size_t size);

/* Begins to connect; a socket or a negative errno. */
int link_reconnect(const struct address *address, const struct send_options *o);

/* The address of the peer, as a text. */
void link_name(int sock, char name[ENDPOINT_NAME_SIZE]);

/* The error that a socket has pending, or 0. */
int link_error(int sock);

/* Bytes the peer has not acknowledged, our FIN among them; or -errno. */
int link_unacknowledged(int sock);

/*
 * Looks for receipts in the data from the peer.  1: it has closed; 0: not yet; or the
 * negative errno that the connection ended with.
 */
int link_closed(int sock, struct link_inbox *inbox);

/* Data have come behind what @inbox has. */
void link_got(struct link_inbox *inbox, size_t n);

/* Closes the socket so that the peer cannot take it for the end of the stream. */
void link_reset(int sock);

#endif /* FPGABUF_SEND_LINK_H */
