// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - KUnit tests of the bytes the simulated FPGA produces
 *
 * The clock is the real one: a rate that began some time ago allows at least
 * what it had to by then.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/kfifo.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim.h"

#define FIFO	256

static int source_init(struct kunit *test)
{
	struct sim *sim = kunit_kzalloc(test, sizeof(*sim), GFP_KERNEL);

	if (!sim)
		return -ENOMEM;
	sim->fifo_mem = kunit_kzalloc(test, FIFO, GFP_KERNEL);
	if (!sim->fifo_mem)
		return -ENOMEM;
	kfifo_init(&sim->fifo, sim->fifo_mem, FIFO);
	spin_lock_init(&sim->lock);
	init_waitqueue_head(&sim->feed_wait);
	sim->settings.burst = 1000;
	test->priv = sim;
	return 0;
}

static u8 pattern_byte(u64 position)
{
	return (position / 8) >> (position % 8 * 8);
}

/* Any piece of the stream, wherever it begins and ends. */
static void pattern_test(struct kunit *test)
{
	static const u64 begins[] = { 0, 0xff * 8 - 3, (u64)U32_MAX * 8 - 20 };
	struct sim *sim = test->priv;
	u8 bytes[48];
	size_t i, skip, size, k;

	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		for (skip = 0; skip < 9; skip++) {
			for (size = 0; size <= 40; size++) {
				u64 at = begins[i] + skip;

				memset(bytes, 0xa5, sizeof(bytes));
				sim->position = at;
				sim_source_take(sim, bytes, size);
				KUNIT_ASSERT_EQ(test, sim->position, at + size);
				for (k = 0; k < size; k++)
					KUNIT_ASSERT_EQ(test, bytes[k],
							pattern_byte(at + k));
				KUNIT_ASSERT_EQ(test, bytes[size], 0xa5);
			}
		}
	}
}

static void burst_test(struct kunit *test)
{
	struct sim *sim = test->priv;

	KUNIT_EXPECT_TRUE(test, sim_source_ready(sim));
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 1000);
	sim->settings.burst = 1;
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 1);
	sim->settings.burst = U64_MAX;
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), U32_MAX);
	sim->settings.stall = 1;
	KUNIT_EXPECT_FALSE(test, sim_source_ready(sim));
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 0);
}

/* Never beyond the end of a packet, and each end is said once. */
static void packet_test(struct kunit *test)
{
	struct sim *sim = test->priv;
	u8 bytes[100];
	int i;

	KUNIT_EXPECT_FALSE(test, sim_source_packet_end(sim));
	sim->settings.packet = 150;
	sim->settings.burst = sizeof(bytes);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 100);
		sim_source_take(sim, bytes, 100);
		KUNIT_EXPECT_FALSE(test, sim_source_packet_end(sim));
		KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 50);
		sim_source_take(sim, bytes, 50);
		KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 0);
		KUNIT_EXPECT_TRUE(test, sim_source_packet_end(sim));
		KUNIT_EXPECT_FALSE(test, sim_source_packet_end(sim));
	}
	KUNIT_EXPECT_EQ(test, sim->position, 450);
}

/* What was fed comes out, and its end ends a packet once it is empty. */
static void feed_test(struct kunit *test)
{
	struct sim *sim = test->priv;
	u8 bytes[8] = { 0 };

	sim->settings.source = SIM_FEED;
	KUNIT_EXPECT_FALSE(test, sim_source_ready(sim));
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 0);
	KUNIT_EXPECT_EQ(test, kfifo_in(&sim->fifo, "abcde", 5), 5);
	KUNIT_EXPECT_TRUE(test, sim_source_ready(sim));
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 5);
	sim->feed_ended = true;
	KUNIT_EXPECT_FALSE(test, sim_source_at_end(sim));
	sim_source_take(sim, bytes, 3);
	KUNIT_EXPECT_FALSE(test, sim_source_packet_end(sim));
	sim_source_take(sim, bytes + 3, 2);
	KUNIT_EXPECT_STREQ(test, (char *)bytes, "abcde");
	KUNIT_EXPECT_TRUE(test, sim_source_at_end(sim));
	KUNIT_EXPECT_TRUE(test, sim_source_packet_end(sim));
	KUNIT_EXPECT_FALSE(test, sim_source_at_end(sim));
	KUNIT_EXPECT_FALSE(test, sim_source_packet_end(sim));
	/* The pattern has no end, whatever the feed does. */
	sim->settings.source = SIM_PATTERN;
	sim->feed_ended = true;
	KUNIT_EXPECT_FALSE(test, sim_source_at_end(sim));
}

