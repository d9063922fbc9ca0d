// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "common/message.h"
#include "common/sigmf-profile.h"
#include "common/size.h"
#include "common/usage.h"
#include "scope/look.h"
#include "scope/options.h"
#include "scope/spectrum.h"

#define MAX_REGIONS	1024
#define MAX_REGION_SIZE ((uint64_t)4 << 30)
#define MAX_SAMPLES	(1U << 24)
#define DEFAULT_REGIONS 8
#define DEFAULT_SAMPLES 4096

enum {
	OPT_ASCII = 0x100,
	OPT_CHANNELS,
	OPT_DATATYPE,
	OPT_EVERY,
	OPT_JSON,
	OPT_ONCE,
	OPT_OVERWRITE,
	OPT_POINTS,
	OPT_PROFILE,
	OPT_RAW,
	OPT_REPLAY,
	OPT_SAMPLES,
	OPT_SAMPLE_RATE,
	OPT_SHARE,
	OPT_SVG,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "ascii", no_argument, NULL, OPT_ASCII },
	{ "channels", required_argument, NULL, OPT_CHANNELS },
	{ "count", required_argument, NULL, 'c' },
	{ "datatype", required_argument, NULL, OPT_DATATYPE },
	{ "device", required_argument, NULL, 'd' },
	{ "every", required_argument, NULL, OPT_EVERY },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "overwrite", no_argument, NULL, OPT_OVERWRITE },
	{ "points", required_argument, NULL, OPT_POINTS },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "region-size", required_argument, NULL, 'r' },
	{ "regions", required_argument, NULL, 'n' },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "sample-rate", required_argument, NULL, OPT_SAMPLE_RATE },
	{ "samples", required_argument, NULL, OPT_SAMPLES },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
	"Usage: fpgabuf-scope [options]\n"
	"\n"
	"Shows samples from an FPGA in a terminal, and their spectrum, until you press q.  It\n"
	"copies the samples of a picture, and gives each capture back at once.  If the output\n"
	"is not a terminal, it prints one picture.\n"
	"\n"
	"What to look at:\n"
	"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE
	")\n"
	"  -r, --region-size SIZE  memory of one capture (default 2M, or the longest\n"
	"                          capture of the DMA controller if that is less)\n"
	"  -n, --regions N         number of such regions (default 8)\n"
	"      --share SOCKET      instead: the captures of the fpgabuf-share at SOCKET\n"
	"      --replay RECORDING  instead: the samples and gaps of a SigMF recording\n"
	"      --raw FILE          instead: a file of samples\n"
	"      --every N           look at one capture in N (default 1)\n"
	"\n"
	"What it is:\n"
	"      --datatype TYPE     the type of the samples, such as ci16_le or rf32_le; a\n"
	"                          recording says it itself\n"
	"      --channels N        samples of N channels take turns, 1 to 16 (default 1)\n"
	"      --sample-rate N     samples a second: the axes show seconds and Hz\n"
	"      --profile PATH      a file with lines such as datatype = ci16_le, which has\n"
	"                          these, and the centre frequency; options go first\n"
	"\n"
	"What to show:\n"
	"      --samples N         samples of each channel in a picture, up to 16777216\n"
	"                          (default 4096); they may come from several captures\n"
	"      --points N          samples of one transform, 16 to 1048576 (default 4096);\n"
	"                          if there are more, the spectrum is their mean power\n"
	"      --once              show one picture, and end\n"
	"  -c, --count N           show N pictures, and end\n"
	"      --ascii             draw without Braille letters, as in a locale without UTF-8\n"
	"      --svg FILE          write a picture to FILE as SVG, instead\n"
	"      --overwrite         FILE may exist; its contents are lost\n"
	"      --json              print the numbers of a picture as one JSON object, instead\n"
	"  -q, --quiet             print pictures and errors only\n"
	"  -v, --verbose           report regions that are smaller than usual\n"
	"  -h, --help              print this text\n"
	"      --version           print the version\n"
	"\n"
	"SIZE is in bytes, with an optional suffix K, M or G (powers of 1024).\n"
	"\n"
	"Exit status: 0 all pictures were shown; 1 they were not, or something failed; 2 bad\n"
	"usage.\n";

