/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_PLAN_REPORT_H
#define FPGABUF_PLAN_REPORT_H

#include <stdio.h>

#include "plan/limits.h"

/* @device: its INFO, or NULL */
void report_text(FILE *out, const struct stream *stream,
		 const struct plan *plan, const struct limits *limits,
		 const struct fpgabuf_info *device);
void report_json(FILE *out, const struct stream *stream,
		 const struct plan *plan, const struct limits *limits,
		 const struct fpgabuf_info *device);

#endif /* FPGABUF_PLAN_REPORT_H */
