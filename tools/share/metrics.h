/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics of the server, for Prometheus */
#ifndef FPGABUF_SHARE_METRICS_H
#define FPGABUF_SHARE_METRICS_H

#include "common/metrics.h"

/* @server is a struct server. */
void share_metrics(struct metrics *metrics, const void *server);

#endif /* FPGABUF_SHARE_METRICS_H */
