// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv takes framed streams apart, and finds what is wrong in them. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "lib/suite.h"
#include "net.h"
#include "receiver.h"
#include "recv/checker.h"
#include "recv/pattern.h"
#include "schema.h"

#define ROOM	(4 << 20)

/**
 * struct made - a framed stream
 * @bytes: ROOM bytes
 * @len: of them are used
 * @samples: what is in its captures
 * @samples_len: their bytes
 * @sequence: the number of the next capture
 * @position: where in the pattern the FPGA is
 */
struct made {
	uint8_t *bytes;
	size_t len;
	uint8_t *samples;
	size_t samples_len;
	uint64_t sequence;
	uint64_t position;
};

static void made_start(struct made *m)
{
	*m = (struct made){
		.bytes = malloc(ROOM),
		.samples = malloc(ROOM),
		.sequence = 7,
		.position = 800,
	};
	if (!m->bytes || !m->samples)
		abort();
}

static void made_free(struct made *m)
{
	free(m->bytes);
	free(m->samples);
}

static void add_header(struct made *m, const struct fpgabuf_frame *frame)
{
	fpgabuf_frame_encode(frame, m->bytes + m->len);
	m->len += FPGABUF_FRAME_HEADER_SIZE;
}

static void add_samples(struct made *m, size_t len)
{
	uint8_t *at = m->bytes + m->len;
	size_t i;

	for (i = 0; i < len; i++)
		at[i] = pattern_byte(m->position++);
	memcpy(m->samples + m->samples_len, at, len);
	m->samples_len += len;
	m->len += len;
}

static void add_capture(struct made *m, uint32_t flags, size_t len)
{
	add_header(m, &(struct fpgabuf_frame){
		.flags = flags,
		.sequence = m->sequence++,
		.length = len,
	});
	add_samples(m, len);
}

/* The sender leaves two captures out before the next. */
static void add_after_skipped(struct made *m, size_t len)
{
	m->position += 64;
	m->sequence += 2;
	add_header(m, &(struct fpgabuf_frame){
		.sequence = m->sequence++,
		.length = len,
		.skipped = 64,
	});
	add_samples(m, len);
}

static void add_end(struct made *m)
{
	add_header(m, &(struct fpgabuf_frame){
		.flags = FPGABUF_FRAME_END,
		.sequence = m->sequence,
	});
}

/* Captures of every kind, 5 of them */
static void made_all(struct made *m)
{
	made_start(m);
	add_capture(m, FPGABUF_FRAME_GAP, 8192);
	add_capture(m, FPGABUF_FRAME_PARTIAL, 1003);
	add_capture(m, 0, 2 << 20);
	m->position += 8000;
	add_capture(m, FPGABUF_FRAME_FLAGS & ~FPGABUF_FRAME_END,
		    501);
	add_after_skipped(m, 4096);
	add_end(m);
}

static void expect_failure(const struct made *m, size_t len, const char *text)
{
	char *args[] = { "--framed", "-t", "20", NULL };
	struct process p;

	CU_ASSERT_EQUAL(receiver_run(&p, args, m->bytes, len), 1);
	if (!strstr(p.output, text))
		printf("\n    no '%s' in: %s", text, p.output);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

static void test_all(void)
{
	static const char * const expected[] = {
		"{\"ok\": true, ", "\"verified\": true", "\"complete\": true",
		"\"captures\": 5,", "\"first_sequence\": 7,", "\"gaps\": 1,",
		"\"partial\": 2,", "\"errors\": 1,", "\"timeouts\": 1,",
		"\"skipped_captures\": 2,", "\"skipped_bytes\": 64,",
	};
	struct process p;
	struct made m;
	struct temp t;
	size_t i;

	temp_make(&t, "samples");
	made_all(&m);
	char *args[] = { "--framed", "--verify", "--json", "-o", t.file, NULL };

	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, expected[i]));
	CU_ASSERT_TRUE(file_is(t.file, m.samples, m.samples_len));
	made_free(&m);
	temp_remove(&t);
}

