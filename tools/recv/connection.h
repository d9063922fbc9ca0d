/* SPDX-License-Identifier: GPL-2.0-only */
/* One peer: its stream, from the socket through the checks to where it goes. */
#ifndef FPGABUF_RECV_CONNECTION_H
#define FPGABUF_RECV_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stall.h"
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
 * @stall: its next bytes
 * @end_ns: when it ended
 * @header_left: bytes of the header that the sink has not taken yet
 * @over: nothing more of it is read; the sink has to be done with it
 * @promised: a receipt was promised
 * @reported: bytes that the statistics have told of
 * @failed: something is wrong with it, which has been said
 * @error: what that was, or ""
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
	struct stall stall;
	int64_t end_ns;
	size_t header_left;
	bool over;
	bool promised;
	uint64_t reported;
	bool failed;
	char error[256];
};

/* Takes over the sink; the socket and the peer are set afterwards. */
struct connection *connection_new(const struct recv_options *options,
				  unsigned int number, struct sink *sink);
void connection_free(struct connection *connection);

/* The clock runs from here. */
void connection_start(struct connection *connection, int sock);

/*
 * Is it to be read from?  Not when whoever reads what is written has to get on
 * first.
 */
bool connection_wants(const struct connection *connection);

/* Takes what has come, but not for ever.  It may have ended then. */
void connection_receive(struct connection *connection);

/*
 * The sink is to go on, be it because its reader has, or because it is time.  It may
 * have ended then, too.
 */
void connection_push(struct connection *connection);

/* Says so if nothing comes, and that is not because of what is written. */
void connection_watch(struct connection *connection);

/* Since when nothing has moved, and whose fault that is, in words. */
int64_t connection_idle_since(const struct connection *connection,
			      const char **why);

/* Nothing more is read of it; it ends when what was has been taken. */
void connection_stop(struct connection *connection, const char *why);

/* Ends it before its time; @why goes on with what has come is kept. */
void connection_break(struct connection *connection, const char *why);

#endif /* FPGABUF_RECV_CONNECTION_H */
