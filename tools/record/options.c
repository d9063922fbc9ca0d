// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/output-name.h"
#include "common/sigmf-profile.h"
#include "common/size.h"
#include "common/usage.h"
#include "record/options.h"

#define MAX_SECONDS	1000000
#define MIN_ROTATE_SIZE	4096
#define DEFAULT_REGIONS	16

enum {
	OPT_AFTER = 0x100, OPT_BEFORE, OPT_DATATYPE, OPT_DURATION, OPT_HW_TIME, OPT_JSON,
	OPT_MAX_DISK, OPT_OVERWRITE, OPT_PROFILE, OPT_PROGRESS, OPT_REPLAY, OPT_ROTATE_SIZE,
	OPT_ROTATE_TIME, OPT_SAMPLE_RATE, OPT_SHARE, OPT_SIGMF, OPT_STATS,
	OPT_STATS_FILE, OPT_SYNC, OPT_TRIGGER, OPT_TRIGGER_FIFO, OPT_VERSION, OPT_WINDOWS,
};

static const struct option long_options[] = {
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "before", required_argument, NULL, OPT_BEFORE },
	{ "bytes", required_argument, NULL, 'b' },
	{ "count", required_argument, NULL, 'c' },
	{ "datatype", required_argument, NULL, OPT_DATATYPE },
	{ "device", required_argument, NULL, 'd' },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "help", no_argument, NULL, 'h' },
	{ "hw-time", required_argument, NULL, OPT_HW_TIME },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "max-disk", required_argument, NULL, OPT_MAX_DISK },
	{ "overwrite", no_argument, NULL, OPT_OVERWRITE },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "region-size", required_argument, NULL, 'r' },
	{ "regions", required_argument, NULL, 'n' },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "rotate-size", required_argument, NULL, OPT_ROTATE_SIZE },
	{ "rotate-time", required_argument, NULL, OPT_ROTATE_TIME },
	{ "sample-rate", required_argument, NULL, OPT_SAMPLE_RATE },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "sigmf", no_argument, NULL, OPT_SIGMF },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "stats-file", required_argument, NULL, OPT_STATS_FILE },
	{ "sync", required_argument, NULL, OPT_SYNC },
	{ "trigger", required_argument, NULL, OPT_TRIGGER },
	{ "trigger-fifo", required_argument, NULL, OPT_TRIGGER_FIFO },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "windows", required_argument, NULL, OPT_WINDOWS },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-record [options] FILE\n"
"\n"
"Captures from an FPGA and writes the samples to FILE, from the memory that the\n"
"FPGA has written to.  The disk reads that memory itself if the file system can\n"
"write past the page cache.\n"
"\n"
"What to record (default: captures, until SIGINT, SIGTERM or SIGHUP):\n"
"  -b, --bytes SIZE        exactly SIZE bytes; reserve space for them\n"
"  -c, --count N           N captures\n"
"      --duration SECONDS  captures for SECONDS\n"
"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE ")\n"
"  -r, --region-size SIZE  memory of one capture (default 2M, or the longest\n"
"                          capture of the DMA controller if that is less)\n"
"  -n, --regions N         number of such regions (default 16): a disk that pauses\n"
"                          may pause for as long as the FPGA needs to fill them\n"
"      --share SOCKET      instead: the captures of the fpgabuf-share at SOCKET\n"
"      --replay RECORDING  instead: the samples and gaps of a SigMF recording\n"
"\n"
"Which of them to write (default: all).  With any of these options, SIGUSR1 is a\n"
"trigger, too:\n"
"      --before N          N captures before the one with a trigger; until then they\n"
"                          are kept in their regions\n"
"      --after N           N captures behind it\n"
"      --trigger RULE      a number in a capture is a trigger: a type, one of\n"
"                          > < >= <= == !=, and a value, such as 'i16_le>1000'; may\n"
"                          be given up to 16 times\n"
"      --trigger-fifo PATH a line \"trigger\" that is written to PATH is a trigger\n"
"      --windows N         end after N windows; windows that meet are one\n"
"\n"
"Where to:\n"
"      --overwrite         write to files that exist; their contents are lost\n"
"                          when the first bytes come\n"
"      --sync SECONDS      data are on the disk at most SECONDS after they were\n"
"                          written (default: at the end of each file)\n"
"      --rotate-size SIZE  begin the next file before one gets larger than SIZE\n"
"      --rotate-time SECONDS\n"
"                          begin the next file when one is SECONDS old\n"
"      --max-disk SIZE     remove the oldest files of this run, so that all of them\n"
"                          have at most SIZE bytes; needs --rotate-size or\n"
"                          --rotate-time\n"
"\n"
"      --sigmf             write FILE.sigmf-data, and FILE.sigmf-meta with what it\n"
"                          has, when it begins, and every gap; needs --datatype\n"
"      --datatype TYPE     the type of the samples, such as ci16_le or rf32_le\n"
"      --sample-rate N     samples a second; without it no times are written\n"
"      --hw-time OFFSET:TYPE[:RATE]\n"
"                          a counter is OFFSET bytes behind the beginning of each\n"
"                          capture: u32_le, u32_be, u64_le or u64_be, with RATE\n"
"                          ticks a second; the metadata have it, and by it the\n"
"                          length of gaps\n"
"      --profile PATH      a file with lines such as datatype = ci16_le, which has\n"
"                          these, author, frequency and more; options go first\n"
"\n"
"In FILE, %n is the number of the file, %t the time (UTC), and %% is %; .%n is\n"
"appended when there may be several files and FILE does not have it.\n"
"\n"
"What to print:\n"
"      --json              print the summary as one JSON object on stdout\n"
"      --stats SECONDS     print the summary also every SECONDS\n"
"      --stats-file FILE   write statistics for Prometheus to FILE every SECONDS of\n"
"                          --stats (default 10), and at the end\n"
"      --progress          show the progress even if stderr is not a terminal\n"
"  -q, --quiet             print errors only\n"
"  -v, --verbose           report each capture and each file\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"\n"
"The first signal ends the capture: what was captured is written, and the summary\n"
"is printed.  The second one ends the program at once.\n"
"\n"
"Exit status: 0 all that was asked for is on the disk; 1 it is not, or something\n"
"failed: FILE ends behind the last capture that was written; 2 bad usage.\n";

