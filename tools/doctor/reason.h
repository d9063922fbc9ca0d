/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a device is not bound to the driver */
#ifndef FPGABUF_DOCTOR_REASON_H
#define FPGABUF_DOCTOR_REASON_H

#include "doctor/findings.h"
#include "doctor/places.h"

/* Looks for what the driver has said of the device, and adds a finding. */
void reason_find(const char *device, struct findings *findings,
		 const struct doctor_places *places);

#endif /* FPGABUF_DOCTOR_REASON_H */
