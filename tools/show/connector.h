/* SPDX-License-Identifier: GPL-2.0-only */
/* The connectors of a DRM device, their modes and formats. */
#ifndef FPGABUF_SHOW_CONNECTOR_H
#define FPGABUF_SHOW_CONNECTOR_H

#include <stddef.h>
#include <stdint.h>

#include <xf86drmMode.h>

#include "show/options.h"

/*
 * The first connector with a screen, or the connector with this name or number if it
 * has a screen; else NULL.  Free it with drmModeFreeConnector().
 */
drmModeConnectorPtr connector_find(int fd, const char *wanted);

/* Its name, as the kernel writes it: VGA-1. */
void connector_name(drmModeConnectorPtr connector, char *name, size_t size);

/*
 * The mode with the size that @options ask for.  If there is none, prints the sizes
 * that there are, and returns -EINVAL.
 */
int connector_mode(drmModeConnectorPtr connector,
		   const struct show_options *options, drmModeModeInfo *mode);

/* The CRTC that drives it, or can; else -EBUSY after a message. */
int connector_crtc(int fd, drmModeConnectorPtr connector, uint32_t *crtc_id,
		   unsigned int *crtc_index);

/* Returns -EINVAL, after a message, if this CRTC cannot show the format. */
int connector_check_format(int fd, unsigned int crtc_index,
			   const struct pixel_format *format,
			   const char *driver);

#endif /* FPGABUF_SHOW_CONNECTOR_H */
