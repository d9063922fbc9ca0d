// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-bench: what passes can be planned with */
#include <getopt.h>
#include <inttypes.h>

#include "bench/options.h"
#include "common/message.h"
#include "fuzz.h"

static void add_ms(struct arguments *line, const char *name, uint64_t us)
{
	arguments_add(line, "--%s=%" PRIu64 ".%03u", name, us / 1000,
		      (unsigned int)(us % 1000));
}

/* The same in other words */
static void check_again(const struct bench_options *o)
{
	struct arguments line = { 0 };
	struct bench_options again;

	arguments_add(&line, "fuzz");
	arguments_add(&line, "--plan");
	arguments_add(&line, "--rate=%" PRIu64, o->stream.rate);
	arguments_add(&line, "--link=%" PRIu64, o->stream.link);
	arguments_add(&line, "-r%" PRIu64, o->stream.region_size);
	add_ms(&line, "rtt", o->stream.rtt_us);
	add_ms(&line, "delay", o->stream.delay_us);
	if (o->json)
		arguments_add(&line, "--json");
	optind = 0;
	CHECK(bench_options_parse(line.argc, line.argv, &again) == -1);
	CHECK(again.plan && again.json == o->json && !again.device);
	CHECK(again.stream.rate == o->stream.rate &&
	      again.stream.link == o->stream.link &&
	      again.stream.region_size == o->stream.region_size &&
	      again.stream.rtt_us == o->stream.rtt_us &&
	      again.stream.delay_us == o->stream.delay_us);
	arguments_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench_options o;
	struct arguments line;
	int ret;

	arguments_parse(&line, data, size);
	optind = 0;
	ret = bench_options_parse(line.argc, line.argv, &o);
	CHECK(ret == -1 || ret == EXIT_OK || ret == EXIT_USAGE);
	if (ret == -1) {
		CHECK(o.plan && o.stream.rate && o.stream.region_size);
		CHECK(o.stream.link >= o.stream.rate);
		CHECK(!o.device || *o.device);
		check_again(&o);
	}
	arguments_free(&line);
	return 0;
}
