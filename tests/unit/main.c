// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: unit [--list] [--repeat N] [SUITE[.TEST]...]; without a name, all.
 *
 * Exits 0 only if every test passed, 2 if there is no such test.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "suites.h"

/*
 * All tests together take some seconds, and minutes with sanitizers on a busy
 * machine; whatever hangs must not hang CI.
 */
#define WATCHDOG_S	900

static CU_SuiteInfo suites[] = {
	{ .pName = "completion tracker", .pTests = completion_tests },
	{ .pName = "error queue", .pTests = errqueue_tests },
	{ .pName = "sender", .pTests = sender_tests },
	{ .pName = "region", .pTests = region_tests },
	{ .pName = "ring", .pTests = ring_tests },
	{ .pName = "source", .pTests = source_tests },
	{ .pName = "device", .pTests = device_tests },
	{ .pName = "client", .pTests = client_tests },
	{ .pName = "parts of the tools", .pTests = common_tests },
	{ .pName = "DMA controllers", .pTests = controller_tests },
	{ .pName = "fpgabuf-recv", .pTests = recv_tests },
	{ .pName = "recordings and guests", .pTests = keep_tests },
	{ .pName = "outputs that misbehave", .pTests = output_tests },
	{ .pName = "messages of the tools", .pTests = message_tests },
	{ .pName = "fpgabuf-info", .pTests = info_tests },
	{ .pName = "framed streams", .pTests = framed_tests },
	{ .pName = "fpgabuf-send", .pTests = send_tests },
	{ .pName = "fpgabuf-show", .pTests = show_tests },
	{ .pName = "fpgabuf-bench --plan", .pTests = plan_tests },
	{ .pName = "shared regions", .pTests = pool_tests },
	{ .pName = "fpgabuf-share", .pTests = share_tests },
	{ .pName = "capture and send", .pTests = transfer_tests },
	{ .pName = "mappings, as Linux 6.1 counts them",
	  .pTests = mapcount_6_1_tests },
	{ .pName = "mappings, as Linux 6.9 counts them",
	  .pTests = mapcount_6_9_tests },
	CU_SUITE_INFO_NULL,
};

/* One after the other, until the file is closed at the end. */
static bool wait_for_turn(void)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-unit-%u.lock", geteuid());
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0) {
		perror(path);
		return false;
	}
	if (!flock(file, LOCK_EX | LOCK_NB))
		return true;
	fprintf(stderr, "waiting for other tests of the same user, for they count as locked memory\n");
	return !flock(file, LOCK_EX);
}

/* May this process lock more than its limit says?  Nothing else tells. */
static bool may_exceed_limit(void)
{
	static char page[4096];
	struct rlimit old, none;
	bool may;

	if (getrlimit(RLIMIT_MEMLOCK, &old))
		return false;
	none = (struct rlimit){ 0, old.rlim_max };
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return false;
	may = !mlock(page, sizeof(page));
	munlock(page, sizeof(page));
	return !setrlimit(RLIMIT_MEMLOCK, &old) && may;
}

/*
 * What is sent without a copy is locked memory, and that is limited by user, over
 * all processes: the same tests beside these would leave no room.  Root, unless in
 * a container, has no limit.
 */
static bool lock_memory_alone(void)
{
	return may_exceed_limit() || wait_for_turn();
}

/* SUITE, or SUITE.TEST with a pattern for the test */
static bool names(const char *name, const CU_SuiteInfo *suite,
		  const CU_TestInfo *test)
{
	const size_t len = strlen(suite->pName);

	if (strncmp(name, suite->pName, len))
		return false;
	return !name[len] ||
	       (name[len] == '.' && !fnmatch(name + len + 1, test->pName, 0));
}

/* No name means all. */
static bool wanted(char **list, const CU_SuiteInfo *suite,
		   const CU_TestInfo *test)
{
	if (!*list)
		return true;
	for (; *list; list++)
		if (names(*list, suite, test))
			return true;
	return false;
}

/* A suite with those of its tests that are wanted; how many these are */
static unsigned int add(const CU_SuiteInfo *suite, char **list)
{
	const CU_TestInfo *test;
	CU_pSuite added = NULL;
	unsigned int found = 0;

	for (test = suite->pTests; test->pName; test++) {
		if (!wanted(list, suite, test))
			continue;
		if (!found++)
			added = CU_add_suite(suite->pName, NULL, NULL);
		if (!added || !CU_add_test(added, test->pName, test->pTestFunc))
			abort();
	}
	return found;
}

/* All of them, with the names that they can be run by */
static int show_list(void)
{
	const CU_SuiteInfo *suite;
	const CU_TestInfo *test;

	for (suite = suites; suite->pName; suite++)
		for (test = suite->pTests; test->pName; test++)
			printf("%s.%s\n", suite->pName, test->pName);
	return EXIT_SUCCESS;
}

/* So many times, or until one fails */
static bool run(unsigned int times)
{
	bool failed = false;

	CU_basic_set_mode(CU_BRM_VERBOSE);
	while (times-- && !failed) {
		alarm(WATCHDOG_S);
		failed = CU_basic_run_tests() != CUE_SUCCESS ||
			 CU_get_number_of_failures();
	}
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int found = 0, times = 1;
	const CU_SuiteInfo *suite;
	bool failed;

	argv++;
	if (argc == 2 && !strcmp(*argv, "--list"))
		return show_list();
	if (argc > 2 && !strcmp(*argv, "--repeat")) {
		times = atoi(argv[1]);
		argv += 2;
	}
	if (!lock_memory_alone())
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	/* A shell starts what it does not wait for with SIGINT ignored. */
	signal(SIGINT, SIG_DFL);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	for (suite = suites; suite->pName; suite++)
		found += add(suite, argv);
	if (!found) {
		fprintf(stderr, "no such test\n");
		return 2;
	}
	failed = run(times);
	CU_cleanup_registry();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
