/* SPDX-License-Identifier: GPL-2.0-only */
/* Is there memory for regions? */
#ifndef FPGABUF_DOCTOR_MEMORY_H
#define FPGABUF_DOCTOR_MEMORY_H

#include <stdint.h>

#include "doctor/device.h"
#include "doctor/findings.h"

/*
 * Makes a region as large as the tools make them, and says where it comes from.
 * Returns it, or NULL.
 */
struct fpgabuf_region *memory_check(struct patient *patient,
				    struct findings *findings);

/* Never 0 */
uint64_t memory_random(void);

#endif /* FPGABUF_DOCTOR_MEMORY_H */
