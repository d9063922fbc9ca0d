/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server: one thread that waits for the device, the clients and signals
 *
 * A bad or silent client can end only its own connection.
 */
#ifndef FPGABUF_SHARE_SERVER_H
#define FPGABUF_SHARE_SERVER_H

#include "common/progress.h"
#include "common/stall.h"
#include "common/stats-file.h"
#include "share/client.h"
#include "share/listener.h"
#include "share/pool.h"

/**
 * struct server - the server
 * @options: the command line
 * @pool: device and regions
 * @listener: where clients connect
 * @sigfd: signalfd
 * @clients: the clients; holes are NULL
 * @client_count: how many there are
 * @ready_count: how many of them get captures
 * @credits_left: credits that no client has
 * @started: as many clients as --wait says have been connected
 * @stopping: a signal has come
 * @stall: the wait for the next capture
 * @listen_again_ns: accept() failed: when to try again; or 0
 * @stats_due_ns: when to print statistics, or 0
 * @report: prints them
 * @stats_file: where they go for Prometheus
 * @progress: the progress line
 * @idle: the last turn has slept until it was time
 * @accepted: connections that were accepted
 * @served: clients that were made ready
 * @most_clients: most clients at a time
 * @refused: connections that were refused
 * @malformed: clients that were disconnected because of an invalid message
 * @late: clients that were disconnected because they did not send HELLO in time
 * @told: captures that clients got, summed over the clients
 * @missed: captures that clients missed, summed over the clients
 * @released: captures that clients gave back
 * @reclaimed: captures taken back from clients that left
 * @held: regions that clients held at the end
 */
struct server {
	const struct share_options *options;
	struct pool pool;
	struct listener listener;
	int sigfd;
	struct client *clients[MAX_CLIENTS];
	unsigned int client_count;
	unsigned int ready_count;
	unsigned int credits_left;
	bool started;
	bool stopping;
	struct stall stall;
	int64_t listen_again_ns;
	int64_t stats_due_ns;
	void (*report)(const struct server *server);
	struct stats_file stats_file;
	struct progress progress;
	bool idle;
	uint64_t accepted;
	uint64_t served;
	uint64_t most_clients;
	uint64_t refused;
	uint64_t malformed;
	uint64_t late;
	uint64_t told;
	uint64_t missed;
	uint64_t released;
	uint64_t reclaimed;
	uint64_t held;
};

/* Runs until a signal ends it (0), or it cannot go on (negative errno). */
int server_run(struct server *server);

/* serve.c: messages to and from clients */

/* Accepts a new client, or refuses it. */
void serve_connection(struct server *server, int fd, const struct ucred *peer);

/* Reads messages of a client. */
void serve_messages(struct server *server, struct client *client);

/* Sends regions to a client, as many as its socket takes. */
void serve_regions(struct server *server, struct client *client);

/* Sends a capture to all clients, and drops the server's own hold. */
void serve_capture(struct server *server,
		   const struct fpgabuf_capture *capture);

/* Disconnects a client. */
void serve_end(struct server *server, struct client *client,
	       enum fpgabuf_wire_reason reason);

/* Frees the clients that have left. */
void serve_reap(struct server *server);

#endif /* FPGABUF_SHARE_SERVER_H */
