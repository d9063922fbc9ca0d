// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "uio/options.h"
#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"

#define MAX_POLL_US	(UINT64_C(10) * 1000000)
/* UIO has no more mappings of a device. */
#define MAX_MAP		4

enum {
	OPT_ASSUME_QUIET = 0x100, OPT_CHECK, OPT_JSON, OPT_MAP, OPT_OFFSET,
	OPT_POLL, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "assume-quiet", no_argument, NULL, OPT_ASSUME_QUIET },
	{ "channel", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "poll", required_argument, NULL, OPT_POLL },
	{ "registers", required_argument, NULL, 'r' },
	{ "uio", required_argument, NULL, 'u' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-uio [options] MASTER\n"
"\n"
"Drives the registers of a DMA master of the FPGA, so that fpgabuf captures through\n"
"it.  MASTER is a file that describes it, or the name of one that came with this\n"
"program.\n"
"\n"
"  -u, --uio PATH          UIO device that has its registers, its interrupt, or both\n"
"      --map N             which mapping of that device (default 0)\n"
"  -r, --registers PATH    a file that has its registers, such as resource0 of a PCI\n"
"                          device\n"
"      --offset SIZE       where in there the registers begin (default 0)\n"
"  -c, --channel PATH      node of fpgabuf-user (default /dev/fpgabuf-user0)\n"
"      --poll MS           look at the registers that often while there is something\n"
"                          to do (default 1, or 100 with interrupts)\n"
"      --assume-quiet      the master was reset: it does not write any more\n"
"      --check             only read MASTER, and say whether it is right\n"
"      --json              the summary as JSON, on one line\n"
"  -h, --help              this text\n"
"      --version           the version\n"
"\n"
"Exit status: 0 ended by a signal, and the master is quiet; 1 something failed, or\n"
"the master may still write; 2 bad usage.\n";

static int path(const char **path)
{
	parse_wants("a path");
	*path = optarg;
	return *optarg ? 0 : -EINVAL;
}

static int set_value(struct uio_options *o, int option)
{
	uint64_t map;
	int err;

	switch (option) {
	case 'c':
		return path(&o->channel);
	case 'r':
		return path(&o->place.file);
	case 'u':
		return path(&o->place.uio);
	case OPT_OFFSET:
		return parse_size(optarg, &o->place.offset);
	case OPT_POLL:
		return parse_ms(optarg, MAX_POLL_US, &o->poll_us);
	default:
		err = parse_number(optarg, 0, MAX_MAP, &map);
		o->place.map = err ? 0 : map;
		return err;
	}
}

static int set_option(struct uio_options *o, int option)
{
	int err;

	switch (option) {
	case 'h':
		return usage_show(help);
	case OPT_ASSUME_QUIET:
		o->assume_quiet = true;
		return -1;
	case OPT_CHECK:
		o->check = true;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_VERSION:
		return usage_show("fpgabuf-uio " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static int settle(int argc, char **argv, struct uio_options *o)
{
	if (argc - optind != 1)
		return usage_wrong("give one MASTER: a file that describes it, or the name of one");
	o->master = argv[optind];
	if (!o->check && !o->place.uio && !o->place.file)
		return usage_wrong("where are its registers? give --uio or --registers");
	return -1;
}

int uio_options_parse(int argc, char **argv, struct uio_options *options)
{
	int option, ret;

	*options = (struct uio_options){ 0 };
	while ((option = getopt_long(argc, argv, "c:hr:u:", long_options,
				     NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	return settle(argc, argv, options);
}
