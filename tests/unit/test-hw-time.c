// SPDX-License-Identifier: GPL-2.0-only
/* A counter of the FPGA in each capture, and what it says of gaps. */
#include <endian.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "common/hw-time.h"
#include "common/sigmf.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"
#include "receiver.h"
#include "schema.h"

static void test_parse(void)
{
	static const char * const bad[] = {
		"", ":", "0", "0:", "0:u16_le", "0:i64_le", "0:f32_le",
		"0:u64", "0:u64_le:", "0:u64_le:0", "0:u64_le:1x",
		"0:u64_le:1:2", "-1:u64_le", "0x8:u64_le", "4294967297:u64_le",
		"0:u64_le:1000000000001", "000000000000000000000000001:u64_le",
	};
	struct hw_time t = { .rate = 5 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!hw_time_parse(bad[i], &t))
			CU_FAIL(bad[i]);
	CU_ASSERT_FALSE(hw_time_is_there(&t));
	CU_ASSERT_EQUAL(t.rate, 5);
	CU_ASSERT_EQUAL(hw_time_parse("16:u32_be:100000000", &t), 0);
	CU_ASSERT_TRUE(hw_time_is_there(&t));
	CU_ASSERT_EQUAL(t.offset, 16);
	CU_ASSERT_EQUAL(t.type.size, 4);
	CU_ASSERT_TRUE(t.type.big);
	CU_ASSERT_EQUAL(t.rate, 100000000);
	CU_ASSERT_EQUAL(hw_time_parse("0:u64_le", &t), 0);
	CU_ASSERT_EQUAL(t.type.size, 8);
	CU_ASSERT_EQUAL(t.rate, 0);
}

/* It comes in pieces, of which only some have bytes of it. */
static void test_word(void)
{
	static const uint8_t data[] = { 9, 9, 9, 1, 2, 3, 4, 9 };
	struct hw_word w = { .have = 0 };
	struct hw_time t;

	CU_ASSERT_EQUAL_FATAL(hw_time_parse("3:u32_be", &t), 0);
	CU_ASSERT_FALSE(hw_word_add(&t, &w, 0, data, 3));
	CU_ASSERT_FALSE(hw_word_add(&t, &w, 3, data + 3, 1));
	CU_ASSERT_FALSE(hw_word_add(&t, &w, 4, data + 4, 2));
	CU_ASSERT_TRUE(hw_word_add(&t, &w, 6, data + 6, 2));
	CU_ASSERT_EQUAL(memcmp(w.bytes, data + 3, 4), 0);
	CU_ASSERT_FALSE(hw_word_add(&t, &w, 8, data, 8));
	w.have = 0;
	CU_ASSERT_FALSE(hw_word_add(&t, &w, 0, data, 6));
	w.have = 0;
	CU_ASSERT_TRUE(hw_word_add(&t, &w, 0, data, 7));
}

static struct hw_time with_type(const char *text)
{
	struct hw_time t;

	CU_ASSERT_EQUAL_FATAL(hw_time_parse(text, &t), 0);
	return t;
}

/* Captures of 1000 samples of 4 bytes */
static struct hw_count next(struct hw_clock *c, uint64_t ticks, bool gap,
			    int64_t end_ns)
{
	struct hw_word w = { .have = c->time->type.size };
	const struct hw_capture capture = {
		.bytes = 4000, .end_ns = end_ns, .gap = gap, .word = &w,
	};
	const uint64_t wide = htole64(ticks);
	const uint32_t narrow = htole32(ticks);
	struct hw_count count;

	if (w.have == sizeof(wide))
		memcpy(w.bytes, &wide, sizeof(wide));
	else
		memcpy(w.bytes, &narrow, sizeof(narrow));
	hw_clock_next(c, &capture, &count);
	return count;
}

