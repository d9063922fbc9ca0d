// SPDX-License-Identifier: GPL-2.0-only
/* Recordings are read, and sent and recorded once more. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/sigmf-meta.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"
#include "receiver.h"
#include "schema.h"

#define ROOM	(4 << 20)

static void file_make(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void test_read(void)
{
	static const char text[] =
		"{\"annotations\": [{\"core:sample_start\": 2}],\n"
		" \"captures\": [{\"core:sample_start\": 0, \"core:datetime\": \"2017-07-14T02:40:00.5Z\", \"core:frequency\": 1e9},\n"
		"              {\"core:sample_start\": 7, \"core:datetime\": \"yesterday\", \"core:header_bytes\": 0}],\n"
		" \"global\": {\"core:datatype\": \"ci16_le\", \"core:sample_rate\": 1.0e6, \"core:version\": \"1.0.0\", \"core:num_channels\": 1}}";
	static const char plain[] =
		"{\"global\": {\"core:datatype\": \"ru8\", \"core:sample_rate\": 0.5}, \"captures\": []}";
	struct sigmf_recording r;
	struct temp t;

	temp_make(&t, "x.sigmf-meta");
	file_make(t.file, text);
	CU_ASSERT_EQUAL_FATAL(sigmf_read(t.file, &r), 0);
	CU_ASSERT_STRING_EQUAL(r.data, temp_path(&t, "x.sigmf-data"));
	CU_ASSERT_STRING_EQUAL(r.datatype, "ci16_le");
	CU_ASSERT_EQUAL(r.sample_rate, 1000000);
	CU_ASSERT_EQUAL(r.count, 2);
	CU_ASSERT_EQUAL(r.stretches[0].offset, 0);
	CU_ASSERT_EQUAL(r.stretches[0].start_ns, 1500000000500000000);
	CU_ASSERT_EQUAL(r.stretches[1].offset, 28);
	CU_ASSERT_EQUAL(r.stretches[1].start_ns, 0);
	sigmf_read_free(&r);
	file_make(t.file, plain);
	CU_ASSERT_EQUAL_FATAL(sigmf_read(temp_path(&t, "x"), &r), 0);
	CU_ASSERT_EQUAL(r.count, 1);
	CU_ASSERT_EQUAL(r.sample_rate, 0);
	sigmf_read_free(&r);
	temp_remove(&t);
}

#define GLOBAL	"{\"global\": {\"core:datatype\": \"ru8\"}, "

/* Each is refused, with a word of the reason. */
static void test_bad(void)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "", "it is no SigMF, line 1, column 0: " },
		{ "[]", "it is no SigMF: the file is not an object" },
		{ "{\"global\": 1}", "\"global\" is not an object" },
		{ GLOBAL "\"captures\": 1}", "\"captures\" in the file is not an array" },
		{ GLOBAL "\"captures\": [{}, 1]}", "captures[1] is not an object" },
		{ "{\"global\": {}, \"captures\": []}", "core:datatype" },
		{ "{\"global\": {\"core:datatype\": \"xi8\"}}",
		  "core:datatype" },
		{ "{\"global\": {\"core:datatype\": \"a type of many words\"}}",
		  "core:datatype" },
		{ "{\"global\": {\"core:datatype\": 8}}",
		  "core:datatype in \"global\" is not a text" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:sample_rate\": \"8\"}}",
		  "core:sample_rate in \"global\" is not a number" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:metadata_only\": 1}}",
		  "core:metadata_only in \"global\" is not true or false" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:num_channels\": 2}}",
		  "several channels" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:dataset\": \"y\"}}",
		  "another name" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:metadata_only\": true}}",
		  "it has no data" },
		{ "{\"global\": {\"core:datatype\": \"ru8\", \"core:trailing_bytes\": 4}}",
		  "more in the file" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0, \"core:header_bytes\": 4}]}",
		  "more in the file" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 1}]}",
		  "does not begin at sample 0" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0}, {}]}",
		  "does not say where it begins" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0}, {\"core:sample_start\": 3}, {\"core:sample_start\": 2}]}",
		  "not in order" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0}, {\"core:sample_start\": 5}]}",
		  "its metadata tell of more" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0}, {\"core:sample_start\": -1}]}",
		  "core:sample_start in captures[1] is not a whole number" },
		{ GLOBAL "\"captures\": [{\"core:sample_start\": 0}, {\"core:sample_start\": 1.5}]}",
		  "core:sample_start in captures[1] is not a whole number" },
		{ GLOBAL "\"captures\": [{\"core:datetime\": 2017}]}",
		  "core:datetime in captures[0] is not a text" },
	};
	struct process p;
	struct temp t;
	size_t i;

	temp_make(&t, "x.sigmf-meta");
	char *argv[] = { "tools/fpgabuf-record", "--replay", t.file,
			 temp_path(&t, "y"), NULL };
	char out[64];

	snprintf(out, sizeof(out), "%s", argv[3]);
	argv[3] = out;
	file_make(temp_path(&t, "x.sigmf-data"), "four");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file_make(t.file, bad[i].text);
		CU_ASSERT_EQUAL(process_run(&p, argv), 1);
		if (!strstr(p.output, bad[i].why)) {
			CU_FAIL(bad[i].why);
			printf("\n    %s", p.output);
		}
	}
	CU_ASSERT_EQUAL(access(out, F_OK), -1);
	unlink(t.file);
	CU_ASSERT_EQUAL(process_run(&p, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "No such file"));
	file_make(t.file, GLOBAL "\"captures\": []}");
	unlink(temp_path(&t, "x.sigmf-data"));
	CU_ASSERT_EQUAL(process_run(&p, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot read"));
	temp_remove(&t);
}

/* What is no JSON, or more than a recording has, is refused with its place. */
static void test_json(void)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "{", "line 1, column 1: " },
		{ "{\n\n\"a\": 1,}", "line 3, column 8: " },
		{ "{\"a\": [1 2]}", "line 1, column 10: " },
		{ "{\"a\": nan}", "line 1, column 9: " },
		{ "{\"a\": \"\\ud800\"}", "line 1, column " },
		{ "{\"a\": \"\xff\"}", "line 1, column " },
		{ "{\"a\": \033[2J}", "line 1, column 7: invalid token near '?'" },
		{ "{} {}", "line 1, column 4: " },
		{ "{\"a\": 1,\n\"a\": 1}", "line 2, column 3: duplicate object key" },
		{ "{\"a\": 9223372036854775808}", "line 1, column 25: too big integer" },
		{ "{\"a\": -9223372036854775809}", "line 1, column 26: too big negative integer" },
		{ "{\"a\": 1e999}", "line 1, column 11: real number overflow" },
	};
	struct sigmf_recording r;
	char why[SIGMF_META_WHY];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_NOT_EQUAL(sigmf_meta_parse(bad[i].text, strlen(bad[i].text),
						     &r, why), 0);
		if (strstr(why, bad[i].why))
			continue;
		CU_FAIL(bad[i].why);
		printf("\n    %s", why);
	}
}

