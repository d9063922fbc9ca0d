// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of fpgabuf-recv: what passes is fit for use, and no two files
 * get the same name
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "recv/options.h"
#include "recv/output-name.h"

static int parse(struct arguments *arguments, struct recv_options *options)
{
	/* Only so the C library forgets the line before. */
	optind = 0;
	return recv_options_parse(arguments->argc, arguments->argv, options);
}

static void check_ranges(const struct recv_options *o)
{
	CHECK(*o->listen.path || (*o->listen.host && *o->listen.port));
	CHECK(!*o->listen.path || !o->port_file);
	CHECK(o->connections <= 1000000);
	CHECK(!o->rotate_size || o->rotate_size >= 4096);
	CHECK(o->rotate_ns >= 0 && o->rotate_ns % 1000000000 == 0);
	CHECK(!o->keep_frames || o->framed);
	CHECK(o->timeout_ms == -1 ||
	      (o->timeout_ms >= 1000 && o->timeout_ms <= 1000000000 &&
	       o->timeout_ms % 1000 == 0));
}

/* Names that must differ do; and they hold nothing that was not asked for. */
static void check_names(const struct recv_options *o)
{
	bool rotates = o->rotate_size || o->rotate_ns;
	char first[PATH_MAX], other[PATH_MAX];
	struct output_numbers has;

	if (!o->output || !strcmp(o->output, "-")) {
		CHECK(!rotates && (!o->output || o->connections == 1));
		return;
	}
	CHECK(*o->output && !output_name_numbers(o->output, &has));
	CHECK(!rotates || has.file);
	CHECK(o->connections == 1 || has.connection);
	if (output_name(first, sizeof(first), o->output, 1, 1, 0))
		return;
	if (!output_name(other, sizeof(other), o->output, 2, 1, 0))
		CHECK(has.connection == !!strcmp(first, other));
	if (!output_name(other, sizeof(other), o->output, 1, 2, 0))
		CHECK(has.file == !!strcmp(first, other));
	CHECK(output_name(other, 1, o->output, 1, 1, 0));
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
	if (o->connections != 1)
		arguments_add(to, "--connections=%u", o->connections);
	if (o->rotate_size)
		arguments_add(to, "--rotate-size=%" PRIu64, o->rotate_size);
	if (o->rotate_ns)
		arguments_add(to, "--rotate-time=%" PRId64,
			      o->rotate_ns / 1000000000);
	if (o->framed)
		arguments_add(to, "--framed");
	if (o->keep_frames)
		arguments_add(to, "--keep-frames");
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
	if (*o->listen.path)
		arguments_add(to, "unix:%s", o->listen.path);
	else
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
	CHECK(same_text(a->listen.path, b->listen.path));
	CHECK(a->connections == b->connections);
	CHECK(a->rotate_size == b->rotate_size && a->rotate_ns == b->rotate_ns);
	CHECK(a->framed == b->framed && a->keep_frames == b->keep_frames);
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
		check_names(&options);
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
