// SPDX-License-Identifier: GPL-2.0-only
/* A stream of bytes: the regions that are kept for its end, and what goes wrong */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"
#include "send/keep.h"
#include "send/watch.h"

#define MIB	((uint64_t)1 << 20)

static uint64_t kept(const struct keep *keep)
{
	int bytes = -1;

	CU_ASSERT_FALSE(ioctl(keep->pipe[0], FIONREAD, &bytes));
	return bytes;
}

/* Reads the stream to its end, in the pieces that it may be read in. */
static void read_keeping(struct keep *keep, uint64_t bytes, size_t piece)
{
	const uint64_t size = keep->region_size;
	uint64_t at = 0, expected;
	int pipes[2];
	size_t n;

	CU_ASSERT_FALSE_FATAL(pipe2(pipes, O_NONBLOCK | O_CLOEXEC));
	CU_ASSERT_EQUAL_FATAL(write(pipes[1], "x", 1), 1);
	while (at < bytes) {
		n = keep_limit(keep, at, bytes - at < piece ? bytes - at :
								piece);
		CU_ASSERT_FATAL(n > 0 && n <= piece);
		if (at >= keep->from)
			CU_ASSERT(n <= size - at % size);
		at += n;
		keep_read(keep, at, pipes[0]);
		expected = at > keep->from ? (at - keep->from) / size : 0;
		CU_ASSERT_EQUAL(kept(keep), expected);
	}
	close(pipes[0]);
	close(pipes[1]);
}

static void test_keep(void)
{
	static const struct {
		uint64_t bytes;
		unsigned int regions;
		uint64_t from;
		size_t piece;
	} lines[] = {
		{ 16 * 65536, 4, 12 * 65536, MIB },
		{ 16 * 65536, 4, 12 * 65536, 40000 },
		{ 4 * 65536, 4, 0, MIB },
		{ 3 * 65536, 4, 0, MIB },
		{ 5 * 65536 + 1, 4, 2 * 65536, MIB },
		{ 300 * 65536, 256, 44 * 65536, MIB },
	};
	struct keep keep = { .pipe = { -1, -1 } };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(keep_open(&keep, lines[i].bytes, 65536,
						lines[i].regions), 0);
		CU_ASSERT_EQUAL(keep.from, lines[i].from);
		read_keeping(&keep, lines[i].bytes, lines[i].piece);
		keep_close(&keep);
	}
	keep.pipe[0] = -1;
	CU_ASSERT_EQUAL(keep_open(&keep, UINT64_MAX, 65536, 4), 0);
	CU_ASSERT_EQUAL(keep_limit(&keep, 100, MIB), MIB);
	keep_read(&keep, 65536, -1);
	CU_ASSERT_EQUAL(keep.pipe[0], -1);
	keep_close(&keep);
}

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
	{ "the last regions are kept, and no others", test_keep },
	{ "captures that fail are told of, and too many end the stream",
	  test_failures },
	{ "regions that do not come back are told of", test_away },
	{ }
};

SUITE(stream, .title = "a stream of bytes", .tests = tests)