static void test_people(void)
{
	char *args[] = { "--framed", NULL };
	struct process p;
	struct made m;

	made_all(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "5 captures from number 7; "
				      "samples may be missing before 1 of"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "2 captures (64 bytes) were left out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "1 captures ended with an error, 1"));
	made_free(&m);
}

static void test_keep_frames(void)
{
	struct process p;
	struct made m;
	struct temp t;

	temp_make(&t, "frames");
	made_all(&m);
	char *args[] = { "--framed", "--keep-frames", "-o", t.file, NULL };

	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_TRUE(file_is(t.file, m.bytes, m.len));
	made_free(&m);
	temp_remove(&t);
}

/* What was left out before the first frame counts, too. */
static void test_skipped_first(void)
{
	char *args[] = { "--framed", "--json", NULL };
	struct process p;
	struct made m;

	made_start(&m);
	add_after_skipped(&m, 100);
	add_end(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"skipped_bytes\": 64,"));
	made_free(&m);
}

/* A receipt with another byte at one place is none. */
static void no_receipt(const uint8_t bytes[FPGABUF_FRAME_RECEIPT_SIZE],
		       unsigned int at, uint8_t value)
{
	uint8_t other[FPGABUF_FRAME_RECEIPT_SIZE];
	struct fpgabuf_frame_receipt receipt;

	memcpy(other, bytes, FPGABUF_FRAME_RECEIPT_SIZE);
	other[at] = value;
	CU_ASSERT_EQUAL(fpgabuf_frame_decode_receipt(other, &receipt), -EBADMSG);
}

/* A sender that asks for a receipt gets two: a promise, and how it was. */
static void test_receipts(void)
{
	static const uint8_t stored[FPGABUF_FRAME_RECEIPT_SIZE] = {
		'F', 'P', 'G', 'R', 1, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0,
	};
	char *args[] = { "--framed", NULL };
	uint8_t said[3 * FPGABUF_FRAME_RECEIPT_SIZE];
	struct fpgabuf_frame_receipt receipt;
	struct process p;
	struct made m;
	size_t have = 0;
	ssize_t n;
	int fd;

	made_start(&m);
	add_capture(&m, 0, 0x1234);
	add_end(&m);
	m.len -= FPGABUF_FRAME_HEADER_SIZE;
	fpgabuf_frame_ask_receipt(m.bytes + m.len);
	m.len += FPGABUF_FRAME_ASK_SIZE;
	fd = receiver_feed(receiver_start(&p, args), m.bytes, m.len);
	shutdown(fd, SHUT_WR);
	while (wait_for(fd, POLLIN) &&
	       (n = recv(fd, said + have, sizeof(said) - have, 0)) > 0)
		have += n;
	CU_ASSERT_EQUAL(have, 2 * FPGABUF_FRAME_RECEIPT_SIZE);
	CU_ASSERT_EQUAL(fpgabuf_frame_decode_receipt(said, &receipt), 0);
	CU_ASSERT_EQUAL(receipt.status, FPGABUF_FRAME_PROMISED);
	CU_ASSERT_EQUAL(memcmp(said + FPGABUF_FRAME_RECEIPT_SIZE, stored,
			       FPGABUF_FRAME_RECEIPT_SIZE), 0);
	CU_ASSERT_EQUAL(fpgabuf_frame_decode_receipt(stored, &receipt), 0);
	CU_ASSERT_EQUAL(receipt.captures, 1);
	CU_ASSERT_EQUAL(receipt.bytes, 0x1234);
	no_receipt(stored, 0, 'f');
	no_receipt(stored, 3, 'F');
	no_receipt(stored, 4, 2);
	no_receipt(stored, 6, 31);
	no_receipt(stored, 8, 3);
	no_receipt(stored, 12, 1);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	made_free(&m);
}

/* Who has not asked might close without reading it, and so lose the rest. */
static void test_no_receipt(void)
{
	char *args[] = { "--framed", NULL };
	struct process p;
	struct made m;
	char byte;
	int fd;

	made_all(&m);
	fd = receiver_feed(receiver_start(&p, args), m.bytes, m.len);
	shutdown(fd, SHUT_WR);
	CU_ASSERT(wait_for(fd, POLLIN) != 0);
	CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	made_free(&m);
}

