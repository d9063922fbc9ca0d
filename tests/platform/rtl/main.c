// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtl-bench --list
 * rtl-bench [--trace FILE] TEST - run one test
 *
 * RTL_SEED and RTL_PACKETS say at random from where, and how long.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

static void list(void)
{
	const struct test *test;

	for (test = tests; test->name; test++)
		printf("%s %s\n", test->name, test->sentence);
}

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 0) : otherwise;
}

static const struct test *find(const char *name)
{
	const struct test *test;

	for (test = tests; test->name; test++)
		if (strcmp(test->name, name) == 0)
			return test;
	fprintf(stderr, "%s: no such test; try --list\n", name);
	exit(2);
}

static void run(const struct test *test, const char *trace)
{
	struct bench *bench = bench_open(number("RTL_SEED", 1), trace);

	test->run(bench, number("RTL_PACKETS", 1000));
	printf("%llu cycles, %llu bursts, %llu beats\n",
	       (unsigned long long)bench->cycle,
	       (unsigned long long)bench->memory.answered,
	       (unsigned long long)bench->memory.beat_count);
	bench_close(bench);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "trace", required_argument, NULL, 't' },
		{},
	};
	const char *trace = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'l') {
			list();
			return 0;
		}
		if (option != 't')
			return 2;
		trace = optarg;
	}
	run(find(optind < argc ? argv[optind] : ""), trace);
	return 0;
}
