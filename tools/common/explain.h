/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about a capture device that cannot be used. */
#ifndef FPGABUF_COMMON_EXPLAIN_H
#define FPGABUF_COMMON_EXPLAIN_H

#include <stdint.h>

#include <fpgabuf/fpgabuf.h>

/* @err: what fpgabuf_device_open() or fpgabuf_device_info() returned. */
void explain_open(const char *path, int err);

/**
 * struct alloc_failure - a region that could not be allocated
 * @what: its purpose, such as "a picture"
 * @size: its bytes
 * @smaller: the remedy, such as "a smaller --region-size"
 * @fewer: another remedy, such as "fewer --regions"; NULL if the number is fixed
 */
struct alloc_failure {
	const char *what;
	uint64_t size;
	const char *smaller;
	const char *fewer;
};

/* @err: what fpgabuf_device_alloc() returned. */
void explain_alloc(const struct fpgabuf_info *info,
		   const struct alloc_failure *failure, int err);

#endif /* FPGABUF_COMMON_EXPLAIN_H */
