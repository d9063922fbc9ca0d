/* SPDX-License-Identifier: GPL-2.0-only */
/* A bound device: who may use it, its channel, and its limits */
#ifndef FPGABUF_DOCTOR_DEVICE_H
#define FPGABUF_DOCTOR_DEVICE_H

#include <fpgabuf/fpgabuf.h>

#include "doctor/clients.h"
#include "doctor/findings.h"
#include "doctor/places.h"

/**
 * struct patient - a device that is looked at
 * @client: the platform device
 * @places: where to look
 * @name: of its node, such as fpgabuf0
 * @path: of its node
 * @device: the device, opened, or NULL
 * @info: its limits, if it is open
 */
struct patient {
	const struct client *client;
	const struct doctor_places *places;
	char name[16];
	char path[256];
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
};

/*
 * Opens the device, and checks all that needs no capture.  Call patient_close() even if
 * it is not open afterwards.
 */
void patient_open(struct patient *patient, const struct client *client,
		  struct findings *findings,
		  const struct doctor_places *places);
void patient_close(struct patient *patient);

/* Does the device tree set memory aside for it? */
bool patient_has_memory(const struct patient *patient);

#endif /* FPGABUF_DOCTOR_DEVICE_H */
