/* SPDX-License-Identifier: GPL-2.0-only */
/* The platform devices that the driver is for: each is an FPGA. */
#ifndef FPGABUF_DOCTOR_CLIENTS_H
#define FPGABUF_DOCTOR_CLIENTS_H

#include <stdbool.h>

#include "doctor/findings.h"
#include "doctor/places.h"

#define MAX_CLIENTS	32

/**
 * struct client - a platform device
 * @name: its name in sysfs
 * @driver: the driver that it is bound to, or ""
 * @number: N of its node fpgabufN, or -1
 */
struct client {
	char name[64];
	char driver[64];
	int number;
};

/**
 * struct clients - all of them
 * @list: the devices
 * @count: how many
 * @loaded: the driver is there
 */
struct clients {
	struct client list[MAX_CLIENTS];
	unsigned int count;
	bool loaded;
};

/*
 * Checks that the driver is loaded, that there is a device for it, in the device tree
 * if there is one, and that each is bound to it; or says why it is not.
 */
void clients_check(struct clients *clients, struct findings *findings,
		   const struct doctor_places *places);

#endif /* FPGABUF_DOCTOR_CLIENTS_H */
