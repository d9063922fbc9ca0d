/* SPDX-License-Identifier: GPL-2.0-only */
/* One peer: its stream, from the inlet through the checks to the sink. */
#ifndef FPGABUF_RECV_CONNECTION_H
#define FPGABUF_RECV_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stall.h"
#include "recv/checker.h"
#include "recv/framing.h"
#include "recv/inlet.h"
#include "recv/options.h"
#include "recv/sink.h"

/**
 * struct connection - a peer
 * @options: the command line
 * @number: its number, from 1
 * @inlet: where its stream comes from; closed when it has ended
 * @peer: its address
 * @sink: where its stream goes
 * @framing: the frames, with --framed
 * @checker: the pattern, with --verify
 * @clock: the counter in the captures, with --hw-time
 * @word: that of the capture at hand, as far as it has come
 * @bytes: samples that have come and are good, without headers
 * @start_ns: when it was accepted
 * @heard_ns: when the last bytes came
 * @stall: the wait for its next bytes
 * @end_ns: when it ended
 * @header_left: bytes of the header that the sink has not taken yet
 * @over: nothing more is read; it ends when the sink has written all
 * @promised: a receipt was promised
 * @reported: bytes that the statistics have reported
 * @failed: it has failed, and a message says why
 * @error: this message, or ""
 */
struct connection {
	const struct recv_options *options;
	unsigned int number;
	struct inlet inlet;
	char peer[ENDPOINT_NAME_SIZE];
	struct sink *sink;
	struct framing framing;
	struct checker checker;
	struct hw_clock clock;
	struct hw_word word;
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

/* Takes over the sink; the inlet and the peer are set afterwards. */
struct connection *connection_new(const struct recv_options *options,
				  unsigned int number, struct sink *sink);
void connection_free(struct connection *connection);

/* The clock runs from here. */
void connection_start(struct connection *connection, struct inlet inlet);

/*
 * Should the server read from it?  Not while the sink waits for its own reader.
 */
bool connection_wants(const struct connection *connection);

/* Reads a limited amount of data.  The connection may have ended afterwards. */
void connection_receive(struct connection *connection);

/*
 * The sink goes on, because its reader has, or because it is due.  The connection may
 * have ended afterwards.
 */
void connection_push(struct connection *connection);

/* Reports a stream that has stalled, unless its own reader is the reason. */
void connection_watch(struct connection *connection);

/* Since when nothing has moved, and the cause as a text. */
int64_t connection_idle_since(const struct connection *connection,
			      const char **why);

/* Reads no more; the connection ends when the sink has taken the data. */
void connection_stop(struct connection *connection, const char *why);

/* Ends it early, because of @why, and keeps the data that have come. */
void connection_break(struct connection *connection, const char *why);

#endif /* FPGABUF_RECV_CONNECTION_H */
