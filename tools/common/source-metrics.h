/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics of a source or of a ring, for Prometheus */
#ifndef FPGABUF_COMMON_SOURCE_METRICS_H
#define FPGABUF_COMMON_SOURCE_METRICS_H

#include "common/metrics.h"
#include "common/source.h"

/**
 * struct source_figures - what was counted
 * @worth: what is known of gaps
 */
struct source_figures {
	uint64_t captures;
	uint64_t bytes;
	uint64_t gaps;
	enum gaps_worth worth;
	uint64_t partial;
	uint64_t timeouts;
	uint64_t failures;
	uint64_t busy_retries;
	uint64_t regions;
	uint64_t region_size;
};

void source_metrics(struct metrics *metrics, const struct source_figures *n);

/* The same of a source */
void source_metrics_of(struct metrics *metrics, const struct source *source);

#endif /* FPGABUF_COMMON_SOURCE_METRICS_H */
