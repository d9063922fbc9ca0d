// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-show: what it makes of its command line */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "common/message.h"
#include "lib/suite.h"
#include "process.h"
#include "show/geometry.h"
#include "show/options.h"

#define MAX_ARGS	8

/* By another way than the table: bits of a pixel, as the name tells them */
static unsigned int bits_by_name(const char *name)
{
	size_t letters = strspn(name, "ARGBX");
	const char *digits = name + letters;
	unsigned int bits = 0, width;

	/* YUV: two pixels have four bytes. */
	if (!*digits || !letters)
		return 16;
	for (; letters; letters--) {
		/* 1, 2 and 10, 16: two digits begin with a 1. */
		width = *digits++ - '0';
		if (width == 1 && *digits && strlen(digits) > letters - 1)
			width = 10 + *digits++ - '0';
		bits += width;
	}
	return bits;
}

static void test_formats(void)
{
	const struct pixel_format *format;
	size_t i;

	for (i = 0; (format = format_get(i)); i++) {
		CU_ASSERT_PTR_EQUAL(format_find(format->name), format);
		CU_ASSERT_PTR_EQUAL(format_of(format->fourcc), format);
		CU_ASSERT_EQUAL(format->pixel_bytes,
				(bits_by_name(format->name) + 7) / 8);
		CU_ASSERT(format->block_pixels >= 1);
	}
	CU_ASSERT_EQUAL(i, 26);
	CU_ASSERT_PTR_NULL(format_get(i));
	CU_ASSERT_EQUAL(format_find("xrgb8888")->fourcc, 0x34325258);
	CU_ASSERT_PTR_NULL(format_find(""));
	CU_ASSERT_PTR_NULL(format_find("XRGB888"));
	CU_ASSERT_PTR_NULL(format_find("NV12"));
	CU_ASSERT_PTR_NULL(format_of(0));
}

static void check_size(const char *text, int err, uint32_t width,
		       uint32_t height)
{
	uint32_t w = 7, h = 9;

	CU_ASSERT_EQUAL(geometry_parse(text, &w, &h), err);
	CU_ASSERT_EQUAL(w, err ? 7 : width);
	CU_ASSERT_EQUAL(h, err ? 9 : height);
}

static void test_size(void)
{
	check_size("640x480", 0, 640, 480);
	check_size("1X32768", 0, 1, 32768);
	check_size("00000001x1", 0, 1, 1);
	check_size("32769x1", -ERANGE, 0, 0);
	check_size("1x32769", -ERANGE, 0, 0);
	check_size("0x1", -ERANGE, 0, 0);
	check_size("1x0", -ERANGE, 0, 0);
	check_size("1x99999999999999999999", -ERANGE, 0, 0);
	check_size("000000001x1", -EINVAL, 0, 0);
	check_size("640", -EINVAL, 0, 0);
	check_size("640x", -EINVAL, 0, 0);
	check_size("x480", -EINVAL, 0, 0);
	check_size("640x480x", -EINVAL, 0, 0);
	check_size("640x 480", -EINVAL, 0, 0);
	check_size("-1x1", -EINVAL, 0, 0);
	check_size("640*480", -EINVAL, 0, 0);
	check_size("", -EINVAL, 0, 0);
}

static void test_geometry(void)
{
	const struct pixel_format *xrgb = format_find("XRGB8888");
	const struct pixel_format *wide = format_find("XRGB16161616");
	const struct pixel_format *yuyv = format_find("YUYV");
	struct geometry g = { .bytes = 7 };

	CU_ASSERT_EQUAL(geometry_make(xrgb, 640, 480, 2559, &g), -EINVAL);
	CU_ASSERT_EQUAL(geometry_make(yuyv, 641, 480, 0, &g), -EDOM);
	CU_ASSERT_EQUAL(geometry_make(xrgb, 0, 480, 0, &g), -ERANGE);
	CU_ASSERT_EQUAL(geometry_make(xrgb, 640, 0, 0, &g), -ERANGE);
	CU_ASSERT_EQUAL(geometry_make(xrgb, 32769, 1, 0, &g), -ERANGE);
	CU_ASSERT_EQUAL(geometry_make(xrgb, 1, 32769, 0, &g), -ERANGE);
	CU_ASSERT_EQUAL(geometry_make(xrgb, UINT32_MAX, 1, 4, &g), -ERANGE);
	CU_ASSERT_EQUAL(g.bytes, 7);

	CU_ASSERT_EQUAL(geometry_make(xrgb, 640, 480, 0, &g), 0);
	CU_ASSERT_EQUAL(g.stride, 2560);
	CU_ASSERT_EQUAL(g.bytes, 1228800);
	CU_ASSERT_EQUAL(geometry_make(xrgb, 640, 480, 2560, &g), 0);
	CU_ASSERT_EQUAL(geometry_make(yuyv, 642, 3, 2000, &g), 0);
	CU_ASSERT_EQUAL(g.bytes, 6000);

	/* The largest there can be: more than 32 bits, and less than 64. */
	CU_ASSERT_EQUAL(geometry_make(wide, 32768, 32768, 0, &g), 0);
	CU_ASSERT_EQUAL(g.bytes, UINT64_C(8) << 30);
	CU_ASSERT_EQUAL(geometry_make(wide, 32768, 32768, UINT32_MAX, &g), 0);
	CU_ASSERT_EQUAL(g.bytes, UINT64_C(32768) * UINT32_MAX);
}

