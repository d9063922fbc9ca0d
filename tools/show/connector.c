// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xf86drm.h>

#include "common/message.h"
#include "common/size.h"
#include "show/connector.h"

/* Most bytes of a message that lists the alternatives */
#define LIST_SIZE	512

/* A list of words; words that do not fit are left out. */
struct list {
	char text[LIST_SIZE];
	size_t len;
};

static void list_add(struct list *list, const char *word)
{
	size_t left = sizeof(list->text) - list->len;
	int n = snprintf(list->text + list->len, left, "%s%s",
			 list->len ? ", " : "", word);

	if (n > 0 && (size_t)n < left)
		list->len += n;
	else
		list->text[list->len] = 0;
}

void connector_name(drmModeConnectorPtr connector, char *name, size_t size)
{
	const char *type =
		drmModeGetConnectorTypeName(connector->connector_type);

	snprintf(name, size, "%s-%u", type ? type : "Unknown",
		 connector->connector_type_id);
}

static bool is_wanted(drmModeConnectorPtr connector, const char *wanted)
{
	uint64_t id;
	char name[32];

	if (connector->connection != DRM_MODE_CONNECTED ||
	    !connector->count_modes)
		return false;
	if (!wanted)
		return true;
	connector_name(connector, name, sizeof(name));
	if (!strcmp(name, wanted))
		return true;
	return !parse_number(wanted, 1, UINT32_MAX, &id) &&
	       id == connector->connector_id;
}

drmModeConnectorPtr connector_find(int fd, const char *wanted)
{
	drmModeResPtr res = drmModeGetResources(fd);
	drmModeConnectorPtr connector = NULL;
	int i;

	for (i = 0; res && i < res->count_connectors; i++) {
		connector = drmModeGetConnector(fd, res->connectors[i]);
		if (connector && is_wanted(connector, wanted))
			break;
		drmModeFreeConnector(connector);
		connector = NULL;
	}
	drmModeFreeResources(res);
	return connector;
}

static bool mode_fits(const drmModeModeInfo *mode,
		      const struct show_options *options)
{
	if (!options->width)
		return mode->type & DRM_MODE_TYPE_PREFERRED;
	return mode->hdisplay == options->width &&
	       mode->vdisplay == options->height;
}

static void explain_mode(drmModeConnectorPtr connector,
			 const struct show_options *o)
{
	struct list sizes = { 0 };
	char size[32], last[32] = "", name[32];
	int i;

	for (i = 0; i < connector->count_modes; i++) {
		snprintf(size, sizeof(size), "%ux%u",
			 connector->modes[i].hdisplay,
			 connector->modes[i].vdisplay);
		if (strcmp(size, last))
			list_add(&sizes, size);
		strcpy(last, size);
	}
	connector_name(connector, name, sizeof(name));
	message("the screen at %s has no mode of %ux%u", name, o->width,
		o->height);
	remedy("it has %s", sizes.text);
}

int connector_mode(drmModeConnectorPtr connector,
		   const struct show_options *options, drmModeModeInfo *mode)
{
	int i;

	for (i = 0; i < connector->count_modes; i++) {
		if (mode_fits(&connector->modes[i], options)) {
			*mode = connector->modes[i];
			return 0;
		}
	}
	if (options->width) {
		explain_mode(connector, options);
		return -EINVAL;
	}
	/* No mode is preferred: use the first. */
	*mode = connector->modes[0];
	return 0;
}

/* The CRTCs that can drive it, one bit each; *@current drives it now. */
static uint32_t possible_crtcs(int fd, drmModeConnectorPtr connector,
			       uint32_t *current)
{
	drmModeEncoderPtr encoder;
	uint32_t possible = 0;
	int i;

	for (i = 0; i < connector->count_encoders; i++) {
		encoder = drmModeGetEncoder(fd, connector->encoders[i]);
		if (!encoder)
			continue;
		possible |= encoder->possible_crtcs;
		if (encoder->encoder_id == connector->encoder_id)
			*current = encoder->crtc_id;
		drmModeFreeEncoder(encoder);
	}
	return possible;
}

int connector_crtc(int fd, drmModeConnectorPtr connector, uint32_t *crtc_id,
		   unsigned int *crtc_index)
{
	drmModeResPtr res = drmModeGetResources(fd);
	uint32_t current = 0, possible;
	bool found = false;
	int i;

	possible = possible_crtcs(fd, connector, &current);
	for (i = 0; res && i < res->count_crtcs && i < 32; i++) {
		if (!(possible & 1U << i) ||
		    (found && res->crtcs[i] != current))
			continue;
		*crtc_id = res->crtcs[i];
		*crtc_index = i;
		found = true;
	}
	drmModeFreeResources(res);
	if (found)
		return 0;
	message("nothing in the graphics device can drive connector %u",
		connector->connector_id);
	return -EBUSY;
}

static bool is_primary(int fd, uint32_t plane_id)
{
	drmModeObjectPropertiesPtr props;
	drmModePropertyPtr prop;
	bool primary = false;
	uint32_t i;

	props = drmModeObjectGetProperties(fd, plane_id,
					   DRM_MODE_OBJECT_PLANE);
	for (i = 0; props && i < props->count_props && !primary; i++) {
		prop = drmModeGetProperty(fd, props->props[i]);
		primary = prop && !strcmp(prop->name, "type") &&
			  props->prop_values[i] == DRM_PLANE_TYPE_PRIMARY;
		drmModeFreeProperty(prop);
	}
	drmModeFreeObjectProperties(props);
	return primary;
}

/* The primary plane; NULL if the driver does not report it. */
static drmModePlanePtr primary_plane(int fd, unsigned int crtc_index)
{
	drmModePlaneResPtr res;
	drmModePlanePtr plane = NULL;
	uint32_t i;

	if (drmSetClientCap(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1))
		return NULL;
	res = drmModeGetPlaneResources(fd);
	for (i = 0; res && i < res->count_planes; i++) {
		plane = drmModeGetPlane(fd, res->planes[i]);
		if (plane && plane->possible_crtcs & 1U << crtc_index &&
		    is_primary(fd, plane->plane_id))
			break;
		drmModeFreePlane(plane);
		plane = NULL;
	}
	drmModeFreePlaneResources(res);
	return plane;
}

static void explain_format(drmModePlanePtr plane,
			   const struct pixel_format *format,
			   const char *driver)
{
	const struct pixel_format *other;
	struct list formats = { 0 };
	uint32_t i;

	for (i = 0; i < plane->count_formats; i++) {
		other = format_of(plane->formats[i]);
		if (other)
			list_add(&formats, other->name);
	}
	message("the driver %s cannot show %s", driver, format->name);
	remedy("of the known formats it can show %s",
	       formats.len ? formats.text : "nothing");
}

int connector_check_format(int fd, unsigned int crtc_index,
			   const struct pixel_format *format,
			   const char *driver)
{
	drmModePlanePtr plane = primary_plane(fd, crtc_index);
	bool found = !plane;
	uint32_t i;

	for (i = 0; plane && i < plane->count_formats; i++)
		found |= plane->formats[i] == format->fourcc;
	if (!found)
		explain_format(plane, format, driver);
	drmModeFreePlane(plane);
	return found ? 0 : -EINVAL;
}
