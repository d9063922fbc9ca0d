/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SHOW_REPORT_H
#define FPGABUF_SHOW_REPORT_H

#include "show/viewer.h"

/* Prints the summary in the form that was asked for.  @ok: all went well. */
void report_print(const struct viewer *viewer, bool ok);

#endif /* FPGABUF_SHOW_REPORT_H */
