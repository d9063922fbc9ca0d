/* SPDX-License-Identifier: GPL-2.0-only */
/* One peer: its stream, from the socket through the checks to where it goes. */
#ifndef FPGABUF_RECV_CONNECTION_H
#define FPGABUF_RECV_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "recv/checker.h"
#include "recv/framing.h"
#include "recv/options.h"
#include "recv/sink.h"

/**
 * struct connection - a peer
 * @options: the command line
 * @number: which one it is, from 1
 * @sock: its socket, non-blocking; -1 when it has ended
 * @peer: who it is
 * @sink: where its stream goes
 * @framing: the frames, with --framed
 * @checker: the pattern, with --verify
 * @bytes: samples that have come and are good, without headers
 * @start_ns: when it was accepted
 * @heard_ns: when something came last
 * @end_ns: when it ended
 * @failed: something is wrong with it, which has been said
 */
struct connection {
	const struct recv_options *options;
	unsigned int number;
	int sock;
	char peer[ENDPOINT_NAME_SIZE];
	struct sink *sink;
	struct framing framing;
	struct checker checker;
	uint64_t bytes;
	int64_t start_ns;
	int64_t heard_ns;
	int64_t end_ns;
	bool failed;
};

/* Takes over the sink; the socket and the peer are set afterwards. */
struct connection *connection_new(const struct recv_options *options,
				  unsigned int number, struct sink *sink);
void connection_free(struct connection *connection);

/* The clock runs from here. */
void connection_start(struct connection *connection, int sock);

/* Takes what has come, but not for ever.  It may have ended then. */
void connection_receive(struct connection *connection);

/* Ends it before its time; @why goes on with what has come is kept. */
void connection_break(struct connection *connection, const char *why);

#endif /* FPGABUF_RECV_CONNECTION_H */
