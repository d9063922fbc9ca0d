/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold a region: by a descriptor or by a mapping. */
#ifndef FPGABUF_INFO_OWNERS_H
#define FPGABUF_INFO_OWNERS_H

#include "info/places.h"
#include "info/regions.h"

/*
 * Reads all processes.  Adds regions that only a process knows.  *@hidden: number of
 * processes that cannot be read.
 *
 * Of a mapping only the inode is known, which may belong to a dma-buf of another
 * driver.  So mappings count only for regions that are known otherwise.
 *
 * Errors: -ENOMEM; and the errors of opening @places->proc.
 */
int owners_find(const struct places *places, struct regions *regions,
		unsigned int *hidden);

#endif /* FPGABUF_INFO_OWNERS_H */
