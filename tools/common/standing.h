/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins that stay on the memory of a source, while the FPGA writes to it again and again
 *
 * Map a slot, register the mapping, and settle the slot, before the first capture.  From
 * then on the driver of the FPGA lets these pins be.
 */
#ifndef FPGABUF_COMMON_STANDING_H
#define FPGABUF_COMMON_STANDING_H

#include "common/source.h"

/*
 * Maps a slot so that it can be registered: some kernels pin what may be written to, and
 * nothing else.  NULL if that fails, see errno.
 */
void *standing_map(const struct source *source, unsigned int slot);

/* Where in such a mapping an address of the slot is */
const void *standing_at(const struct source *source, unsigned int slot,
			const void *map, const void *addr);

/*
 * The pins that the slot has now may stay: 0 or a negative errno.  What others capture
 * into is not settled.
 */
int standing_settle(const struct source *source, unsigned int slot);

#endif /* FPGABUF_COMMON_STANDING_H */
