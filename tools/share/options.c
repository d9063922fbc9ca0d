// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include <fpgabuf/fpgabuf.h>

#include "common/message.h"
#include "common/size.h"
#include "common/usage.h"
#include "lib/wire.h"
#include "share/options.h"

#define MAX_STATS_S	1000000

enum { OPT_JSON = 0x100, OPT_PROGRESS, OPT_STATS, OPT_STATS_FILE, OPT_VERSION };

static const struct option long_options[] = {
	{ "clients", required_argument, NULL, 'c' },
	{ "credits", required_argument, NULL, 'k' },
	{ "device", required_argument, NULL, 'd' },
	{ "group", required_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "mode", required_argument, NULL, 'm' },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "region-size", required_argument, NULL, 'r' },
	{ "regions", required_argument, NULL, 'n' },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "stats-file", required_argument, NULL, OPT_STATS_FILE },
	{ "user", required_argument, NULL, 'u' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "wait", required_argument, NULL, 'w' },
	{ 0 },
};

static const char help[] =
"Usage: fpgabuf-share [options] [SOCKET]\n"
"\n"
"Captures from an FPGA, and shares the captures with other programs.  They\n"
"connect to SOCKET, get the memory once, and then a message for each capture in\n"
"it.  It captures while a client is connected.  Without SOCKET it uses the socket\n"
"that systemd passes (fpgabuf-share@.socket).\n"
"\n"
"What to share:\n"
"  -d, --device PATH       capture device (default " FPGABUF_DEFAULT_DEVICE ")\n"
"  -r, --region-size SIZE  memory of one capture (default 2M, or the longest\n"
"                          capture of the DMA controller if that is less)\n"
"  -n, --regions N         number of such regions (default 16)\n"
"  -w, --wait N            begin when N clients are connected (default 1)\n"
"\n"
"With whom:\n"
"  -u, --user USER         serve this user; may be given several times\n"
"  -g, --group GROUP       serve the members of this group, and give it SOCKET\n"
"  -m, --mode MODE         permissions of SOCKET, octal (default 660; with\n"
"                          --user 666, because the server then checks each user)\n"
"  -c, --clients N         most clients at a time (default 16)\n"
"  -k, --credits N         most captures that one client may hold (default 4);\n"
"                          all clients together may hold --regions less 2\n"
"\n"
"What to print:\n"
"      --json              print the summary as one JSON object on stdout\n"
"      --stats SECONDS     print the summary also every SECONDS\n"
"      --stats-file FILE   write statistics for Prometheus to FILE every SECONDS of\n"
"                          --stats (default 10), and at the end\n"
"      --progress          show the progress even if stderr is not a terminal\n"
"  -q, --quiet             print errors only\n"
"  -v, --verbose           report each client that comes or goes\n"
"  -h, --help              print this text\n"
"      --version           print the version\n"
"\n"
"SIZE is in bytes, with an optional suffix K, M, G or T (powers of 1024).\n"
"Without --user and --group only the permissions of SOCKET decide who may\n"
"connect.\n"
"\n"
"SIGINT, SIGTERM or SIGHUP ends it: the clients get the last captures, and a\n"
"message that these were all.\n"
"\n"
"Exit status: 0 a signal ended it; 1 the device has gone, or something failed;\n"
"2 bad usage.\n";

/* By name or by number; the largest number is not a user. */
static int parse_user(const char *text, uid_t *uid)
{
	const struct passwd *user = getpwnam(text);
	uint64_t number;
	int err;

	if (user) {
		*uid = user->pw_uid;
		return 0;
	}
	err = parse_number(text, 0, (uid_t)-2, &number);
	parse_wants("a name of `getent passwd`, or a number");
	if (err)
		return -ENOENT;
	*uid = number;
	return 0;
}