/* Cut off anywhere it is no good stream, and what came is kept. */
static void test_cut_off(void)
{
	struct process p;
	struct made m;
	struct temp t;

	made_all(&m);
	expect_failure(&m, 20, "ends in the header of frame 1");
	expect_failure(&m, FPGABUF_FRAME_HEADER_SIZE,
		       "ends in capture 7, 8192 bytes before its end");
	expect_failure(&m, FPGABUF_FRAME_HEADER_SIZE + 8191, "1 bytes before its end");
	expect_failure(&m, m.len - FPGABUF_FRAME_HEADER_SIZE,
		       "was cut off after 5 captures");
	expect_failure(&m, m.len - 1, "ends in the header of frame 6");

	temp_make(&t, "samples");
	char *args[] = { "--framed", "-o", t.file, NULL };

	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, 5048), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "keeps the first 5000 bytes"));
	CU_ASSERT_TRUE(file_is(t.file, m.samples, 5000));
	made_free(&m);
	temp_remove(&t);
}

static void test_no_frames(void)
{
	struct made m;

	made_all(&m);
	m.bytes[FPGABUF_FRAME_HEADER_SIZE + 8192] ^= 1;
	expect_failure(&m, m.len, "frame 2 has no valid header; was");
	m.bytes[4] = 2;
	expect_failure(&m, m.len, "frame 1 is of a later version");
	made_free(&m);
}

static void test_numbers(void)
{
	struct made m;
	size_t len;

	made_start(&m);
	add_capture(&m, 0, 100);
	m.sequence = 10;
	add_capture(&m, FPGABUF_FRAME_GAP, 100);
	add_end(&m);
	expect_failure(&m, m.len, "2 captures are missing before 10, and");
	made_free(&m);

	made_start(&m);
	add_capture(&m, 0, 100);
	m.sequence = 7;
	add_capture(&m, 0, 100);
	expect_failure(&m, m.len, "capture 7 comes where 8 should");
	made_free(&m);

	made_start(&m);
	add_capture(&m, 0, 100);
	m.sequence -= 2;
	add_after_skipped(&m, 100);
	expect_failure(&m, m.len, "64 bytes are said to be left out before");
	made_free(&m);

	made_start(&m);
	add_end(&m);
	len = m.len;
	add_capture(&m, 0, 100);
	expect_failure(&m, len + 1, "more comes after the end");
	made_free(&m);
}

/* A later version may have more fields. */
static void test_longer_header(void)
{
	char *args[] = { "--framed", "--verify", "-b", "4096", NULL };
	struct process p;
	struct made m;

	made_start(&m);
	add_header(&m, &(struct fpgabuf_frame){ .sequence = 1, .length = 4096 });
	m.bytes[6] = FPGABUF_FRAME_HEADER_SIZE + 24;
	memset(m.bytes + m.len, 0xa5, 24);
	m.len += 24;
	m.sequence = 2;
	add_samples(&m, 4096);
	add_end(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "4096 bytes from"));
	made_free(&m);
}

