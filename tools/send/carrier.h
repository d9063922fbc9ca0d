/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What carries the captures to a peer: a socket, or RDMA
 *
 * Of a peer it changes @sock and @sender, or @rdma.  Calls that return an int return 0
 * or a negative errno, if nothing else is said.
 */
#ifndef FPGABUF_SEND_CARRIER_H
#define FPGABUF_SEND_CARRIER_H

#include "send/peer.h"

/* In place of a slot: the end of a framed stream */
#define CARRIER_END	UINT64_MAX

/**
 * struct carrier - functions of a kind
 * @connect: connects, and waits for that; an error is for endpoint_explain()
 * @connect_start: begins to connect to an address
 * @connect_finish: is it done?  -EAGAIN: not yet
 * @begin: it is connected: names the peer, gets ready to send, and notes the engine
 * @note: notes in the peer which engine it is now, and why
 * @submit: sends a capture, behind @size bytes of a header unless they are 0
 * @submit_end: sends @end_header of the peer, the end of a framed stream
 * @reap: takes back what was sent: the slot or %CARRIER_END; false: nothing
 * @run: goes on with sending
 * @abort: ends the connection, so that all that was submitted comes back
 * @stats: what was sent on this connection; its bytes are what @submitted counts
 * @shut: nothing more will be sent
 * @unacknowledged: how much the peer has not acknowledged, or a negative errno
 * @closed: looks for receipts; 1: the peer has closed; 0: not yet; or a negative errno
 * @hang_up: forgets the connection, with a reset if the stream is broken
 * @pollfd: what to poll
 */
struct carrier {
	int (*connect)(struct peer *peer);
	int (*connect_start)(struct peer *peer, const struct address *address);
	int (*connect_finish)(struct peer *peer);
	int (*begin)(struct peer *peer);
	void (*note)(struct peer *peer);
	int (*submit)(struct peer *peer, const void *header, size_t size,
		      const struct fpgabuf_capture *capture);
	int (*submit_end)(struct peer *peer);
	bool (*reap)(struct peer *peer, uint64_t *token);
	int (*run)(struct peer *peer);
	void (*abort)(struct peer *peer);
	void (*stats)(const struct peer *peer,
		      struct fpgabuf_sender_stats *stats);
	int (*shut)(struct peer *peer);
	int (*unacknowledged)(struct peer *peer);
	int (*closed)(struct peer *peer);
	void (*hang_up)(struct peer *peer);
	struct pollfd (*pollfd)(const struct peer *peer);
};

extern const struct carrier carrier_socket;
extern const struct carrier carrier_rdma;

#endif /* FPGABUF_SEND_CARRIER_H */
