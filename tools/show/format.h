/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pixel formats, by the names that <drm_fourcc.h> gives them
 *
 * Only formats with one plane, and whole bytes for each pixel.
 */
#ifndef FPGABUF_SHOW_FORMAT_H
#define FPGABUF_SHOW_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct pixel_format - how a picture lies in memory
 * @name: without DRM_FORMAT_
 * @fourcc: DRM_FORMAT_*
 * @pixel_bytes: bytes of a pixel
 * @block_pixels: pixels that share something and are never parted: the width
 *	of a picture is a multiple of it
 */
struct pixel_format {
	const char *name;
	uint32_t fourcc;
	uint8_t pixel_bytes;
	uint8_t block_pixels;
};

/* All formats, by number from 0; NULL after the last one. */
const struct pixel_format *format_get(size_t index);

/* The format with this name, in either case; NULL if there is none. */
const struct pixel_format *format_find(const char *name);

/* The format with this fourcc; NULL if there is none. */
const struct pixel_format *format_of(uint32_t fourcc);

#endif /* FPGABUF_SHOW_FORMAT_H */
