// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/output-name.h"
#include "common/sigmf-profile.h"
#include "common/size.h"
#include "common/usage.h"
#include "recv/options.h"

#define MAX_TIMEOUT_S	1000000
#define MAX_CONNECTIONS	1000000
#define MAX_KEEPALIVE_S	32767
#define KEEPALIVE_S	60
#define MIN_ROTATE_SIZE	4096

enum {
	OPT_CONNECTIONS = 0x100, OPT_DATATYPE, OPT_FRAMED, OPT_HW_TIME, OPT_JSON,
	OPT_KEEPALIVE, OPT_KEEP_FRAMES, OPT_OVERWRITE, OPT_PORT_FILE,
	OPT_PROFILE, OPT_PROGRESS, OPT_RDMA, OPT_ROTATE_SIZE, OPT_ROTATE_TIME,
	OPT_SAMPLE_RATE, OPT_SIGMF, OPT_STATS, OPT_STATS_FILE, OPT_SYNC, OPT_VERIFY, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "bytes", required_argument, NULL, 'b' },
	{ "connections", required_argument, NULL, OPT_CONNECTIONS },
	{ "datatype", required_argument, NULL, OPT_DATATYPE },
	{ "framed", no_argument, NULL, OPT_FRAMED },
	{ "help", no_argument, NULL, 'h' },
	{ "hw-time", required_argument, NULL, OPT_HW_TIME },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "keepalive", required_argument, NULL, OPT_KEEPALIVE },
	{ "keep-frames", no_argument, NULL, OPT_KEEP_FRAMES },
	{ "output", required_argument, NULL, 'o' },
	{ "overwrite", no_argument, NULL, OPT_OVERWRITE },
	{ "port-file", required_argument, NULL, OPT_PORT_FILE },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "rdma", no_argument, NULL, OPT_RDMA },
	{ "rotate-size", required_argument, NULL, OPT_ROTATE_SIZE },
	{ "rotate-time", required_argument, NULL, OPT_ROTATE_TIME },
	{ "sample-rate", required_argument, NULL, OPT_SAMPLE_RATE },
	{ "sigmf", no_argument, NULL, OPT_SIGMF },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "stats-file", required_argument, NULL, OPT_STATS_FILE },
	{ "sync", required_argument, NULL, OPT_SYNC },
	{ "timeout", required_argument, NULL, 't' },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-recv [options] [HOST:]PORT\n"
"       fpgabuf-recv [options] unix:PATH\n"
"\n"
"Accepts a connection, reads the stream to its end, and exits.  HOST is the\n"
"address to listen at (default 127.0.0.1; 0.0.0.0 or [::] for all); PORT 0 takes\n"
"any free port.\n"
"\n"
"  -o, --output FILE       write the stream to FILE; - is stdout, and the\n"
"                          summary then goes to stderr (default: discard it).\n"
"                          In FILE, %c is the number of the connection, %n the\n"
"                          number of the file, %t the time (UTC), and %% is %;\n"
"                          .%c and .%n are appended when there may be several\n"
"                          and FILE does not have it.  A file that exists and is\n"
"                          not empty is an error; with --connections 0 its\n"
"                          number is skipped\n"
"      --overwrite         write to files that exist; their contents are lost\n"
"                          when the first bytes come\n"
"      --sync SECONDS      data are on the disk at most SECONDS after they came\n"
"                          (default: at the end of each file)\n"
"      --rotate-size SIZE  begin the next file before one gets larger than SIZE\n"
"      --rotate-time SECONDS\n"
"                          begin the next file when one is SECONDS old\n"
"      --framed            expect a framed stream, from fpgabuf-send --framed:\n"
"                          check it, and write only the samples\n"
"      --keep-frames       write the headers, too\n"
"      --sigmf             with --framed: write FILE.sigmf-data, and\n"
"                          FILE.sigmf-meta with what it has, when it begins, and\n"
"                          every gap; needs --datatype\n"
"      --datatype TYPE     the type of the samples, such as ci16_le or rf32_le\n"
"      --sample-rate N     samples a second; without it no times are written\n"
"      --hw-time OFFSET:TYPE[:RATE]\n"
"                          a counter is OFFSET bytes behind the beginning of each\n"
"                          capture: u32_le, u32_be, u64_le or u64_be, with RATE\n"
"                          ticks a second; the metadata have it, and by it the\n"
"                          length of gaps\n"
"      --profile PATH      a file with lines such as datatype = ci16_le, which has\n"
"                          these, author, frequency and more; options go first\n"
"  -b, --bytes SIZE        fail unless the stream has exactly SIZE bytes of\n"
"                          samples; reserve space for them\n"
"      --verify            fail unless the stream is the pattern of the\n"
"                          simulated FPGA: 64-bit little-endian 0, 1, 2, ...;\n"
"                          with --framed it may go on elsewhere after a gap\n"
"      --rdma              accept streams of fpgabuf-send --engine rdma, which\n"
"                          come by RDMA, and no others\n"
"      --connections N     accept N connections, several at once if they overlap;\n"
"                          0: until SIGINT or SIGTERM (default 1)\n"
"      --keepalive SECONDS probe a peer that was silent for SECONDS; 0: never\n"
"                          (default 60)\n"
"  -t, --timeout SECONDS   give up when for SECONDS no peer connects, nothing\n"
"                          arrives, or nobody reads the output (default: never)\n"
"      --port-file FILE    write the port number to FILE when listening\n"
"      --json              print the summary as JSON, each object on one line\n"
"      --stats SECONDS     print statistics of the open streams every SECONDS\n"
"      --stats-file FILE   write statistics for Prometheus to FILE every SECONDS of\n"
"                          --stats (default 10), and at the end\n"
"      --progress          show the progress even if stderr is not a terminal\n"
"  -q, --quiet             print errors only\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"\n"
"A peer that sends nothing does not count as a stream.  When a stream fails, or\n"
"is interrupted, FILE keeps the data that had arrived.\n"
"\n"
"Exit status: 0 all streams arrived and passed all checks; 1 a stream failed or\n"
"was interrupted, or something else failed; 2 bad usage.\n";

