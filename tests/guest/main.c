// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest tests: the real driver on a real kernel, fed by the simulated FPGA.
 *
 * Usage: guest-tests [--list] [--repeat N] [SUITE[.TEST]...]; without a name, all
 * but those that need a kernel booted for them.  TEST is a pattern as the shell
 * has it.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "bed.h"

static const struct suite * const suites[] = {
	&uapi_suite,	&alloc_suite,	&huge_suite,	&backends_suite,
	&limits_suite,	&pages_suite,	&capture_suite,	&importers_suite,
	&watch_suite,	&fence_suite,	&faults_suite,	&inuse_suite,
	&library_suite,	&send_suite,	&share_suite,	&stall_suite,
	&lifetime_suite, &unplug_suite,	&rights_suite,	&model_suite,
	&sync_suite,	&dt_suite,	&cost_suite,	&inject_suite,
	&reload_suite,	&personality_suite,
	&recv_suite,	&info_suite,	&show_suite,
	&pl330_suite,	&bench_suite,	&plan_suite,	&power_suite,
	&profile_suite,	&pcie_suite,	&removal_suite,
	&kexec_suite,	&next_suite,	&provider_suite, &soak_suite,
	/* Leaves devices that are of no use to others. */
	&poison_suite,
};

/* Those that need a kernel booted for them */
static bool special(const struct suite *suite)
{
	return suite == &provider_suite || suite == &soak_suite ||
	       suite == &sync_suite || suite == &dt_suite ||
	       suite == &poison_suite ||
	       suite == &cost_suite || suite == &inject_suite ||
	       suite == &show_suite || suite == &pl330_suite ||
	       suite == &bench_suite || suite == &plan_suite ||
	       suite == &profile_suite || suite == &pcie_suite ||
	       suite == &removal_suite || suite == &kexec_suite ||
	       suite == &next_suite;
}

/* names() - does @name, SUITE or SUITE.TEST, mean a test? */
static bool names(const char *name, const struct suite *suite,
		  const CU_TestInfo *test)
{
	const size_t len = strlen(suite->name);

	if (strncmp(name, suite->name, len))
		return false;
	return !name[len] ||
	       (name[len] == '.' && !fnmatch(name + len + 1, test->pName, 0));
}

/* No name means all that this boot is good for. */
static bool wanted(char **list, const struct suite *suite,
		   const CU_TestInfo *test)
{
	if (!*list)
		return !special(suite);
	for (; *list; list++)
		if (names(*list, suite, test))
			return true;
	return false;
}

/* A test that failed half way must not make the next one fail as well. */
static void clean_up(void)
{
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static CU_pSuite add_suite(const struct suite *suite)
{
	return CU_add_suite_with_setup_and_teardown(suite->title, suite->init,
						    suite->done, NULL,
						    clean_up);
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
static unsigned int add(const struct suite *suite, char **list)
{
	const CU_TestInfo *test;
	CU_pSuite added = NULL;
	unsigned int found = 0;

	for (test = suite->tests; test->pName; test++) {
		if (!wanted(list, suite, test))
			continue;
		if (!found++ && !skipped(suite))
			added = add_suite(suite);
		if (added && !CU_add_test(added, test->pName, test->pTestFunc))
			abort();
	}
	return found;
}

/* All of them, with the names that they can be run by */
static int show_list(void)
{
	const CU_TestInfo *test;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i]->tests; test->pName; test++)
			printf("%s.%s\n", suites[i]->name, test->pName);
	return 0;
}

/* run() - until a time when something fails */
static bool run(unsigned int times)
{
	bool failed = false;

	CU_basic_set_mode(CU_BRM_VERBOSE);
	while (times-- && !failed) {
		CU_basic_run_tests();
		failed = CU_get_number_of_failures() ||
			 CU_get_number_of_suites_failed();
	}
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int found = 0, times = 1;
	bool failed;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	argv++;
	if (argc == 2 && !strcmp(*argv, "--list"))
		return show_list();
	if (argc > 2 && !strcmp(*argv, "--repeat")) {
		times = atoi(argv[1]);
		argv += 2;
	}
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		found += add(suites[i], argv);
	if (!found) {
		fprintf(stderr, "no such test\n");
		return 2;
	}
	failed = run(times);
	CU_cleanup_registry();
	return failed;
}
