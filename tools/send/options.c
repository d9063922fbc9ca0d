// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"
#include "send/options.h"

#define MAX_TIMEOUT_S	1000000
#define MAX_KEEPALIVE_S	32767
#define MAX_ATTEMPTS	1000000

enum {
	OPT_DURATION = 0x100, OPT_FD, OPT_FRAMED, OPT_JSON, OPT_KEEPALIVE,
	OPT_PROGRESS, OPT_RATE, OPT_RECONNECT, OPT_REPLAY, OPT_SHARE,
	OPT_SLOW_PEER, OPT_STATS, OPT_STATS_FILE, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "bytes", required_argument, NULL, 'b' },
	{ "count", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'd' },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "engine", required_argument, NULL, 'e' },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "framed", no_argument, NULL, OPT_FRAMED },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "keepalive", required_argument, NULL, OPT_KEEPALIVE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "reconnect", required_argument, NULL, OPT_RECONNECT },
	{ "region-size", required_argument, NULL, 'r' },
	{ "regions", required_argument, NULL, 'n' },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "slow-peer", required_argument, NULL, OPT_SLOW_PEER },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "stats-file", required_argument, NULL, OPT_STATS_FILE },
	{ "timeout", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-send [options] PEER...\n"
"\n"
"Captures from an FPGA and sends the captures to one peer or several, from the\n"
"memory that the FPGA has written to.  PEER is HOST:PORT, with an IPv6 address as\n"
"in [::1]:PORT, or unix:PATH.\n"
"\n"
"What to send (default: captures, until SIGINT or SIGTERM):\n"
"  -b, --bytes SIZE        exactly SIZE bytes\n"
"  -c, --count N           N captures\n"
"      --duration SECONDS  captures for SECONDS\n"
"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE ")\n"
"  -r, --region-size SIZE  memory of one capture (default 2M, or the longest\n"
"                          capture of the DMA controller if that is less)\n"
"  -n, --regions N         number of such regions (default 8)\n"
"      --share SOCKET      instead: the captures of the fpgabuf-share at SOCKET\n"
"      --replay RECORDING  instead: the samples and gaps of a SigMF recording\n"
"      --fd N              instead: once, the dma-buf that was inherited as\n"
"                          descriptor N\n"
"\n"
"How:\n"
"  -e, --engine ENGINE     auto (default), zerocopy, uring, splice, rdma or copy\n"
"      --framed            send a header before each capture\n"
"      --rate SIZE         send at most SIZE bytes a second to each peer\n"
"      --slow-peer POLICY  wait (default): all wait for the slowest peer; drop:\n"
"                          leave captures out for a peer that stalls\n"
"      --reconnect N       connect again when a peer is lost, or not yet there;\n"
"                          at most N attempts in a row\n"
"      --keepalive SECONDS probe a peer when nothing was sent for SECONDS\n"
"  -t, --timeout SECONDS   give a peer up when it does not answer, or takes no\n"
"                          data, for SECONDS (default 30)\n"
"\n"
"What to print:\n"
"      --json              print the summary as one JSON object on stdout\n"
"      --stats SECONDS     print the summary also every SECONDS\n"
"      --stats-file FILE   write statistics for Prometheus to FILE every SECONDS of\n"
"                          --stats (default 10), and at the end\n"
"      --progress          show the progress even if stderr is not a terminal\n"
"  -q, --quiet             print errors only\n"
"  -v, --verbose           report the engine, each capture and each connection\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"\n"
"The first SIGINT or SIGTERM ends the capture: what was captured is sent, and the\n"
"summary is printed.  The second one ends the program at once.\n"
"\n"
"Exit status: 0 every peer has acknowledged all that was for it; 1 a peer has\n"
"not, or something failed; 2 bad usage.\n";

static const struct {
	const char *name;
	enum fpgabuf_engine engine;
} engines[] = {
	{ "auto", FPGABUF_ENGINE_AUTO },
	{ "copy", FPGABUF_ENGINE_COPY },
	{ "rdma", ENGINE_RDMA },
	{ "splice", ENGINE_SPLICE },
	{ "uring", FPGABUF_ENGINE_URING },
	{ "zerocopy", FPGABUF_ENGINE_ZEROCOPY },
};

