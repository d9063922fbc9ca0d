/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SHOW_REPORT_H
#define FPGABUF_SHOW_REPORT_H

#include <stdio.h>

#include "show/viewer.h"

/* Prints the summary in the form that the options ask for.  @ok: nothing failed. */
void report_print(FILE *out, const struct viewer *viewer, bool ok);

#endif /* FPGABUF_SHOW_REPORT_H */
