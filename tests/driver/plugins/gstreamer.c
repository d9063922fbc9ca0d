// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that uses the element fpgabufsrc: gst-client FUNCTION PROPERTY=VALUE...
 *
 * The FPGA sends the pattern and loses nothing, so a buffer has the pattern at its
 * offset.  The unit tests and the guest tests run it; each function is a test.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gst/allocators/gstdmabuf.h>
#include <gst/gst.h>

#include "recv/pattern.h"

#define PART_AT		100
#define PART_SIZE	1000

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("%s:%d: not so: %s\n", __func__,		\
			       __LINE__, #condition);			\
			exit(1);					\
		}							\
	} while (0)

/**
 * struct bench - a running pipeline of fpgabufsrc and fakesink
 * @pipeline: it
 * @source: the source
 * @sink: the sink
 * @buffers: what has come, a GstBuffer each
 */
struct bench {
	GstElement *pipeline;
	GstElement *source;
	GstElement *sink;
	GAsyncQueue *buffers;
};

static char **properties;

/* While it is locked the sink keeps the source from going on. */
static GMutex gate;

static void come(GstElement *sink, GstBuffer *buffer, GstPad *pad,
		 gpointer buffers)
{
	(void)sink;
	(void)pad;
	g_async_queue_push(buffers, gst_buffer_ref(buffer));
	g_mutex_lock(&gate);
	g_mutex_unlock(&gate);
}

static void set(GstElement *element, const char *assignment)
{
	g_auto(GStrv) words = g_strsplit(assignment, "=", 2);

	gst_util_set_object_arg(G_OBJECT(element), words[0], words[1]);
}

static struct bench make(void)
{
	struct bench bench = {
		.pipeline = gst_pipeline_new(NULL),
		.source = gst_element_factory_make("fpgabufsrc", NULL),
		.sink = gst_element_factory_make("fakesink", NULL),
		.buffers = g_async_queue_new(),
	};
	int i;

	CHECK(bench.source && bench.sink);
	for (i = 0; properties[i]; i++)
		set(bench.source, properties[i]);
	g_object_set(bench.sink, "signal-handoffs", TRUE, "sync", FALSE,
		     "enable-last-sample", FALSE, NULL);
	g_signal_connect(bench.sink, "handoff", G_CALLBACK(come),
			 bench.buffers);
	gst_bin_add_many(GST_BIN(bench.pipeline), bench.source, bench.sink,
			 NULL);
	CHECK(gst_element_link(bench.source, bench.sink));
	return bench;
}

static struct bench play(void)
{
	struct bench bench = make();

	CHECK(gst_element_set_state(bench.pipeline, GST_STATE_PLAYING) !=
	      GST_STATE_CHANGE_FAILURE);
	return bench;
}

static void end(struct bench *bench)
{
	GstBuffer *buffer;

	CHECK(gst_element_set_state(bench->pipeline, GST_STATE_NULL) ==
	      GST_STATE_CHANGE_SUCCESS);
	gst_object_unref(bench->pipeline);
	while ((buffer = g_async_queue_try_pop(bench->buffers)))
		gst_buffer_unref(buffer);
	g_async_queue_unref(bench->buffers);
}

static bool has_pattern(GstBuffer *buffer, guint64 offset)
{
	GstMapInfo map;
	bool same;

	CHECK(gst_buffer_map(buffer, &map, GST_MAP_READ));
	same = pattern_check(map.data, map.size, offset) == map.size;
	gst_buffer_unmap(buffer, &map);
	return same;
}

static bool is_good(GstBuffer *buffer)
{
	return has_pattern(buffer, GST_BUFFER_OFFSET(buffer));
}

static guint64 first_word(GstBuffer *buffer)
{
	guint64 word;

	CHECK(gst_buffer_extract(buffer, 0, &word, sizeof(word)) ==
	      sizeof(word));
	return word;
}

/* is_stretch() - some bytes of the pattern */
static bool is_stretch(GstBuffer *buffer)
{
	return has_pattern(buffer, first_word(buffer) * sizeof(guint64));
}