static void expect_unverified(const struct made *m, const char *text)
{
	char *args[] = { "--framed", "--verify", NULL };
	struct process p;

	CU_ASSERT_EQUAL(receiver_run(&p, args, m->bytes, m->len), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

/* Samples may be missing where a frame says so, and there alone. */
static void test_verify(void)
{
	struct made m;

	made_start(&m);
	add_capture(&m, FPGABUF_FRAME_GAP, 4096);
	m.position += 8;
	add_capture(&m, 0, 4096);
	add_end(&m);
	expect_unverified(&m, "byte 4096 is ");
	made_free(&m);

	made_start(&m);
	add_capture(&m, FPGABUF_FRAME_GAP, 4096);
	m.position -= 8;
	add_capture(&m, FPGABUF_FRAME_GAP, 4096);
	add_end(&m);
	expect_unverified(&m, "after a gap at byte 4096 do not continue");
	made_free(&m);

	made_start(&m);
	add_capture(&m, FPGABUF_FRAME_GAP, 4096);
	m.bytes[FPGABUF_FRAME_HEADER_SIZE + 3000] ^= 1;
	add_end(&m);
	expect_unverified(&m, "byte 3000 is ");
	made_free(&m);
}

/* The same with every way to split the bytes after a break. */
static void test_checker(void)
{
	uint8_t data[64];
	struct checker c;
	uint64_t to;
	size_t i, split;

	for (to = 1000; to < 1200; to += 7) {
		for (i = 0; i < sizeof(data); i++)
			data[i] = pattern_byte(to + i);
		for (split = 0; split <= sizeof(data); split++) {
			checker_start(&c);
			checker_break(&c, 0, true);
			CU_ASSERT_EQUAL(checker_check(&c, data, split), split);
			CU_ASSERT_EQUAL(checker_check(&c, data + split,
						      sizeof(data) - split),
					sizeof(data) - split);
			CU_ASSERT_EQUAL(c.position, to + sizeof(data));
		}
		data[40] ^= 0x80;
		checker_start(&c);
		checker_break(&c, 0, true);
		CU_ASSERT_EQUAL(checker_check(&c, data, sizeof(data)), 40);
		data[3] ^= 1;
		checker_break(&c, 0, true);
		CU_ASSERT_NOT_EQUAL(checker_check(&c, data, sizeof(data)),
				    sizeof(data));
	}
}

/* The first file that is not there is behind the last. */
static unsigned int count_files(const struct temp *t)
{
	unsigned int n = 1;
	char name[32];

	for (;; n++) {
		snprintf(name, sizeof(name), "frames.%06u", n);
		if (access(temp_path(t, name), F_OK))
			return n - 1;
	}
}

/* Each file has whole frames, and all together are the stream. */
static void test_rotate(void)
{
	uint8_t *all = malloc(ROOM);
	size_t len = 0, before = 0;
	struct process p;
	struct fpgabuf_frame f;
	struct made m;
	struct temp t;
	char name[32];
	unsigned int i;

	temp_make(&t, "frames");
	made_start(&m);
	for (i = 0; i < 40; i++)
		add_capture(&m, 0, 1000 + 37 * i);
	add_capture(&m, 0, 20000);
	add_capture(&m, 0, 1);
	add_end(&m);
	char *args[] = {
		"--framed", "--keep-frames", "--rotate-size", "8K", "-o",
		t.file, NULL
	};

	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT(count_files(&t) > 8);
	for (i = 1; i <= count_files(&t); i++) {
		snprintf(name, sizeof(name), "frames.%06u", i);
		len = file_append(temp_path(&t, name), all, len, ROOM);
		CU_ASSERT(len - before >= FPGABUF_FRAME_HEADER_SIZE);
		CU_ASSERT_EQUAL(fpgabuf_frame_decode(all + before, &f), 0);
		CU_ASSERT(len - before <= 8192 ||
			  len - before == 20000 + FPGABUF_FRAME_HEADER_SIZE);
		before = len;
	}
	CU_ASSERT_EQUAL(len, m.len);
	CU_ASSERT_EQUAL(memcmp(all, m.bytes, m.len), 0);
	free(all);
	made_free(&m);
	temp_remove(&t);
}

static bool meta_has(const struct temp *t, const char *name, const char *text)
{
	static uint8_t meta[65536];
	size_t len = file_append(temp_path(t, name), meta, 0, sizeof(meta) - 1);

	meta[len] = 0;
	if (strstr((char *)meta, text))
		return true;
	printf("\n    no '%s' in: %s", text, meta);
	return false;
}

/* What is before the first capture is not missing. */
static void test_sigmf(void)
{
	struct process p;
	struct made m;
	struct temp t;

	temp_make(&t, "x");
	char *args[] = { "--framed", "--sigmf", "--datatype", "ru8", "-o",
			 t.file, NULL };

	made_all(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "x.sigmf-data"), m.samples,
			       m.samples_len));
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta", "\"captures\": [\n"
		"    {\"core:sample_start\": 0},\n"
		"    {\"core:sample_start\": 2106347},\n"
		"    {\"core:sample_start\": 2106848}\n"
		"  ]"));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
				"2106347, \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample samples may be missing; their number is unknown\""));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
				"before this sample 64 samples are missing\""));
	/* Neither file is overwritten. */
	unlink(temp_path(&t, "x.sigmf-data"));
	char *again[] = { "tools/fpgabuf-recv", "--framed", "--sigmf",
			  "--datatype", "ru8", "-o", t.file, "0", NULL };

	CU_ASSERT_EQUAL(process_run(&p, again), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "x.sigmf-meta exists, and is not overwritten"));
	made_free(&m);
	temp_remove(&t);
}

