/* SPDX-License-Identifier: GPL-2.0-only */
/* The nodes of the device tree that the driver is for */
#ifndef FPGABUF_DOCTOR_TREE_H
#define FPGABUF_DOCTOR_TREE_H

#include <stdbool.h>

#include "doctor/findings.h"
#include "doctor/places.h"

#define COMPATIBLE	"fpgabuf,capture"

bool tree_exists(const struct doctor_places *places);

/*
 * Checks that each such node is enabled, and that the kernel has made a device of it.
 * Returns how many there are.
 */
unsigned int tree_check(struct findings *findings,
			const struct doctor_places *places);

/* Calls @take with the path of each such node. */
void tree_each(const struct doctor_places *places,
	       void (*take)(void *arg, const char *path), void *arg);

#endif /* FPGABUF_DOCTOR_TREE_H */
