// SPDX-License-Identifier: GPL-2.0-only
/* Which captures fpgabuf-record records: rules, and windows around triggers. */
#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "lib/suite.h"
#include "receiver.h"
#include "record/asking.h"
#include "record/choice.h"
#include "record/rule.h"

static void test_forms(void)
{
	static const char * const bad[] = {
		"", "i16_le", "i16_le>", ">1", "i16>1", "i16_le=1", "i16_le>1x",
		"i16_le>inf", "i16_le>nan", "ci16_le>1", "i16_le >1", "i8_le>1",
		"i64_le>1", "i16_le<>1", "i16_leeeeeee>1", "f32_le>>1",
	};
	struct rule r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!rule_parse(bad[i], &r))
			CU_FAIL(bad[i]);
	CU_ASSERT_EQUAL(rule_parse("i16_be>=-1000", &r), 0);
	CU_ASSERT_EQUAL(r.type.kind, 'i');
	CU_ASSERT_EQUAL(r.type.size, 2);
	CU_ASSERT_TRUE(r.type.big);
	CU_ASSERT_EQUAL(r.comparison, RULE_AT_LEAST);
	CU_ASSERT_EQUAL(r.value, -1000);
	CU_ASSERT_EQUAL(rule_parse("u8!=0x10", &r), 0);
	CU_ASSERT_EQUAL(r.comparison, RULE_OTHER);
	CU_ASSERT_EQUAL(r.value, 16);
	CU_ASSERT_EQUAL(rule_parse("f32_le<1.5e-3", &r), 0);
	CU_ASSERT_FALSE(r.type.big);
	CU_ASSERT_EQUAL(r.value, 1.5e-3);
}

/* Where the rule finds something */
static size_t find(const char *rule, const void *data, size_t len)
{
	struct rule r;

	CU_ASSERT_EQUAL_FATAL(rule_parse(rule, &r), 0);
	return rule_find(&r, data, len);
}

static void test_types(void)
{
	const uint8_t bytes[] = { 0, 0x7f, 0x80, 0xff };
	const uint16_t little[] = { htole16(5), htole16(0x8000) };
	const uint16_t big[] = { htobe16(5), htobe16(0x8000) };
	const uint32_t words[] = { htole32(7), htole32(0x80000000) };
	const uint32_t big_words[] = { htobe32(7), htobe32(0x80000000) };
	/* 1.0 and -2.0 */
	const uint32_t floats[] = { htole32(0x3f800000), htole32(0xc0000000) };
	const uint64_t doubles[] = { htobe64(0x3ff0000000000000),
				     htobe64(0xc000000000000000) };

	CU_ASSERT_EQUAL(find("i8<0", bytes, 4), 2);
	CU_ASSERT_EQUAL(find("u8>=255", bytes, 4), 3);
	CU_ASSERT_EQUAL(find("i16_le==-32768", little, 4), 2);
	CU_ASSERT_EQUAL(find("u16_le==32768", little, 4), 2);
	CU_ASSERT_EQUAL(find("i16_be<0", big, 4), 2);
	CU_ASSERT_EQUAL(find("u16_be>5", big, 4), 2);
	CU_ASSERT_EQUAL(find("i32_le<0", words, 8), 4);
	CU_ASSERT_EQUAL(find("u32_le>7", words, 8), 4);
	CU_ASSERT_EQUAL(find("i32_be<=-2147483648", big_words, 8), 4);
	CU_ASSERT_EQUAL(find("u32_be!=7", big_words, 8), 4);
	CU_ASSERT_EQUAL(find("f32_le<0", floats, 8), 4);
	CU_ASSERT_EQUAL(find("f32_le==1", floats, 8), 0);
	CU_ASSERT_EQUAL(find("f64_be<-1.5", doubles, 16), 8);
	CU_ASSERT_EQUAL(find("f64_be<-2", doubles, 16), 16);
}

/* The memory may begin anywhere, and end in the middle of a number. */
static void test_places(void)
{
	static uint8_t data[8192];
	const uint16_t found = htole16(1000);
	size_t at, begin;

	for (begin = 0; begin < 2; begin++)
		for (at = 0; at + 2 <= 4099; at += 2) {
			memset(data, 0, sizeof(data));
			memcpy(data + begin + at, &found, sizeof(found));
			CU_ASSERT_EQUAL(find("i16_le>999", data + begin, 4099),
					at);
		}
	memset(data, 0, sizeof(data));
	data[4096] = 0xff;
	CU_ASSERT_EQUAL(find("i16_le<0", data, 4097), 4097);
	CU_ASSERT_EQUAL(find("i16_le==0", data, 1), 1);
	CU_ASSERT_EQUAL(find("i16_le==0", data, 0), 0);
}

static void test_nan(void)
{
	const uint32_t bits = htole32(0x7fc00000);

	CU_ASSERT_EQUAL(find("f32_le>0", &bits, 4), 4);
	CU_ASSERT_EQUAL(find("f32_le<=0", &bits, 4), 4);
	CU_ASSERT_EQUAL(find("f32_le!=0", &bits, 4), 0);
}

