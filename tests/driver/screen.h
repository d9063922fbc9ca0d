/* SPDX-License-Identifier: GPL-2.0-only */
/* A screen of a DRM driver that imports, with framebuffers that stay */
#ifndef GUEST_SCREEN_H
#define GUEST_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#define SCREEN_BUFFERS	2

/* Small, and of whole pages: every byte is looked at, and there are many pictures. */
#define SCREEN_WIDTH	256
#define SCREEN_HEIGHT	192
#define SCREEN_SIZE	(SCREEN_WIDTH * SCREEN_HEIGHT * 4ul)

/**
 * struct screen - a card, and what it shows
 * @card: the card, whose master we are
 * @crtc: its only one
 * @connector: its only one
 * @fds: the regions, which are the screen's
 * @mem: their mappings
 * @handle: they, imported
 * @fb: and a framebuffer of each
 * @on: something is shown
 */
struct screen {
	int card;
	uint32_t crtc, connector;
	int fds[SCREEN_BUFFERS];
	uint8_t *mem[SCREEN_BUFFERS];
	uint32_t handle[SCREEN_BUFFERS];
	uint32_t fb[SCREEN_BUFFERS];
	bool on;
};

bool screen_open(struct screen *screen);
void screen_add(struct screen *screen, unsigned int index, int fd);
void screen_flip(struct screen *screen, unsigned int index);
void screen_close(struct screen *screen);

#endif /* GUEST_SCREEN_H */
