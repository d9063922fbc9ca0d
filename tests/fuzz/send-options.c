// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-send: what passes is fit for use */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "send/options.h"

static int parse(struct arguments *arguments, struct send_options *options)
{
	/* Only so the C library forgets the line before. */
	optind = 0;
	return send_options_parse(arguments->argc, arguments->argv, options);
}

static void check_ranges(const struct send_options *o)
{
	CHECK(o->device && *o->peer.host && *o->peer.port);
	CHECK(o->regions >= 1 && o->regions <= FPGABUF_SENDER_MAX_DEPTH);
	CHECK(o->region_size >= 1 && o->region_size != UNLIMITED);
	CHECK(o->bytes && o->captures);
	CHECK(o->bytes == UNLIMITED || o->captures == UNLIMITED);
	CHECK(o->timeout_ms >= 1000 && o->timeout_ms <= 1000000000);
	CHECK(o->timeout_ms % 1000 == 0);
	CHECK(!strcmp(engine_name(o->engine), "copy") ||
	      !strcmp(engine_name(o->engine), "zerocopy"));
}

/* The same, in the plainest words. */
static void write_out(struct arguments *to, const struct send_options *o)
{
	to->argc = 0;
	arguments_add(to, "fuzz");
	arguments_add(to, "--device=%s", o->device);
	arguments_add(to, "--region-size=%" PRIu64, o->region_size);
	arguments_add(to, "--regions=%" PRIu64, o->regions);
	arguments_add(to, "--timeout=%d", o->timeout_ms / 1000);
	arguments_add(to, "--engine=%s", engine_name(o->engine));
	if (o->bytes != UNLIMITED)
		arguments_add(to, "--bytes=%" PRIu64, o->bytes);
	if (o->captures != UNLIMITED)
		arguments_add(to, "--count=%" PRIu64, o->captures);
	if (o->json)
		arguments_add(to, "--json");
	if (o->progress)
		arguments_add(to, "--progress");
	if (o->quiet)
		arguments_add(to, "-q");
	if (o->verbose)
		arguments_add(to, "-v");
	arguments_add(to, "--");
	arguments_add(to, "[%s]:%s", o->peer.host, o->peer.port);
}

static void check_same(const struct send_options *a,
		       const struct send_options *b)
{
	CHECK(!strcmp(a->device, b->device));
	CHECK(!strcmp(a->peer.host, b->peer.host));
	CHECK(!strcmp(a->peer.port, b->peer.port));
	CHECK(a->region_size == b->region_size && a->regions == b->regions);
	CHECK(a->bytes == b->bytes && a->captures == b->captures);
	CHECK(a->engine == b->engine && a->timeout_ms == b->timeout_ms);
	CHECK(a->json == b->json && a->progress == b->progress);
	CHECK(a->quiet == b->quiet && a->verbose == b->verbose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct send_options options, again;
	struct arguments line, plain;
	bool limit;
	int ret;

	arguments_parse(&line, data, size);
	limit = line.argc == 3 && arguments_name(&line, "--bytes=");
	ret = parse(&line, &options);
	if (ret < 0) {
		CHECK(ret == -1);
		/* A limit that was given is not forgotten. */
		CHECK(!limit || options.bytes != UNLIMITED);
		check_ranges(&options);
		write_out(&plain, &options);
		CHECK(parse(&plain, &again) == -1);
		check_same(&options, &again);
		arguments_free(&plain);
	} else {
		CHECK(ret == EXIT_OK || ret == EXIT_USAGE);
	}
	arguments_free(&line);
	return 0;
}