/* Where samples come from: 0, a negative errno, or 1 if it is another option */
static int set_source(struct scope_options *o, int option)
{
	switch (option) {
	case 'd':
		return parse_path(optarg, &o->device);
	case 'n':
		return parse_number(optarg, 1, MAX_REGIONS, &o->regions);
	case 'r':
		return parse_size_within(optarg, 1, MAX_REGION_SIZE,
					 &o->region_size);
	case OPT_EVERY:
		return parse_number(optarg, 1, UNLIMITED - 1, &o->every);
	case OPT_RAW:
		return parse_path(optarg, &o->raw);
	case OPT_REPLAY:
		return parse_path(optarg, &o->replay);
	case OPT_SHARE:
		return parse_path(optarg, &o->share);
	default:
		return 1;
	}
}

/* What they are, and what to show: 0 or a negative errno */
static int set_value(struct scope_options *o, int option)
{
	switch (option) {
	case 'c':
		return parse_number(optarg, 1, UNLIMITED - 1, &o->pictures);
	case OPT_CHANNELS:
		return parse_number(optarg, 1, LOOK_MAX_CHANNELS, &o->channels);
	case OPT_DATATYPE:
		return sigmf_parse_type(optarg, &o->sigmf.datatype);
	case OPT_POINTS:
		return parse_number(optarg, SPECTRUM_MIN_POINTS,
				    SPECTRUM_MAX_POINTS, &o->points);
	case OPT_PROFILE:
		return parse_path(optarg, &o->profile);
	case OPT_SAMPLES:
		return parse_number(optarg, 1, MAX_SAMPLES, &o->samples);
	case OPT_SAMPLE_RATE:
		return parse_number(optarg, 1, SIGMF_MAX_RATE,
				    &o->sigmf.sample_rate);
	default:
		return parse_path(optarg, &o->svg);
	}
}

/* Options without a value; false: it is another option. */
static bool set_flag(struct scope_options *o, int option)
{
	switch (option) {
	case 'q':
		o->quiet = true;
		return true;
	case 'v':
		o->verbose = true;
		return true;
	case OPT_ASCII:
		o->ascii = true;
		return true;
	case OPT_JSON:
		o->json = true;
		return true;
	case OPT_ONCE:
		o->pictures = 1;
		return true;
	case OPT_OVERWRITE:
		o->overwrite = true;
		return true;
	default:
		return false;
	}
}

static int set_option(struct scope_options *o, int option)
{
	int err;

	if (set_flag(o, option))
		return -1;
	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_VERSION:
		return usage_show("fpgabuf-scope " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_source(o, option);
	if (err > 0)
		err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static int check(const struct scope_options *o)
{
	if (!!o->device + !!o->share + !!o->replay + !!o->raw > 1)
		return usage_wrong("--device, --share, --replay and --raw exclude each other");
	if (o->svg && o->json)
		return usage_wrong("--svg and --json exclude each other");
	if (o->overwrite && !o->svg)
		return usage_wrong("--overwrite needs --svg");
	return -1;
}

/* A profile may say it, or a recording. */
static int settle_type(struct scope_options *o)
{
	if (o->profile && sigmf_profile_read(o->profile, &o->sigmf))
		return EXIT_USAGE;
	if (o->sigmf.datatype || o->replay)
		return -1;
	message("no --datatype given");
	remedy("say what the samples are, as in --datatype ci16_le");
	return EXIT_USAGE;
}

/* Fills in options that were not given. */
static void settle_source(struct scope_options *o)
{
	if (o->share)
		return;
	if (!o->device && !o->replay && !o->raw)
		o->device = FPGABUF_DEFAULT_DEVICE;
	if (!o->regions)
		o->regions = DEFAULT_REGIONS;
}

int scope_options_parse(int argc, char **argv, struct scope_options *options)
{
	int option, ret;

	*options = (struct scope_options){
		.pictures = UNLIMITED,
		.every = 1,
		.samples = DEFAULT_SAMPLES,
		.points = DEFAULT_SAMPLES,
		.channels = 1,
	};
	while ((option = getopt_long(argc, argv, "c:d:hn:qr:v", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	if (optind < argc) {
		message("%s: not an option", argv[optind]);
		return usage_error();
	}
	ret = check(options);
	if (ret < 0)
		ret = settle_type(options);
	settle_source(options);
	return ret;
}