/* Parses @count times @item, in a member that nobody reads. */
static int parse_many(const char *begin, const char *item, size_t count,
		      const char *end, char *why)
{
	const size_t len = strlen(item);
	char *text = malloc(strlen(begin) + count * len + strlen(end) + 1);
	struct sigmf_recording r = { .count = 0 };
	char *at;
	int err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	at = stpcpy(text, begin);
	for (; count; count--)
		at = stpcpy(at, item);
	stpcpy(at, end);
	err = sigmf_meta_parse(text, strlen(text), &r, why);
	if (!err)
		sigmf_read_free(&r);
	free(text);
	return err;
}

/* A small file of brackets would need all the memory there is. */
static void test_greed(void)
{
	char why[SIGMF_META_WHY];

	CU_ASSERT_EQUAL(parse_many(GLOBAL "\"x\": [", "1,", 1000000, "1]}", why), 0);
	CU_ASSERT_NOT_EQUAL(parse_many(GLOBAL "\"x\": [", "{},", 1000000,
				       "{}]}", why), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "times as much memory"));
	CU_ASSERT_NOT_EQUAL(parse_many(GLOBAL "\"x\": ", "[", 3000, "", why), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "maximum parsing depth reached"));
}

static bool are_equal(const struct temp *t, const char *one,
		      const char *other)
{
	uint8_t *data = malloc(ROOM);
	size_t len;
	bool equal;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	len = file_append(temp_path(t, one), data, 0, ROOM);
	equal = len && file_is(temp_path(t, other), data, len);
	free(data);
	return equal;
}

