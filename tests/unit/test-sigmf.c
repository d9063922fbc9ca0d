// SPDX-License-Identifier: GPL-2.0-only
/* Metadata as SigMF has them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "common/sigmf.h"
#include "common/sigmf-profile.h"
#include "lib/suite.h"
#include "process.h"
#include "receiver.h"
#include "schema.h"

static const struct sigmf_setup setup = {
	.datatype = "ci16_le",
	.sample_rate = 1000,
	.recorder = "unit",
};

/* The text of a file, valid until the next call */
static const char *text_of(const char *path)
{
	static uint8_t text[65536];
	size_t len;

	memset(text, 0, sizeof(text));
	len = file_append(path, text, 0, sizeof(text) - 1);
	return len ? (const char *)text : "";
}

static bool has(const char *path, const char *text)
{
	if (strstr(text_of(path), text))
		return true;
	printf("\n    no '%s' in: %s", text, text_of(path));
	return false;
}

static struct sigmf *make(struct temp *t, const struct sigmf_setup *what,
			  char *meta)
{
	struct sigmf *s;

	temp_make(t, "samples.sigmf-data");
	sigmf_meta_name(t->file, meta);
	s = sigmf_open(t->file, what);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

static void test_types(void)
{
	static const char * const bad[] = {
		"", "c", "ci", "ci16", "i16_le", "ci8_le", "cf16_le", "rf32_xe",
		"ci16_leu", "ci16_le\"", "xi16_le",
	};
	size_t i;

	CU_ASSERT_EQUAL(sigmf_sample_size("ri8"), 1);
	CU_ASSERT_EQUAL(sigmf_sample_size("cu8"), 2);
	CU_ASSERT_EQUAL(sigmf_sample_size("ri16_le"), 2);
	CU_ASSERT_EQUAL(sigmf_sample_size("ci16_be"), 4);
	CU_ASSERT_EQUAL(sigmf_sample_size("cu32_le"), 8);
	CU_ASSERT_EQUAL(sigmf_sample_size("rf32_le"), 4);
	CU_ASSERT_EQUAL(sigmf_sample_size("cf64_be"), 16);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(sigmf_sample_size(bad[i]), 0);
}

static void test_segments(void)
{
	const struct sigmf_piece pieces[] = {
		{ .bytes = 4000, .end_ns = 1000 * NS_PER_SEC },
		{ .offset = 4000, .bytes = 4000 },
		{ .offset = 8000, .bytes = 400, .gap = true,
		  .end_ns = 1500000000000000000 },
		{ .offset = 8400, .bytes = 10, .gap = true,
		  .lost_captures = 7 },
		{ .offset = 8410, .bytes = 10, .gap = true, .lost_bytes = 80 },
	};
	char meta[PATH_MAX];
	struct temp t;
	struct sigmf *s = make(&t, &setup, meta);
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		CU_ASSERT_EQUAL(sigmf_add(s, &pieces[i]), 0);
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(has(meta, "\"core:sample_rate\": 1000,"));
	CU_ASSERT_TRUE(has(meta, "\"core:recorder\": \"unit\""));
	CU_ASSERT_TRUE(has(meta, "\"captures\": [\n"
		"    {\"core:sample_start\": 0, \"core:datetime\": \"1970-01-01T00:16:39.000000000Z\"},\n"
		"    {\"core:sample_start\": 2000, \"core:datetime\": \"2017-07-14T02:39:59.900000000Z\"},\n"
		"    {\"core:sample_start\": 2100},\n"
		"    {\"core:sample_start\": 2103}\n"
		"  ],"));
	CU_ASSERT_TRUE(has(meta, "{\"core:sample_start\": 2000, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample samples may be missing; their number is unknown\"}"));
	CU_ASSERT_TRUE(has(meta, "7 captures are missing; the number of samples is unknown\"}"));
	CU_ASSERT_TRUE(has(meta, "20 samples are missing; the sample before it is not whole\"}"));
	temp_remove(&t);
}

/* Nothing is known but the type. */
static void test_empty(void)
{
	const struct sigmf_setup plain = { .datatype = "ru8",
					   .recorder = "unit" };
	const struct sigmf_piece piece = { .bytes = 10, .end_ns = NS_PER_SEC };
	char meta[PATH_MAX];
	struct temp t;
	struct sigmf *s = make(&t, &plain, meta);

	CU_ASSERT_EQUAL(sigmf_close(s, true), 0);
	CU_ASSERT_EQUAL(access(meta, F_OK), -1);
	CU_ASSERT_FALSE(sigmf_exists(t.file));
	s = sigmf_open(t.file, &plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(sigmf_exists(t.file));
	s = sigmf_open(t.file, &plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(sigmf_add(s, &piece), 0);
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(has(meta, "{\"core:sample_start\": 0}\n"));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "sample_rate"));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "gap"));
	temp_remove(&t);
}

