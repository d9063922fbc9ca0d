// SPDX-License-Identifier: GPL-2.0-only
#include "common/source-metrics.h"

/* Gaps that are not known are left out. */
void source_metrics(struct metrics *metrics, const struct source_figures *n)
{
	metrics_counter(metrics, "captures_total", "Captures that were taken.",
			n->captures);
	metrics_counter(metrics, "captured_bytes_total",
			"Bytes in these captures.", n->bytes);
	if (n->worth != GAPS_UNKNOWN)
		metrics_counter(metrics, "gaps_total",
				"Captures before which samples are missing.",
				n->gaps);
	metrics_counter(metrics, "partial_captures_total",
			"Captures that ended before their region was full.",
			n->partial);
	metrics_counter(metrics, "timeouts_total",
			"Captures that took too long.", n->timeouts);
	metrics_counter(metrics, "capture_errors_total",
			"Captures that failed.", n->failures);
	metrics_counter(metrics, "busy_retries_total",
			"Regions that could not be captured into again at once, because somebody read them.",
			n->busy_retries);
	metrics_gauge(metrics, "regions", "Regions to capture into.",
		      n->regions);
	metrics_gauge(metrics, "region_size_bytes", "Bytes of a region.",
		      n->region_size);
}

void source_metrics_of(struct metrics *metrics, const struct source *source)
{
	const struct source_figures n = {
		.captures = source->counts.captures,
		.bytes = source->counts.bytes,
		.gaps = source->counts.gaps,
		.worth = source->gaps_worth,
		.partial = source->counts.partial,
		.timeouts = source->counts.timeouts,
		.failures = source->counts.failures,
		.busy_retries = source->counts.busy_retries,
		.regions = source->slot_count,
		.region_size = source->region_size,
	};

	source_metrics(metrics, &n);
	metrics_counter(metrics, "missed_captures_total",
			"Captures of an fpgabuf-share that were missed.",
			source->counts.missed);
}
