/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture as memory of GStreamer */
#ifndef FPGABUF_GSTREAMER_MEMORY_H
#define FPGABUF_GSTREAMER_MEMORY_H

#include <gst/gst.h>

#include "plugin/intake.h"

/*
 * memory_of() - dmabuf memory with the bytes of @capture
 * @allocator: from gst_dmabuf_allocator_new()
 * @intake: where the capture goes back to when the last user of the memory, or of a
 *	part of it, has gone; at once if this fails
 *
 * NULL: no descriptor is left.
 */
GstMemory *memory_of(GstAllocator *allocator, struct intake *intake,
		     const struct fpgabuf_capture *capture);

#endif /* FPGABUF_GSTREAMER_MEMORY_H */
