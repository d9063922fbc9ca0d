/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics of a recorder, for Prometheus */
#ifndef FPGABUF_RECORD_METRICS_H
#define FPGABUF_RECORD_METRICS_H

#include "common/metrics.h"

/* @recorder is a struct recorder. */
void record_metrics(struct metrics *metrics, const void *recorder);

#endif /* FPGABUF_RECORD_METRICS_H */
