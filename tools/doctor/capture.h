/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures into a region, and looks at what the DMA controller left there. */
#ifndef FPGABUF_DOCTOR_CAPTURE_H
#define FPGABUF_DOCTOR_CAPTURE_H

#include "doctor/device.h"
#include "doctor/findings.h"
#include "doctor/options.h"

/* Does nothing, and says so, while somebody else captures from the device. */
void capture_check(struct patient *patient, enum when_capture when,
		   struct findings *findings);

#endif /* FPGABUF_DOCTOR_CAPTURE_H */
