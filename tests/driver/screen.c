// SPDX-License-Identifier: GPL-2.0-only
/* A screen of a DRM driver that imports, with framebuffers that stay */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_fourcc.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "bed.h"
#include "screen.h"

/* The card behind vgem, which is the first */
#define CARD	"/dev/dri/card1"

/* Whether there is one; else the test says that it is skipped. */
bool screen_open(struct screen *screen)
{
	drmModeResPtr res;

	memset(screen, 0, sizeof(*screen));
	screen->card = open(CARD, O_RDWR | O_CLOEXEC);
	if (screen->card < 0) {
		skip("this kernel has no driver cirrus or bochs");
		return false;
	}
	res = drmModeGetResources(screen->card);
	REQUIRE(!res, false);
	screen->crtc = res->crtcs[0];
	screen->connector = res->connectors[0];
	drmModeFreeResources(res);
	return true;
}

/* It gets the region, and keeps it. */
void screen_add(struct screen *screen, unsigned int index, int fd)
{
	uint32_t handles[4] = { 0 }, pitches[4] = { SCREEN_WIDTH * 4 };
	uint32_t offsets[4] = { 0 };

	screen->fds[index] = fd;
	screen->mem[index] = region_map(fd, SCREEN_SIZE);
	REQUIRE(drmPrimeFDToHandle(screen->card, fd, &screen->handle[index]),
		0);
	handles[0] = screen->handle[index];
	REQUIRE(drmModeAddFB2(screen->card, SCREEN_WIDTH, SCREEN_HEIGHT,
			      DRM_FORMAT_XRGB8888, handles, pitches, offsets,
			      &screen->fb[index], 0), 0);
}

/* A mode of the connector, with a border that makes the picture so small */
static void switch_on(struct screen *screen, unsigned int index)
{
	drmModeConnectorPtr connector =
		drmModeGetConnector(screen->card, screen->connector);
	drmModeModeInfo mode;
	int i;

	REQUIRE(!connector, false);
	for (i = 0; i < connector->count_modes; i++)
		if (connector->modes[i].hdisplay == 640 &&
		    connector->modes[i].vdisplay == 480)
			break;
	REQUIRE(i < connector->count_modes, true);
	mode = connector->modes[i];
	mode.hdisplay = SCREEN_WIDTH;
	mode.vdisplay = SCREEN_HEIGHT;
	REQUIRE(drmModeSetCrtc(screen->card, screen->crtc, screen->fb[index], 0,
			       0, &screen->connector, 1, &mode), 0);
	drmModeFreeConnector(connector);
	screen->on = true;
}

/* On return it shows this one, and has let go of the bytes of the other. */
void screen_flip(struct screen *screen, unsigned int index)
{
	struct pollfd pfd = { .fd = screen->card, .events = POLLIN };
	drmEventContext context = { .version = 2 };

	if (!screen->on) {
		switch_on(screen, index);
		return;
	}
	REQUIRE(drmModePageFlip(screen->card, screen->crtc, screen->fb[index],
				DRM_MODE_PAGE_FLIP_EVENT, NULL), 0);
	REQUIRE(poll(&pfd, 1, 20000), 1);
	EXPECT(drmHandleEvent(screen->card, &context), 0);
}

void screen_close(struct screen *screen)
{
	int i;

	for (i = 0; i < SCREEN_BUFFERS; i++) {
		EXPECT(drmModeRmFB(screen->card, screen->fb[i]), 0);
		EXPECT(drmCloseBufferHandle(screen->card, screen->handle[i]),
		       0);
		munmap(screen->mem[i], SCREEN_SIZE);
		close(screen->fds[i]);
	}
	close(screen->card);
}
