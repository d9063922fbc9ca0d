// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <time.h>

#include <gst/allocators/gstdmabuf.h>
#include <gst/base/gstpushsrc.h>

#include "gstreamer/memory.h"
#include "gstreamer/source.h"

/**
 * struct settings - the properties
 * @device: path of the device, or NULL
 * @share: socket of an fpgabuf-share, or NULL
 * @caps: what the samples are, or NULL
 * @region_size: bytes of a capture, 0 for the usual
 * @bytes: how much to capture in all, 0 for no limit
 * @regions: how many, 0 for the usual
 * @timeout: milliseconds of a capture, 0 for the driver's
 */
struct settings {
	char *device;
	char *share;
	GstCaps *caps;
	guint64 region_size;
	guint64 bytes;
	guint regions;
	guint timeout;
};

/**
 * struct FpgabufSrc - the element
 * @parent: its class
 * @settings: the properties; the lock of the object guards them
 * @allocator: of the memory
 * @intake: the captures, from start to stop
 * @position: bytes so far
 * @last_ns: running time of the last buffer
 * @lost: captures may be missing before the next one
 */
typedef struct {
	GstPushSrc parent;
	struct settings settings;
	GstAllocator *allocator;
	struct intake *intake;
	guint64 position;
	gint64 last_ns;
	gboolean lost;
} FpgabufSrc;

typedef GstPushSrcClass FpgabufSrcClass;

G_DEFINE_TYPE(FpgabufSrc, fpgabuf_src, GST_TYPE_PUSH_SRC)

enum {
	PROP_DEVICE = 1,
	PROP_SHARE,
	PROP_CAPS,
	PROP_REGION_SIZE,
	PROP_BYTES,
	PROP_REGIONS,
	PROP_TIMEOUT,
};

