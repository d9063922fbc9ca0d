// SPDX-License-Identifier: GPL-2.0-only
/* The machine is suspended while the FPGA writes. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

#define PM_TEST	"/sys/power/pm_test"
#define STATE	"/sys/power/state"
#define DELAY	"/sys/module/suspend/parameters/pm_test_delay"

static const char *lacks(void)
{
	if (access(PM_TEST, W_OK))
		return "the kernel has no CONFIG_PM_DEBUG";
	if (access(STATE, W_OK))
		return "the kernel cannot suspend";
	return NULL;
}

/*
 * Devices are suspended, and resumed after a second.  The NICs are among them.  They
 * take some seconds more, in which the next suite would find no route to its peer.
 */
static void suspend(void)
{
	file_write(DELAY, "1");
	file_write(PM_TEST, "devices");
	file_write(STATE, "freeze");
	file_write(PM_TEST, "none");
	net_wait_for_peer();
}

static void ends_captures(void)
{
	enum { REGIONS = 3 };
	int dev = device_open(0), fds[REGIONS], i;
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	for (i = 0; i < REGIONS; i++)
		fds[i] = region_alloc(dev, 64 * KIB);
	EXPECT(capture_run(dev, fds[0], 0).status, 0);

	sim_set("stall", 1);
	for (i = 0; i < REGIONS; i++)
		REQUIRE(region_queue(dev, fds[i], 0, i), 0);
	suspend();
	sim_set("stall", 0);
	for (i = 0; i < REGIONS; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		EXPECT(done.error, -ESHUTDOWN);
		EXPECT(done.bytes, 0);
	}

	done = capture_run(dev, fds[0], 0);
	EXPECT(done.error, 0);
	EXPECT(done.bytes, 64 * KIB);
	EXPECT(done.status, FPGABUF_CAPTURE_GAP);
	for (i = 0; i < REGIONS; i++)
		close(fds[i]);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static const struct test tests[] = {
	{ "suspend ends captures and says so; after it there is a gap",
	  ends_captures },
	{ }
};

SUITE(power,
	.title = "suspend",
	.lacks = lacks,
	.init = modules_load,
	.tests = tests)
