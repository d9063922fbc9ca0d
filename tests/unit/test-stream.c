// SPDX-License-Identifier: GPL-2.0-only
/* What can go wrong with a stream of bytes */
#include <errno.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"
#include "send/watch.h"

/* A look at so many captures in all, of which so many have failed */
static int look_at(struct watch *watch, uint64_t captures, uint64_t errors)
{
	const struct source source = { .name = "x", .slot_count = 4 };
	const struct fpgabuf_stream_info info = {
		.captures = captures, .errors = errors, .queued = 4,
	};

	return watch_look(watch, &source, &info);
}

static void test_failures(void)
{
	struct watch watch = { 0 };

	CU_ASSERT_TRUE(watch_is_due(&watch));
	CU_ASSERT_EQUAL(look_at(&watch, 0, 0), 0);
	CU_ASSERT_FALSE(watch_is_due(&watch));
	CU_ASSERT_FALSE(watch.told);
	/* Eight more than there are regions: four may be a suspend. */
	CU_ASSERT_EQUAL(look_at(&watch, 11, 11), 0);
	CU_ASSERT_TRUE(watch.told);
	CU_ASSERT_EQUAL(look_at(&watch, 11, 11), 0);
	CU_ASSERT_EQUAL(look_at(&watch, 12, 11), 0);
	CU_ASSERT_FALSE(watch.told);
	/* However many there are, if others are good. */
	CU_ASSERT_EQUAL(look_at(&watch, 113, 111), 0);
	CU_ASSERT_TRUE(watch.told);
	watch.good = 1;
	watch.errors = 11;
	CU_ASSERT_EQUAL(look_at(&watch, 18, 17), 0);
	CU_ASSERT_EQUAL(look_at(&watch, 23, 22), 0);
	CU_ASSERT_EQUAL(look_at(&watch, 24, 23), -EIO);
}

static void test_away(void)
{
	struct source source = { .name = "x", .slot_count = 4 };
	struct fpgabuf_stream_info info = { .held = 4 };
	struct watch watch = { 0 };

	/* There are bytes. */
	watch_look(&watch, &source, &info);
	CU_ASSERT_FALSE(watch_is_away(&watch));
	source.starved = true;
	watch_look(&watch, &source, &info);
	CU_ASSERT_TRUE(watch_is_away(&watch));
	CU_ASSERT_FALSE(watch.told_away);
	watch.away_ns -= BUSY_PATIENCE_NS;
	watch_look(&watch, &source, &info);
	CU_ASSERT_TRUE(watch.told_away);
	/* The FPGA can go on. */
	info.queued = 1;
	watch_look(&watch, &source, &info);
	CU_ASSERT_FALSE(watch_is_away(&watch));
	CU_ASSERT_FALSE(watch.told_away);
}

static const struct test tests[] = {
	{ "captures that fail are told of, and too many end the stream",
	  test_failures },
	{ "regions that do not come back are told of", test_away },
	{ }
};

SUITE(stream, .title = "a stream of bytes", .tests = tests)
