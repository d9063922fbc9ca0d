// SPDX-License-Identifier: LGPL-2.1-or-later
/* What GStreamer asks for when it loads the plugin */
#include <fpgabuf/fpgabuf.h>

#include "gstreamer/source.h"

#define PACKAGE	"fpgabuf"

static gboolean init(GstPlugin *plugin)
{
	return gst_element_register(plugin, "fpgabufsrc", GST_RANK_NONE,
				    fpgabuf_src_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, fpgabuf,
		  "Captures from an FPGA", init, FPGABUF_VERSION, "LGPL",
		  PACKAGE, "https://fpgabuf.example")
