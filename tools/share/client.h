/* SPDX-License-Identifier: GPL-2.0-only */
/* A client as the server sees it: its connection, and the captures it holds. */
#ifndef FPGABUF_SHARE_CLIENT_H
#define FPGABUF_SHARE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/wire.h"

/**
 * enum client_state - states of a client
 * @CLIENT_NEW: it has not sent HELLO yet
 * @CLIENT_JOINING: it gets the regions
 * @CLIENT_READY: it gets captures
 * @CLIENT_LEAVING: it has gone, or was disconnected: free it
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
 * @name: its name in messages
 * @state: its state
 * @deadline_ns: when it has to be ready
 * @credits: captures it may hold at once
 * @passed: regions that it got
 * @held: by region, whether it holds a capture there
 * @held_count: how many it holds
 * @told: captures that it got
 * @missed: captures that it missed
 * @missed_before: captures missed since the last message
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
 * message that is invalid, -ECONNRESET the client has gone, ...
 */
int client_receive(const struct client *client,
		   struct fpgabuf_wire_message *message);

/*
 * Sends a message, with a descriptor unless @fd is negative.  -EAGAIN: the client has
 * not read earlier messages.
 */
int client_send(const struct client *client,
		const struct fpgabuf_wire_message *message, int fd);

/* Sends the last message, if the client can still be reached. */
void client_send_end(int fd, enum fpgabuf_wire_reason reason);

#endif /* FPGABUF_SHARE_CLIENT_H */