static void test_clock(void)
{
	const struct hw_time time = with_type("0:u64_le:5000000");
	const struct hw_capture bare = { .bytes = 4000 };
	struct hw_clock c = { .time = &time, .sample_rate = 1000000,
			      .sample_size = 4 };
	struct hw_count n;

	n = next(&c, 70000, true, 0);
	CU_ASSERT_TRUE(n.known);
	CU_ASSERT_EQUAL(n.ticks, 70000);
	CU_ASSERT_FALSE(n.counted);
	n = next(&c, 75000, false, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing && !n.untold);
	n = next(&c, 75000 + 5000 + 35, true, 0);
	CU_ASSERT_TRUE(n.counted && !n.untold);
	CU_ASSERT_EQUAL(n.missing, 7);
	n = next(&c, 80035 + 5000 + 5, false, 0);
	CU_ASSERT_TRUE(n.counted && n.untold);
	CU_ASSERT_EQUAL(n.missing, 1);
	n = next(&c, 85040 + 5000, true, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing && !n.untold);
	n = next(&c, 90040, false, 0);
	CU_ASSERT_FALSE(n.counted);
	CU_ASSERT_EQUAL(c.missing, 8);
	CU_ASSERT_EQUAL(c.untold, 1);
	CU_ASSERT_EQUAL(c.empty, 1);
	CU_ASSERT_EQUAL(c.unfit, 1);
	/* A capture without a counter: nothing is known of it, nor of the next. */
	hw_clock_next(&c, &bare, &n);
	CU_ASSERT_FALSE(n.known);
	n = next(&c, 1000000, false, 0);
	CU_ASSERT_TRUE(n.known && !n.counted);
	/* A counter of 64 bits wraps, too. */
	next(&c, UINT64_MAX - 4999, true, 0);
	n = next(&c, 0, false, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing);
}

/* Neither is a tick a whole number of samples, nor a sample one of ticks. */
static void test_rounding(void)
{
	const struct hw_time time = with_type("0:u64_le:300");
	struct hw_clock c = { .time = &time, .sample_rate = 1000,
			      .sample_size = 4 };
	struct hw_count n;

	next(&c, 0, false, 0);
	n = next(&c, 299, false, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing);
	n = next(&c, 599, false, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing);
	n = next(&c, 899 + 30, true, 0);
	CU_ASSERT_EQUAL(n.missing, 100);
	c.sample_rate = 0;
	n = next(&c, 10000, true, 0);
	CU_ASSERT_TRUE(n.known && !n.counted);
}

/* A counter of 32 bits turns each 4.3 s: the time tells how often. */
static void test_turns(void)
{
	const struct hw_time time = with_type("0:u32_le:1000000000");
	struct hw_clock c = { .time = &time, .sample_rate = 1000000,
			      .sample_size = 4 };
	const int64_t end = 50 * NS_PER_SEC;
	const uint64_t first = 4294000000, later = first + 20 * NS_PER_SEC;
	struct hw_count n;

	next(&c, first, false, end);
	n = next(&c, first + NS_PER_MS, false, end + NS_PER_MS);
	CU_ASSERT_TRUE(n.counted && !n.missing);
	/* The interrupt came a little late. */
	n = next(&c, later, true, end + 20 * NS_PER_SEC + 3 * NS_PER_MS);
	CU_ASSERT_EQUAL(n.missing, 20000000 - 2000);
	/* Without a time there was no turn. */
	n = next(&c, later + NS_PER_MS, false, 0);
	CU_ASSERT_TRUE(n.counted && !n.missing);
}

/* The text of a file, valid until the next call */
static const char *text_of(const char *path)
{
	static uint8_t text[65536];

	memset(text, 0, sizeof(text));
	file_append(path, text, 0, sizeof(text) - 1);
	return (const char *)text;
}

static bool has(const char *text, const char *wanted)
{
	if (strstr(text, wanted))
		return true;
	printf("\n    no '%s' in: %s", wanted, text);
	return false;
}

#define SAMPLES		1024U
#define CAPTURES	8U

/*
 * Captures of 1024 samples of 4 bytes, which begin 4 bytes before a counter with 4 ticks
 * a sample.  500 are missing before the third, 7 before the fourth.
 */
