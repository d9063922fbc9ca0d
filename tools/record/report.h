/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary, for people or as JSON. */
#ifndef FPGABUF_RECORD_REPORT_H
#define FPGABUF_RECORD_REPORT_H

#include "record/recorder.h"

/* The summary so far, as statistics */
void report_stats(const struct recorder *recorder);

/* The summary at the end */
void report_print(const struct recorder *recorder, bool ok);

#endif /* FPGABUF_RECORD_REPORT_H */
