// SPDX-License-Identifier: GPL-2.0-only
#include "common/source-metrics.h"
#include "share/metrics.h"
#include "share/server.h"

static void put_device(struct metrics *m, const struct pool *pool)
{
	const struct fpgabuf_ring_counts *counts = &pool->capturing.counts;
	const struct source_figures n = {
		.captures = counts->captures,
		.bytes = counts->bytes,
		.gaps = counts->gaps,
		.worth = controller_gaps(&pool->capturing.info),
		.partial = counts->partial,
		.timeouts = counts->timeouts,
		.failures = counts->failures,
		.busy_retries = counts->busy_retries,
		.regions = pool->region_count,
		.region_size = pool->region_size,
	};

	source_metrics(m, &n);
	metrics_gauge(m, "held_regions", "Regions that clients hold.",
		      pool_held(pool));
}

void share_metrics(struct metrics *metrics, const void *server)
{
	const struct server *s = server;

	put_device(metrics, &s->pool);
	metrics_gauge(metrics, "connected_clients", "Clients that are connected.",
		      s->client_count);
	metrics_counter(metrics, "clients_total", "Clients that were served.",
			s->served);
	metrics_counter(metrics, "refused_clients_total",
			"Connections that were refused.", s->refused);
	metrics_counter(metrics, "malformed_clients_total",
			"Clients that were disconnected because of an invalid message.",
			s->malformed);
	metrics_counter(metrics, "late_clients_total",
			"Clients that were disconnected because they were not ready in time.",
			s->late);
	metrics_counter(metrics, "told_captures_total",
			"Captures that clients got, of all clients together.",
			s->told);
	metrics_counter(metrics, "missed_captures_total",
			"Captures that clients missed, of all clients together.",
			s->missed);
	metrics_counter(metrics, "released_captures_total",
			"Captures that clients gave back.", s->released);
	metrics_counter(metrics, "reclaimed_captures_total",
			"Captures that were taken back from clients that left.",
			s->reclaimed);
}