/* It is written when it is due, as a whole, and then not before something is new. */
static void test_interval(void)
{
	const struct sigmf_piece piece = { .bytes = 10 };
	const struct sigmf_piece next = { .offset = 40, .bytes = 10,
					  .gap = true };
	char meta[PATH_MAX];
	struct temp t;
	struct sigmf *s = make(&t, &setup, meta);

	const int64_t begin = clock_ns();

	CU_ASSERT_EQUAL(sigmf_due_ns(s), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &piece), 0);
	CU_ASSERT(sigmf_due_ns(s) <= clock_ns());
	CU_ASSERT_EQUAL(sigmf_tick(s, 10), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_EQUAL(sigmf_due_ns(s), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &next), 0);
	CU_ASSERT(sigmf_due_ns(s) >= begin + NS_PER_SEC);
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "\"core:sample_start\": 10"));
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(has(meta, "\"core:sample_start\": 10"));
	temp_remove(&t);
}

/*
 * What is not in the file yet is not in the metadata either, so that they fit each
 * other when the program is killed.
 */
static void test_ahead(void)
{
	const struct sigmf_piece piece = { .bytes = 10 };
	const struct sigmf_piece next = { .offset = 40, .bytes = 10,
					  .gap = true };
	char meta[PATH_MAX];
	struct temp t;
	struct sigmf *s = make(&t, &setup, meta);

	CU_ASSERT_EQUAL(sigmf_add(s, &piece), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &next), 0);
	CU_ASSERT_EQUAL(sigmf_tick(s, 40), 0);
	CU_ASSERT_TRUE(has(meta, "\"core:sample_start\": 0}\n"));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "\"core:sample_start\": 10"));
	CU_ASSERT(sigmf_due_ns(s) > 0);
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(has(meta, "\"core:sample_start\": 10"));
	temp_remove(&t);
}

/* A mark before a gap comes before it, though it was told later than the gap before. */
static void test_marks(void)
{
	const struct sigmf_piece pieces[] = {
		{ .bytes = 40, .window = true, .unrecorded = 400 },
		{ .offset = 40, .bytes = 40, .gap = true },
		{ .offset = 80, .bytes = 40, .window = true, .gap = true,
		  .unrecorded = 80, .lost_unrecorded = true },
	};
	const struct sigmf_mark marks[] = {
		{ 0, 40, "trigger", "SIGUSR1" },
		{ 46, 2, "trigger", "i16_le>\"1\"" },
	};
	char meta[PATH_MAX];
	struct temp t;
	struct sigmf *s = make(&t, &setup, meta);

	CU_ASSERT_EQUAL(sigmf_add(s, &pieces[0]), 0);
	CU_ASSERT_EQUAL(sigmf_mark(s, &marks[0]), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &pieces[1]), 0);
	CU_ASSERT_EQUAL(sigmf_mark(s, &marks[1]), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &pieces[2]), 0);
	CU_ASSERT_EQUAL(sigmf_tick(s, 40), 0);
	CU_ASSERT_TRUE(has(meta, "{\"core:sample_start\": 0, \"core:sample_count\": 10, \"core:label\": \"trigger\", \"core:comment\": \"SIGUSR1\"}\n"));
	CU_ASSERT_PTR_NULL(strstr(text_of(meta), "i16_le>"));
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(has(meta, "\"annotations\": [\n"
		"    {\"core:sample_start\": 0, \"core:sample_count\": 0, \"core:label\": \"window\", \"core:comment\": \"a window begins; before it 100 samples were not recorded\"},\n"
		"    {\"core:sample_start\": 0, \"core:sample_count\": 10, \"core:label\": \"trigger\", \"core:comment\": \"SIGUSR1\"},\n"
		"    {\"core:sample_start\": 10, \"core:sample_count\": 0, \"core:label\": \"gap\", "));
	CU_ASSERT_TRUE(has(meta,
		"    {\"core:sample_start\": 11, \"core:sample_count\": 1, \"core:label\": \"trigger\", \"core:comment\": \"i16_le>\\\"1\\\"\"},\n"
		"    {\"core:sample_start\": 20, \"core:sample_count\": 0, \"core:label\": \"window\", \"core:comment\": \"a window begins; before it 20 samples were not recorded, and among these samples may be missing\"},\n"
		"    {\"core:sample_start\": 20, \"core:sample_count\": 0, \"core:label\": \"gap\", "));
	temp_remove(&t);
}

