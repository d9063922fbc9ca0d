// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"
#include "doctor/options.h"

enum { OPT_CAPTURE = 0x100, OPT_JSON, OPT_REPORT, OPT_VERSION };

static const struct option long_options[] = {
	{ "capture", required_argument, NULL, OPT_CAPTURE },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "report", no_argument, NULL, OPT_REPORT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-doctor [options]\n"
"\n"
"Looks for what keeps this machine from capturing and sending without a copy, and\n"
"says what to do about it.  Each check is a line: ok, wrong, or not known.\n"
"\n"
"      --capture WHEN      capture, to see whether captures come, and whether\n"
"                          the CPU sees them: always; never; or auto (default),\n"
"                          if the DMA channel can be stopped\n"
"      --json              print JSON, on one line\n"
"      --report            print all that matters for a bug report as well\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"It needs no root.  What root alone can see is \"not known\" without.  It does not\n"
"capture from a device from which another program captures.\n"
"\n"
"Exit status: 0 nothing is wrong; 1 something is, or it failed; 2 bad usage.\n";

static int set_capture(struct doctor_options *o)
{
	static const char * const words[] = {
		[CAPTURE_AUTO] = "auto",
		[CAPTURE_ALWAYS] = "always",
		[CAPTURE_NEVER] = "never",
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(optarg, words[i]))
			continue;
		o->capture = i;
		return -1;
	}
	parse_wants("auto, always or never");
	return usage_bad_value(long_options, OPT_CAPTURE, -EINVAL);
}

static int set_option(struct doctor_options *o, int option)
{
	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_CAPTURE:
		return set_capture(o);
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_REPORT:
		o->report = true;
		return -1;
	case OPT_VERSION:
		return usage_show("fpgabuf-doctor " FPGABUF_TOOLS_VERSION "\n");
	default:
		return usage_error();
	}
}

int doctor_options_parse(int argc, char **argv, struct doctor_options *options)
{
	int option, ret;

	*options = (struct doctor_options){ .capture = CAPTURE_AUTO };
	while ((option = getopt_long(argc, argv, "h", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	if (optind < argc) {
		message("%s: there are no arguments but options", argv[optind]);
		return usage_error();
	}
	if (options->json && options->report)
		return usage_wrong("--json and --report do not go together");
	return -1;
}
