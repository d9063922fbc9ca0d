// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "common/source-metrics.h"
#include "send/metrics.h"
#include "send/transfer.h"

/* What is counted of each peer */
struct figures {
	uint64_t bytes;
	uint64_t sends;
	uint64_t zerocopy_sends;
	uint64_t copied;
	uint64_t fallback_copies;
	uint64_t skipped_captures;
	uint64_t skipped_bytes;
	uint64_t reconnects;
};

static const struct {
	const char *family;
	const char *help;
	size_t at;
} families[] = {
	{ "sent_bytes_total", "Bytes that were sent to the peer.",
	  offsetof(struct figures, bytes) },
	{ "sends_total", "Calls that sent them.",
	  offsetof(struct figures, sends) },
	{ "zerocopy_sends_total", "How many of these sent without a copy.",
	  offsetof(struct figures, zerocopy_sends) },
	{ "copied_completions_total",
	  "Completions for which the kernel has copied after all.",
	  offsetof(struct figures, copied) },
	{ "fallback_copies_total",
	  "Sends that were copies because the kernel refused to pin memory.",
	  offsetof(struct figures, fallback_copies) },
	{ "skipped_captures_total", "Captures that were left out for the peer.",
	  offsetof(struct figures, skipped_captures) },
	{ "skipped_bytes_total", "Bytes in these captures.",
	  offsetof(struct figures, skipped_bytes) },
	{ "reconnects_total", "How often the peer was connected again.",
	  offsetof(struct figures, reconnects) },
};

static struct figures figures_of(const struct peer *p)
{
	struct fpgabuf_sender_stats st;

	peer_stats(p, &st);
	return (struct figures){
		.bytes = st.bytes,
		.sends = st.sends,
		.zerocopy_sends = st.zerocopy_sends,
		.copied = st.copied,
		.fallback_copies = st.fallback_copies,
		.skipped_captures = p->skipped_captures,
		.skipped_bytes = p->skipped_bytes,
		.reconnects = p->reconnects,
	};
}

/* The samples of a family come together. */
static void put_peers(struct metrics *m, const struct transfer *t)
{
	struct figures n[MAX_PEERS];
	unsigned int i;
	size_t f;

	for (i = 0; i < t->peer_count; i++)
		n[i] = figures_of(&t->peers[i]);
	for (f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		metrics_counters(m, families[f].family, families[f].help);
		for (i = 0; i < t->peer_count; i++)
			metrics_sample(m, "peer", t->peers[i].name, i + 1,
				       *(const uint64_t *)((const char *)&n[i] +
							   families[f].at));
	}
}

static unsigned int count_connected(const struct transfer *t)
{
	unsigned int i, count = 0;

	for (i = 0; i < t->peer_count; i++)
		count += t->peers[i].state == PEER_SENDING;
	return count;
}

void send_metrics(struct metrics *metrics, const void *transfer)
{
	const struct transfer *t = transfer;

	source_count(t->source);
	source_metrics_of(metrics, t->source);
	metrics_gauge(metrics, "held_regions", "Regions that peers hold.",
		      t->held);
	metrics_gauge(metrics, "peers", "Peers to send to.", t->peer_count);
	metrics_gauge(metrics, "connected_peers",
		      "How many of these are connected and get captures.",
		      count_connected(t));
	put_peers(metrics, t);
}
