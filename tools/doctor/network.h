/* SPDX-License-Identifier: GPL-2.0-only */
/* What sending without a copy needs of the machine */
#ifndef FPGABUF_DOCTOR_NETWORK_H
#define FPGABUF_DOCTOR_NETWORK_H

#include "doctor/findings.h"
#include "doctor/places.h"

/* The limit of locked memory, MSG_ZEROCOPY, and each network card that is up */
void network_check(struct findings *findings,
		   const struct doctor_places *places);

#endif /* FPGABUF_DOCTOR_NETWORK_H */