/* But for the program that has written them */
static bool are_equal_meta(const struct temp *t, const char *one,
			   const char *other)
{
	char a[64], b[64], command[512];

	snprintf(a, sizeof(a), "%s", temp_path(t, one));
	snprintf(b, sizeof(b), "%s", temp_path(t, other));
	snprintf(command, sizeof(command),
		 "grep -v core:recorder '%s' >'%s.plain'; grep -v core:recorder '%s' >'%s.plain'; diff '%s.plain' '%s.plain'",
		 a, a, b, b, a, b);
	fflush(stdout);
	return !system(command);
}

/* 20 captures with six gaps, some of them short, with times */
static void make_recording(const struct temp *t)
{
	struct process p;
	char *argv[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r", "64K",
			 "-n", "8", "-c", "20", "--sigmf", "--datatype",
			 "ci16_le", "--sample-rate", "1000000",
			 (char *)t->file, NULL };

	setenv("FAKE_GAP_EVERY", "3", 1);
	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	unsetenv("FAKE_GAP_EVERY");
	CU_ASSERT_TRUE(schema_holds(temp_path(t, "x.sigmf-meta")));
}

static void test_record(void)
{
	char in[64], out[64];
	struct process p;
	struct temp t;

	temp_make(&t, "x");
	make_recording(&t);
	snprintf(in, sizeof(in), "%s", temp_path(&t, "x.sigmf-meta"));
	snprintf(out, sizeof(out), "%s", temp_path(&t, "y"));
	char *argv[] = { "tools/fpgabuf-record", "--replay", in, "--sigmf",
			 "--json", "--region-size", "1000", out, NULL };

	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"gaps\": 6, \"gaps_exact\": true, "));
	CU_ASSERT_TRUE(are_equal(&t, "x.sigmf-data", "y.sigmf-data"));
	CU_ASSERT_TRUE(are_equal_meta(&t, "x.sigmf-meta", "y.sigmf-meta"));
	temp_remove(&t);
}

static void send_and_receive(const struct temp *t, char *const more[])
{
	char port[32], in[64], out[64];
	struct process recv, send;
	unsigned int i;

	snprintf(in, sizeof(in), "%s", temp_path(t, "x.sigmf-meta"));
	snprintf(out, sizeof(out), "%s", temp_path(t, "y"));
	char *args[] = { "--framed", "--sigmf", "--datatype", "ci16_le",
			 "--sample-rate", "1000000", "-o", out, NULL };
	char *argv[16] = { "tools/fpgabuf-send", "--framed", "--replay", in,
			   "--json", port };

	for (i = 0; more[i]; i++)
		argv[6 + i] = more[i];
	snprintf(port, sizeof(port), "127.0.0.1:%d",
		 receiver_start(&recv, args));
	CU_ASSERT_EQUAL(process_run(&send, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&recv), 0);
}

static void test_send(void)
{
	char *odd[] = { "--region-size", "10001", NULL };
	char *few[] = { "--regions", "1", NULL };
	struct temp t;

	temp_make(&t, "x");
	make_recording(&t);
	send_and_receive(&t, odd);
	CU_ASSERT_TRUE(are_equal(&t, "x.sigmf-data", "y.sigmf-data"));
	CU_ASSERT_TRUE(are_equal_meta(&t, "x.sigmf-meta", "y.sigmf-meta"));
	unlink(temp_path(&t, "y.sigmf-data"));
	unlink(temp_path(&t, "y.sigmf-meta"));
	send_and_receive(&t, few);
	CU_ASSERT_TRUE(are_equal(&t, "x.sigmf-data", "y.sigmf-data"));
	CU_ASSERT_TRUE(are_equal_meta(&t, "x.sigmf-meta", "y.sigmf-meta"));
	temp_remove(&t);
}

