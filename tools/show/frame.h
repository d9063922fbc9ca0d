/* SPDX-License-Identifier: GPL-2.0-only */
/* A framebuffer: a region that was imported, or a copy of one. */
#ifndef FPGABUF_SHOW_FRAME_H
#define FPGABUF_SHOW_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "show/geometry.h"

/**
 * struct frame - a framebuffer; all zeros: none
 * @handle: of its memory
 * @fb_id: its number
 * @map: where a copy is mapped; NULL if it is not a copy
 * @map_size: bytes of that
 * @stride: bytes from line to line of the copy
 */
struct frame {
	uint32_t handle;
	uint32_t fb_id;
	uint8_t *map;
	size_t map_size;
	uint32_t stride;
};

/*
 * Has the driver take a dma-buf as a framebuffer.  Returns 0, or a negative
 * errno and the name of the call that failed.
 */
int frame_import(int fd, int dmabuf, const struct pixel_format *format,
		 const struct geometry *geometry, struct frame *frame,
		 const char **failed);

/* Makes a framebuffer in the driver's own memory.  Errors as frame_import(). */
int frame_create(int fd, const struct pixel_format *format,
		 const struct geometry *geometry, struct frame *frame,
		 const char **failed);

/* Copies a picture into a framebuffer that was created. */
void frame_copy(struct frame *frame, const struct pixel_format *format,
		const struct geometry *geometry, const uint8_t *from);

/* Gives it back; it should be off the screen. */
void frame_drop(int fd, struct frame *frame);

#endif /* FPGABUF_SHOW_FRAME_H */