static int parse(char *const args[], struct show_options *o)
{
	char *argv[MAX_ARGS + 2] = { "fpgabuf-show" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];
	optind = 0;
	return show_options_parse(argc, argv, o);
}

static void test_options(void)
{
	char *none[] = { NULL };
	char *all[] = {
		"-fRGB565", "-s", "800x600", "--stride=2K", "-c0",
		"--duration=3", "-t5", NULL,
	};
	struct show_options o;

	CU_ASSERT_EQUAL(parse(none, &o), -1);
	CU_ASSERT_STRING_EQUAL(o.device, "/dev/fpgabuf0");
	CU_ASSERT_STRING_EQUAL(o.format->name, "XRGB8888");
	CU_ASSERT_EQUAL(o.width, 0);
	CU_ASSERT_EQUAL(o.stride, 0);
	CU_ASSERT_EQUAL(o.pictures, 1);
	CU_ASSERT_EQUAL(o.duration_ms, -1);
	CU_ASSERT_EQUAL(o.timeout_ms, 30000);
	CU_ASSERT_PTR_NULL(o.card);
	CU_ASSERT_PTR_NULL(o.connector);

	CU_ASSERT_EQUAL(parse(all, &o), -1);
	CU_ASSERT_STRING_EQUAL(o.format->name, "RGB565");
	CU_ASSERT_EQUAL(o.width, 800);
	CU_ASSERT_EQUAL(o.height, 600);
	CU_ASSERT_EQUAL(o.stride, 2048);
	CU_ASSERT_EQUAL(o.pictures, UNLIMITED);
	CU_ASSERT_EQUAL(o.duration_ms, 3000);
	CU_ASSERT_EQUAL(o.timeout_ms, 5000);
}

static void wrong(char *first, char *second, const char *why)
{
	char *argv[] = { "tools/fpgabuf-show", first, second, NULL };
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "  -> "));
}

static void test_usage(void)
{
	wrong("--size", "640", "--size: 640: not a valid value");
	wrong("--size", "0x1", "--size: 0x1: out of range");
	wrong("--stride", "0", "--stride: 0: out of range");
	wrong("--stride", "4G", "--stride: 4G: out of range");
	wrong("--count", "-1", "--count: -1: not a valid value");
	wrong("--duration", "0", "--duration: 0: out of range");
	wrong("--timeout", "1000001", "--timeout: 1000001: out of range");
	wrong("--format", "NV12", "NV12: not a known format");
	wrong("--nothing", NULL, "--nothing");
	wrong("picture", NULL, "picture: not an option");
	wrong("-fYUYV", "-s3x3", "the width of YUYV is a multiple of 2");
	wrong("-s640x480", "--stride=2559", "640 pixels of XRGB8888 has 2560");
}

static void prints(char *option, const char *text)
{
	char *argv[] = { "tools/fpgabuf-show", option, NULL };
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

static void test_prints(void)
{
	prints("--help", "Usage: fpgabuf-show");
	prints("--version", "fpgabuf-show " FPGABUF_TOOLS_VERSION);
	prints("--formats", "\nXRGB8888\n");
}

static void test_no_device(void)
{
	char *argv[] = { "tools/fpgabuf-show", "-d", "/dev/none", NULL };
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot open /dev/none"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "is the fpgabuf module loaded"));
}

static const struct test tests[] = {
	{ "every format is found, and has the bytes its name tells",
	  test_formats },
	{ "a size is two numbers that are not too large", test_size },
	{ "a picture of any measures has its bytes, beyond 32 bits",
	  test_geometry },
	{ "options mean what they say", test_options },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "help, version and formats go to stdout", test_prints },
	{ "without a device it fails and has a remedy", test_no_device },
	{ }
};

SUITE(show, .title = "fpgabuf-show", .tests = tests)
