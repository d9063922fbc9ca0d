// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/size.h"
#include "send/options.h"

#define MAX_TIMEOUT_S	1000000

enum { OPT_JSON = 0x100, OPT_PROGRESS, OPT_VERSION };

static const struct option long_options[] = {
	{ "bytes", required_argument, NULL, 'b' },
	{ "count", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'd' },
	{ "engine", required_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "region-size", required_argument, NULL, 'r' },
	{ "regions", required_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-send [options] HOST:PORT\n"
"\n"
"Captures from an FPGA and sends what it captures to a TCP peer, from the\n"
"memory it was captured into.  An IPv6 address is written as [::1]:PORT.\n"
"\n"
"What to send (default: until SIGINT or SIGTERM):\n"
"  -b, --bytes SIZE        send exactly SIZE bytes\n"
"  -c, --count N           send N captures\n"
"\n"
"How:\n"
"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE ")\n"
"  -r, --region-size SIZE  memory of one capture (default 1M)\n"
"  -n, --regions N         number of such regions (default 8)\n"
"  -e, --engine ENGINE     zerocopy (default) or copy\n"
"  -t, --timeout SECONDS   give up when the peer does not answer, or takes\n"
"                          nothing of the rest, for so long (default 30)\n"
"\n"
"What to print:\n"
"      --json              the summary as one JSON object on stdout\n"
"      --progress          progress even if stderr is not a terminal\n"
"  -q, --quiet             errors only\n"
"  -v, --verbose           say what is going on\n"
"  -h, --help              this text\n"
"      --version           the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"\n"
"On the first SIGINT or SIGTERM the capture ends, what was captured is sent,\n"
"and the summary printed; the second one ends the program at once.\n"
"\n"
"Exit status: 0 the peer has acknowledged every byte asked for; 1 it has not,\n"
"or something failed; 2 bad usage.\n";

const char *engine_name(enum fpgabuf_engine engine)
{
	return engine == FPGABUF_ENGINE_COPY ? "copy" : "zerocopy";
}

static int usage_error(void)
{
	remedy("try --help");
	return EXIT_USAGE;
}

static int bad_value(int option, int err)
{
	message("-%c: %s: %s", option, optarg,
		err == -ERANGE ? "out of range" : "not a valid value");
	return usage_error();
}

static int parse_engine(const char *text, enum fpgabuf_engine *engine)
{
	if (!strcmp(text, "zerocopy"))
		*engine = FPGABUF_ENGINE_ZEROCOPY;
	else if (!strcmp(text, "copy"))
		*engine = FPGABUF_ENGINE_COPY;
	else
		return -EINVAL;
	return 0;
}

static int parse_limit(const char *text, uint64_t *limit)
{
	int err = parse_size(text, limit);

	if (err)
		return err;
	return *limit < 1 || *limit == UNLIMITED ? -ERANGE : 0;
}

/* Options that have a value: 0 or a negative errno. */
static int set_value(struct send_options *o, int option)
{
	uint64_t seconds;
	int err;

	switch (option) {
	case 'b':
		return parse_limit(optarg, &o->bytes);
	case 'c':
		return parse_number(optarg, 1, UNLIMITED - 1, &o->captures);
	case 'e':
		return parse_engine(optarg, &o->engine);
	case 'n':
		return parse_number(optarg, 1, FPGABUF_SENDER_MAX_DEPTH,
				    &o->regions);
	case 'r':
		return parse_limit(optarg, &o->region_size);
	default:
		err = parse_number(optarg, 1, MAX_TIMEOUT_S, &seconds);
		if (!err)
			o->timeout_ms = seconds * 1000;
		return err;
	}
}

static int set_option(struct send_options *o, int option)
{
	int err;

	switch (option) {
	case 'd':
		o->device = optarg;
		return -1;
	case 'q':
		o->quiet = true;
		return -1;
	case 'v':
		o->verbose = true;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_PROGRESS:
		o->progress = true;
		return -1;
	case 'h':
		fputs(help, stdout);
		return EXIT_OK;
	case OPT_VERSION:
		puts("fpgabuf-send " FPGABUF_TOOLS_VERSION);
		return EXIT_OK;
	case '?':
		return usage_error();
	}
	err = set_value(o, option);
	return err ? bad_value(option, err) : -1;
}

static int check(struct send_options *o, int argc, char **argv)
{
	if (argc - optind != 1) {
		message(argc == optind ? "no HOST:PORT given" :
					 "more than one HOST:PORT given");
		return usage_error();
	}
	if (endpoint_parse(argv[optind], &o->peer) || !*o->peer.host) {
		message("%s: not of the form HOST:PORT", argv[optind]);
		return usage_error();
	}
	if (o->bytes != UNLIMITED && o->captures != UNLIMITED) {
		message("--bytes and --count exclude each other");
		return usage_error();
	}
	return -1;
}

int send_options_parse(int argc, char **argv, struct send_options *options)
{
	int option, ret;

	*options = (struct send_options){
		.device = FPGABUF_DEFAULT_DEVICE,
		.region_size = 1 << 20,
		.regions = 8,
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.engine = FPGABUF_ENGINE_ZEROCOPY,
		.timeout_ms = 30 * 1000,
	};
	while ((option = getopt_long(argc, argv, "b:c:d:e:hn:qr:t:v",
				     long_options, NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	return check(options, argc, argv);
}