static void file_make(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

/* What was known before stays, and all of it comes into the file. */
static void test_profile(void)
{
	static const char text[] =
		"# The receiver on the roof\n"
		"\n"
		"  datatype=ri8  \n"
		"sample-rate = 2000000\r\n"
		"frequency = 433.92e6\n"
		"author = J. \"K3X\" Doe\\\n"
		"description = a = b\n"
		"hw = \xc3\xa4\xff\n"
		"license = https://creativecommons.org/licenses/by-sa/4.0/";
	const struct sigmf_piece pieces[] = {
		{ .bytes = 40, .end_ns = 1500000000000000000 },
		{ .offset = 40, .bytes = 40, .gap = true },
	};
	struct sigmf_setup known = { .datatype = "ci16_le",
				     .recorder = "unit" };
	char meta[PATH_MAX], path[64];
	struct sigmf *s;
	struct temp t;

	temp_make(&t, "samples.sigmf-data");
	snprintf(path, sizeof(path), "%s", temp_path(&t, "profile"));
	file_make(path, text);
	CU_ASSERT_EQUAL_FATAL(sigmf_profile_read(path, &known), 0);
	CU_ASSERT_STRING_EQUAL(known.datatype, "ci16_le");
	CU_ASSERT_EQUAL(known.sample_rate, 2000000);
	sigmf_meta_name(t.file, meta);
	s = sigmf_open(t.file, &known);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(sigmf_add(s, &pieces[0]), 0);
	CU_ASSERT_EQUAL(sigmf_add(s, &pieces[1]), 0);
	CU_ASSERT_EQUAL(sigmf_close(s, false), 0);
	CU_ASSERT_TRUE(schema_holds(meta));
	CU_ASSERT_TRUE(has(meta, "    \"core:datatype\": \"ci16_le\",\n"
		"    \"core:sample_rate\": 2000000,\n"
		"    \"core:author\": \"J. \\\"K3X\\\" Doe\\\\\",\n"
		"    \"core:description\": \"a = b\",\n"
		"    \"core:hw\": \"\xc3\xa4\\u00ff\",\n"
		"    \"core:license\": \"https://creativecommons.org/licenses/by-sa/4.0/\",\n"
		"    \"core:recorder\": \"unit\",\n"));
	CU_ASSERT_TRUE(has(meta, "{\"core:sample_start\": 0, \"core:frequency\": 433920000, \"core:datetime\": \"2017"));
	CU_ASSERT_TRUE(has(meta, "{\"core:sample_start\": 10, \"core:frequency\": 433920000}\n"));
	temp_remove(&t);
}

/* Each is refused, and the message says where. */
static void test_bad_profile(void)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "\n\nrate = 5\n", "profile:3: no such key: rate" },
		{ "datatype ci16_le", "profile:1: not of the form key = value" },
		{ "datatype = int16", "profile:1: not a valid value: int16" },
		{ "sample_rate = 1e6", "profile:1: not a valid value: 1e6" },
		{ "frequency = 1 GHz", "profile:1: not a valid value: 1 GHz" },
		{ "frequency = nan", "profile:1: not a valid value: nan" },
		{ "hw =", "profile:1: no value given: hw" },
		{ "= x", "profile:1: no such key" },
		{ "hw = a\nhw = b", "profile:2: it is there twice: hw" },
	};
	char *argv[] = { "tools/fpgabuf-record", "--sigmf", "--profile", NULL,
			 "x", NULL };
	char *recv[] = { "tools/fpgabuf-recv", "--framed", "--sigmf",
			 "--profile", NULL, "-o", "x", "0", NULL };
	char *alone[] = { "tools/fpgabuf-record", "--profile", "y", "x", NULL };
	struct process p;
	struct temp t;
	size_t i;

	temp_make(&t, "profile");
	argv[3] = t.file;
	recv[4] = t.file;
	CU_ASSERT_EQUAL(process_run(&p, argv), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot read "));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file_make(t.file, bad[i].text);
		CU_ASSERT_EQUAL(process_run(&p, argv), 2);
		if (!strstr(p.output, bad[i].why))
			CU_FAIL(bad[i].why);
		CU_ASSERT_EQUAL(process_run(&p, recv), 2);
		if (!strstr(p.output, bad[i].why))
			CU_FAIL(bad[i].why);
	}
	/* It does not say what the samples are. */
	file_make(t.file, "hw = a\n");
	CU_ASSERT_EQUAL(process_run(&p, argv), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "--sigmf needs --datatype"));
	CU_ASSERT_EQUAL(process_run(&p, recv), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "--sigmf needs --datatype"));
	CU_ASSERT_EQUAL(truncate(t.file, 100000), 0);
	CU_ASSERT_EQUAL(process_run(&p, argv), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "is no profile"));
	CU_ASSERT_EQUAL(process_run(&p, alone), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "need --sigmf"));
	temp_remove(&t);
}

static const struct test tests[] = {
	{ "a sample has the size that its type says", test_types },
	{ "each gap begins a segment, and is annotated with what is known",
	  test_segments },
	{ "without samples or a rate the metadata are valid as well",
	  test_empty },
	{ "the file is written at an interval", test_interval },
	{ "metadata are not ahead of the data", test_ahead },
	{ "a profile says what the options do not", test_profile },
	{ "what is no profile is refused with the line", test_bad_profile },
	{ "marks are in order, and not ahead of the data", test_marks },
	{ }
};

SUITE(sigmf, .title = "SigMF", .tests = tests)