static int parse_limit(uint64_t *limit)
{
	return parse_size_within(optarg, 1, UNLIMITED - 1, limit);
}

static int add_rule(struct record_options *o)
{
	parse_wants("at most %d rules", MAX_RULES);
	if (o->rule_count == MAX_RULES)
		return -ERANGE;
	parse_wants(RULE_FORM);
	if (rule_parse(optarg, &o->rules[o->rule_count]))
		return -EINVAL;
	o->rule_count++;
	return 0;
}

/* Which captures to write: 0, a negative errno, or 1 if it is another option */
static int set_window(struct record_options *o, int option)
{
	switch (option) {
	case OPT_AFTER:
		return parse_number(optarg, 0, UNLIMITED - 1, &o->after);
	case OPT_BEFORE:
		return parse_number(optarg, 0, MAX_REGIONS - REGIONS_BESIDES,
				    &o->before);
	case OPT_TRIGGER:
		return add_rule(o);
	case OPT_TRIGGER_FIFO:
		return parse_path(optarg, &o->fifo);
	case OPT_WINDOWS:
		return parse_number(optarg, 1, UNLIMITED - 1, &o->windows);
	default:
		return 1;
	}
}

/* What to record: the same */
static int set_extent(struct record_options *o, int option)
{
	switch (option) {
	case 'b':
		return parse_limit(&o->bytes);
	case 'c':
		return parse_number(optarg, 1, UNLIMITED - 1, &o->captures);
	case 'd':
		return parse_path(optarg, &o->device);
	case 'n':
		return parse_number(optarg, 1, MAX_REGIONS, &o->regions);
	case 'r':
		return parse_size_within(optarg, 1, MAX_REGION_SIZE,
					 &o->region_size);
	case OPT_DURATION:
		return parse_number(optarg, 1, MAX_SECONDS, &o->duration_s);
	case OPT_REPLAY:
		return parse_path(optarg, &o->replay);
	case OPT_SHARE:
		return parse_path(optarg, &o->share);
	default:
		return 1;
	}
}

/* Where to: 0 or a negative errno. */
static int set_manner(struct record_options *o, int option)
{
	switch (option) {
	case OPT_DATATYPE:
		return sigmf_parse_type(optarg, &o->sigmf.datatype);
	case OPT_HW_TIME:
		return hw_time_parse(optarg, &o->sigmf.counter);
	case OPT_MAX_DISK:
		return parse_size_within(optarg, MIN_ROTATE_SIZE, UINT64_MAX,
					 &o->max_disk);
	case OPT_PROFILE:
		return parse_path(optarg, &o->profile);
	case OPT_ROTATE_SIZE:
		return parse_size_within(optarg, MIN_ROTATE_SIZE, UINT64_MAX,
					 &o->rotate_size);
	case OPT_ROTATE_TIME:
		return parse_seconds(optarg, MAX_SECONDS, &o->rotate_ns);
	case OPT_SAMPLE_RATE:
		return parse_number(optarg, 1, SIGMF_MAX_RATE,
				    &o->sigmf.sample_rate);
	case OPT_STATS:
		return parse_seconds(optarg, MAX_SECONDS, &o->stats_ns);
	case OPT_STATS_FILE:
		return parse_path(optarg, &o->stats_file);
	default:
		return parse_seconds(optarg, MAX_SECONDS, &o->sync_ns);
	}
}