static void make_feed(const char *path)
{
	static const unsigned int lost[CAPTURES] = { 0, 0, 500, 7 };
	uint8_t data[4 * SAMPLES] = { 0 };
	uint64_t ticks = 1000000, word;
	FILE *f = fopen(path, "we");
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i < CAPTURES; i++) {
		ticks += 4 * lost[i];
		word = htole64(ticks);
		memcpy(data + 4, &word, sizeof(word));
		fwrite(data, sizeof(data), 1, f);
		ticks += 4 * SAMPLES;
	}
	fclose(f);
}

/* A device with a gap before each third capture */
static void set_device(const char *feed)
{
	setenv("FAKE_FEED", feed, 1);
	setenv("FAKE_GAP_EVERY", "3", 1);
}

static void unset_device(void)
{
	unsetenv("FAKE_FEED");
	unsetenv("FAKE_GAP_EVERY");
}

#define OFTEN	"\"hw_missing_samples\": 507, \"hw_gaps_untold\": 1, \"hw_gaps_empty\": 1, \"hw_unfit\": 0, "

static void check_metadata(const char *meta)
{
	const char *text;

	CU_ASSERT_TRUE(schema_holds(meta));
	text = text_of(meta);
	CU_ASSERT_TRUE(has(text, "    \"core:extensions\": [{\"name\": \"fpgabuf\", \"version\": \"0.1.0\", \"optional\": true}],\n"
		"    \"fpgabuf:tick_offset\": 4,\n"
		"    \"fpgabuf:tick_type\": \"u64_le\",\n"
		"    \"fpgabuf:tick_rate\": 4000000,\n"));
	CU_ASSERT_TRUE(has(text, "{\"core:sample_start\": 0, \"core:datetime\": "));
	CU_ASSERT_TRUE(has(text, "\"fpgabuf:ticks\": 1000000},\n"));
	CU_ASSERT_TRUE(has(text, "{\"core:sample_start\": 2048, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample 500 samples are missing, by the counter\", \"fpgabuf:missing_samples\": 500}"));
	CU_ASSERT_TRUE(has(text, "{\"core:sample_start\": 3072, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample 7 samples are missing, by the counter; the driver does not tell of it\", \"fpgabuf:missing_samples\": 7}"));
	CU_ASSERT_TRUE(has(text, "{\"core:sample_start\": 5120, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample 0 samples are missing, by the counter\", \"fpgabuf:missing_samples\": 0}"));
	CU_ASSERT_TRUE(has(text, "\"fpgabuf:ticks\": 1022508}\n"));
}

/* Records them; @rule is a trigger, or NULL.  @meta is set to the name of the metadata. */
static void record(struct temp *t, struct process *p, char *rule, char *meta)
{
	char feed[64];

	temp_make(t, "x.sigmf-data");
	char *argv[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r", "4K",
			 "-c", "8", "--sigmf", "--datatype", "ci16_le",
			 "--sample-rate", "1000000", "--json", "--hw-time",
			 "4:u64_le:4000000", t->file, rule ? "--after" : NULL,
			 "1", "--trigger", rule, NULL };

	snprintf(feed, sizeof(feed), "%s", temp_path(t, "feed"));
	make_feed(feed);
	set_device(feed);
	CU_ASSERT_EQUAL(process_run(p, argv), 0);
	unset_device();
	CU_ASSERT_TRUE(has(p->output, OFTEN));
	sigmf_meta_name(t->file, meta);
}

static void test_record(void)
{
	char meta[PATH_MAX];
	struct process p;
	struct temp t;

	record(&t, &p, NULL, meta);
	CU_ASSERT_TRUE(has(p.output, "says that 7 samples are missing before capture 4, and " FAKE_DEVICE " does not tell of it"));
	check_metadata(meta);
	temp_remove(&t);
}

