/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop between the source and the peers. */
#ifndef FPGABUF_SEND_TRANSFER_H
#define FPGABUF_SEND_TRANSFER_H

#include <stdbool.h>

#include "common/progress.h"
#include "common/stall.h"
#include "common/stats-file.h"
#include "send/peer.h"
#include "send/rate.h"
#include "common/source.h"

/**
 * struct held_slot - a slot that peers may hold
 * @holders: how many peers hold it
 * @since_ns: the end of its capture
 */
struct held_slot {
	unsigned int holders;
	uint64_t since_ns;
};

/**
 * struct holding - how long regions were held, from the end of their capture until
 *	the last peer had acknowledged what was sent from them
 * @count: regions that were held and are free again
 * @total_ns: nanoseconds of all of them together
 * @most_ns: nanoseconds of the longest
 */
struct holding {
	uint64_t count;
	double total_ns;
	uint64_t most_ns;
};

/**
 * struct transfer - state of the loop
 * @source: where the captures come from
 * @peers: where they go
 * @peer_count: how many there are
 * @sigfd: signalfd of SIGINT and SIGTERM, which are blocked
 * @framed: captures have headers
 * @clock: for these headers, read once for captures that are taken together
 * @drop: leave out captures for a peer that is too slow
 * @quiet: say nothing but errors
 * @verbose: report each step
 * @rate: limit of the stream
 * @stop_ns: when to end the capture, or 0
 * @progress: the progress line, started
 * @stats_ns: time between statistics, or 0
 * @stats_due_ns: when to print them again, or 0
 * @tell_stats: prints them
 * @stats_file: where they go for Prometheus
 * @idle: the last turn has slept until it was time
 * @stall: the wait for the next capture, while peers can take it
 * @slots: by slot, its holders; zeroed
 * @held: number of slots that peers hold
 * @noted: of a source that pumps: regions whose holding was noted
 * @holding: how long they were held
 * @ending: no further capture is taken
 * @end_ns: set to the time when every peer had acknowledged everything
 */
struct transfer {
	struct source *source;
	struct peer *peers;
	unsigned int peer_count;
	int sigfd;
	bool framed;
	struct fpgabuf_frame_clock clock;
	bool drop;
	bool quiet;
	bool verbose;
	struct rate rate;
	int64_t stop_ns;
	struct progress progress;
	int64_t stats_ns;
	int64_t stats_due_ns;
	void (*tell_stats)(const struct transfer *transfer);
	struct stats_file stats_file;
	bool idle;
	struct stall stall;
	struct held_slot *slots;
	unsigned int held;
	uint64_t noted;
	struct holding holding;
	bool ending;
	int64_t end_ns;
};

/*
 * Captures and sends until every peer has acknowledged all its data.  Returns 0, or -1
 * after a message; captures from before the failure are sent as far as possible.
 */
int transfer_run(struct transfer *transfer);

#endif /* FPGABUF_SEND_TRANSFER_H */
