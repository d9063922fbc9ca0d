/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One of those who get the captures
 *
 * Each peer has a sender of its own, and holds the captures that it has not
 * done with.  A peer that fails says why, and does not hold up the others.
 */
#ifndef FPGABUF_SEND_PEER_H
#define FPGABUF_SEND_PEER_H

#include <poll.h>
#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "send/link.h"
#include "send/source.h"

/**
 * enum peer_state - how far it is
 * @PEER_SENDING: connected
 * @PEER_CLOSING: all was sent; the peer has to acknowledge it
 * @PEER_ABORTING: the connection has failed; the kernel has to let go of pages
 * @PEER_PAUSING: waits before it connects, again or for the first time
 * @PEER_RESOLVING: finds out where the peer is now
 * @PEER_CONNECTING: connects to one of those addresses
 * @PEER_OVER: nothing more will happen
 */
enum peer_state {
	PEER_SENDING,
	PEER_CLOSING,
	PEER_ABORTING,
	PEER_PAUSING,
	PEER_RESOLVING,
	PEER_CONNECTING,
	PEER_OVER,
};

/**
 * enum acknowledged - who has said that all has arrived
 * @BY_NOBODY: it has not, or it is not known
 * @BY_KERNEL: the kernel of the receiving machine; it may not have been read
 * @BY_RECEIVER: the receiver, when it was where it is kept
 */
enum acknowledged { BY_NOBODY, BY_KERNEL, BY_RECEIVER };

/* That of a capture is longer than that of the end, which asks for a receipt. */
#define PARCEL_HEADER_SIZE	FPGABUF_FRAME_CLOCK_SIZE

/**
 * struct parcel - a capture that a peer holds
 * @header: what is sent before it
 * @held: it is held
 * @bytes: its length
 * @skipped: what the header says was left out before it
 * @end: bytes submitted to the sender with it and before
 */
struct parcel {
	uint8_t header[PARCEL_HEADER_SIZE];
	bool held;
	uint64_t bytes;
	uint64_t skipped;
	uint64_t end;
};

/**
 * struct peer - where it is and what it got
 * @options: the command line
 * @source: where the captures come from
 * @endpoint: where it is, as it was given
 * @name: the same in words, or the address it has been found at
 * @addresses: where it may be, from the last time it was looked for
 * @tried: so many of them have been tried
 * @resolving: readable when that is known, or -1
 * @connected: it has been connected
 * @state: how far it is
 * @sock: its socket, or -1
 * @sender: what sends on it, or NULL
 * @parcels: by slot; the last one is for the end
 * @held: captures it holds
 * @gave_ns: when it gave one back, or got one while it held none
 * @slow: the last capture was left out because of that
 * @submitted: bytes submitted on this connection
 * @given_up: the kernel does not let go; what is held comes back all the same
 * @closed: the peer has closed its side
 * @inbox: what it has said
 * @acknowledged: who has acknowledged everything
 * @acknowledged_ns: when it had acknowledged everything, or 0
 * @ending: no further capture will come
 * @broken: because of a failure: the stream must not look complete
 * @next: number the next capture should have
 * @skipped: bytes left out since the last header
 * @skipped_bytes: bytes left out in all
 * @skipped_captures: captures left out in all
 * @position: a number that changes when something is getting on
 * @moved_ns: when it last did
 * @due_ns: when to go on although nothing happened, or 0
 * @attempts: attempts to connect again, in a row
 * @backoff_ns: how long the last pause was
 * @reconnects: how often it was connected again
 * @error: why it has failed, or 0
 * @unreachable: because it could not be connected to
 * @earlier: of the connections before this one
 * @engine: what sends
 * @why: why that one
 * @obstacle: what makes zero-copy a copy, or ""
 */
struct peer {
	const struct send_options *options;
	const struct source *source;
	const struct endpoint *endpoint;
	char name[ENDPOINT_NAME_SIZE];
	struct addresses addresses;
	unsigned int tried;
	int resolving;
	bool connected;
	enum peer_state state;
	int sock;
	struct fpgabuf_sender *sender;
	struct parcel *parcels;
	unsigned int held;
	int64_t gave_ns;
	bool slow;
	uint64_t submitted;
	bool given_up;
	bool closed;
	struct link_inbox inbox;
	enum acknowledged acknowledged;
	int64_t acknowledged_ns;
	bool ending;
	bool broken;
	uint64_t next;
	uint64_t skipped;
	uint64_t skipped_bytes;
	uint64_t skipped_captures;
	uint64_t position;
	int64_t moved_ns;
	int64_t due_ns;
	unsigned int attempts;
	int64_t backoff_ns;
	unsigned int reconnects;
	int error;
	bool unreachable;
	struct fpgabuf_sender_stats earlier;
	enum fpgabuf_engine engine;
	char why[160];
	char obstacle[96];
};

/* Connects; -1 after having said why not.  With --reconnect that may take longer. */
int peer_open(struct peer *peer, const struct endpoint *endpoint,
	      const struct send_options *options,
	      const struct source *source);
void peer_close(struct peer *peer);

/* Sends a capture, and holds it if this returns true; else it is left out. */
bool peer_give(struct peer *peer, const struct fpgabuf_capture *capture);

/* Leaves a capture out. */
void peer_skip(struct peer *peer, const struct fpgabuf_capture *capture);

/*
 * No further capture will come: ends the connection when all is sent; with a reset,
 * and no end of the stream, if it is @broken.
 */
void peer_end(struct peer *peer, bool broken);

/* What to wait for; fd is -1 if it is only the time. */
struct pollfd peer_pollfd(const struct peer *peer);

/* When to call peer_step() although nothing happened, or 0. */
int64_t peer_due_ns(const struct peer *peer);

/* Goes on; @revents is what poll() reported. */
void peer_step(struct peer *peer, short revents);

/*
 * For a source that sends by itself, see &source_kind.pump: how many bytes wait for the
 * socket, and how many it has taken.
 */
void peer_spliced(struct peer *peer, size_t waiting, size_t taken);

/* The same: sending has failed. */
void peer_lost(struct peer *peer, int err);

/* Takes back a capture that the peer is done with: 1, or 0 if none. */
int peer_reap(struct peer *peer, unsigned int *slot);

/* When all has been reaped: does what had to wait for that. */
void peer_settle(struct peer *peer);

/* Sums up all its connections. */
void peer_stats(const struct peer *peer, struct fpgabuf_sender_stats *stats);

#endif /* FPGABUF_SEND_PEER_H */
