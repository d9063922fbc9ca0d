/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold a region: by a descriptor or by a mapping. */
#ifndef FPGABUF_INFO_OWNERS_H
#define FPGABUF_INFO_OWNERS_H

#include "info/places.h"
#include "info/regions.h"

/*
 * Looks into all processes.  Adds regions that only they know.  *@hidden: how
 * many there are that one may not look into.
 *
 * A mapping is known by its inode alone, which may be that of another driver's
 * dma-buf; so mappings count for regions that are known otherwise.
 *
 * Errors: -ENOMEM; those of opening @places->proc.
 */
int owners_find(const struct places *places, struct regions *regions,
		unsigned int *hidden);

#endif /* FPGABUF_INFO_OWNERS_H */
