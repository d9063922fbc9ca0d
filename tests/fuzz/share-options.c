// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-share: what passes is fit for use */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "lib/wire.h"
#include "share/options.h"

/* Behind them there is room for all other options. */
#define MOST_USERS	8

static int parse(struct arguments *arguments, struct share_options *options)
{
	/* Only so the C library forgets the line before. */
	optind = 0;
	return share_options_parse(arguments->argc, arguments->argv, options);
}

static void check_ranges(const struct share_options *o)
{
	CHECK(o->path && o->device);
	CHECK(o->regions > RESERVED_REGIONS &&
	      o->regions <= FPGABUF_WIRE_MAX_REGIONS);
	CHECK(o->credits && o->credits <= FPGABUF_WIRE_MAX_REGIONS);
	CHECK(o->clients && o->clients <= MAX_CLIENTS);
	CHECK(o->wait && o->wait <= o->clients &&
	      o->wait <= o->regions - RESERVED_REGIONS);
	CHECK(o->rights.user_count <= MAX_USERS);
	CHECK(!(o->mode & ~0777U));
}

/* The same, in the plainest words. */
static void write_out(struct arguments *to, const struct share_options *o)
{
	unsigned int i;

	to->argc = 0;
	arguments_add(to, "fuzz");
	arguments_add(to, "--device=%s", o->device);
	if (o->region_size)
		arguments_add(to, "--region-size=%" PRIu64, o->region_size);
	arguments_add(to, "--regions=%" PRIu64, o->regions);
	arguments_add(to, "--credits=%" PRIu64, o->credits);
	arguments_add(to, "--clients=%" PRIu64, o->clients);
	arguments_add(to, "--wait=%" PRIu64, o->wait);
	arguments_add(to, "--mode=%o", o->mode);
	for (i = 0; i < o->rights.user_count; i++)
		arguments_add(to, "--user=%u", o->rights.users[i]);
	if (o->rights.has_group)
		arguments_add(to, "--group=%u", o->rights.group);
	if (o->json)
		arguments_add(to, "--json");
	if (o->progress)
		arguments_add(to, "--progress");
	if (o->quiet)
		arguments_add(to, "--quiet");
	if (o->verbose)
		arguments_add(to, "--verbose");
	arguments_add(to, "--");
	arguments_add(to, "%s", o->path);
}

static void check_same(const struct share_options *a,
		       const struct share_options *b)
{
	CHECK(!strcmp(a->path, b->path) && !strcmp(a->device, b->device));
	CHECK(a->region_size == b->region_size && a->regions == b->regions);
	CHECK(a->credits == b->credits && a->clients == b->clients);
	CHECK(a->wait == b->wait && a->mode == b->mode);
	CHECK(a->rights.user_count == b->rights.user_count);
	CHECK(!memcmp(a->rights.users, b->rights.users,
		      a->rights.user_count * sizeof(a->rights.users[0])));
	CHECK(a->rights.has_group == b->rights.has_group);
	CHECK(!a->rights.has_group || a->rights.group == b->rights.group);
	CHECK(a->json == b->json && a->progress == b->progress);
	CHECK(a->quiet == b->quiet && a->verbose == b->verbose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct share_options options, again;
	struct arguments line, plain;
	int ret;

	arguments_parse(&line, data, size);
	ret = parse(&line, &options);
	if (ret < 0) {
		CHECK(ret == -1);
		check_ranges(&options);
		if (options.rights.user_count <= MOST_USERS) {
			write_out(&plain, &options);
			CHECK(parse(&plain, &again) == -1);
			check_same(&options, &again);
			arguments_free(&plain);
		}
	} else {
		CHECK(ret == EXIT_OK || ret == EXIT_USAGE);
	}
	arguments_free(&line);
	return 0;
}
