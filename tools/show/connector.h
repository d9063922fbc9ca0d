/* SPDX-License-Identifier: GPL-2.0-only */
/* What the connectors of a DRM device are, and can show. */
#ifndef FPGABUF_SHOW_CONNECTOR_H
#define FPGABUF_SHOW_CONNECTOR_H

#include <stddef.h>
#include <stdint.h>

#include <xf86drmMode.h>

#include "show/options.h"

/*
 * The first connector that has a screen; or the one of that name or number, if
 * it has one.  NULL: there is none.  To be freed by drmModeFreeConnector().
 */
drmModeConnectorPtr connector_find(int fd, const char *wanted);

/* Its name, as the kernel writes it: VGA-1. */
void connector_name(drmModeConnectorPtr connector, char *name, size_t size);

/*
 * The mode of the size that @options ask for.  If there is none, says which
 * there are, and returns -EINVAL.
 */
int connector_mode(drmModeConnectorPtr connector,
		   const struct show_options *options, drmModeModeInfo *mode);

/* The CRTC that drives it, or can; else says so and returns -EBUSY. */
int connector_crtc(int fd, drmModeConnectorPtr connector, uint32_t *crtc_id,
		   unsigned int *crtc_index);

/* Says so, and returns -EINVAL, if that CRTC cannot show the format. */
int connector_check_format(int fd, unsigned int crtc_index,
			   const struct pixel_format *format,
			   const char *driver);

#endif /* FPGABUF_SHOW_CONNECTOR_H */