static bool is_discont(GstBuffer *buffer)
{
	return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
}

static GstBuffer *take(struct bench *bench)
{
	GstBuffer *buffer = g_async_queue_pop(bench->buffers);

	CHECK(is_good(buffer));
	return buffer;
}

static void pass(struct bench *bench, unsigned int buffers)
{
	while (buffers--)
		gst_buffer_unref(take(bench));
}

static void captures(void)
{
	struct bench bench = play();
	GstClockTime before = 0;
	guint64 position = 0;
	GstBuffer *buffer;
	int i;

	for (i = 0; i < 100; i++) {
		buffer = take(&bench);
		CHECK(gst_buffer_n_memory(buffer) == 1);
		CHECK(gst_is_dmabuf_memory(gst_buffer_peek_memory(buffer, 0)));
		CHECK(GST_BUFFER_OFFSET(buffer) == position);
		position += gst_buffer_get_size(buffer);
		CHECK(GST_BUFFER_OFFSET_END(buffer) == position);
		CHECK(GST_BUFFER_PTS_IS_VALID(buffer));
		CHECK(GST_BUFFER_PTS(buffer) >= before);
		before = GST_BUFFER_PTS(buffer);
		gst_buffer_unref(buffer);
	}
	end(&bench);
}

static GstClockTime running_time(const struct bench *bench)
{
	g_autoptr(GstClock) clock = gst_element_get_clock(bench->pipeline);

	return gst_clock_get_time(clock) -
	       gst_element_get_base_time(bench->pipeline);
}

/* All regions were captured into before the sink takes the second buffer. */
static void stamped(void)
{
	GstBuffer *first, *second;
	struct bench bench;
	GstClockTime then;

	g_mutex_lock(&gate);
	bench = play();
	first = take(&bench);
	then = running_time(&bench);
	g_mutex_unlock(&gate);
	second = take(&bench);
	CHECK(GST_BUFFER_PTS(second) >= GST_BUFFER_PTS(first));
	CHECK(GST_BUFFER_PTS(second) <= then);
	gst_buffer_unref(first);
	gst_buffer_unref(second);
	end(&bench);
}

/* A gap before each third capture, as the simulated device has been told */
static void every_third(void)
{
	struct bench bench = play();
	GstBuffer *buffer;
	int i;

	for (i = 1; i <= 30; i++) {
		buffer = take(&bench);
		CHECK(is_discont(buffer) == (i == 1 || i % 3 == 0));
		gst_buffer_unref(buffer);
	}
	end(&bench);
}

/* The fourth capture has failed, as the simulated device has been told. */
static void failed(void)
{
	struct bench bench = play();
	GstBuffer *buffer;
	int i;

	for (i = 1; i <= 5; i++) {
		buffer = take(&bench);
		CHECK(is_discont(buffer) == (i == 1 || i == 5));
		gst_buffer_unref(buffer);
	}
	end(&bench);
}

/* The FPGA has no region while the sink has both. */
static void gap(void)
{
	struct bench bench = play();
	GstBuffer *first = take(&bench), *second = take(&bench), *third;

	gst_buffer_unref(first);
	gst_buffer_unref(second);
	third = take(&bench);
	CHECK(is_discont(third));
	gst_buffer_unref(third);
	end(&bench);
}

/*
 * Both regions come back, and are refused once.  Whether the source waits by
 * then is a matter of luck, and different each time.
 */
static void busy(void)
{
	struct bench bench = play();
	int i;

	for (i = 0; i < 100; i++) {
		GstBuffer *first = take(&bench), *second = take(&bench);

		gst_buffer_unref(first);
		gst_buffer_unref(second);
	}
	end(&bench);
}

static void held(void)
{
	struct bench bench = play();
	GstBuffer *first = take(&bench), *second = take(&bench);

	pass(&bench, 200);
	CHECK(is_good(first) && is_good(second));
	gst_buffer_unref(first);
	pass(&bench, 200);
	CHECK(is_good(second));
	gst_buffer_unref(second);
	pass(&bench, 20);
	end(&bench);
}