/* It is always ready, and is taken without a look at where to. */
static void nothing_test(struct kunit *test)
{
	struct sim *sim = test->priv;
	u8 byte = 0xa5;

	sim->settings.source = SIM_NOTHING;
	KUNIT_EXPECT_TRUE(test, sim_source_ready(sim));
	KUNIT_EXPECT_FALSE(test, sim_source_at_end(sim));
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 1000);
	sim_source_take(sim, &byte, 1);
	KUNIT_EXPECT_EQ(test, byte, 0xa5);
	sim_source_take(sim, NULL, 999);
	KUNIT_EXPECT_EQ(test, sim->position, 1000);
}

static void began(struct sim *sim, u64 ms)
{
	sim->rate_start = ktime_sub_ms(ktime_get(), ms);
}

/* Exact over the time that it counts, up to a second of patience. */
static void rate_test(struct kunit *test)
{
	struct sim *sim = test->priv;
	u8 bytes[64];
	u32 avail;

	sim->settings.burst = U32_MAX;
	sim->settings.rate = 1000;
	/* The clock starts with the first question. */
	KUNIT_EXPECT_LE(test, sim_source_avail(sim), 1000);
	KUNIT_EXPECT_NE(test, sim->rate_start, 0);

	began(sim, 2000);
	avail = sim_source_avail(sim);
	KUNIT_EXPECT_GE(test, avail, 2000);
	KUNIT_EXPECT_LE(test, avail, 3000);
	sim_source_take(sim, bytes, sizeof(bytes));
	KUNIT_EXPECT_GE(test, sim_source_avail(sim), avail - sizeof(bytes));
	KUNIT_EXPECT_LE(test, sim_source_avail(sim), 3000 - sizeof(bytes));

	/* It has produced more than it may, which must not wrap. */
	sim->rate_done = 1000000;
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 0);

	/* Rate times nanoseconds does not fit into 64 bits. */
	sim->settings.rate = 100ULL << 30;
	sim->settings.burst = U64_MAX;
	sim->rate_done = 0;
	began(sim, 1000);
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), U32_MAX);
	sim->rate_done = 100ULL << 30;
	sim->rate_done += 200ULL << 30;
	KUNIT_EXPECT_EQ(test, sim_source_avail(sim), 0);

	sim_source_restart_rate(sim);
	KUNIT_EXPECT_EQ(test, sim->rate_start, 0);
}

/* Time for a burst, within bounds; none if there is nothing to wait for. */
static void pause_test(struct kunit *test)
{
	struct sim *sim = test->priv;

	sim->settings.burst = 1000;
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), 0);
	sim->settings.rate = 1000;
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), 0);

	/* A second is more than a tick. */
	began(sim, 0);
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), TICK_NSEC);
	/* The burst after the next: of this one the time is over. */
	began(sim, 1500);
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), 0);
	sim->rate_done = 1000000;
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), TICK_NSEC);

	/* A microsecond is not worth it. */
	sim->settings.rate = 1000000000;
	sim->rate_done = 0;
	sim->rate_start = ktime_add_ns(ktime_get(), 1000);
	KUNIT_EXPECT_LE(test, sim_source_pause(sim), 20000);

	/* The least rate, and the most bytes. */
	sim->settings.rate = 1;
	sim->settings.burst = U32_MAX;
	began(sim, 1000);
	KUNIT_EXPECT_EQ(test, sim_source_pause(sim), TICK_NSEC);
}

