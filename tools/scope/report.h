/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SCOPE_REPORT_H
#define FPGABUF_SCOPE_REPORT_H

#include "scope/scope.h"

/* Writes the last picture as SVG, if that is wanted: 0, or -1 after a message */
int report_svg(const struct scope *scope);

/* Prints what the options ask for at the end. */
void report_print(const struct scope *scope, bool ok);

#endif /* FPGABUF_SCOPE_REPORT_H */