static GstStaticPadTemplate pad_template = GST_STATIC_PAD_TEMPLATE(
	"src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static FpgabufSrc *source_of(gpointer object)
{
	return (FpgabufSrc *)object;
}

static void set_text(char **text, const GValue *value)
{
	g_free(*text);
	*text = g_value_dup_string(value);
}

static void set_property(GObject *object, guint id, const GValue *value,
			 GParamSpec *spec)
{
	struct settings *s = &source_of(object)->settings;

	GST_OBJECT_LOCK(object);
	switch (id) {
	case PROP_DEVICE:
		set_text(&s->device, value);
		break;
	case PROP_SHARE:
		set_text(&s->share, value);
		break;
	case PROP_CAPS:
		gst_caps_replace(&s->caps, (GstCaps *)gst_value_get_caps(value));
		break;
	case PROP_REGION_SIZE:
		s->region_size = g_value_get_uint64(value);
		break;
	case PROP_BYTES:
		s->bytes = g_value_get_uint64(value);
		break;
	case PROP_REGIONS:
		s->regions = g_value_get_uint(value);
		break;
	case PROP_TIMEOUT:
		s->timeout = g_value_get_uint(value);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
	GST_OBJECT_UNLOCK(object);
}

static void get_property(GObject *object, guint id, GValue *value,
			 GParamSpec *spec)
{
	const struct settings *s = &source_of(object)->settings;

	GST_OBJECT_LOCK(object);
	switch (id) {
	case PROP_DEVICE:
		g_value_set_string(value, s->device);
		break;
	case PROP_SHARE:
		g_value_set_string(value, s->share);
		break;
	case PROP_CAPS:
		gst_value_set_caps(value, s->caps);
		break;
	case PROP_REGION_SIZE:
		g_value_set_uint64(value, s->region_size);
		break;
	case PROP_BYTES:
		g_value_set_uint64(value, s->bytes);
		break;
	case PROP_REGIONS:
		g_value_set_uint(value, s->regions);
		break;
	case PROP_TIMEOUT:
		g_value_set_uint(value, s->timeout);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
	GST_OBJECT_UNLOCK(object);
}

static void finalize(GObject *object)
{
	FpgabufSrc *src = source_of(object);

	g_free(src->settings.device);
	g_free(src->settings.share);
	gst_caps_replace(&src->settings.caps, NULL);
	gst_object_unref(src->allocator);
	G_OBJECT_CLASS(fpgabuf_src_parent_class)->finalize(object);
}

/* open_intake() - as the properties are now; somebody may set them meanwhile */
static int open_intake(FpgabufSrc *src, char *why)
{
	const struct settings *s = &src->settings;
	g_autofree char *device = NULL, *share = NULL;
	struct intake_setup setup;

	GST_OBJECT_LOCK(src);
	device = g_strdup(s->device);
	share = g_strdup(s->share);
	setup = (struct intake_setup){
		.device = device,
		.share = share,
		.capture_size = s->region_size,
		.regions = s->regions,
		.timeout_ms = s->timeout,
		.bytes = s->bytes,
	};
	GST_OBJECT_UNLOCK(src);
	return intake_open(&setup, &src->intake, why);
}

static gboolean start(GstBaseSrc *base)
{
	FpgabufSrc *src = source_of(base);
	char why[INTAKE_WHY_SIZE];

	src->position = 0;
	src->last_ns = 0;
	src->lost = FALSE;
	if (!open_intake(src, why))
		return TRUE;
	GST_ELEMENT_ERROR(src, RESOURCE, OPEN_READ, ("%s", why), (NULL));
	return FALSE;
}

static gboolean stop(GstBaseSrc *base)
{
	FpgabufSrc *src = source_of(base);

	intake_close(src->intake);
	src->intake = NULL;
	return TRUE;
}

static void interrupt(GstBaseSrc *base, bool interrupted)
{
	FpgabufSrc *src = source_of(base);

	if (src->intake)
		intake_interrupt(src->intake, interrupted);
}

static gboolean unlock(GstBaseSrc *base)
{
	interrupt(base, true);
	return TRUE;
}

static gboolean unlock_stop(GstBaseSrc *base)
{
	interrupt(base, false);
	return TRUE;
}

static GstCaps *get_caps(GstBaseSrc *base, GstCaps *filter)
{
	FpgabufSrc *src = source_of(base);
	GstCaps *caps, *common;

	GST_OBJECT_LOCK(src);
	caps = src->settings.caps ? gst_caps_ref(src->settings.caps) :
				    gst_caps_new_any();
	GST_OBJECT_UNLOCK(src);
	if (!filter)
		return caps;
	common = gst_caps_intersect_full(filter, caps,
					 GST_CAPS_INTERSECT_FIRST);
	gst_caps_unref(caps);
	return common;
}

static gint64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return GST_TIMESPEC_TO_TIME(now);
}

/*
 * ahead_ns() - how far @clock is ahead of CLOCK_MONOTONIC; of several looks, the one
 * that was interrupted least
 */
static gint64 ahead_ns(GstClock *clock)
{
	gint64 begin, now, took, least = G_MAXINT64, ahead = 0;
	int i;

	for (i = 0; i < 3; i++) {
		begin = monotonic_ns();
		now = gst_clock_get_time(clock);
		took = monotonic_ns() - begin;
		if (took < least) {
			least = took;
			ahead = now - begin - took / 2;
		}
	}
	return ahead;
}

/*
 * running_time() - of the pipeline's clock, whichever it is, at @when_ns; never before
 * the buffer in front of it
 */
static GstClockTime running_time(FpgabufSrc *src, gint64 when_ns)
{
	GstClock *clock = gst_element_get_clock(GST_ELEMENT_CAST(src));
	gint64 then_ns;

	if (!clock)
		return GST_CLOCK_TIME_NONE;
	then_ns = when_ns + ahead_ns(clock) -
		  gst_element_get_base_time(GST_ELEMENT_CAST(src));
	gst_object_unref(clock);
	src->last_ns = MAX(then_ns, src->last_ns);
	return src->last_ns;
}

/* note_failure() - the pipeline goes on; the first one in a row is told */
static void note_failure(FpgabufSrc *src, const struct fpgabuf_capture *capture)
{
	if (capture->failures == 1)
		GST_ELEMENT_WARNING(src, RESOURCE, READ,
				    ("a capture has failed: %s",
				     g_strerror(-capture->error)),
				    (NULL));
}

static GstFlowReturn fail(FpgabufSrc *src, const char *why)
{
	GST_ELEMENT_ERROR(src, RESOURCE, READ, ("%s", why), (NULL));
	return GST_FLOW_ERROR;
}

static void describe(FpgabufSrc *src, GstBuffer *buffer,
		     const struct fpgabuf_capture *capture)
{
	if (src->lost || capture->status & FPGABUF_CAPTURE_GAP)
		GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
	src->lost = capture->failures > 0;
	GST_BUFFER_PTS(buffer) = running_time(src, capture->timestamp_ns);
	GST_BUFFER_OFFSET(buffer) = src->position;
	src->position += capture->bytes;
	GST_BUFFER_OFFSET_END(buffer) = src->position;
}

static GstFlowReturn make_buffer(FpgabufSrc *src, GstBuffer **buffer,
				 const struct fpgabuf_capture *capture)
{
	GstMemory *memory = memory_of(src->allocator, src->intake, capture);

	if (!memory)
		return fail(src, "no descriptor is left: raise the limit of open files (ulimit -n), or use fewer regions");
	*buffer = gst_buffer_new();
	gst_buffer_append_memory(*buffer, memory);
	describe(src, *buffer, capture);
	return GST_FLOW_OK;
}

/* The server was told to end: that is no failure. */
static GstFlowReturn end(FpgabufSrc *src, int err, const char *why)
{
	switch (err) {
	case -ECANCELED:
		return GST_FLOW_FLUSHING;
	case -ENODATA:
	case -ESHUTDOWN:
		return GST_FLOW_EOS;
	default:
		return fail(src, why);
	}
}

static GstFlowReturn create(GstPushSrc *push, GstBuffer **buffer)
{
	FpgabufSrc *src = source_of(push);
	struct fpgabuf_capture capture;
	char why[INTAKE_WHY_SIZE];
	int err;

	while (!(err = intake_wait(src->intake, &capture, -1, why))) {
		note_failure(src, &capture);
		if (capture.bytes)
			return make_buffer(src, buffer, &capture);
		intake_release(src->intake, capture.slot);
		src->lost = TRUE;
	}
	return end(src, err, why);
}

/* They can be set while nothing is open. */
#define READY_RW \
	(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void install_properties(GObjectClass *class)
{
	g_object_class_install_property(class, PROP_DEVICE,
		g_param_spec_string("device", "Device",
				    "Path of the capture device",
				    FPGABUF_DEFAULT_DEVICE, READY_RW));
	g_object_class_install_property(class, PROP_SHARE,
		g_param_spec_string("share", "Share",
				    "Socket of an fpgabuf-share, instead of a device",
				    NULL, READY_RW));
	g_object_class_install_property(class, PROP_CAPS,
		g_param_spec_boxed("caps", "Caps", "What the samples are",
				   GST_TYPE_CAPS, READY_RW));
	g_object_class_install_property(class, PROP_REGION_SIZE,
		g_param_spec_uint64("region-size", "Region size",
				    "Bytes of a capture (0: 2 MiB, or what the DMA controller takes)",
				    0, G_MAXUINT64, 0, READY_RW));
	g_object_class_install_property(class, PROP_BYTES,
		g_param_spec_uint64("bytes", "Bytes",
				    "Bytes to capture in all (0: no limit)", 0,
				    G_MAXUINT64, 0, READY_RW));
	g_object_class_install_property(class, PROP_REGIONS,
		g_param_spec_uint("regions", "Regions",
				  "Regions, or captures of a share that are held at once (0: 8, or what the server gives)",
				  0, FPGABUF_RING_MAX_REGIONS, 0, READY_RW));
	g_object_class_install_property(class, PROP_TIMEOUT,
		g_param_spec_uint("timeout", "Timeout",
				  "Milliseconds after which a capture ends with what it has (0: the driver's)",
				  0, FPGABUF_TIMEOUT_MAX_MS, 0, READY_RW));
}

static void fpgabuf_src_class_init(FpgabufSrcClass *class)
{
	GstElementClass *element = GST_ELEMENT_CLASS(class);
	GstBaseSrcClass *base = GST_BASE_SRC_CLASS(class);
	GObjectClass *object = G_OBJECT_CLASS(class);

	object->set_property = set_property;
	object->get_property = get_property;
	object->finalize = finalize;
	install_properties(object);
	base->start = start;
	base->stop = stop;
	base->unlock = unlock;
	base->unlock_stop = unlock_stop;
	base->get_caps = get_caps;
	class->create = create;
	gst_element_class_add_static_pad_template(element, &pad_template);
	gst_element_class_set_static_metadata(
		element, "FPGA source", "Source",
		"Captures from an FPGA, without a copy",
		"The fpgabuf developers");
}

static void fpgabuf_src_init(FpgabufSrc *src)
{
	src->settings.device = g_strdup(FPGABUF_DEFAULT_DEVICE);
	src->allocator = gst_dmabuf_allocator_new();
	gst_base_src_set_live(GST_BASE_SRC(src), TRUE);
	gst_base_src_set_format(GST_BASE_SRC(src), GST_FORMAT_TIME);
}
