/* SPDX-License-Identifier: GPL-2.0-only */
/* The pins that stand on regions: only the driver knows them, and only REGION_INFO asks. */
#ifndef FPGABUF_INFO_STANDING_H
#define FPGABUF_INFO_STANDING_H

#include "info/regions.h"

/*
 * Asks the device at @path for its regions, the ones with the index @device.  A region
 * stays unknown if none of its descriptors can be had, or while it is locked.
 */
void standing_find(struct regions *regions, int device, const char *path);

#endif /* FPGABUF_INFO_STANDING_H */