#define MAX_CAPTURES	200U

/**
 * struct run - captures that go through a window
 * @choice: which are written
 * @triggers: those that have one
 * @count: how many captures there are
 * @settled: captures that were written or given back
 * @written: whether each was written
 * @most_kept: the most that were kept behind a capture
 */
struct run {
	struct choice choice;
	bool triggers[MAX_CAPTURES];
	unsigned int count;
	unsigned int settled;
	bool written[MAX_CAPTURES];
	uint64_t most_kept;
};

/* Bytes of a capture; each has another number. */
static uint64_t bytes_of(uint64_t number)
{
	return 1000 + number;
}

/* The captures come out in order; what a window begins with says what was left out. */
static void check_next(struct run *run, const struct kept_capture *c,
		       enum choice_fate fate)
{
	uint64_t left_out = 0;
	unsigned int i = run->settled;

	CU_ASSERT_EQUAL(c->capture.sequence, run->settled);
	CU_ASSERT_EQUAL(!!c->note.trigger.asked, run->triggers[run->settled]);
	run->written[run->settled++] = fate == CHOICE_WRITE;
	if (fate != CHOICE_WRITE)
		return;
	while (i && !run->written[i - 1])
		left_out += bytes_of(--i);
	CU_ASSERT_EQUAL(c->note.unrecorded, left_out);
	CU_ASSERT_EQUAL(c->note.window, left_out || run->settled == 1);
	CU_ASSERT_FALSE(c->note.lost_unrecorded);
}

static void settle(struct run *run)
{
	struct kept_capture c;
	enum choice_fate fate;

	while ((fate = choice_next(&run->choice, &c)) != CHOICE_KEEP)
		check_next(run, &c, fate);
	CU_ASSERT_FALSE(choice_has_work(&run->choice));
	if (run->choice.count > run->most_kept)
		run->most_kept = run->choice.count;
}

static void add(struct run *run, unsigned int number)
{
	const struct fpgabuf_capture capture = {
		.bytes = bytes_of(number),
		.sequence = number,
		.slot = number,
	};
	const struct note note = {
		.trigger.asked = run->triggers[number] ? ASKED_BY_SIGNAL : 0,
	};

	choice_add(&run->choice, &capture, &note);
	settle(run);
}

static void run_begin(struct run *run, uint64_t before, uint64_t after,
		      uint64_t most)
{
	CU_ASSERT_EQUAL_FATAL(choice_open(&run->choice, before, after, most),
			      0);
}

static void run_end(struct run *run, unsigned int asked)
{
	choice_end(&run->choice, asked);
	settle(run);
	CU_ASSERT_EQUAL(run->choice.count, 0);
	choice_close(&run->choice);
}

/* Is it as near to a trigger as it has to be? */
static bool is_wanted(const struct run *run, unsigned int number)
{
	unsigned int i;

	for (i = 0; i < run->count; i++)
		if (run->triggers[i] && number + run->choice.before >= i &&
		    number <= i + run->choice.after)
			return true;
	return false;
}

/* How often the wanted ones begin anew */
static uint64_t windows_of(const struct run *run)
{
	uint64_t windows = 0;
	unsigned int i;

	for (i = 0; i < run->count; i++)
		windows += is_wanted(run, i) &&
			   (!i || !is_wanted(run, i - 1));
	return windows;
}

static void run_random(void)
{
	struct run run = { .count = 1 + rand() % MAX_CAPTURES };
	const int seldom = 1 + rand() % 60;
	unsigned int i;

	run_begin(&run, rand() % 12, rand() % 12, 0);
	for (i = 0; i < run.count; i++) {
		run.triggers[i] = rand() % seldom == 0;
		add(&run, i);
	}
	CU_ASSERT(run.most_kept <= run.choice.before);
	run_end(&run, 0);
	CU_ASSERT_EQUAL(run.settled, run.count);
	for (i = 0; i < run.count; i++)
		CU_ASSERT_EQUAL(run.written[i], is_wanted(&run, i));
	CU_ASSERT_EQUAL(run.choice.counts.windows, windows_of(&run));
}

static void test_random(void)
{
	unsigned int i;

	srand(23);
	for (i = 0; i < 1000; i++)
		run_random();
}

/* Captures @first to @last of so many */
static void expect_written(const struct run *run, unsigned int first,
			   unsigned int last)
{
	unsigned int i;

	for (i = 0; i < run->settled; i++)
		CU_ASSERT_EQUAL(run->written[i], i >= first && i <= last);
}

