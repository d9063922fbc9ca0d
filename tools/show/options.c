// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/results.h"
#include "common/size.h"
#include "common/usage.h"
#include "show/geometry.h"
#include "show/options.h"

#define MAX_TIME_S	1000000

enum {
	OPT_CARD = 0x100, OPT_CONNECTOR, OPT_DURATION, OPT_FORMATS, OPT_JSON,
	OPT_STRIDE, OPT_VERSION
};

static const struct option long_options[] = {
	{ "card", required_argument, NULL, OPT_CARD },
	{ "connector", required_argument, NULL, OPT_CONNECTOR },
	{ "count", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'd' },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "format", required_argument, NULL, 'f' },
	{ "formats", no_argument, NULL, OPT_FORMATS },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "size", required_argument, NULL, 's' },
	{ "stride", required_argument, NULL, OPT_STRIDE },
	{ "timeout", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-show [options]\n"
"\n"
"Captures pictures from an FPGA and shows them on a screen.  Each capture is one\n"
"picture.  The graphics driver imports the captured memory if it can; otherwise\n"
"fpgabuf-show copies the pictures, and says why.  At the end it restores the\n"
"screen.\n"
"\n"
"What to show:\n"
"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE ")\n"
"  -f, --format NAME       pixel format (default XRGB8888)\n"
"      --formats           print the names of all formats\n"
"  -s, --size WxH          size of a picture in pixels; the screen must have a\n"
"                          mode of this size (default: its preferred mode)\n"
"      --stride SIZE       bytes from one line to the next (default: the bytes of\n"
"                          its pixels)\n"
"\n"
"Where:\n"
"      --card PATH         DRM device (default: the first /dev/dri/cardN with a\n"
"                          connected screen)\n"
"      --connector NAME    connector, such as VGA-1, or its number (default: the\n"
"                          first one with a screen)\n"
"\n"
"How long:\n"
"  -c, --count N           show N pictures, 0 for no limit; the last one stays\n"
"                          (default 1)\n"
"      --duration SECONDS  end after SECONDS (default: at a signal)\n"
"  -t, --timeout SECONDS   give up when no whole picture comes for SECONDS\n"
"                          (default 30)\n"
"\n"
"What to print:\n"
"      --json              print the summary as one JSON object on stdout\n"
"  -q, --quiet             print errors only\n"
"  -v, --verbose           report each picture that is on the screen\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K or M (powers of 1024).\n"
"\n"
"Exit status: 0 all pictures were shown, and the screen is restored; 1 they were\n"
"not, or something failed; 2 bad usage.\n";

static int bad_format(void)
{
	message("%s: not a known format", optarg);
	remedy("--formats prints the known formats");
	return EXIT_USAGE;
}

static int print_formats(void)
{
	FILE *out = results_begin();
	const struct pixel_format *format;
	size_t i;

	for (i = 0; (format = format_get(i)); i++)
		fprintf(out, "%s\n", format->name);
	results_end(false);
	return results_finish(-1, false) ? EXIT_FAILED : EXIT_OK;
}

static int set_milliseconds(int *ms)
{
	uint64_t seconds;
	int err;

	err = parse_number(optarg, 1, MAX_TIME_S, &seconds);
	if (!err)
		*ms = seconds * 1000;
	return err;
}

static int set_stride(struct show_options *o)
{
	uint64_t stride;
	int err;

	err = parse_size_within(optarg, 1, UINT32_MAX, &stride);
	if (!err)
		o->stride = stride;
	return err;
}

/* 0 means no limit, which is the largest number here. */
static int set_count(struct show_options *o)
{
	uint64_t count;
	int err;

	err = parse_number(optarg, 0, UNLIMITED - 1, &count);
	if (!err)
		o->pictures = count ? count : UNLIMITED;
	return err;
}

/* Options with a value: 0 or a negative errno. */
static int set_value(struct show_options *o, int option)
{
	switch (option) {
	case 'c':
		return set_count(o);
	case 's':
		return geometry_parse(optarg, &o->width, &o->height);
	case 't':
		return set_milliseconds(&o->timeout_ms);
	case OPT_DURATION:
		return set_milliseconds(&o->duration_ms);
	default:
		return set_stride(o);
	}
}

/* Options that end the program: its exit code, or -1 if it is another option. */
static int end_option(int option)
{
	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_FORMATS:
		return print_formats();
	case OPT_VERSION:
		return usage_show("fpgabuf-show " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	default:
		return -1;
	}
}

static int set_option(struct show_options *o, int option)
{
	int err;

	switch (option) {
	case 'd':
		o->device = optarg;
		return -1;
	case 'f':
		o->format = format_find(optarg);
		return o->format ? -1 : bad_format();
	case 'q':
		o->quiet = true;
		return -1;
	case 'v':
		o->verbose = true;
		return -1;
	case OPT_CARD:
		o->card = optarg;
		return -1;
	case OPT_CONNECTOR:
		o->connector = optarg;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	}
	err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

/* Without --size the check comes later, when the preferred mode is known. */
static int check_geometry(const struct show_options *o)
{
	struct geometry geometry;

	if (!o->width)
		return -1;
	switch (geometry_make(o->format, o->width, o->height, o->stride,
			      &geometry)) {
	case 0:
		return -1;
	case -EDOM:
		message("--size: the width of %s is a multiple of %u",
			o->format->name, o->format->block_pixels);
		break;
	default:
		message("--stride: a line of %u pixels of %s has %u bytes",
			o->width, o->format->name,
			o->width * o->format->pixel_bytes);
	}
	return usage_error();
}

int show_options_parse(int argc, char **argv, struct show_options *options)
{
	int option, ret;

	*options = (struct show_options){
		.device = FPGABUF_DEFAULT_DEVICE,
		.format = format_find("XRGB8888"),
		.pictures = 1,
		.duration_ms = -1,
		.timeout_ms = 30 * 1000,
	};
	while ((option = getopt_long(argc, argv, "c:d:f:hqs:t:v",
				     long_options, NULL)) != -1) {
		ret = end_option(option);
		if (ret < 0)
			ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	if (optind < argc) {
		message("%s: not an option", argv[optind]);
		return usage_error();
	}
	return check_geometry(options);
}
