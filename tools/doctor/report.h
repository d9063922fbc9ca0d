/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows what the checks have found. */
#ifndef FPGABUF_DOCTOR_REPORT_H
#define FPGABUF_DOCTOR_REPORT_H

#include <stdio.h>

#include "doctor/findings.h"

void findings_text(FILE *out, const struct findings *findings);
void findings_json(FILE *out, const struct findings *findings);

#endif /* FPGABUF_DOCTOR_REPORT_H */