#define ENGINE_COUNT	(sizeof(engines) / sizeof(engines[0]))

const char *engine_name(enum fpgabuf_engine engine)
{
	size_t i = 0;

	while (engines[i].engine != engine)
		i++;
	return engines[i].name;
}

static int parse_engine(const char *text, enum fpgabuf_engine *engine)
{
	size_t i;

	parse_wants("auto, zerocopy, uring, splice, rdma or copy");
	for (i = 0; i < ENGINE_COUNT; i++) {
		if (strcmp(text, engines[i].name))
			continue;
		*engine = engines[i].engine;
		return 0;
	}
	return -EINVAL;
}

static int parse_policy(const char *text, bool *drop)
{
	parse_wants("wait or drop");
	*drop = !strcmp(text, "drop");
	return *drop || !strcmp(text, "wait") ? 0 : -EINVAL;
}

/* A number that fits into an int. */
static int parse_int(uint64_t min, uint64_t max, int *value)
{
	uint64_t number;
	int err = parse_number(optarg, min, max, &number);

	if (!err)
		*value = number;
	return err;
}

static int parse_limit(const char *text, uint64_t *limit)
{
	return parse_size_within(text, 1, UNLIMITED - 1, limit);
}

/* How much to send: 0, a negative errno, or 1 if it is another option */
static int set_extent(struct send_options *o, int option)
{
	switch (option) {
	case 'b':
		return parse_limit(optarg, &o->bytes);
	case 'c':
		return parse_number(optarg, 1, UNLIMITED - 1, &o->captures);
	case 'n':
		return parse_number(optarg, 1, MAX_REGIONS, &o->regions);
	case 'r':
		return parse_limit(optarg, &o->region_size);
	case OPT_DURATION:
		return parse_number(optarg, 1, MAX_TIMEOUT_S, &o->duration_s);
	default:
		return 1;
	}
}

/* Where from: as set_extent(). */
static int set_source(struct send_options *o, int option)
{
	switch (option) {
	case 'd':
		return parse_path(optarg, &o->device);
	case OPT_REPLAY:
		return parse_path(optarg, &o->replay);
	case OPT_SHARE:
		return parse_path(optarg, &o->share);
	case OPT_FD:
		return parse_int(0, INT_MAX, &o->fd);
	default:
		return 1;
	}
}

/* How to send it: 0 or a negative errno. */
static int set_manner(struct send_options *o, int option)
{
	int value = 0, err;

	switch (option) {
	case 'e':
		return parse_engine(optarg, &o->engine);
	case OPT_RATE:
		return parse_limit(optarg, &o->rate);
	case OPT_SLOW_PEER:
		return parse_policy(optarg, &o->drop);
	case OPT_KEEPALIVE:
		err = parse_int(1, MAX_KEEPALIVE_S, &value);
		o->keepalive_s = value;
		return err;
	case OPT_STATS:
		return parse_number(optarg, 1, MAX_TIMEOUT_S, &o->stats_s);
	case OPT_STATS_FILE:
		return parse_path(optarg, &o->stats_file);
	case OPT_RECONNECT:
		err = parse_int(1, MAX_ATTEMPTS, &value);
		o->reconnect = value;
		return err;
	default:
		err = parse_int(1, MAX_TIMEOUT_S, &value);
		o->timeout_ms = value * 1000;
		return err;
	}
}