static int parse_group(const char *text, gid_t *gid)
{
	const struct group *group = getgrnam(text);
	uint64_t number;
	int err;

	if (group) {
		*gid = group->gr_gid;
		return 0;
	}
	err = parse_number(text, 0, (gid_t)-2, &number);
	parse_wants("a name of `getent group`, or a number");
	if (err)
		return -ENOENT;
	*gid = number;
	return 0;
}

static int add_user(struct share_rights *rights)
{
	int err;

	parse_wants("one user each time, and at most %d in all", MAX_USERS);
	if (rights->user_count == MAX_USERS)
		return -ERANGE;
	err = parse_user(optarg, &rights->users[rights->user_count]);
	if (!err)
		rights->user_count++;
	return err;
}

static int set_group(struct share_rights *rights)
{
	int err = parse_group(optarg, &rights->group);

	if (!err)
		rights->has_group = true;
	return err;
}

static int set_mode(struct share_options *o)
{
	char *end;
	unsigned long mode = strtoul(optarg, &end, 8);

	parse_wants("permissions in octal, such as 660, up to 777");
	if (*optarg < '0' || *optarg > '7' || *end)
		return -EINVAL;
	if (mode > 0777)
		return -ERANGE;
	o->mode = mode;
	o->has_mode = true;
	return 0;
}

static int set_region_size(struct share_options *o)
{
	return parse_size_within(optarg, 1, UINT64_MAX, &o->region_size);
}

/* Options that have a value: 0 or a negative errno. */
static int set_value(struct share_options *o, int option)
{
	switch (option) {
	case 'c':
		return parse_number(optarg, 1, MAX_CLIENTS, &o->clients);
	case 'g':
		return set_group(&o->rights);
	case 'k':
		return parse_number(optarg, 1, FPGABUF_WIRE_MAX_REGIONS,
				    &o->credits);
	case 'm':
		return set_mode(o);
	case 'n':
		return parse_number(optarg, RESERVED_REGIONS + 1,
				    FPGABUF_WIRE_MAX_REGIONS, &o->regions);
	case 'r':
		return set_region_size(o);
	case OPT_STATS:
		return parse_number(optarg, 1, MAX_STATS_S, &o->stats_s);
	case OPT_STATS_FILE:
		return parse_path(optarg, &o->stats_file);
	case 'u':
		return add_user(&o->rights);
	default:
		return parse_number(optarg, 1, MAX_CLIENTS, &o->wait);
	}
}

static int set_option(struct share_options *o, int option)
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
		return usage_show(help);
	case OPT_VERSION:
		return usage_show("fpgabuf-share " FPGABUF_TOOLS_VERSION "\n");
	case '?':
		return usage_error();
	}
	err = set_value(o, option);
	return err ? usage_bad_value(long_options, option, err) : -1;
}

static int check(struct share_options *o, int argc, char **argv)
{
	if (argc - optind > 1)
		return usage_wrong("more than one SOCKET given");
	o->path = argv[optind];
	if (!o->path && !getenv("LISTEN_FDS"))
		return usage_wrong("no SOCKET given, and none was passed by systemd");
	if (o->wait > o->clients)
		return usage_wrong("--wait for more than --clients would never end");
	if (o->wait > o->regions - RESERVED_REGIONS) {
		message("--wait for more clients than there are credits would never end");
		remedy("all clients together have as many credits as --regions, less %u",
		       RESERVED_REGIONS);
		return EXIT_USAGE;
	}
	if (!o->has_mode)
		o->mode = o->rights.user_count ? 0666 : 0660;
	return -1;
}

int share_options_parse(int argc, char **argv, struct share_options *options)
{
	int option, ret;

	*options = (struct share_options){
		.device = FPGABUF_DEFAULT_DEVICE,
		.regions = 16,
		.credits = 4,
		.clients = 16,
		.wait = 1,
	};
	while ((option = getopt_long(argc, argv, "c:d:g:hk:m:n:qr:u:vw:",
				     long_options, NULL)) != -1) {
		ret = set_option(options, option);
		if (ret >= 0)
			return ret;
	}
	return check(options, argc, argv);
}
