/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer that gets the captures
 *
 * Each peer has a connection of its own, and holds the captures that it has not
 * done with.  A peer that fails says why, and does not hold up the others.
 */
#ifndef FPGABUF_SEND_PEER_H
#define FPGABUF_SEND_PEER_H

#include <poll.h>
#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "send/link.h"
#include "common/source.h"

struct carrier;
struct rdma_sender;

/**
 * enum peer_state - states of a peer
 * @PEER_SENDING: connected
 * @PEER_CLOSING: all was sent; waits for the acknowledgement
 * @PEER_ABORTING: the connection has failed; waits until the kernel lets go of pages
 * @PEER_PAUSING: waits before it connects, again or for the first time
 * @PEER_RESOLVING: looks the name up
 * @PEER_CONNECTING: connects to one of its addresses
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
 * enum acknowledged - who has acknowledged all data
 * @BY_NOBODY: some have not arrived, or it is not known
 * @BY_KERNEL: the kernel of the receiving machine; the receiver may not have read them
 * @BY_RECEIVER: the receiver, after it has stored them
 */
enum acknowledged { BY_NOBODY, BY_KERNEL, BY_RECEIVER };

/**
 * struct parcel - a capture that a peer holds
 * @held: the peer holds it
 * @bytes: its length
 * @skipped: bytes left out before it, as in the header
 * @end: bytes submitted to the sender with it and before
 */
struct parcel {
	bool held;
	uint64_t bytes;
	uint64_t skipped;
	uint64_t end;
};

/**
 * struct peer - a peer, its connection, and the captures that it holds
 * @options: the command line
 * @source: where the captures come from
 * @endpoint: the endpoint from the command line
 * @name: the same as a text, or the address that it is connected to
 * @addresses: its addresses, from the last lookup
 * @tried: number of addresses that were tried
 * @resolving: readable when the lookup is complete, or -1
 * @connected: it has been connected
 * @state: how far it is
 * @carrier: how captures get there
 * @begun: it is connected, and ready to send
 * @sock: its socket, or -1
 * @sender: the sender on this socket, or NULL
 * @rdma: its connection by RDMA, or NULL
 * @parcels: by slot
 * @end_header: the header of the end, sent from here
 * @held: captures it holds
 * @gave_ns: when it gave a capture back, or got one while it held none
 * @slow: it was too slow for the last capture
 * @submitted: bytes submitted on this connection
 * @given_up: the kernel does not let go; its captures come back all the same
 * @closed: the peer has closed its side
 * @inbox: data from the peer
 * @acknowledged: who has acknowledged everything
 * @acknowledged_ns: when everything was acknowledged, or 0
 * @ending: no further capture will come
 * @broken: something failed: the stream must not look complete
 * @next: number of the next capture if none is left out
 * @skipped: bytes left out since the last header
 * @skipped_bytes: bytes left out in all
 * @skipped_captures: captures left out in all
 * @position: a number that changes with any progress
 * @moved_ns: when it last changed
 * @due_ns: when to go on although nothing happened, or 0
 * @attempts: attempts to connect again, in a row
 * @backoff_ns: how long the last pause was
 * @reconnects: how often it was connected again
 * @error: why it has failed, or 0
 * @unreachable: it failed because it could not be connected to
 * @earlier: counts of the connections before this one
 * @engine: the engine of the sender
 * @why: why the sender uses it
 * @obstacle: why the kernel copies on this route, or ""
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
	const struct carrier *carrier;
	bool begun;
	int sock;
	struct fpgabuf_sender *sender;
	struct rdma_sender *rdma;
	struct parcel *parcels;
	uint8_t end_header[FPGABUF_FRAME_ASK_SIZE];
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

/* Connects; -1 after a message.  With --reconnect it may connect later. */
int peer_open(struct peer *peer, const struct endpoint *endpoint,
	      const struct send_options *options,
	      const struct source *source);
void peer_close(struct peer *peer);

/*
 * Sends a capture and holds it, or leaves it out and returns false.  @clock is for its
 * header, or NULL: its time is not known.
 */
bool peer_give(struct peer *peer, const struct fpgabuf_capture *capture,
	       const struct fpgabuf_frame_clock *clock);

/* Leaves a capture out. */
void peer_skip(struct peer *peer, const struct fpgabuf_capture *capture);

/*
 * No further capture will come: ends the connection when all is sent; with a reset,
 * and no end of the stream, if it is @broken.
 */
void peer_end(struct peer *peer, bool broken);

/* What to poll; fd is -1 if the peer waits only for a time. */
struct pollfd peer_pollfd(const struct peer *peer);

/* When to call peer_step() although nothing happened, or 0. */
int64_t peer_due_ns(const struct peer *peer);

/* Goes on; @revents is what poll() reported. */
void peer_step(struct peer *peer, short revents);

/* Its source sends by itself, see &source_kind.pump. */
static inline bool peer_is_spliced(const struct peer *peer)
{
	return peer->source->kind->pump;
}

/*
 * For such a source: how many bytes wait for the socket, and how many it has taken.
 */
void peer_spliced(struct peer *peer, size_t waiting, size_t taken);

/* The same: how many bytes the peer has acknowledged. */
uint64_t peer_acknowledged(struct peer *peer);

/* The same: sending has failed. */
void peer_lost(struct peer *peer, int err);

/* Takes back a capture that the peer no longer needs: 1, or 0 if there is none. */
int peer_reap(struct peer *peer, unsigned int *slot);

/* Call it when all was reaped: goes on with steps that waited for that. */
void peer_settle(struct peer *peer);

/* The sum over all its connections. */
void peer_stats(const struct peer *peer, struct fpgabuf_sender_stats *stats);

#endif /* FPGABUF_SEND_PEER_H */
