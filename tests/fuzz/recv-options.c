// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-recv: what passes is fit for use */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "recv/options.h"

static int parse(struct arguments *arguments, struct recv_options *options)
{
	/* Only so the C library forgets the line before. */
	optind = 0;
	return recv_options_parse(arguments->argc, arguments->argv, options);
}

static void check_ranges(const struct recv_options *o)
{
	CHECK(*o->listen.host && *o->listen.port);
	CHECK(o->timeout_ms == -1 ||
	      (o->timeout_ms >= 1000 && o->timeout_ms <= 1000000000 &&
	       o->timeout_ms % 1000 == 0));
}

/* The same, in the plainest words. */
static void write_out(struct arguments *to, const struct recv_options *o)
{
	to->argc = 0;
	arguments_add(to, "fuzz");
	if (o->output)
		arguments_add(to, "--output=%s", o->output);
	if (o->port_file)
		arguments_add(to, "--port-file=%s", o->port_file);
	if (o->bytes != ANY_LENGTH)
		arguments_add(to, "--bytes=%" PRIu64, o->bytes);
	if (o->timeout_ms != -1)
		arguments_add(to, "--timeout=%d", o->timeout_ms / 1000);
	if (o->verify)
		arguments_add(to, "--verify");
	if (o->json)
		arguments_add(to, "--json");
	if (o->progress)
		arguments_add(to, "--progress");
	if (o->quiet)
		arguments_add(to, "--quiet");
	arguments_add(to, "--");
	arguments_add(to, "[%s]:%s", o->listen.host, o->listen.port);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check_same(const struct recv_options *a,
		       const struct recv_options *b)
{
	CHECK(same_text(a->listen.host, b->listen.host));
	CHECK(same_text(a->listen.port, b->listen.port));
	CHECK(same_text(a->output, b->output));
	CHECK(same_text(a->port_file, b->port_file));
	CHECK(a->bytes == b->bytes && a->timeout_ms == b->timeout_ms);
	CHECK(a->verify == b->verify && a->json == b->json);
	CHECK(a->progress == b->progress && a->quiet == b->quiet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recv_options options, again;
	struct arguments line, plain;
	bool length;
	int ret;

	arguments_parse(&line, data, size);
	length = line.argc == 3 && arguments_name(&line, "--bytes=");
	ret = parse(&line, &options);
	if (ret < 0) {
		CHECK(ret == -1);
		/* A length that was given is not forgotten. */
		CHECK(!length || options.bytes != ANY_LENGTH);
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
