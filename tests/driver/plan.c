// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-plan against a long way: netem delays what the peer says, and
 * instructions are counted, so that a millisecond is one whatever the host does.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

#define RATE		(8 * MIB)
#define RATE_TEXT	"8M"
#define REGION_TEXT	"256K"
#define PEER		"10.77.0.2:5000"

/* Captures until TCP is in its stride, and then to look at */
enum { START = 150, STRIDE = 100 };

struct outcome {
	unsigned long long gaps_at_start, gaps_in_stride, copied;
	double held_ms;
};

static void delay(const char *rtt)
{
	const struct program tc = {
		.name = "tc",
		.argv = { "tc", "qdisc", "replace", "dev", "eth1", "root",
			  "netem", "delay", rtt, "limit", "100000", NULL },
		.peer = true,
	};

	program_succeeded(&tc, program_run(&tc));
}

static const struct program receiver = {
	.name = "recv",
	.argv = { "fpgabuf-recv", "--connections", "0", PEER, NULL },
	.peer = true,
};

/* Sends for long enough, and looks at the gaps when it is in its stride. */
static struct outcome run(unsigned long long regions)
{
	char number[16], count[16];
	const struct program sender = {
		.name = "send",
		.argv = { "fpgabuf-send", "--json", "--engine", "zerocopy",
			  "--region-size", REGION_TEXT, "--regions", number,
			  "--count", count, PEER, NULL },
	};
	struct outcome outcome;
	uint64_t captures, gaps;
	int dev = device_open(0);
	pid_t pid;

	snprintf(number, sizeof(number), "%llu", regions);
	snprintf(count, sizeof(count), "%d", START + STRIDE);
	captures = device_info(dev).captures;
	gaps = device_info(dev).gaps;
	pid = program_start(&sender);
	wait_for_captures(dev, captures + START);
	outcome.gaps_at_start = device_info(dev).gaps - gaps;
	program_succeeded(&sender, process_exit_code(pid));
	outcome.gaps_in_stride = device_info(dev).gaps - gaps -
				 outcome.gaps_at_start;
	outcome.copied = program_count(&sender, "copied");
	sscanf(json_at(program_text(&sender, "out"), "held_mean_ms"), "%lf",
	       &outcome.held_ms);
	close(dev);
	return outcome;
}

/* The least number of regions without gaps in stride */
static unsigned long long least(unsigned long long regions)
{
	while (regions > 2 && !run(regions - 1).gaps_in_stride)
		regions--;
	return regions;
}

static void plan_for(const char *rtt)
{
	const struct program plan = {
		.name = "plan",
		.argv = { "fpgabuf-plan", "--json", "--rate",
			  RATE_TEXT, "--region-size", REGION_TEXT, "--rtt", rtt,
			  "--device", "/dev/fpgabuf0", NULL },
	};
	unsigned long long regions, start, needed;
	struct outcome outcome;
	char ms[16];

	program_succeeded(&plan, program_run(&plan));
	regions = program_count(&plan, "regions");
	start = program_count(&plan, "start_regions");
	snprintf(ms, sizeof(ms), "%sms", rtt);
	delay(ms);

	outcome = run(regions);
	EXPECT(outcome.gaps_in_stride, 0);
	EXPECT(outcome.copied, 0);
	needed = least(regions);
	printf("\n    %s: %llu regions planned, %llu needed, each held for %.1f ms; %llu gaps at the start, with %llu regions ",
	       ms, regions, needed, outcome.held_ms, outcome.gaps_at_start,
	       start);
	outcome = run(start);
	printf("%llu", outcome.gaps_at_start);
	EXPECT(outcome.gaps_at_start, 0);
	EXPECT(outcome.gaps_in_stride, 0);
}

static void plans(void)
{
	static const char * const rtts[] = { "1", "20", "80", "200" };
	pid_t pid;
	size_t i;

	sim_source("pattern");
	sim_set("rate", RATE);
	pid = program_start(&receiver);
	program_wait_for(&receiver, "err", "listening");
	for (i = 0; i < ARRAY_SIZE(rtts); i++)
		plan_for(rtts[i]);
	kill(pid, SIGTERM);
	process_exit_code(pid);
	sim_set("rate", 0);
	printf("\n");
}

static const struct test tests[] = {
	{ "what is planned is enough, and little more than needed", plans },
	{ }
};

SUITE(plan,
	.alone = true,
	.title = "a long way",
	.init = modules_load,
	.tests = tests)
