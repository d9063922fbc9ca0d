// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/size.h"
#include "recv/options.h"

#define MAX_TIMEOUT_S	1000000

enum { OPT_JSON = 0x100, OPT_PORT_FILE, OPT_PROGRESS, OPT_VERIFY, OPT_VERSION };

static const struct option long_options[] = {
	{ "bytes", required_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "output", required_argument, NULL, 'o' },
	{ "port-file", required_argument, NULL, OPT_PORT_FILE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, 't' },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-recv [options] [HOST:]PORT\n"
"\n"
"Accepts one TCP connection, takes the stream to its end, and exits.  HOST is\n"
"the address to listen at (default 127.0.0.1; 0.0.0.0 or [::] for all); PORT 0\n"
"takes any free port.\n"
"\n"
"  -o, --output FILE       write the stream to FILE; - is stdout, and the\n"
"                          summary then goes to stderr (default: discard it)\n"
"  -b, --bytes SIZE        fail unless the stream has exactly SIZE bytes\n"
"      --verify            fail unless the stream is the pattern of the\n"
"                          simulated FPGA: 64-bit little-endian 0, 1, 2, ...\n"
"  -t, --timeout SECONDS   give up when nobody connects, or nothing arrives,\n"
"                          for so long (default: never)\n"
"      --port-file FILE    write the port number to FILE when listening\n"
"      --json              the summary as one JSON object\n"
"      --progress          progress even if stderr is not a terminal\n"
"  -q, --quiet             errors only\n"
"  -h, --help              this text\n"
"      --version           the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"\n"
"When it fails, FILE keeps what had arrived before.\n"
"\n"
"Exit status: 0 the whole stream arrived and is as it should be; 1 it is not,\n"
"or something failed; 2 bad usage.\n";

static int usage_error(void)
{
	remedy("try --help");
	return EXIT_USAGE;
}

/* The largest number stands for none. */
static int set_bytes(struct recv_options *o)
{
	uint64_t bytes;
	int err;

	err = parse_size(optarg, &bytes);
	if (err)
		return err;
	if (bytes == ANY_LENGTH)
		return -ERANGE;
	o->bytes = bytes;
	return 0;
}

static int set_timeout(struct recv_options *o)
{
	uint64_t seconds;
	int err;

	err = parse_number(optarg, 1, MAX_TIMEOUT_S, &seconds);
	if (!err)
		o->timeout_ms = seconds * 1000;
	return err;
}

static int bad_value(int option, int err)
{
	message("-%c: %s: %s", option, optarg,
		err == -ERANGE ? "out of range" : "not a valid value");
	return usage_error();
}

static int set_option(struct recv_options *o, int option)
{
	int err = 0;

	switch (option) {
	case 'b':
		err = set_bytes(o);
		break;
	case 'o':
		o->output = optarg;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 't':
		err = set_timeout(o);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_PORT_FILE:
		o->port_file = optarg;
		break;
	case OPT_PROGRESS:
		o->progress = true;
		break;
	case OPT_VERIFY:
		o->verify = true;
		break;
	case 'h':
		fputs(help, stdout);
		return EXIT_OK;
	case OPT_VERSION:
		puts("fpgabuf-recv " FPGABUF_TOOLS_VERSION);
		return EXIT_OK;
	default:
		return usage_error();
	}
	return err ? bad_value(option, err) : -1;
}

int recv_options_parse(int argc, char **argv, struct recv_options *options)
{
	int option, ret;

	*options = (struct recv_options){
		.bytes = ANY_LENGTH,
		.timeout_ms = -1,
	};
	while ((option = getopt_long(argc, argv, "b:ho:qt:", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	if (argc - optind != 1) {
		message(argc == optind ? "no port given" :
					 "more than one port given");
		return usage_error();
	}
	if (endpoint_parse(argv[optind], &options->listen)) {
		message("%s: not of the form [HOST:]PORT", argv[optind]);
		return usage_error();
	}
	if (!*options->listen.host)
		strcpy(options->listen.host, "127.0.0.1");
	return -1;
}
