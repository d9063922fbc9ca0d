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

static void check_peers(const struct send_options *o)
{
	unsigned int i;

	CHECK(o->peer_count >= 1 && o->peer_count <= MAX_PEERS);
	for (i = 0; i < o->peer_count; i++)
		CHECK(*o->peers[i].path ||
		      (*o->peers[i].host && *o->peers[i].port));
}

static void check_ranges(const struct send_options *o)
{
	CHECK(o->share ? *o->share && !o->device && o->fd < 0 :
			 o->device && *o->device && o->regions);
	CHECK(o->fd >= -1 && o->regions <= MAX_REGIONS);
	CHECK(o->region_size != UNLIMITED);
	CHECK(o->bytes && o->captures && o->duration_s);
	CHECK((o->bytes != UNLIMITED) + (o->captures != UNLIMITED) +
	      (o->duration_s != UNLIMITED) <= 1);
	CHECK(o->fd < 0 || (o->captures == UNLIMITED &&
			    o->duration_s == UNLIMITED && !o->drop));
	CHECK(!o->drop || o->regions != 1);
	CHECK(o->rate != UNLIMITED);
	CHECK(o->keepalive_s <= 32767 && o->reconnect <= 1000000);
	CHECK(o->timeout_ms >= 1000 && o->timeout_ms <= 1000000000);
	CHECK(o->timeout_ms % 1000 == 0);
	CHECK(engine_name(o->engine));
}

static void write_source(struct arguments *to, const struct send_options *o)
{
	if (o->fd >= 0)
		arguments_add(to, "--fd=%d", o->fd);
	else if (o->share)
		arguments_add(to, "--share=%s", o->share);
	else
		arguments_add(to, "--device=%s", o->device);
	if (o->region_size)
		arguments_add(to, "--region-size=%" PRIu64, o->region_size);
	if (o->regions)
		arguments_add(to, "--regions=%" PRIu64, o->regions);
	if (o->bytes != UNLIMITED)
		arguments_add(to, "--bytes=%" PRIu64, o->bytes);
	if (o->captures != UNLIMITED)
		arguments_add(to, "--count=%" PRIu64, o->captures);
	if (o->duration_s != UNLIMITED)
		arguments_add(to, "--duration=%" PRIu64, o->duration_s);
}

static void write_manner(struct arguments *to, const struct send_options *o)
{
	arguments_add(to, "--timeout=%d", o->timeout_ms / 1000);
	arguments_add(to, "--engine=%s", engine_name(o->engine));
	arguments_add(to, "--slow-peer=%s", o->drop ? "drop" : "wait");
	if (o->rate)
		arguments_add(to, "--rate=%" PRIu64, o->rate);
	if (o->reconnect)
		arguments_add(to, "--reconnect=%u", o->reconnect);
	if (o->keepalive_s)
		arguments_add(to, "--keepalive=%u", o->keepalive_s);
	if (o->stats_s)
		arguments_add(to, "--stats=%" PRIu64, o->stats_s);
	if (o->framed)
		arguments_add(to, "--framed");
	if (o->json)
		arguments_add(to, "--json");
	if (o->progress)
		arguments_add(to, "--progress");
	if (o->quiet)
		arguments_add(to, "-q");
	if (o->verbose)
		arguments_add(to, "-v");
}

/*
 * The same, in the plainest words.  As many peers as a line of a fuzzer has
 * room for.
 */
static void write_out(struct arguments *to, struct send_options *o)
{
	char text[ENDPOINT_TEXT_SIZE];
	unsigned int i;

	to->argc = 0;
	arguments_add(to, "fuzz");
	write_source(to, o);
	write_manner(to, o);
	arguments_add(to, "--");
	if (o->peer_count > 4)
		o->peer_count = 4;
	for (i = 0; i < o->peer_count; i++) {
		endpoint_text(&o->peers[i], text);
		arguments_add(to, "%s", text);
	}
}

static void check_same_peers(const struct send_options *a,
			     const struct send_options *b)
{
	unsigned int i;

	CHECK(a->peer_count == b->peer_count);
	for (i = 0; i < a->peer_count; i++) {
		CHECK(!strcmp(a->peers[i].host, b->peers[i].host));
		CHECK(!strcmp(a->peers[i].port, b->peers[i].port));
		CHECK(!strcmp(a->peers[i].path, b->peers[i].path));
	}
}

static void check_same(const struct send_options *a,
		       const struct send_options *b)
{
	CHECK(!a->device == !b->device && !a->share == !b->share);
	CHECK(!a->device || !strcmp(a->device, b->device));
	CHECK(!a->share || !strcmp(a->share, b->share));
	CHECK(a->fd == b->fd);
	CHECK(a->region_size == b->region_size && a->regions == b->regions);
	CHECK(a->bytes == b->bytes && a->captures == b->captures);
	CHECK(a->duration_s == b->duration_s && a->rate == b->rate);
	CHECK(a->stats_s == b->stats_s);
	CHECK(a->engine == b->engine && a->timeout_ms == b->timeout_ms);
	CHECK(a->framed == b->framed && a->drop == b->drop);
	CHECK(a->reconnect == b->reconnect);
	CHECK(a->keepalive_s == b->keepalive_s);
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
		check_peers(&options);
		write_out(&plain, &options);
		CHECK(parse(&plain, &again) == -1);
		check_same(&options, &again);
		check_same_peers(&options, &again);
		arguments_free(&plain);
	} else {
		CHECK(ret == EXIT_OK || ret == EXIT_USAGE);
	}
	arguments_free(&line);
	return 0;
}
