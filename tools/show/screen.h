/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A screen: a connector of a DRM device, the CRTC that drives it, and its mode
 *
 * Functions that fail have printed why when they return, except screen_show().
 */
#ifndef FPGABUF_SHOW_SCREEN_H
#define FPGABUF_SHOW_SCREEN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <xf86drmMode.h>

#include "show/options.h"

/**
 * struct screen - the screen, and its state before
 * @fd: the DRM device
 * @path: its path
 * @driver: name of its driver
 * @connector: name of the connector
 * @connector_id: its number
 * @crtc_id: the CRTC
 * @crtc_index: its index among the CRTCs of the device
 * @mode: its mode now
 * @before: its state before
 * @ours: it shows one of our framebuffers
 * @flipping: the next framebuffer was set, and its event has not come yet
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

/* Finds the screen that @options ask for, and checks that it can be used. */
int screen_open(struct screen *screen, const struct show_options *options);

/*
 * Shows a framebuffer.  Until screen_event() has read that it is visible
 * (@flipping), the one before may still be on the screen.
 *
 * Returns 0 or a negative errno.
 */
int screen_show(struct screen *screen, uint32_t fb_id);

/* Reads events of the device; call it when the descriptor is readable. */
int screen_event(struct screen *screen);

/* Restores the state before screen_show(). */
int screen_restore(struct screen *screen);
void screen_close(struct screen *screen);

#endif /* FPGABUF_SHOW_SCREEN_H */