/* Where there is no time in the recording, none is made up. */
static void test_no_time(void)
{
	char *none[] = { NULL };
	struct temp t;

	temp_make(&t, "x");
	file_make(temp_path(&t, "x.sigmf-data"), "four");
	file_make(temp_path(&t, "x.sigmf-meta"),
		  "{\"global\": {\"core:datatype\": \"ci16_le\", \"core:sample_rate\": 1000000}, \"captures\": []}");
	send_and_receive(&t, none);
	CU_ASSERT_TRUE(are_equal(&t, "x.sigmf-data", "y.sigmf-data"));
	file_make(temp_path(&t, "z.sigmf-meta"),
		  "{\n"
		  "  \"global\": {\n"
		  "    \"core:datatype\": \"ci16_le\",\n"
		  "    \"core:sample_rate\": 1000000,\n"
		  "    \"core:version\": \"1.2.5\"\n"
		  "  },\n"
		  "  \"captures\": [\n"
		  "    {\"core:sample_start\": 0}\n"
		  "  ],\n"
		  "  \"annotations\": [\n"
		  "  ]\n"
		  "}\n");
	CU_ASSERT_TRUE(are_equal_meta(&t, "z.sigmf-meta", "y.sigmf-meta"));
	temp_remove(&t);
}

/* A window around what is looked for, as from a device */
static void test_cut(void)
{
	char in[64], out[64];
	struct process p;
	struct stat st;
	struct temp t;

	temp_make(&t, "x");
	make_recording(&t);
	snprintf(in, sizeof(in), "%s", temp_path(&t, "x"));
	snprintf(out, sizeof(out), "%s", temp_path(&t, "y"));
	char *argv[] = { "tools/fpgabuf-record", "--replay", in, "--json",
			 "--region-size", "64K", "--before", "1",
			 "--trigger", "u32_le==32768", "--overwrite", out,
			 NULL };

	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"windows\": 1, "));
	CU_ASSERT_EQUAL(stat(out, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 2 * 65536);
	argv[8] = "-c";
	argv[9] = "3";
	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"captures\": 3, "));
	temp_remove(&t);
}

/* Neither is it overwritten by itself, nor read while it is written. */
static void test_itself(void)
{
	char in[64], out[64];
	struct process p;
	struct temp t;
	int fd;

	temp_make(&t, "x");
	make_recording(&t);
	snprintf(in, sizeof(in), "%s", temp_path(&t, "x"));
	snprintf(out, sizeof(out), "%s", temp_path(&t, "y"));
	char *argv[] = { "tools/fpgabuf-record", "--replay", in, "--sigmf",
			 "--overwrite", in, NULL };
	char *other[] = { "tools/fpgabuf-record", "--replay", in, out, NULL };

	CU_ASSERT_EQUAL(process_run(&p, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot write "));
	fd = open(temp_path(&t, "x.sigmf-data"), O_RDONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), 20 * 65536);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
	CU_ASSERT_EQUAL(process_run(&p, other), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "another program is writing it"));
	close(fd);
	temp_remove(&t);
}

static void test_usage(void)
{
	static const struct { const char *text; char *argv[8]; } bad[] = {
		{ "exclude each other",
		  { "tools/fpgabuf-record", "--replay=a", "--share=b", "c" } },
		{ "exclude each other",
		  { "tools/fpgabuf-record", "--replay=a", "-db", "c" } },
		{ "it takes a path",
		  { "tools/fpgabuf-record", "--replay=", "c" } },
		{ "exclude each other",
		  { "tools/fpgabuf-send", "--replay=a", "--share=b", "c:1" } },
		{ "exclude each other",
		  { "tools/fpgabuf-send", "--replay=a", "--fd=1", "c:1" } },
		{ "--engine splice and --replay exclude each other",
		  { "tools/fpgabuf-send", "--replay=a", "-esplice", "c:1" } },
		{ "it takes a path",
		  { "tools/fpgabuf-send", "--replay=", "c:1" } },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i].argv), 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, bad[i].text));
	}
}

static const struct test tests[] = {
	{ "the metadata say what the samples are", test_read },
	{ "a recording that cannot be replayed is refused with the reason",
	  test_bad },
	{ "what is no JSON is refused with its place", test_json },
	{ "a small file does not take all memory", test_greed },
	{ "recorded once more, it has the same samples, gaps and times",
	  test_record },
	{ "sent and received, it has the same samples, gaps and times",
	  test_send },
	{ "without a time it gets none", test_no_time },
	{ "windows are cut out of it", test_cut },
	{ "it is not overwritten while it is read", test_itself },
	{ "the command line is checked", test_usage },
	{ }
};

SUITE(replay, .title = "Recordings that are replayed", .tests = tests)
