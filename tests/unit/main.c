// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit [SUITE [TEST]] - runs all suites, or one, or one test of it; exits 0 only if
 * every test of them passed
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "suites.h"

/* All tests together take a few seconds; whatever hangs must not hang CI. */
#define WATCHDOG_S	300

static CU_SuiteInfo suites[] = {
	{ .pName = "completion tracker", .pTests = completion_tests },
	{ .pName = "error queue", .pTests = errqueue_tests },
	{ .pName = "sender", .pTests = sender_tests },
	{ .pName = "region", .pTests = region_tests },
	{ .pName = "ring", .pTests = ring_tests },
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

/* What is there to be run, by its name; false: it is not there. */
static bool run_named(const char *suite_name, const char *test_name)
{
	CU_pSuite suite = CU_get_suite(suite_name);
	CU_pTest test;

	if (suite && !test_name)
		return CU_basic_run_suite(suite) == CUE_SUCCESS;
	test = suite ? CU_get_test(suite, test_name) : NULL;
	if (test)
		return CU_basic_run_test(suite, test) == CUE_SUCCESS;
	fprintf(stderr, "there is no %s\n",
		suite ? "such test in that suite" : "such suite");
	return false;
}

static bool run(int argc, char **argv)
{
	if (argc < 2)
		return CU_basic_run_tests() == CUE_SUCCESS;
	return run_named(argv[1], argc > 2 ? argv[2] : NULL);
}

int main(int argc, char **argv)
{
	unsigned int failures;

	if (!lock_memory_alone())
		return EXIT_FAILURE;
	alarm(WATCHDOG_S);
	signal(SIGPIPE, SIG_IGN);
	if (CU_initialize_registry() != CUE_SUCCESS ||
	    CU_register_suites(suites) != CUE_SUCCESS)
		return EXIT_FAILURE;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (!run(argc, argv))
		return EXIT_FAILURE;
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