/* Options without a value; false: it is another option. */
static bool set_flag(struct record_options *o, int option)
{
	switch (option) {
	case 'q':
		o->quiet = true;
		return true;
	case 'v':
		o->verbose = true;
		return true;
	case OPT_JSON:
		o->json = true;
		return true;
	case OPT_OVERWRITE:
		o->overwrite = true;
		return true;
	case OPT_PROGRESS:
		o->progress = true;
		return true;
	case OPT_SIGMF:
		o->metadata = true;
		return true;
	default:
		return false;
	}
}

static int set_option(struct record_options *o, int option)
{
	int err;

	if (set_flag(o, option))
		return -1;
	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_VERSION:
		return usage_show("fpgabuf-record " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_window(o, option);
	if (err <= 0)
		o->triggered = true;
	if (err > 0)
		err = set_extent(o, option);
	if (err > 0)
		err = set_manner(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static bool rotates(const struct record_options *o)
{
	return o->rotate_size || o->rotate_ns;
}

static int check(const struct record_options *o)
{
	int ends = (o->bytes != UNLIMITED) + (o->captures != UNLIMITED) +
		   (o->duration_s != UNLIMITED);

	if (ends > 1)
		return usage_wrong("--bytes, --count and --duration exclude each other");
	if (o->triggered && o->bytes != UNLIMITED)
		return usage_wrong("--bytes excludes --before, --after, --trigger, --trigger-fifo and --windows");
	if (!!o->device + !!o->share + !!o->replay > 1)
		return usage_wrong("--device, --share and --replay exclude each other");
	if (!o->metadata &&
	    (o->sigmf.datatype || o->sigmf.sample_rate || o->profile ||
	     hw_time_is_there(&o->sigmf.counter)))
		return usage_wrong("--datatype, --sample-rate, --profile and --hw-time need --sigmf");
	if (o->max_disk && !rotates(o))
		return usage_wrong("--max-disk needs --rotate-size or --rotate-time");
	if (o->max_disk && o->rotate_size > o->max_disk / 2)
		return usage_wrong("--max-disk must be at least twice --rotate-size");
	return -1;
}

/* A window of usual length finds room if the disk pauses. */
static uint64_t default_regions(const struct record_options *o)
{
	const uint64_t behind = o->after < DEFAULT_REGIONS ? o->after :
							     DEFAULT_REGIONS;
	const uint64_t all = o->before + behind + REGIONS_BESIDES;

	if (all < DEFAULT_REGIONS)
		return DEFAULT_REGIONS;
	return all < MAX_REGIONS ? all : MAX_REGIONS;
}

/* A profile may say it, or a recording. */
static int settle_type(struct record_options *o)
{
	if (o->profile && sigmf_profile_read(o->profile, &o->sigmf))
		return EXIT_USAGE;
	if (o->metadata && !o->sigmf.datatype && !o->replay)
		return usage_wrong("--sigmf needs --datatype");
	if (o->replay && hw_time_is_there(&o->sigmf.counter))
		return usage_wrong("--hw-time excludes --replay: a recording does not say where captures begin");
	return -1;
}

/* Fills in options that were not given. */
static void settle_source(struct record_options *o)
{
	if (o->share)
		return;
	if (!o->device && !o->replay)
		o->device = FPGABUF_DEFAULT_DEVICE;
	if (!o->regions)
		o->regions = default_regions(o);
}

/* Every file has a name of its own. */
static int set_name(struct record_options *o, const char *pattern)
{
	struct output_numbers has;
	size_t stem;
	int len;

	if (output_name_numbers(pattern, &has) || has.connection) {
		message("%s: only n, t or %% can follow %%", pattern);
		return usage_error();
	}
	stem = o->metadata ? sigmf_stem(pattern) : strlen(pattern);
	len = snprintf(o->name, sizeof(o->name), "%.*s%s%s", (int)stem,
		       pattern, rotates(o) && !has.file ? ".%n" : "",
		       o->metadata ? SIGMF_DATA : "");
	if (len >= (int)sizeof(o->name))
		return usage_wrong("the name of the file is too long");
	o->output = o->name;
	return -1;
}

static int set_file(struct record_options *o, int count, char **words)
{
	if (!count)
		return usage_wrong("no FILE given");
	if (count > 1)
		return usage_wrong("more than one FILE given");
	if (!**words)
		return usage_wrong("FILE has no name");
	return set_name(o, *words);
}

int record_options_parse(int argc, char **argv, struct record_options *options)
{
	int option, ret;

	*options = (struct record_options){
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.duration_s = UNLIMITED,
		.sigmf.recorder = "fpgabuf-record " FPGABUF_TOOLS_VERSION,
	};
	while ((option = getopt_long(argc, argv, "b:c:d:hn:qr:v", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	ret = check(options);
	if (ret < 0)
		ret = settle_type(options);
	if (ret < 0)
		ret = set_file(options, argc - optind, argv + optind);
	settle_source(options);
	return ret;
}
