/* SPDX-License-Identifier: GPL-2.0-only */
/* The measures of a picture. */
#ifndef FPGABUF_SHOW_GEOMETRY_H
#define FPGABUF_SHOW_GEOMETRY_H

#include <stdint.h>

#include "show/format.h"

/* The largest width and height. */
#define MAX_PIXELS	32768U

/**
 * struct geometry - a picture in memory
 * @width: pixels of a line
 * @height: lines
 * @stride: bytes from one line to the next
 * @bytes: bytes of all lines, with the padding of the last one
 */
struct geometry {
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint64_t bytes;
};

/*
 * Reads WIDTHxHEIGHT, each 1 to %MAX_PIXELS.  -EINVAL: not of this form;
 * -ERANGE: too large or 0.  If it fails, the outputs stay unchanged.
 */
int geometry_parse(const char *text, uint32_t *width, uint32_t *height);

/*
 * Computes the rest.  A @stride of 0 is the smallest possible one.
 *
 * -ERANGE: @width or @height is 0 or more than %MAX_PIXELS; -EDOM: @width
 * parts a block of @format; -EINVAL: a line does not fit into @stride.
 */
int geometry_make(const struct pixel_format *format, uint32_t width,
		  uint32_t height, uint32_t stride, struct geometry *geometry);

#endif /* FPGABUF_SHOW_GEOMETRY_H */
