// SPDX-License-Identifier: GPL-2.0-only
#include "recv/metrics.h"

static void put_frames(struct metrics *m, const struct recv_figures *n)
{
	metrics_counter(m, "captures_total", "Captures that have come.",
			n->captures);
	metrics_counter(m, "gaps_total",
			"Captures before which samples may be missing.", n->gaps);
	metrics_counter(m, "skipped_captures_total",
			"Captures that the senders have left out.",
			n->skipped_captures);
}

void recv_metrics(struct metrics *metrics, const struct recv_figures *n)
{
	metrics_gauge(metrics, "open_streams", "Streams that are open.",
		      n->open);
	metrics_gauge(metrics, "silent_peers",
		      "Peers that have connected, and have not sent anything.",
		      n->silent);
	metrics_counter(metrics, "streams_total", "Streams that have ended.",
			n->ended);
	metrics_counter(metrics, "failures_total",
			"How many of these failed, and other failures.",
			n->failed);
	metrics_counter(metrics, "received_bytes_total",
			"Bytes of samples that have come.", n->bytes);
	if (n->framed)
		put_frames(metrics, n);
}
