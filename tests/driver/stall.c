// SPDX-License-Identifier: GPL-2.0-only
/* A receiver that stops reading for a while, against the real fpgabuf-send. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

/*
 * The receiver has room for less than one region.  So the first one is not
 * given back, and there can be no more captures than regions.
 */
enum { REGIONS = 8, STALL_MS = 5000 };

#define REGION	(256 * KIB)
#define BYTES	(8 * MIB)

struct stall {
	int watch, rx;
	pid_t sender;
	uint64_t captures, gaps;
};

static struct stall stall_start(void)
{
	const struct send_tool tool = {
		.bytes = "8M",
		.region_size = "256K",
		.regions = "8",
		.engine = "zerocopy",
	};
	struct stall stall = { .watch = device_open(0) };
	char address[32];
	int listener;

	stall.captures = device_info(stall.watch).captures;
	stall.gaps = device_info(stall.watch).gaps;
	listener = net_listen(address, sizeof(address));
	stall.sender = send_tool_start(&tool, address);
	stall.rx = net_accept(listener);
	close(listener);
	return stall;
}

/* Here the time is what is tested: all of it, nothing may happen. */
static void stall_last(const struct stall *stall)
{
	struct pollfd pfd = { .events = POLLIN };

	wait_for_captures(stall->watch, stall->captures + REGIONS);
	pfd.fd = pidfd_open(stall->sender, 0);
	EXPECT(poll(&pfd, 1, STALL_MS), 0);
	close(pfd.fd);
	EXPECT(device_info(stall->watch).captures - stall->captures, REGIONS);
	EXPECT(device_info(stall->watch).queued, 0);
}

static void stall_end(struct stall *stall)
{
	EXPECT(process_exit_code(stall->sender), 0);
	EXPECT(send_tool_count("bytes"), BYTES);
	EXPECT(send_tool_count("captures"), BYTES / REGION);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
	EXPECT(send_tool_count("gaps"),
	       device_info(stall->watch).gaps - stall->gaps);
	close(stall->rx);
	EXPECT(device_used(stall->watch), 0);
	close(stall->watch);
}

static void waits(void)
{
	struct reader *reader;
	struct stall stall;
	const void *data;
	size_t got;

	sim_source("pattern");
	stall = stall_start();
	stall_last(&stall);
	EXPECT(sim_position(), REGIONS * REGION);

	/* One byte more than there should be, to see the end. */
	reader = reader_start(stall.rx, BYTES + 1);
	data = reader_wait(reader, &got);
	EXPECT(got, BYTES);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	stall_end(&stall);
}

/*
 * What is lost is lost between captures, which are all as long as a region.
 * Returns how often that was.
 */
static unsigned int count_jumps(const uint8_t *data, uint64_t lost)
{
	uint64_t expected = 0, position;
	unsigned int jumps = 0;
	size_t at;

	for (at = 0; at < BYTES; at += REGION) {
		memcpy(&position, data + at, sizeof(position));
		position *= sizeof(position);
		CU_ASSERT(position >= expected);
		CU_ASSERT(is_pattern(data + at, REGION, position));
		jumps += position != expected;
		/* The first one after the stall */
		if (at == REGIONS * REGION)
			CU_ASSERT(position >= expected + lost);
		expected = position + REGION;
	}
	return jumps;
}

static void loses(void)
{
	const uint64_t rate = 4 * MIB;
	struct reader *reader;
	struct stall stall;
	unsigned int jumps;
	const void *data;
	uint64_t lost;
	size_t got;

	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", rate);
	stall = stall_start();
	stall_last(&stall);
	lost = sim_get("lost");
	CU_ASSERT(lost >= rate * STALL_MS / 1000 / 2);
	EXPECT(sim_get("overflows"), 1);

	reader = reader_start(stall.rx, BYTES + 1);
	data = reader_wait(reader, &got);
	sim_set("rate", 0);
	sim_set("lossy", 0);
	REQUIRE(got, BYTES);
	jumps = count_jumps(data, lost);
	reader_free(reader);
	stall_end(&stall);
	printf("\n    %lu bytes lost in the stall; %u jumps, %llu gaps",
	       (unsigned long)lost, jumps, send_tool_count("gaps"));
	CU_ASSERT(jumps >= 1);
	CU_ASSERT(jumps <= send_tool_count("gaps"));
}

static const struct test tests[] = {
	{ "a receiver that stalls 5 s stops the capture, and no region is overwritten",
	  waits },
	{ "samples lost in a stall of 5 s are missing between captures only, and told",
	  loses },
	{ }
};

SUITE(stall,
	.title = "a receiver that stalls",
	.init = modules_load,
	.tests = tests)