/* The largest number stands for none. */
static int set_bytes(struct recv_options *o)
{
	return parse_size_within(optarg, 0, ANY_LENGTH - 1, &o->bytes);
}

static int set_connections(struct recv_options *o)
{
	uint64_t connections;
	int err;

	err = parse_number(optarg, 0, MAX_CONNECTIONS, &connections);
	if (!err)
		o->connections = connections;
	return err;
}

static int set_rotate_size(struct recv_options *o)
{
	return parse_size_within(optarg, MIN_ROTATE_SIZE, UINT64_MAX,
				 &o->rotate_size);
}

static int set_keepalive(struct recv_options *o)
{
	uint64_t seconds;
	int err;

	err = parse_number(optarg, 0, MAX_KEEPALIVE_S, &seconds);
	if (!err)
		o->keepalive_s = seconds;
	return err;
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

/* Options without a value; false: it is another option. */
static bool set_flag(struct recv_options *o, int option)
{
	switch (option) {
	case 'q':
		o->quiet = true;
		return true;
	case OPT_FRAMED:
		o->framed = true;
		return true;
	case OPT_JSON:
		o->json = true;
		return true;
	case OPT_KEEP_FRAMES:
		o->keep_frames = true;
		return true;
	case OPT_OVERWRITE:
		o->overwrite = true;
		return true;
	case OPT_PROGRESS:
		o->progress = true;
		return true;
	case OPT_RDMA:
		o->rdma = true;
		return true;
	case OPT_SIGMF:
		o->metadata = true;
		return true;
	case OPT_VERIFY:
		o->verify = true;
		return true;
	default:
		return false;
	}
}

/* Options with a value. */
static int set_value(struct recv_options *o, int option)
{
	switch (option) {
	case 'b':
		return set_bytes(o);
	case 'o':
		return parse_path(optarg, &o->output);
	case 't':
		return set_timeout(o);
	case OPT_CONNECTIONS:
		return set_connections(o);
	case OPT_DATATYPE:
		return sigmf_parse_type(optarg, &o->sigmf.datatype);
	case OPT_HW_TIME:
		return hw_time_parse(optarg, &o->sigmf.counter);
	case OPT_KEEPALIVE:
		return set_keepalive(o);
	case OPT_PORT_FILE:
		return parse_path(optarg, &o->port_file);
	case OPT_PROFILE:
		return parse_path(optarg, &o->profile);
	case OPT_ROTATE_SIZE:
		return set_rotate_size(o);
	case OPT_SAMPLE_RATE:
		return parse_number(optarg, 1, SIGMF_MAX_RATE,
				    &o->sigmf.sample_rate);
	case OPT_STATS:
		return parse_seconds(optarg, MAX_TIMEOUT_S, &o->stats_ns);
	case OPT_STATS_FILE:
		return parse_path(optarg, &o->stats_file);
	case OPT_SYNC:
		return parse_seconds(optarg, MAX_TIMEOUT_S, &o->sync_ns);
	default:
		return parse_seconds(optarg, MAX_TIMEOUT_S, &o->rotate_ns);
	}
}

static int set_option(struct recv_options *o, int option)
{
	int err;

	if (set_flag(o, option))
		return -1;
	switch (option) {
	case '?':
		return usage_error();
	case 'h':
		return usage_show(help);
	case OPT_VERSION:
		return usage_show("fpgabuf-recv " FPGABUF_TOOLS_VERSION "\n");
	}
	err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static int set_listen(struct recv_options *o, const char *text)
{
	if (endpoint_parse(text, &o->listen))
		return usage_bad_endpoint(text, "[HOST:]PORT");
	if (endpoint_lacks_scope(&o->listen))
		return usage_no_scope(text, &o->listen);
	if (*o->listen.path && o->port_file)
		return usage_wrong("a Unix socket has no port for --port-file");
	if (*o->listen.path && o->rdma)
		return usage_wrong("--rdma needs a port, and no Unix socket");
	if (!*o->listen.host && o->rdma)
		return usage_wrong("--rdma needs an address of an RDMA device: HOST:PORT, or 0.0.0.0:PORT or [::]:PORT for all");
	if (!*o->listen.path && !*o->listen.host) {
		strcpy(o->listen.host, "127.0.0.1");
		o->port_alone = true;
	}
	return -1;
}

static int check_rdma(const struct recv_options *o)
{
#ifndef FPGABUF_HAVE_RDMA
	if (o->rdma) {
		message("this fpgabuf-recv was built without RDMA");
		remedy("build it where librdmacm-dev is installed");
		return usage_error();
	}
#else
	(void)o;
#endif
	return -1;
}

/* Every file has a name of its own. */
static int set_name(struct recv_options *o)
{
	bool rotates = o->rotate_size || o->rotate_ns;
	struct output_numbers has;
	size_t stem;
	int len;

	if (output_name_numbers(o->output, &has)) {
		message("--output: %s: only c, n, t or %% can follow %%",
			o->output);
		return usage_error();
	}
	stem = o->metadata ? sigmf_stem(o->output) : strlen(o->output);
	len = snprintf(o->name, sizeof(o->name), "%.*s%s%s%s", (int)stem,
		       o->output,
		       o->connections != 1 && !has.connection ? ".%c" : "",
		       rotates && !has.file ? ".%n" : "",
		       o->metadata ? SIGMF_DATA : "");
	if (len >= (int)sizeof(o->name))
		return usage_wrong("the name of the output is too long");
	o->output = o->name;
	return -1;
}

/* Only frames tell of gaps, and only files have other files beside them. */
static int check_metadata(struct recv_options *o)
{
	if (!o->metadata)
		return o->sigmf.datatype || o->sigmf.sample_rate ||
		       o->profile || hw_time_is_there(&o->sigmf.counter) ?
			usage_wrong("--datatype, --sample-rate, --profile and --hw-time need --sigmf") :
			-1;
	if (o->profile && sigmf_profile_read(o->profile, &o->sigmf))
		return EXIT_USAGE;
	if (!o->sigmf.datatype)
		return usage_wrong("--sigmf needs --datatype");
	if (!o->framed || o->keep_frames)
		return usage_wrong("--sigmf needs --framed, and no --keep-frames");
	if (!o->output || !strcmp(o->output, "-"))
		return usage_wrong("--sigmf needs a file as --output");
	return -1;
}

static int set_output(struct recv_options *o)
{
	bool rotates = o->rotate_size || o->rotate_ns;

	if (o->keep_frames && !o->framed)
		return usage_wrong("--keep-frames needs --framed");
	if (rotates && !o->output)
		return usage_wrong("--rotate-size and --rotate-time need --output");
	if ((o->sync_ns || o->overwrite) && !o->output)
		return usage_wrong("--sync and --overwrite need --output");
	if (!o->output)
		return -1;
	if (strcmp(o->output, "-"))
		return set_name(o);
	if (rotates)
		return usage_wrong("stdout cannot be rotated");
	if (o->connections != 1)
		return usage_wrong("only one connection can go to stdout");
	return -1;
}

int recv_options_parse(int argc, char **argv, struct recv_options *options)
{
	int option, ret;

	*options = (struct recv_options){
		.bytes = ANY_LENGTH,
		.timeout_ms = -1,
		.connections = 1,
		.keepalive_s = KEEPALIVE_S,
		.sigmf.recorder = "fpgabuf-recv " FPGABUF_TOOLS_VERSION,
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
	ret = check_rdma(options);
	if (ret < 0)
		ret = check_metadata(options);
	if (ret < 0)
		ret = set_listen(options, argv[optind]);
	return ret >= 0 ? ret : set_output(options);
}