/* Bytes that nobody takes: kept back, or lost in whole samples. */
static void idle_test(struct kunit *test)
{
	struct sim *sim = test->priv;
	u8 byte;

	sim->settings.rate = 1001;
	began(sim, 1000);
	sim_source_idle(sim);
	KUNIT_EXPECT_EQ(test, sim->rate_start, 0);
	KUNIT_EXPECT_EQ(test, sim->lost, 0);

	sim->settings.lossy = 1;
	sim_source_idle(sim);
	KUNIT_EXPECT_EQ(test, sim->lost, 0);
	began(sim, 1000);
	sim_source_idle(sim);
	KUNIT_EXPECT_GE(test, sim->lost, 1000);
	KUNIT_EXPECT_EQ(test, sim->lost % 8, 0);
	KUNIT_EXPECT_EQ(test, sim->position, sim->lost);
	KUNIT_EXPECT_EQ(test, sim->rate_done, sim->lost);
	KUNIT_EXPECT_EQ(test, sim->overflows, 1);

	/* One overflow until somebody takes a byte. */
	began(sim, 3000);
	sim_source_idle(sim);
	KUNIT_EXPECT_EQ(test, sim->overflows, 1);
	sim_source_take(sim, &byte, 1);
	began(sim, 6000);
	sim_source_idle(sim);
	KUNIT_EXPECT_EQ(test, sim->overflows, 2);

	/* One that stands still, or a feed, loses nothing. */
	sim->settings.stall = 1;
	began(sim, 100000);
	sim_source_idle(sim);
	sim->settings.stall = 0;
	sim->settings.source = SIM_FEED;
	began(sim, 100000);
	sim_source_idle(sim);
	KUNIT_EXPECT_EQ(test, sim->overflows, 2);
	KUNIT_EXPECT_LT(test, sim->lost, 50000);
}

static void reset_test(struct kunit *test)
{
	struct sim *sim = test->priv;

	sim->position = 1;
	sim->lost = 2;
	sim->overflows = 3;
	sim->starved = 4;
	sim->asked = 6;
	sim->overrun = 7;
	sim->changed = 8;
	sim->losing = true;
	sim->packet_done = 5;
	sim->feed_ended = true;
	began(sim, 1);
	kfifo_in(&sim->fifo, "x", 1);
	sim_source_reset(sim);
	KUNIT_EXPECT_EQ(test, sim->position, 0);
	KUNIT_EXPECT_EQ(test, sim->lost, 0);
	KUNIT_EXPECT_EQ(test, sim->overflows, 0);
	KUNIT_EXPECT_EQ(test, sim->starved, 0);
	KUNIT_EXPECT_EQ(test, sim->asked, 0);
	KUNIT_EXPECT_EQ(test, sim->overrun, 0);
	KUNIT_EXPECT_EQ(test, sim->changed, 0);
	KUNIT_EXPECT_FALSE(test, sim->losing);
	KUNIT_EXPECT_EQ(test, sim->packet_done, 0);
	KUNIT_EXPECT_FALSE(test, sim->feed_ended);
	KUNIT_EXPECT_EQ(test, sim->rate_start, 0);
	KUNIT_EXPECT_TRUE(test, kfifo_is_empty(&sim->fifo));
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(pattern_test),
	KUNIT_CASE(burst_test),
	KUNIT_CASE(packet_test),
	KUNIT_CASE(feed_test),
	KUNIT_CASE(nothing_test),
	KUNIT_CASE(rate_test),
	KUNIT_CASE(pause_test),
	KUNIT_CASE(idle_test),
	KUNIT_CASE(reset_test),
	{}
};

static struct kunit_suite source_suite = {
	.name = "fpgabuf-sim-source",
	.init = source_init,
	.test_cases = source_cases,
};

kunit_test_suite(source_suite);