/* The time of the first sample, by the clock of the sender */
static void test_sigmf_time(void)
{
	const struct fpgabuf_frame_clock clock = { .utc_ns = 1000000000 };
	uint8_t header[FPGABUF_FRAME_HEADER_MAX];
	struct process p;
	struct made m;
	struct temp t;

	temp_make(&t, "x.sigmf-data");
	char *args[] = { "--framed", "--sigmf", "--datatype", "ci16_le",
			 "--sample-rate", "1000", "-o", t.file, NULL };

	made_start(&m);
	fpgabuf_frame_encode(&(struct fpgabuf_frame){
		.sequence = m.sequence++,
		.timestamp_ns = 5000000000,
		.length = 4000,
	}, header);
	fpgabuf_frame_put_clock(&clock, header);
	memcpy(m.bytes, header, FPGABUF_FRAME_CLOCK_SIZE);
	m.len = FPGABUF_FRAME_CLOCK_SIZE;
	add_samples(&m, 4000);
	add_end(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
				"{\"core:sample_start\": 0, \"core:datetime\": \"1970-01-01T00:00:05.000000000Z\"}\n"));
	made_free(&m);
	temp_remove(&t);
}

/* The file that a frame begins has its gap; each connection has its own files. */
static void test_sigmf_rotates(void)
{
	struct process p;
	struct made m;
	struct temp t;

	temp_make(&t, "x-%c-%n");
	char *args[] = { "--framed", "--sigmf", "--datatype", "ru8", "-o",
			 t.file, "--rotate-size", "10000", NULL };

	made_all(&m);
	CU_ASSERT_EQUAL(receiver_run(&p, args, m.bytes, m.len), 0);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x-1-000001.sigmf-meta")));
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x-1-000003.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x-1-000001.sigmf-meta",
				"\"annotations\": [\n  ]"));
	CU_ASSERT_TRUE(meta_has(&t, "x-1-000003.sigmf-meta",
				"{\"core:sample_start\": 0, \"core:sample_count\": 0, \"core:label\": \"gap\""));
	CU_ASSERT_TRUE(meta_has(&t, "x-1-000003.sigmf-meta",
				"{\"core:sample_start\": 501, \"core:sample_count\": 0"));
	made_free(&m);
	temp_remove(&t);
}

static void test_sigmf_usage(void)
{
	static const struct { const char *text; char *argv[8]; } bad[] = {
		{ "--sigmf needs --datatype",
		  { "tools/fpgabuf-recv", "--sigmf", "--framed", "0" } },
		{ "need --sigmf",
		  { "tools/fpgabuf-recv", "--sample-rate=1", "0" } },
		{ "--sigmf needs --framed",
		  { "tools/fpgabuf-recv", "--sigmf", "--datatype=ru8", "-ox",
		    "0" } },
		{ "--sigmf needs --framed",
		  { "tools/fpgabuf-recv", "--sigmf", "--datatype=ru8", "-ox",
		    "--framed", "--keep-frames", "0" } },
		{ "--sigmf needs a file",
		  { "tools/fpgabuf-recv", "--sigmf", "--datatype=ru8", "-o-",
		    "--framed", "0" } },
		{ "it takes a type of SigMF",
		  { "tools/fpgabuf-recv", "--datatype=short", "0" } },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i].argv), 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, bad[i].text));
	}
}

static const struct test tests[] = {
	{ "what was left out before the first frame counts",
	  test_skipped_first },
	{ "a sender that asks for a receipt gets it", test_receipts },
	{ "one that does not ask gets none", test_no_receipt },
	{ "captures, gaps and what was left out are counted; samples alone are "
	  "written", test_all },
	{ "the summary for people says the same", test_people },
	{ "the headers are kept if that is asked for", test_keep_frames },
	{ "a stream that is cut off fails, wherever that is", test_cut_off },
	{ "what is no frame, or too new a one, fails", test_no_frames },
	{ "captures that are missing, double or after the end fail",
	  test_numbers },
	{ "what a longer header has is skipped", test_longer_header },
	{ "verify goes on after a gap, but only there", test_verify },
	{ "the pattern is found again at any place, in any pieces",
	  test_checker },
	{ "rotation splits no frame and loses none", test_rotate },
	{ "each gap is in the metadata, with what is known of it", test_sigmf },
	{ "the metadata have the time of the first sample", test_sigmf_time },
	{ "each file has metadata of its own", test_sigmf_rotates },
	{ "metadata need frames, a type and a file", test_sigmf_usage },
	{ }
};

SUITE(framed, .title = "framed streams", .tests = tests)