static int set_option(struct send_options *o, int option)
{
	int err;

	switch (option) {
	case 'q':
		o->quiet = true;
		return -1;
	case 'v':
		o->verbose = true;
		return -1;
	case OPT_FRAMED:
		o->framed = true;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_PROGRESS:
		o->progress = true;
		return -1;
	case 'h':
		return usage_show(help);
	case OPT_VERSION:
		return usage_show("fpgabuf-send " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_extent(o, option);
	if (err > 0)
		err = set_source(o, option);
	if (err > 0)
		err = set_manner(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static int add_peers(struct send_options *o, int count, char **words)
{
	int i;

	if (!count)
		return usage_wrong("no HOST:PORT given");
	if (count > MAX_PEERS) {
		message("more than %d peers given", MAX_PEERS);
		return usage_error();
	}
	for (i = 0; i < count; i++) {
		struct endpoint *peer = &o->peers[o->peer_count++];

		if (endpoint_parse(words[i], peer) ||
		    (!*peer->host && !*peer->path))
			return usage_bad_endpoint(words[i], "HOST:PORT");
		if (endpoint_lacks_scope(peer))
			return usage_no_scope(words[i], peer);
	}
	return -1;
}

static int check_extent(const struct send_options *o)
{
	int ends = (o->bytes != UNLIMITED) + (o->captures != UNLIMITED) +
		   (o->duration_s != UNLIMITED);

	if (ends > 1)
		return usage_wrong("--bytes, --count and --duration exclude each other");
	if (o->fd >= 0 && ends && o->bytes == UNLIMITED)
		return usage_wrong("--fd sends once: use it with --bytes, not with --count or --duration");
	if (o->drop && (o->regions == 1 || o->fd >= 0))
		return usage_wrong("--slow-peer drop needs two --regions or more");
	return -1;
}

/* Fills in options that were not given. */
static int settle_source(struct send_options *o)
{
	if (!!o->device + !!o->share + !!o->replay + (o->fd >= 0) > 1)
		return usage_wrong("--device, --share, --replay and --fd exclude each other");
	if (o->share)
		return -1;
	if (!o->device && !o->replay)
		o->device = FPGABUF_DEFAULT_DEVICE;
	if (!o->regions)
		o->regions = SEND_REGIONS;
	return -1;
}

/* What can only be done with whole captures, or with memory */
const char *options_not_spliced(const struct send_options *o)
{
	if (o->share)
		return "--share";
	if (o->replay)
		return "--replay";
	if (o->fd >= 0)
		return "--fd";
	if (o->captures != UNLIMITED)
		return "--count";
	if (o->framed)
		return "--framed";
	if (o->drop)
		return "--slow-peer drop";
	if (o->reconnect)
		return "--reconnect";
	return o->peer_count > 1 ? "several peers" : NULL;
}

static int check_engine(const struct send_options *o)
{
	const char *word = options_not_spliced(o);

	if (o->engine != ENGINE_SPLICE || !word)
		return -1;
	message("--engine splice and %s exclude each other: it sends one stream of bytes, to one peer",
		word);
	remedy("use --engine auto");
	return usage_error();
}

static const char *not_by_rdma(const struct send_options *o)
{
	unsigned int i;

	if (o->share)
		return "--share";
	if (o->replay)
		return "--replay";
	for (i = 0; i < o->peer_count; i++)
		if (*o->peers[i].path)
			return "a Unix socket";
	return NULL;
}

static int check_rdma(const struct send_options *o)
{
	const char *word = not_by_rdma(o);

	if (o->engine != ENGINE_RDMA)
		return -1;
#ifndef FPGABUF_HAVE_RDMA
	message("this fpgabuf-send was built without RDMA");
	remedy("build it where librdmacm-dev is installed, or use --engine auto");
	return usage_error();
#endif
	if (!word)
		return -1;
	message("--engine rdma and %s exclude each other", word);
	remedy("use --engine auto");
	return usage_error();
}

int send_options_parse(int argc, char **argv, struct send_options *options)
{
	int option, ret;

	*options = (struct send_options){
		.fd = -1,
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.duration_s = UNLIMITED,
		.engine = FPGABUF_ENGINE_AUTO,
		.timeout_ms = 30 * 1000,
	};
	while ((option = getopt_long(argc, argv, "b:c:d:e:hn:qr:t:v",
				     long_options, NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	ret = check_extent(options);
	if (ret < 0)
		ret = settle_source(options);
	if (ret < 0)
		ret = add_peers(options, argc - optind, argv + optind);
	if (ret < 0)
		ret = check_engine(options);
	if (ret < 0)
		ret = check_rdma(options);
	return ret;
}
