/* SPDX-License-Identifier: GPL-2.0-only */
/* The summaries, for people or as JSON. */
#ifndef FPGABUF_RECV_REPORT_H
#define FPGABUF_RECV_REPORT_H

#include "recv/connection.h"

/**
 * struct totals - all connections together
 * @connections: connections that have ended
 * @failed: how many of these failed, and other failures
 * @bytes: bytes of samples
 * @captures: captures of framed streams
 * @gaps: captures before which samples may be missing
 * @skipped_captures: captures that the senders left out
 * @first_ns: when the first was accepted
 * @last_ns: when the last ended
 */
struct totals {
	unsigned int connections;
	unsigned int failed;
	uint64_t bytes;
	uint64_t captures;
	uint64_t gaps;
	uint64_t skipped_captures;
	int64_t first_ns;
	int64_t last_ns;
};

void totals_add(struct totals *totals, const struct connection *connection);

/* The summary of a connection that has ended. */
void report_connection(const struct recv_options *options,
		       const struct connection *connection);

/* Statistics: open connections, and connections that have ended. */
void report_stats(const struct recv_options *options,
		  const struct totals *totals, struct connection **open,
		  unsigned int count, unsigned int guests);

/* The summary at the end. */
void report_totals(const struct recv_options *options,
		   const struct totals *totals);

#endif /* FPGABUF_RECV_REPORT_H */
