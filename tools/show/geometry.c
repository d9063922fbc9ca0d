// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/size.h"
#include "show/geometry.h"

/* A number with more digits than the largest one is out of range. */
#define MAX_DIGITS	8

int geometry_parse(const char *text, uint32_t *width, uint32_t *height)
{
	const char *x = strpbrk(text, "xX");
	char first[MAX_DIGITS + 1];
	uint64_t w, h;
	int err = -EINVAL;

	if (x && x - text <= MAX_DIGITS) {
		snprintf(first, sizeof(first), "%.*s", (int)(x - text), text);
		err = parse_number(first, 1, MAX_PIXELS, &w);
		if (!err)
			err = parse_number(x + 1, 1, MAX_PIXELS, &h);
	}
	parse_wants("width and height, such as 1920x1080, each up to %u",
		    MAX_PIXELS);
	if (err)
		return err;
	*width = w;
	*height = h;
	return 0;
}

/* With these limits no product below exceeds 64 bits. */
int geometry_make(const struct pixel_format *format, uint32_t width,
		  uint32_t height, uint32_t stride, struct geometry *geometry)
{
	uint32_t line;

	if (!width || width > MAX_PIXELS || !height || height > MAX_PIXELS)
		return -ERANGE;
	if (width % format->block_pixels)
		return -EDOM;
	line = width * format->pixel_bytes;
	if (stride && stride < line)
		return -EINVAL;
	*geometry = (struct geometry){
		.width = width,
		.height = height,
		.stride = stride ? stride : line,
	};
	geometry->bytes = (uint64_t)geometry->stride * height;
	return 0;
}
