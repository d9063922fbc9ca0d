// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"
#include "info/options.h"

#define MAX_WATCH_S	86400

enum { OPT_JSON = 0x100, OPT_VERSION, OPT_WATCH };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "watch", optional_argument, NULL, OPT_WATCH },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-info [options] [DEVICE...]\n"
"\n"
"Shows capture devices: their limits, their counters, their regions, and the\n"
"processes that hold them.  DEVICE is a node like /dev/fpgabuf0; without one it\n"
"shows all devices.\n"
"\n"
"      --json              print JSON, on one line\n"
"      --watch[=SECONDS]   look again every SECONDS (default 1), and show rates:\n"
"                          in place on a terminal, else one line for each device;\n"
"                          SIGINT or SIGTERM ends it\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"Without root, only the regions of your own processes are shown; processes that\n"
"cannot be read are counted.\n"
"\n"
"Exit status: 0 success; 1 failed; 2 bad usage.\n";

static int set_watch(struct info_options *o)
{
	uint64_t seconds = 1;
	int err = 0;

	if (optarg)
		err = parse_number(optarg, 1, MAX_WATCH_S, &seconds);
	if (err)
		return usage_bad_value(long_options, OPT_WATCH, err);
	o->watch_s = seconds;
	return -1;
}

static int set_option(struct info_options *o, int option)
{
	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_VERSION:
		return usage_show("fpgabuf-info " FPGABUF_TOOLS_VERSION "\n");
	case OPT_WATCH:
		return set_watch(o);
	default:
		return usage_error();
	}
}

/* With "--watch 2" the user means seconds, but getopt() returns a device. */
static int check_devices(const struct info_options *o)
{
	unsigned int i;

	for (i = 0; o->watch_s && i < o->device_count; i++) {
		const char *word = o->devices[i];

		if (!*word || word[strspn(word, "0123456789.")])
			continue;
		message("%s: not a device", word);
		remedy("write the seconds of --watch after =, as in --watch=2; for a file of this name use ./%s",
		       word);
		return EXIT_USAGE;
	}
	return -1;
}

int info_options_parse(int argc, char **argv, struct info_options *options)
{
	int option, ret;

	*options = (struct info_options){ 0 };
	while ((option = getopt_long(argc, argv, "h", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	options->devices = argv + optind;
	options->device_count = argc - optind;
	return check_devices(options);
}
