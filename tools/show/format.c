// SPDX-License-Identifier: GPL-2.0-only
#include <strings.h>

#include <drm_fourcc.h>

#include "show/format.h"

#define FORMAT(format, bytes, block) \
	{ #format, DRM_FORMAT_##format, bytes, block }

static const struct pixel_format formats[] = {
	FORMAT(R8, 1, 1),
	FORMAT(RGB332, 1, 1),
	FORMAT(RGB565, 2, 1),
	FORMAT(BGR565, 2, 1),
	FORMAT(XRGB4444, 2, 1),
	FORMAT(XRGB1555, 2, 1),
	FORMAT(RGB888, 3, 1),
	FORMAT(BGR888, 3, 1),
	FORMAT(XRGB8888, 4, 1),
	FORMAT(XBGR8888, 4, 1),
	FORMAT(RGBX8888, 4, 1),
	FORMAT(BGRX8888, 4, 1),
	FORMAT(ARGB8888, 4, 1),
	FORMAT(ABGR8888, 4, 1),
	FORMAT(RGBA8888, 4, 1),
	FORMAT(BGRA8888, 4, 1),
	FORMAT(XRGB2101010, 4, 1),
	FORMAT(XBGR2101010, 4, 1),
	FORMAT(ARGB2101010, 4, 1),
	FORMAT(ABGR2101010, 4, 1),
	FORMAT(XRGB16161616, 8, 1),
	FORMAT(XBGR16161616, 8, 1),
	FORMAT(YUYV, 2, 2),
	FORMAT(YVYU, 2, 2),
	FORMAT(UYVY, 2, 2),
	FORMAT(VYUY, 2, 2),
};

#define FORMATS	(sizeof(formats) / sizeof(formats[0]))

const struct pixel_format *format_get(size_t index)
{
	return index < FORMATS ? &formats[index] : NULL;
}

const struct pixel_format *format_find(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (!strcasecmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const struct pixel_format *format_of(uint32_t fourcc)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}
