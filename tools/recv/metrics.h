/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics of all streams, for Prometheus */
#ifndef FPGABUF_RECV_METRICS_H
#define FPGABUF_RECV_METRICS_H

#include <stdbool.h>

#include "common/metrics.h"

/**
 * struct recv_figures - what was counted, of streams that are open and have ended
 * @open: streams that are open
 * @silent: peers that have not sent anything
 * @ended: streams that have ended
 * @failed: how many of these failed, and other failures
 * @bytes: bytes of samples
 * @framed: the next three are known
 * @captures: captures that have come
 * @gaps: captures before which samples may be missing
 * @skipped_captures: captures that the senders left out
 */
struct recv_figures {
	unsigned int open;
	unsigned int silent;
	unsigned int ended;
	unsigned int failed;
	uint64_t bytes;
	bool framed;
	uint64_t captures;
	uint64_t gaps;
	uint64_t skipped_captures;
};

void recv_metrics(struct metrics *metrics, const struct recv_figures *n);

#endif /* FPGABUF_RECV_METRICS_H */