/* Parsers and payloaders pass on parts, and drop the buffer. */
static void part(void)
{
	struct bench bench = play();
	GstBuffer *whole = take(&bench), *piece, *smaller;
	const guint64 at = GST_BUFFER_OFFSET(whole) + PART_AT;

	piece = gst_buffer_copy_region(whole, GST_BUFFER_COPY_MEMORY, PART_AT,
				       PART_SIZE);
	gst_buffer_unref(whole);
	smaller = gst_buffer_copy_region(piece, GST_BUFFER_COPY_MEMORY, PART_AT,
					 PART_AT);
	gst_buffer_unref(piece);
	CHECK(gst_is_dmabuf_memory(gst_buffer_peek_memory(smaller, 0)));
	pass(&bench, 200);
	CHECK(has_pattern(smaller, at + PART_AT));
	gst_buffer_unref(smaller);
	pass(&bench, 20);
	end(&bench);
}

/* The thread that has handed the buffer over drops its reference when it gets to it. */
static bool gets_writable(const GstBuffer *buffer)
{
	int i;

	for (i = 0; i < 1000 && !gst_buffer_is_writable(buffer); i++)
		g_usleep(10000);
	return gst_buffer_is_writable(buffer);
}

/* An element that writes has a copy. */
static void written(void)
{
	struct bench bench = play();
	GstBuffer *original = take(&bench);
	GstBuffer *copy = gst_buffer_make_writable(gst_buffer_ref(original));
	GstMapInfo map;

	CHECK(gst_buffer_map(copy, &map, GST_MAP_WRITE));
	memset(map.data, 0xff, map.size);
	gst_buffer_unmap(copy, &map);
	CHECK(is_good(original) && !is_good(copy));
	gst_buffer_unref(copy);
	/* Also one that nobody else has */
	CHECK(gets_writable(original));
	CHECK(gst_buffer_map(original, &map, GST_MAP_WRITE));
	gst_buffer_unmap(original, &map);
	CHECK(!gst_is_dmabuf_memory(gst_buffer_peek_memory(original, 0)));
	gst_buffer_unref(original);
	end(&bench);
}

static unsigned int descriptors(void)
{
	g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned int n = 0;

	while (g_dir_read_name(folder))
		n++;
	return n;
}

/* Threads of GStreamer close theirs when they get to it. */
static bool descriptors_fall_to(unsigned int most)
{
	int i;

	for (i = 0; i < 1000 && descriptors() > most; i++)
		g_usleep(10000);
	return descriptors() <= most;
}

/*
 * All regions are held when the pipeline ends.  They outlive it with a descriptor each,
 * and one of all.  Others capture from the device.
 */
static void outlives(void)
{
	GstBuffer *first, *second;
	unsigned int before;
	struct bench bench;
	guint64 words[2];

	bench = play();
	end(&bench);
	before = descriptors();
	bench = play();
	first = g_async_queue_pop(bench.buffers);
	second = g_async_queue_pop(bench.buffers);
	words[0] = first_word(first);
	words[1] = first_word(second);
	end(&bench);
	CHECK(descriptors_fall_to(before + 3));
	bench = play();
	for (int i = 0; i < 50; i++)
		gst_buffer_unref(g_async_queue_pop(bench.buffers));
	end(&bench);
	CHECK(is_stretch(first) && is_stretch(second));
	CHECK(first_word(first) == words[0] && first_word(second) == words[1]);
	gst_buffer_unref(first);
	gst_buffer_unref(second);
}

/* A server goes on with other clients, and may have left out captures for us. */
static void shared(void)
{
	struct bench bench = play(), other;
	GstBuffer *held = g_async_queue_pop(bench.buffers), *buffer;
	const guint64 word = first_word(held);
	int i;

	end(&bench);
	other = play();
	for (i = 0; i < 200; i++) {
		buffer = g_async_queue_pop(other.buffers);
		CHECK(is_stretch(buffer));
		gst_buffer_unref(buffer);
	}
	end(&other);
	CHECK(is_stretch(held) && first_word(held) == word);
	gst_buffer_unref(held);
}

