// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xf86drm.h>
#include <xf86drmMode.h>

#include "show/frame.h"

static int add_fb(int fd, const struct pixel_format *format,
		  const struct geometry *g, struct frame *frame)
{
	uint32_t handles[4] = { frame->handle };
	uint32_t strides[4] = { frame->stride };
	uint32_t offsets[4] = { 0 };

	return drmModeAddFB2(fd, g->width, g->height, format->fourcc, handles,
			     strides, offsets, &frame->fb_id, 0) ? -errno : 0;
}

int frame_import(int fd, int dmabuf, const struct pixel_format *format,
		 const struct geometry *geometry, struct frame *frame,
		 const char **failed)
{
	struct frame new = { .stride = geometry->stride };
	int err;

	*failed = "drmPrimeFDToHandle";
	if (drmPrimeFDToHandle(fd, dmabuf, &new.handle))
		return -errno;
	*failed = "drmModeAddFB2";
	err = add_fb(fd, format, geometry, &new);
	if (err) {
		frame_drop(fd, &new);
		return err;
	}
	*frame = new;
	return 0;
}

static int map_dumb(int fd, struct frame *frame)
{
	uint64_t offset;
	void *map;

	if (drmModeMapDumbBuffer(fd, frame->handle, &offset))
		return -errno;
	map = mmap(NULL, frame->map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	frame->map = map;
	return 0;
}

int frame_create(int fd, const struct pixel_format *format,
		 const struct geometry *geometry, struct frame *frame,
		 const char **failed)
{
	struct frame new = { 0 };
	uint64_t size;
	int err;

	*failed = "drmModeCreateDumbBuffer";
	if (drmModeCreateDumbBuffer(fd, geometry->width, geometry->height,
				    8 * format->pixel_bytes, 0, &new.handle,
				    &new.stride, &size))
		return -errno;
	new.map_size = size;
	*failed = "drmModeMapDumbBuffer";
	err = map_dumb(fd, &new);
	if (!err) {
		*failed = "drmModeAddFB2";
		err = add_fb(fd, format, geometry, &new);
	}
	if (err) {
		frame_drop(fd, &new);
		return err;
	}
	*frame = new;
	return 0;
}

void frame_copy(struct frame *frame, const struct pixel_format *format,
		const struct geometry *geometry, const uint8_t *from)
{
	size_t line = (size_t)geometry->width * format->pixel_bytes;
	uint32_t y;

	for (y = 0; y < geometry->height; y++)
		memcpy(frame->map + (size_t)y * frame->stride,
		       from + (size_t)y * geometry->stride, line);
}

void frame_drop(int fd, struct frame *frame)
{
	if (frame->fb_id)
		drmModeRmFB(fd, frame->fb_id);
	if (frame->map)
		munmap(frame->map, frame->map_size);
	/* Closes the handle of a dumb buffer as well as of an import. */
	if (frame->handle)
		drmCloseBufferHandle(fd, frame->handle);
	*frame = (struct frame){ 0 };
}
