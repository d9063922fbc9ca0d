/* SPDX-License-Identifier: GPL-2.0-only */
/* What matters for a bug report, besides what the checks have found */
#ifndef FPGABUF_DOCTOR_BUNDLE_H
#define FPGABUF_DOCTOR_BUNDLE_H

#include <stdio.h>

#include "doctor/clients.h"
#include "doctor/places.h"

void bundle_print(FILE *out, const struct clients *clients,
		  const struct doctor_places *places);

#endif /* FPGABUF_DOCTOR_BUNDLE_H */
