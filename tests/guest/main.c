// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest tests: the real driver on a real kernel, fed by the simulated FPGA.
 *
 * Usage: guest-tests [SUITE...]; without a name, all but those that need a
 * kernel booted for them.
 */
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
	&provider_suite,	&soak_suite,
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
	       suite == &removal_suite;
}

static bool wanted(const struct suite *suite, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], suite->name))
			return true;
	return argc == 1 && !special(suite);
}

/* A test that failed half way must not make the next one fail as well. */
static void clean_up(void)
{
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static void add(const struct suite *suite)
{
	CU_pSuite added = CU_add_suite_with_setup_and_teardown(suite->title,
							       suite->init,
							       suite->done,
							       NULL,
							       clean_up);
	const CU_TestInfo *test;

	for (test = suite->tests; test->pName; test++)
		if (!CU_add_test(added, test->pName, test->pTestFunc))
			abort();
}

/* A suite that this kernel cannot run is named, with the reason. */
static bool skipped(const struct suite *suite)
{
	const char *reason = suite->lacks ? suite->lacks() : NULL;

	if (reason)
		printf("skipped: suite %s, %s\n", suite->name, reason);
	return reason;
}

int main(int argc, char **argv)
{
	unsigned int failed, found = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		if (!wanted(suites[i], argc, argv))
			continue;
		found++;
		if (!skipped(suites[i]))
			add(suites[i]);
	}
	if (!found) {
		fprintf(stderr, "no such suite\n");
		return 2;
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return failed != 0;
}