/* is_asleep() - the thread of the source, if it is there */
static bool is_asleep(void)
{
	g_autoptr(GDir) folder = g_dir_open("/proc/self/task", 0, NULL);
	bool asleep = false;
	const char *name;

	while (!asleep && (name = g_dir_read_name(folder))) {
		g_autofree char *path =
			g_strdup_printf("/proc/self/task/%s/stat", name);
		g_autofree char *text = NULL;

		asleep = g_file_get_contents(path, &text, NULL, NULL) &&
			 strstr(text, "(fpgabufsrc") && strstr(text, ") S ");
	}
	return asleep;
}

/* Nothing comes.  The end is there all the same, mostly while the source waits. */
static void silent(void)
{
	struct bench bench;
	int i;

	for (i = 0; i < 20; i++) {
		bench = play();
		while (!is_asleep())
			g_usleep(1000);
		end(&bench);
	}
}

/* pipeline_says() - the message of this type, or NULL: the other one came first */
static GstMessage *pipeline_says(struct bench *bench, GstMessageType type)
{
	GstBus *bus = gst_element_get_bus(bench->pipeline);
	GstMessage *message = gst_bus_timed_pop_filtered(
		bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

	gst_object_unref(bus);
	if (GST_MESSAGE_TYPE(message) == type)
		return message;
	gst_message_unref(message);
	return NULL;
}

static void say_error(GstMessage *message)
{
	g_autoptr(GError) error = NULL;

	gst_message_parse_error(message, &error, NULL);
	puts(error->message);
	gst_message_unref(message);
}

/* It prints why it cannot begin, or go on. */
static void fails(void)
{
	struct bench bench = make();
	GstMessage *message;

	/* The sink gives them back. */
	g_signal_handlers_disconnect_by_data(bench.sink, bench.buffers);
	gst_element_set_state(bench.pipeline, GST_STATE_PLAYING);
	message = pipeline_says(&bench, GST_MESSAGE_ERROR);
	CHECK(message);
	say_error(message);
	end(&bench);
}

/* It prints how many bytes came before the end of the stream. */
static void ends(void)
{
	struct bench bench = play();
	GstMessage *message = pipeline_says(&bench, GST_MESSAGE_EOS);
	unsigned long long bytes = 0;
	GstBuffer *buffer;

	CHECK(message);
	gst_message_unref(message);
	while ((buffer = g_async_queue_try_pop(bench.buffers))) {
		CHECK(is_good(buffer));
		bytes += gst_buffer_get_size(buffer);
		gst_buffer_unref(buffer);
	}
	printf("%llu bytes\n", bytes);
	end(&bench);
}

/* The caps are what the property says. */
static void caps(void)
{
	struct bench bench = play();
	g_autofree char *text = NULL;
	GstCaps *current;
	GstPad *pad;

	pass(&bench, 1);
	pad = gst_element_get_static_pad(bench.source, "src");
	current = gst_pad_get_current_caps(pad);
	CHECK(current);
	text = gst_caps_to_string(current);
	puts(text);
	gst_caps_unref(current);
	gst_object_unref(pad);
	end(&bench);
}

static const struct {
	const char *name;
	void (*run)(void);
} functions[] = {
	{ "captures", captures },
	{ "stamped", stamped },
	{ "every_third", every_third },
	{ "failed", failed },
	{ "gap", gap },
	{ "busy", busy },
	{ "held", held },
	{ "part", part },
	{ "written", written },
	{ "outlives", outlives },
	{ "shared", shared },
	{ "silent", silent },
	{ "fails", fails },
	{ "ends", ends },
	{ "caps", caps },
};

int main(int argc, char **argv)
{
	size_t i;

	gst_init(NULL, NULL);
	properties = argv + 2;
	for (i = 0; argc > 1 && i < G_N_ELEMENTS(functions); i++) {
		if (strcmp(argv[1], functions[i].name))
			continue;
		functions[i].run();
		return 0;
	}
	fprintf(stderr, "usage: gst-client FUNCTION PROPERTY=VALUE...\n");
	return 2;
}
