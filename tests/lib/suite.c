// SPDX-License-Identifier: GPL-2.0-only
/* The suites of a program, and those of their tests that are wanted. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "suite.h"

static struct suite *suites;

/* By name: in which order programs are linked means nothing. */
void suite_add(struct suite *suite)
{
	struct suite **at = &suites;

	while (*at && strcmp((*at)->name, suite->name) < 0)
		at = &(*at)->next;
	suite->next = *at;
	*at = suite;
}

/* Does @name, SUITE or SUITE.TEST, mean this test? */
static bool names(const char *name, const struct suite *suite,
		  const struct test *test)
{
	const size_t len = strlen(suite->name);

	if (strncmp(name, suite->name, len))
		return false;
	return !name[len] ||
	       (name[len] == '.' && !fnmatch(name + len + 1, test->name, 0));
}

static bool wanted(char **list, const struct suite *suite,
		   const struct test *test)
{
	if (!*list)
		return !suite->alone;
	for (; *list; list++)
		if (names(*list, suite, test))
			return true;
	return false;
}

/* A suite that this kernel cannot run is named, with the reason. */
static bool skipped(const struct suite *suite)
{
	const char *reason = suite->lacks ? suite->lacks() : NULL;

	if (reason)
		printf("skipped: suite %s, %s\n", suite->name, reason);
	return reason;
}

/* A suite with those of its tests that are wanted; how many these are */
static unsigned int add(const struct suite *suite, char **list,
			const struct suite_hooks *hooks)
{
	const struct test *test;
	CU_pSuite added = NULL;
	unsigned int found = 0;

	for (test = suite->tests; test->name; test++) {
		if (!wanted(list, suite, test))
			continue;
		if (!found++ && !skipped(suite))
			added = CU_add_suite_with_setup_and_teardown(
				suite->title, suite->init, suite->done,
				hooks->before, hooks->after);
		if (added && !CU_add_test(added, test->name, test->run))
			abort();
	}
	return found;
}

/* All of them, with the names that they can be run by */
static int show_list(void)
{
	const struct suite *suite;
	const struct test *test;

	for (suite = suites; suite; suite = suite->next)
		for (test = suite->tests; test->name; test++)
			printf("%s.%s\n", suite->name, test->name);
	return 0;
}

/* So many times, or until one fails */
static bool run(unsigned long times)
{
	bool failed = false;

	CU_basic_set_mode(CU_BRM_VERBOSE);
	while (times-- && !failed)
		failed = CU_basic_run_tests() != CUE_SUCCESS ||
			 CU_get_number_of_failures() ||
			 CU_get_number_of_suites_failed();
	return failed;
}

/* run_list() - run those that are named in @list */
static int run_list(char **list, unsigned long times,
		    const struct suite_hooks *hooks)
{
	const struct suite *suite;
	unsigned int found = 0;
	bool failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (suite = suites; suite; suite = suite->next)
		found += add(suite, list, hooks);
	failed = found && run(times);
	CU_cleanup_registry();
	if (!found)
		fprintf(stderr, "no such test; --list names them\n");
	return found ? failed : 2;
}

int suites_main(char **argv, const struct suite_hooks *hooks)
{
	unsigned long times = 1;

	argv++;
	if (*argv && !strcmp(*argv, "--list"))
		return show_list();
	if (*argv && !strcmp(*argv, "--repeat") && argv[1]) {
		times = strtoul(argv[1], NULL, 10);
		argv += 2;
	}
	if (hooks->ready && !hooks->ready())
		return 1;
	return run_list(argv, times, hooks);
}
