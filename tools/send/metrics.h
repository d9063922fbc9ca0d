/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics of a transfer, for Prometheus */
#ifndef FPGABUF_SEND_METRICS_H
#define FPGABUF_SEND_METRICS_H

#include "common/metrics.h"

/* @transfer is a struct transfer. */
void send_metrics(struct metrics *metrics, const void *transfer);

#endif /* FPGABUF_SEND_METRICS_H */
