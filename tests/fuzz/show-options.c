// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-show, and the measures of a picture */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "show/geometry.h"
#include "show/options.h"

static int parse(struct arguments *arguments, struct show_options *options)
{
	/* Only so the C library forgets the line before. */
	optind = 0;
	return show_options_parse(arguments->argc, arguments->argv, options);
}

static void check_ranges(const struct show_options *o)
{
	CHECK(o->device && o->format);
	CHECK(format_find(o->format->name) == o->format);
	CHECK(o->width <= MAX_PIXELS && o->height <= MAX_PIXELS);
	CHECK(!o->width == !o->height);
	CHECK(o->pictures);
	CHECK(o->duration_ms == -1 || o->duration_ms >= 1000);
	CHECK(o->timeout_ms >= 1000 && o->timeout_ms <= 1000000000);
}

/* Every pixel of a picture lies in it, and no two lines share a byte. */
static void check_picture(const struct show_options *o)
{
	unsigned __int128 bytes;
	struct geometry g;

	if (!o->width)
		return;
	CHECK(!geometry_make(o->format, o->width, o->height, o->stride, &g));
	CHECK(g.width == o->width && g.height == o->height);
	CHECK(!o->stride || g.stride == o->stride);
	CHECK((uint64_t)g.width * o->format->pixel_bytes <= g.stride);
	bytes = (unsigned __int128)g.stride * g.height;
	CHECK(bytes == g.bytes);
}

/* The same, in the plainest words. */
static void write_out(struct arguments *to, const struct show_options *o)
{
	to->argc = 0;
	arguments_add(to, "fuzz");
	arguments_add(to, "--device=%s", o->device);
	arguments_add(to, "--format=%s", o->format->name);
	arguments_add(to, "--count=%" PRIu64,
		      o->pictures == UNLIMITED ? 0 : o->pictures);
	arguments_add(to, "--timeout=%d", o->timeout_ms / 1000);
	if (o->card)
		arguments_add(to, "--card=%s", o->card);
	if (o->connector)
		arguments_add(to, "--connector=%s", o->connector);
	if (o->width)
		arguments_add(to, "--size=%" PRIu32 "x%" PRIu32, o->width,
			      o->height);
	if (o->stride)
		arguments_add(to, "--stride=%" PRIu32, o->stride);
	if (o->duration_ms >= 0)
		arguments_add(to, "--duration=%d", o->duration_ms / 1000);
	if (o->json)
		arguments_add(to, "--json");
	if (o->quiet)
		arguments_add(to, "-q");
	if (o->verbose)
		arguments_add(to, "-v");
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check_same(const struct show_options *a,
		       const struct show_options *b)
{
	CHECK(same_text(a->device, b->device) && same_text(a->card, b->card));
	CHECK(same_text(a->connector, b->connector));
	CHECK(a->format == b->format && a->stride == b->stride);
	CHECK(a->width == b->width && a->height == b->height);
	CHECK(a->pictures == b->pictures);
	CHECK(a->duration_ms == b->duration_ms);
	CHECK(a->timeout_ms == b->timeout_ms);
	CHECK(a->json == b->json && a->quiet == b->quiet);
	CHECK(a->verbose == b->verbose);
}

/* Any measures, not only those that pass as options. */
static void check_geometry(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct pixel_format *format = format_get(input_number(&in, 1));
	uint32_t width = input_number(&in, 4), height = input_number(&in, 4);
	uint32_t stride = input_number(&in, 4);
	struct geometry g = { .bytes = 1 };
	int err;

	if (!format)
		return;
	err = geometry_make(format, width, height, stride, &g);
	if (err) {
		CHECK(err == -ERANGE || err == -EDOM || err == -EINVAL);
		CHECK(g.bytes == 1);
		return;
	}
	CHECK(width % format->block_pixels == 0);
	CHECK(g.bytes / g.stride == height && g.bytes % g.stride == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct show_options options, again;
	struct arguments line, plain;
	int ret;

	check_geometry(data, size);
	arguments_parse(&line, data, size);
	ret = parse(&line, &options);
	if (ret < 0) {
		CHECK(ret == -1);
		check_ranges(&options);
		check_picture(&options);
		write_out(&plain, &options);
		CHECK(parse(&plain, &again) == -1);
		check_same(&options, &again);
		arguments_free(&plain);
	} else {
		CHECK(ret == EXIT_OK || ret == EXIT_USAGE);
	}
	arguments_free(&line);
	return 0;
}
