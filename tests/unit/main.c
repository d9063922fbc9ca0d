// SPDX-License-Identifier: GPL-2.0-only
/* Runs all suites; exits 0 only if every test of them passed. */
#include <signal.h>
#include <stdlib.h>
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
	{ .pName = "device", .pTests = device_tests },
	{ .pName = "client", .pTests = client_tests },
	{ .pName = "parts of the tools", .pTests = common_tests },
	{ .pName = "DMA controllers", .pTests = controller_tests },
	{ .pName = "fpgabuf-recv", .pTests = recv_tests },
	{ .pName = "recordings and guests", .pTests = keep_tests },
	{ .pName = "outputs that misbehave", .pTests = output_tests },
	{ .pName = "fpgabuf-info", .pTests = info_tests },
	{ .pName = "framed streams", .pTests = framed_tests },
	{ .pName = "fpgabuf-send", .pTests = send_tests },
	{ .pName = "fpgabuf-show", .pTests = show_tests },
	{ .pName = "fpgabuf-bench --plan", .pTests = plan_tests },
	{ .pName = "shared regions", .pTests = pool_tests },
	{ .pName = "fpgabuf-share", .pTests = share_tests },
	{ .pName = "capture and send", .pTests = transfer_tests },
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	unsigned int failures;

	alarm(WATCHDOG_S);
	signal(SIGPIPE, SIG_IGN);
	if (CU_initialize_registry() != CUE_SUCCESS ||
	    CU_register_suites(suites) != CUE_SUCCESS)
		return EXIT_FAILURE;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() != CUE_SUCCESS)
		return EXIT_FAILURE;
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
