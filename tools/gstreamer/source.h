/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element fpgabufsrc; the manual page fpgabufsrc says what it does. */
#ifndef FPGABUF_GSTREAMER_SOURCE_H
#define FPGABUF_GSTREAMER_SOURCE_H

#include <gst/gst.h>

GType fpgabuf_src_get_type(void);

#endif /* FPGABUF_GSTREAMER_SOURCE_H */
