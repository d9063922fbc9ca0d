// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>

#include "common/message.h"
#include "show/connector.h"
#include "show/screen.h"

#define CARD_PATH	"/dev/dri/card%d"
#define MAX_CARDS	64

static void explain_card(const char *path, int err)
{
	message("cannot open %s: %s", path, strerror(-err));
	if (err == -ENOENT)
		remedy("see `ls /dev/dri`; is the driver of the graphics device loaded?");
	else if (err == -EACCES || err == -EPERM)
		remedy("join the group that owns it (`ls -l %s`), or become root",
		       path);
}

static int open_card(struct screen *s, const char *path)
{
	if (snprintf(s->path, sizeof(s->path), "%s", path) >=
	    (int)sizeof(s->path))
		return -ENAMETOOLONG;
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

/* A device must be able to import or to make framebuffers. */
static bool has_memory(int fd)
{
	uint64_t prime = 0, dumb = 0;

	drmGetCap(fd, DRM_CAP_PRIME, &prime);
	drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &dumb);
	return prime & DRM_PRIME_CAP_IMPORT || dumb;
}

static int take_connector(struct screen *s, const struct show_options *o)
{
	drmModeConnectorPtr connector;
	int err;

	if (!has_memory(s->fd))
		return -EOPNOTSUPP;
	connector = connector_find(s->fd, o->connector);
	if (!connector)
		return -ENXIO;
	s->connector_id = connector->connector_id;
	connector_name(connector, s->connector, sizeof(s->connector));
	err = connector_mode(connector, o, &s->mode);
	if (!err)
		err = connector_crtc(s->fd, connector, &s->crtc_id,
				     &s->crtc_index);
	drmModeFreeConnector(connector);
	return err;
}

/* Errors that mean "try the next card"; all others have been printed. */
static bool is_elsewhere(int err)
{
	return err == -ENXIO || err == -EOPNOTSUPP;
}

static int open_named(struct screen *s, const struct show_options *o)
{
	int err = open_card(s, o->card);

	if (err) {
		explain_card(o->card, err);
		return err;
	}
	err = take_connector(s, o);
	if (!is_elsewhere(err))
		return err;
	if (err == -EOPNOTSUPP)
		message("%s: not a DRM device that can show anything",
			o->card);
	else
		message("%s has no connected screen%s%s", o->card,
			o->connector ? " at " : "",
			o->connector ? o->connector : "");
	remedy("see `grep . /sys/class/drm/card*-*/status`");
	return err;
}

static int open_first(struct screen *s, const struct show_options *o)
{
	bool forbidden = false;
	char path[32];
	int i, err;

	for (i = 0; i < MAX_CARDS; i++) {
		snprintf(path, sizeof(path), CARD_PATH, i);
		err = open_card(s, path);
		forbidden |= err == -EACCES;
		if (err)
			continue;
		err = take_connector(s, o);
		if (!is_elsewhere(err))
			return err;
		close(s->fd);
		s->fd = -1;
	}
	message("no DRM device has a connected screen%s%s",
		o->connector ? " at " : "", o->connector ? o->connector : "");
	if (forbidden)
		remedy("you have no right to open some: join the group that owns them (`ls -l /dev/dri`), or become root");
	else
		remedy("see `ls /dev/dri` and `grep . /sys/class/drm/card*-*/status`");
	return -ENXIO;
}

static void read_driver(struct screen *s)
{
	drmVersionPtr version = drmGetVersion(s->fd);

	snprintf(s->driver, sizeof(s->driver), "%s",
		 version && version->name ? version->name : "unknown");
	drmFreeVersion(version);
}

static int prepare(struct screen *s, const struct show_options *o)
{
	read_driver(s);
	if (!drmIsMaster(s->fd)) {
		message("another program has the screens of %s", s->path);
		remedy("end it (for example a desktop), or switch to a console without it");
		return -EBUSY;
	}
	if (connector_check_format(s->fd, s->crtc_index, o->format, s->driver))
		return -EINVAL;
	s->before = drmModeGetCrtc(s->fd, s->crtc_id);
	if (s->before)
		return 0;
	message("cannot read the mode of %s: %s", s->connector,
		strerror(errno));
	return -EIO;
}

int screen_open(struct screen *screen, const struct show_options *options)
{
	int err;

	*screen = (struct screen){ .fd = -1 };
	err = options->card ? open_named(screen, options) :
			      open_first(screen, options);
	if (!err)
		err = prepare(screen, options);
	if (err)
		screen_close(screen);
	return err;
}

static int set_mode(struct screen *s, uint32_t fb_id)
{
	if (drmModeSetCrtc(s->fd, s->crtc_id, fb_id, 0, 0, &s->connector_id, 1,
			   &s->mode))
		return -errno;
	s->ours = true;
	return 0;
}

/* Drivers that cannot flip can still set the CRTC, which waits. */
int screen_show(struct screen *screen, uint32_t fb_id)
{
	if (!screen->ours)
		return set_mode(screen, fb_id);
	if (drmModePageFlip(screen->fd, screen->crtc_id, fb_id,
			    DRM_MODE_PAGE_FLIP_EVENT, screen))
		return set_mode(screen, fb_id);
	screen->flipping = true;
	return 0;
}

static void flipped(int fd, unsigned int sequence, unsigned int sec,
		    unsigned int usec, void *data)
{
	struct screen *screen = data;

	(void)fd;
	(void)sequence;
	(void)sec;
	(void)usec;
	screen->flipping = false;
}

int screen_event(struct screen *screen)
{
	drmEventContext context = {
		.version = 2,
		.page_flip_handler = flipped,
	};

	if (!drmHandleEvent(screen->fd, &context))
		return 0;
	message("cannot read the events of %s: %s", screen->path,
		strerror(errno));
	return -EIO;
}

static int set_before(const struct screen *s)
{
	drmModeCrtcPtr before = s->before;
	uint32_t connector = s->connector_id;

	if (!before->mode_valid || !before->buffer_id)
		return drmModeSetCrtc(s->fd, s->crtc_id, 0, 0, 0, NULL, 0, NULL);
	return drmModeSetCrtc(s->fd, s->crtc_id, before->buffer_id, before->x,
			      before->y, &connector, 1, &before->mode);
}

int screen_restore(struct screen *screen)
{
	if (!screen->ours)
		return 0;
	screen->ours = false;
	if (!set_before(screen))
		return 0;
	message("cannot show on %s what was there before: %s",
		screen->connector, strerror(errno));
	remedy("switch to another console and back");
	return -EIO;
}

void screen_close(struct screen *screen)
{
	drmModeFreeCrtc(screen->before);
	screen->before = NULL;
	if (screen->fd >= 0)
		close(screen->fd);
	screen->fd = -1;
}