/* Others follow it, and it had begun: nothing is between them. */
static void test_most(void)
{
	struct run run = { .count = 40 };
	unsigned int i;

	run.triggers[10] = true;
	run.triggers[13] = true;
	run.triggers[20] = true;
	run_begin(&run, 2, 3, 1);
	for (i = 0; i < 16; i++) {
		add(&run, i);
		CU_ASSERT_FALSE(choice_complete(&run.choice));
	}
	for (; i < run.count; i++) {
		add(&run, i);
		CU_ASSERT_TRUE(choice_complete(&run.choice));
	}
	run_end(&run, 0);
	expect_written(&run, 8, 16);
	CU_ASSERT_EQUAL(run.choice.counts.windows, 1);
	CU_ASSERT_EQUAL(run.choice.counts.triggers, 2);
	CU_ASSERT_EQUAL(run.choice.counts.unrecorded, 31);
}

/* Behind the last capture: it has the trigger, as there is no other. */
static void test_end(void)
{
	struct run run = { .count = 10 };
	unsigned int i;

	run_begin(&run, 3, 3, 0);
	for (i = 0; i < run.count; i++)
		add(&run, i);
	run.triggers[9] = true;
	run_end(&run, ASKED_BY_COMMAND);
	expect_written(&run, 7, 9);
	CU_ASSERT_EQUAL(run.choice.counts.windows, 1);
}

/* A gap before the first capture does not count, nor does one inside a window. */
static void test_lost(void)
{
	const struct note none = { .missed = 0 };
	const struct note some = {
		.missed = 5,
		.trigger.asked = ASKED_BY_SIGNAL,
	};
	const struct fpgabuf_capture gap = {
		.status = FPGABUF_CAPTURE_GAP, .bytes = 1,
	};
	struct fpgabuf_capture next = { .bytes = 1 };
	struct kept_capture c;
	struct choice w;

	CU_ASSERT_EQUAL_FATAL(choice_open(&w, 0, 0, 0), 0);
	choice_add(&w, &gap, &none);
	CU_ASSERT_EQUAL(choice_next(&w, &c), CHOICE_DROP);
	next.sequence = 1;
	next.status = FPGABUF_CAPTURE_GAP;
	choice_add(&w, &next, &some);
	CU_ASSERT_EQUAL(choice_next(&w, &c), CHOICE_WRITE);
	CU_ASSERT_FALSE(c.note.lost_unrecorded);
	next.sequence = 2;
	choice_add(&w, &next, &none);
	CU_ASSERT_EQUAL(choice_next(&w, &c), CHOICE_DROP);
	next.sequence = 3;
	choice_add(&w, &next, &some);
	CU_ASSERT_EQUAL(choice_next(&w, &c), CHOICE_WRITE);
	CU_ASSERT_TRUE(c.note.lost_unrecorded);
	CU_ASSERT_EQUAL(c.note.missed, 5);
	choice_close(&w);
}

/* A signal waits until it is heard, and is answered once. */
static void test_asking(void)
{
	struct asking a;

	asking_init(&a);
	CU_ASSERT_EQUAL_FATAL(asking_open(&a, NULL), 0);
	CU_ASSERT_EQUAL(asking_answer(&a, clock_ns()), 0);
	CU_ASSERT_EQUAL(raise(SIGUSR1), 0);
	asking_hear(&a);
	CU_ASSERT_EQUAL(a.asked, ASKED_BY_SIGNAL);
	CU_ASSERT_EQUAL(asking_answer(&a, a.asked_ns - 1), 0);
	CU_ASSERT_EQUAL(asking_answer(&a, a.asked_ns), ASKED_BY_SIGNAL);
	CU_ASSERT_EQUAL(asking_answer(&a, INT64_MAX), 0);
	asking_close(&a);
	signal(SIGUSR1, SIG_DFL);
}

/* Neither a part of a line nor a line that is too long is a command. */
static void test_lines(void)
{
	static const char text[] = "trigger trigger\n\ntriggertriggertriggertriggertrigger\nTRIGGER\ntrigge";
	struct asking a;
	struct temp t;
	int fd;

	temp_make(&t, "fifo");
	asking_init(&a);
	CU_ASSERT_EQUAL_FATAL(asking_open(&a, t.file), 0);
	fd = open(t.file, O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	asking_hear(&a);
	CU_ASSERT_EQUAL(a.asked, 0);
	CU_ASSERT_EQUAL(write(fd, "r\n", 2), 2);
	asking_hear(&a);
	CU_ASSERT_EQUAL(a.asked, ASKED_BY_COMMAND);
	close(fd);
	asking_close(&a);
	CU_ASSERT_EQUAL(access(t.file, F_OK), -1);
	temp_remove(&t);
}

static const struct test tests[] = {
	{ "only what is a rule is taken for one", test_forms },
	{ "numbers of each type are found", test_types },
	{ "a number is found wherever it is", test_places },
	{ "what is no number is only unequal", test_nan },
	{ "windows around random triggers are exact, and nothing else is kept",
	  test_random },
	{ "after the last window no other begins", test_most },
	{ "what was asked for at the end is there", test_end },
	{ "a window says whether samples were lost before it", test_lost },
	{ "who asks gets the capture that ends later", test_asking },
	{ "a whole line is a command", test_lines },
	{ }
};

SUITE(windows, .title = "What fpgabuf-record records", .tests = tests)
