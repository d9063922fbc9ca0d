// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "plan/options.h"
#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"

/* More than any round trip on earth takes, or any link carries */
#define MAX_DELAY_US	(UINT64_C(3600) * 1000000)
#define MAX_RATE	(UINT64_C(1) << 50)
#define MAX_REGION	(UINT64_C(1) << 40)

#define DEFAULT_RTT_US	1000
#define DEFAULT_DELAY_US	10000

enum {
	OPT_DELAY = 0x100, OPT_JSON, OPT_LINK, OPT_PLAN, OPT_RATE, OPT_RTT,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ "device", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "link", required_argument, NULL, OPT_LINK },
	{ "plan", no_argument, NULL, OPT_PLAN },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "region-size", required_argument, NULL, 'r' },
	{ "rtt", required_argument, NULL, OPT_RTT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-plan --rate SIZE [options]\n"
"\n"
"Says how many regions a stream needs, so that the FPGA always has one to write\n"
"to, and whether the limits of this machine allow it.\n"
"\n"
"      --rate SIZE         bytes that the FPGA delivers each second\n"
"      --link SIZE         bytes that the connection carries each second\n"
"                          (default: the rate)\n"
"  -r, --region-size SIZE  memory of one capture (default 2M, or the longest\n"
"                          capture of the DMA controller if that is less)\n"
"      --rtt MS            milliseconds of a round trip, as ping shows them\n"
"                          (default 1)\n"
"      --delay MS          milliseconds that a completion takes beyond that\n"
"                          (default 10)\n"
"  -d, --device PATH       look at the limits of this device as well\n"
"      --json              print JSON, on one line\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024); MS may\n"
"have three digits after the point.\n"
"\n"
"Exit status: 0 the limits allow it; 1 they do not, and the output has the\n"
"remedy, or something failed; 2 bad usage.\n";

static int parse_limited(uint64_t max, uint64_t *size)
{
	return parse_size_within(optarg, 1, max, size);
}

static int set_value(struct plan_options *o, int option)
{
	switch (option) {
	case 'd':
		return parse_path(optarg, &o->device);
	case 'r':
		o->usual_region = false;
		return parse_limited(MAX_REGION, &o->stream.region_size);
	case OPT_RATE:
		return parse_limited(MAX_RATE, &o->stream.rate);
	case OPT_LINK:
		return parse_limited(MAX_RATE, &o->stream.link);
	case OPT_RTT:
		return parse_ms(optarg, MAX_DELAY_US, &o->stream.rtt_us);
	default:
		return parse_ms(optarg, MAX_DELAY_US, &o->stream.delay_us);
	}
}

static int set_option(struct plan_options *o, int option)
{
	int err;

	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_PLAN:
		/* The option of fpgabuf-bench, the old name of this program. */
		return -1;
	case OPT_VERSION:
		return usage_show("fpgabuf-plan " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

/* Fills in options that were not given. */
static int settle(struct plan_options *o)
{
	if (!o->stream.rate)
		return usage_wrong("give --rate");
	if (!o->stream.link)
		o->stream.link = o->stream.rate;
	if (o->stream.link < o->stream.rate)
		return usage_wrong("--link: the FPGA is faster than that, so no number of regions is enough");
	return -1;
}

int plan_options_parse(int argc, char **argv, struct plan_options *options)
{
	int option, ret;

	*options = (struct plan_options){
		.usual_region = true,
		.stream = {
			.region_size = FPGABUF_RING_REGION_SIZE,
			.rtt_us = DEFAULT_RTT_US,
			.delay_us = DEFAULT_DELAY_US,
		},
	};
	while ((option = getopt_long(argc, argv, "d:hr:", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	if (optind < argc) {
		message("%s: there are no arguments but options", argv[optind]);
		return usage_error();
	}
	return settle(options);
}
