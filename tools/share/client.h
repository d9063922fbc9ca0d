/* SPDX-License-Identifier: GPL-2.0-only */
/* A client as the server sees it: its connection, and what it holds. */
#ifndef FPGABUF_SHARE_CLIENT_H
#define FPGABUF_SHARE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/wire.h"

/**
 * enum client_state - how far it has got
 * @CLIENT_NEW: it has to say hello
 * @CLIENT_JOINING: it is being passed the regions
 * @CLIENT_READY: it is told of captures
 * @CLIENT_LEAVING: it has gone, or was sent away: free it
 */
enum client_state {
	CLIENT_NEW,
	CLIENT_JOINING,
	CLIENT_READY,
	CLIENT_LEAVING,
};

/**
 * struct client - a client
 * @fd: its socket, non-blocking
 * @name: what to call it in messages
 * @state: how far it has got
 * @deadline_ns: when it has to be ready
 * @credits: captures it may hold at once
 * @passed: regions it was passed
 * @held: whether it holds a capture in each region
 * @held_count: how many it holds
 * @told: captures it was told of
 * @missed: captures it was not told of
 * @missed_before: those of them that it has not been told the number of
 */
struct client {
	int fd;
	char name[64];
	enum client_state state;
	int64_t deadline_ns;
	uint32_t credits;
	uint32_t passed;
	bool *held;
	uint32_t held_count;
	uint64_t told;
	uint64_t missed;
	uint64_t missed_before;
};

/* NULL if there is no memory; else the socket belongs to the client. */
struct client *client_new(int fd, const struct ucred *peer,
			  unsigned int regions);
void client_free(struct client *client);

/*
 * Returns 1 and a message, 0 if there is none, or a negative errno: -EPROTO a
 * message that makes no sense, -ECONNRESET the client has gone, ...
 */
int client_receive(const struct client *client,
		   struct fpgabuf_wire_message *message);

/*
 * Sends a message, with a descriptor unless @fd is negative.  -EAGAIN: the
 * client has not read those before.
 */
int client_send(const struct client *client,
		const struct fpgabuf_wire_message *message, int fd);

/* The last message, as far as the client can still be reached. */
void client_send_end(int fd, enum fpgabuf_wire_reason reason);

#endif /* FPGABUF_SHARE_CLIENT_H */
