/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server: one thread that waits for the device, the clients and signals
 *
 * Whatever a client says or leaves out ends that client at worst.
 */
#ifndef FPGABUF_SHARE_SERVER_H
#define FPGABUF_SHARE_SERVER_H

#include "common/progress.h"
#include "common/stall.h"
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
 * @ready_count: those of them that are told of captures
 * @credits_left: what has not been given to any client
 * @started: as many clients as --wait says have been there
 * @stopping: it was told to end
 * @stall: the next capture, while it captures
 * @listen_again_ns: there were no descriptors left: accept again then; or 0
 * @stats_due_ns: when to print statistics, or 0
 * @report: prints them
 * @progress: the progress line
 * @served: clients that were made ready
 * @most_clients: most of them at a time
 * @refused: connections that were not served
 * @malformed: clients that were sent away because of what they said
 * @late: clients that were sent away because they did not say hello
 * @told: captures told, summed over the clients
 * @missed: captures not told, summed over the clients
 * @released: captures given back by message
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
	struct progress progress;
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

/* Runs until it is told to end (0), or cannot go on (negative errno). */
int server_run(struct server *server);

/* serve.c: what clients are told, and say */

/* A connection: takes it in, or sends it away. */
void serve_connection(struct server *server, int fd, const struct ucred *peer);

/* There is something to read from a client. */
void serve_messages(struct server *server, struct client *client);

/* Passes regions to a client, as many as it takes. */
void serve_regions(struct server *server, struct client *client);

/* Tells all clients of a capture, and lets go of it. */
void serve_capture(struct server *server,
		   const struct fpgabuf_capture *capture);

/* Sends a client away. */
void serve_end(struct server *server, struct client *client,
	       enum fpgabuf_wire_reason reason);

/* Frees the clients that have left. */
void serve_reap(struct server *server);

#endif /* FPGABUF_SHARE_SERVER_H */