/* Only windows: what was given back unrecorded is not missing. */
static void test_windows(void)
{
	char meta[PATH_MAX];
	struct process p;
	struct temp t;

	/* That is in the counter of the second capture. */
	record(&t, &p, "u32_le==1004096", meta);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(has(text_of(meta), "\"fpgabuf:ticks\": 1004096},\n"));
	CU_ASSERT_TRUE(has(text_of(meta), "{\"core:sample_start\": 1024, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample 500 samples are missing"));
	temp_remove(&t);
}

/* The same of a framed stream, with a profile that says where the counter is */
static void test_recv(void)
{
	char port[32], feed[64], profile[64], meta[PATH_MAX];
	struct process recv, send;
	struct temp t;
	FILE *f;

	temp_make(&t, "x.sigmf-data");
	snprintf(feed, sizeof(feed), "%s", temp_path(&t, "feed"));
	snprintf(profile, sizeof(profile), "%s", temp_path(&t, "profile"));
	make_feed(feed);
	f = fopen(profile, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("datatype = ci16_le\nsample_rate = 1000000\nhw_time = 4:u64_le:4000000\n",
	      f);
	fclose(f);
	char *args[] = { "--framed", "--sigmf", "--profile", profile, "--json",
			 "-o", t.file, NULL };
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "--framed",
			 "--region-size", "4K", "--bytes", "32K", port, NULL };

	snprintf(port, sizeof(port), "127.0.0.1:%d",
		 receiver_start(&recv, args));
	set_device(feed);
	CU_ASSERT_EQUAL(process_run(&send, argv), 0);
	unset_device();
	CU_ASSERT_EQUAL(process_finish(&recv), 0);
	CU_ASSERT_TRUE(has(recv.output, OFTEN));
	sigmf_meta_name(t.file, meta);
	check_metadata(meta);
	temp_remove(&t);
}

/* Nothing is said of captures that are too short for it. */
static void test_beyond(void)
{
	char meta[PATH_MAX];
	struct process p;
	struct temp t;

	temp_make(&t, "x.sigmf-data");
	char *argv[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r", "4K",
			 "-c", "3", "--sigmf", "--datatype", "ci16_le",
			 "--json", "--hw-time", "4090:u64_le", t.file, NULL };

	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	sigmf_meta_name(t.file, meta);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "fpgabuf:ticks"));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "fpgabuf:tick_rate"));
	temp_remove(&t);
}

static void test_usage(void)
{
	static const struct { const char *text; char *argv[9]; } bad[] = {
		{ "--hw-time need --sigmf",
		  { "tools/fpgabuf-record", "--hw-time", "0:u64_le", "a" } },
		{ "it takes OFFSET:TYPE",
		  { "tools/fpgabuf-record", "--hw-time", "u64_le", "a" } },
		{ "--hw-time excludes --replay",
		  { "tools/fpgabuf-record", "--sigmf", "--replay", "b",
		    "--hw-time", "0:u64_le", "a" } },
		{ "--hw-time need --sigmf",
		  { "tools/fpgabuf-recv", "--hw-time", "0:u64_le", "0" } },
		{ "it takes OFFSET:TYPE",
		  { "tools/fpgabuf-recv", "--hw-time", "0:u64_le:", "0" } },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i].argv), 2);
		CU_ASSERT_TRUE(has(p.output, bad[i].text));
	}
}

static const struct test tests[] = {
	{ "place, type and rate are read", test_parse },
	{ "it is found in pieces of a capture", test_word },
	{ "it tells what is missing, also what the driver does not tell",
	  test_clock },
	{ "rates that do not fit each other are rounded", test_rounding },
	{ "a counter of 32 bits may turn in a gap", test_turns },
	{ "fpgabuf-record writes it, and the length of gaps", test_record },
	{ "what is not in a window is not missing", test_windows },
	{ "fpgabuf-recv writes the same of a framed stream", test_recv },
	{ "a capture may be too short for it", test_beyond },
	{ "bad usage is explained", test_usage },
	{ }
};

SUITE(hw_time, .title = "counters in captures", .tests = tests)
