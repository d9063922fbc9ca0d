/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A screen: a connector of a DRM device, the CRTC that drives it, and its mode
 *
 * Functions that fail have said why when they return, but for screen_show().
 */
#ifndef FPGABUF_SHOW_SCREEN_H
#define FPGABUF_SHOW_SCREEN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <xf86drmMode.h>

#include "show/options.h"

/**
 * struct screen - what is shown on, and what was there before
 * @fd: the DRM device
 * @path: its path
 * @driver: name of its driver
 * @connector: name of the connector
 * @connector_id: its number
 * @crtc_id: the CRTC
 * @crtc_index: its place among those of the device
 * @mode: what it is set to
 * @before: what it was set to
 * @ours: it shows one of our framebuffers
 * @flipping: it was told to show the next, and has not said that it does
 */
struct screen {
	int fd;
	char path[PATH_MAX];
	char driver[32];
	char connector[32];
	uint32_t connector_id;
	uint32_t crtc_id;
	unsigned int crtc_index;
	drmModeModeInfo mode;
	drmModeCrtcPtr before;
	bool ours;
	bool flipping;
};

/* Finds what @options ask for, and checks that it can be had. */
int screen_open(struct screen *screen, const struct show_options *options);

/*
 * Shows a framebuffer.  Until screen_event() has found that it is there
 * (@flipping), the one before may still be on the screen.
 *
 * Returns 0 or a negative errno.
 */
int screen_show(struct screen *screen, uint32_t fb_id);

/* Reads what the device has to tell when its descriptor is readable. */
int screen_event(struct screen *screen);

/* Shows again what was there before screen_show(). */
int screen_restore(struct screen *screen);
void screen_close(struct screen *screen);

#endif /* FPGABUF_SHOW_SCREEN_H */
