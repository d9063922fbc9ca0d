// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>

#include <gst/allocators/gstdmabuf.h>

#include "gstreamer/memory.h"

/**
 * struct loan - a capture that GStreamer has
 * @intake: where it goes back to
 * @slot: its region
 */
struct loan {
	struct intake *intake;
	uint32_t slot;
};

static void give_back(gpointer data)
{
	struct loan *loan = data;

	intake_release(loan->intake, loan->slot);
	g_free(loan);
}

/* A part of a memory has a reference to it, so this is called behind the last part. */
static void lend(GstMemory *memory, struct intake *intake, uint32_t slot)
{
	struct loan *loan = g_new(struct loan, 1);

	*loan = (struct loan){ intake, slot };
	gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory),
				  g_quark_from_static_string("fpgabuf-loan"),
				  loan, give_back);
}

/*
 * Each memory has a descriptor and a mapping of its own, because it may outlive the
 * element.  What another device imports for it goes with it.
 */
GstMemory *memory_of(GstAllocator *allocator, struct intake *intake,
		     const struct fpgabuf_capture *capture)
{
	const struct fpgabuf_region *region =
		intake_region(intake, capture->slot);
	int fd = fcntl(fpgabuf_region_fd(region), F_DUPFD_CLOEXEC, 0);
	GstMemory *memory = NULL;

	if (fd >= 0)
		memory = gst_dmabuf_allocator_alloc_with_flags(
			allocator, fd, capture->bytes,
			GST_FD_MEMORY_FLAG_KEEP_MAPPED);
	if (!memory) {
		intake_release(intake, capture->slot);
		return NULL;
	}
	GST_MINI_OBJECT_FLAG_SET(memory, GST_MEMORY_FLAG_READONLY);
	lend(memory, intake, capture->slot);
	return memory;
}
