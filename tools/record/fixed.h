/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The regions as buffers that are registered with the disk
 *
 * The kernel then looks up and pins their pages once, before the first capture, and not
 * for each write.  Not every kernel can, and not all memory can be registered.
 */
#ifndef FPGABUF_RECORD_FIXED_H
#define FPGABUF_RECORD_FIXED_H

#include "common/source.h"
#include "record/disk.h"

struct fixed;

/* 0, or a negative errno: then the writes do without it. */
int fixed_new(const struct source *source, struct disk *disk,
	      struct fixed **fixed);

/* Nothing may be on its way any more; NULL is nothing. */
void fixed_free(struct fixed *fixed);

/* Tells a request with bytes of a slot which buffer they are in. */
void fixed_request(const struct fixed *fixed, unsigned int slot,
		   struct disk_request *request);

#endif /* FPGABUF_RECORD_FIXED_H */
