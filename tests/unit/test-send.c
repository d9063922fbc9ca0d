// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-send as a program: without a device, and on the fake one; and the
 * header of its framed streams.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/frame.h"
#include "fake-device.h"
#include "process.h"
#include "suites.h"

static void check(char *const argv[], int code, const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

static void test_no_device(void)
{
	char *argv[] = { "tools/fpgabuf-send", "-d", "/dev/fpgabuf-none",
			 "localhost:1", NULL };

	check(argv, 1, "cannot open /dev/fpgabuf-none: No such file");
	check(argv, 1, "is the fpgabuf module loaded");
}

static void test_wrong_device(void)
{
	char *argv[] = { "tools/fpgabuf-send", "-d", "/dev/null", "localhost:1",
			 NULL };

	check(argv, 1, "it is not an fpgabuf device");
}

static void test_usage(void)
{
	char *none[] = { "tools/fpgabuf-send", NULL };
	char *two[] = { "tools/fpgabuf-send", "a:1", "b:2", NULL };
	char *no_host[] = { "tools/fpgabuf-send", "80", NULL };
	char *no_port[] = { "tools/fpgabuf-send", "host", NULL };
	char *both[] = { "tools/fpgabuf-send", "-b", "1", "-c", "1", "a:1", NULL };
	char *engine[] = { "tools/fpgabuf-send", "-e", "magic", "a:1", NULL };
	char *bytes[] = { "tools/fpgabuf-send", "-b", "0", "a:1", NULL };
	char *size[] = { "tools/fpgabuf-send", "-r", "1X", "a:1", NULL };
	char *count[] = { "tools/fpgabuf-send", "-n", "0", "a:1", NULL };
	char *option[] = { "tools/fpgabuf-send", "--none", "a:1", NULL };

	check(none, 2, "no HOST:PORT given");
	check(two, 2, "more than one HOST:PORT given");
	check(no_host, 2, "80: not of the form HOST:PORT");
	check(no_port, 2, "host: not of the form HOST:PORT");
	check(both, 2, "exclude each other");
	check(engine, 2, "-e: magic: not a valid value");
	check(bytes, 2, "-b: 0: out of range");
	check(size, 2, "-r: 1X: not a valid value");
	check(count, 2, "-n: 0: out of range");
	check(option, 2, "try --help");
}

static void test_help(void)
{
	static const char * const options[] = {
		"--bytes", "--count", "--device", "--engine", "--help",
		"--json", "--progress", "--quiet", "--region-size",
		"--regions", "--timeout", "--verbose", "--version",
	};
	char *help[] = { "tools/fpgabuf-send", "--help", NULL };
	char *version[] = { "tools/fpgabuf-send", "--version", NULL };
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		check(help, 0, options[i]);
	check(version, 0, "fpgabuf-send ");
}

/* Starts a receiver that checks what it gets; writes where it listens. */
static void start_receiver(struct process *p, char *output, char peer[32])
{
	char *argv[] = { "tools/fpgabuf-recv", "--verify", "-t", "20", "-o",
			 output, "0", NULL };
	const char *port;

	process_start(p, argv);
	CU_ASSERT_TRUE_FATAL(process_expect(p, "\n"));
	port = strstr(p->output, "port ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	snprintf(peer, 32, "127.0.0.1:%d", atoi(port + 5));
}

static void test_whole(void)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b",
			 "10000003", "-r", "300K", "-n", "5", "--json", peer,
			 NULL };

	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "10000003 bytes from"));
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "verified"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "{\"ok\": true, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"bytes\": 10000003,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"captures\": 33,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"regions\": 5,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"region_size\": 307200,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"backend\": \"folio\","));
	/* On loopback, and it says so. */
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "copied after all"));
}

static void test_text(void)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-c", "3",
			 "-e", "copy", "-v", peer, NULL };

	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "connected to 127.0.0.1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "3145728 bytes in"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "engine copy"));
	CU_ASSERT_PTR_NULL(strstr(sender.output, "copied after all"));
}

static void test_refused(void)
{
	/* Nobody listens at port 1. */
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "127.0.0.1:1",
			 NULL };

	check(argv, 1, "Connection refused");
	check(argv, 1, "is fpgabuf-recv (or another receiver) listening");
}

static void test_receiver_fails(void)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "100M",
			 "--json", peer, NULL };

	start_receiver(&receiver, "/dev/full", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 1);
	CU_ASSERT_EQUAL(process_finish(&receiver), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "closed the connection"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "{\"ok\": false, "));
}

static void test_frame(void)
{
	static const uint8_t wire[FRAME_HEADER_SIZE] = {
		'F', 'P', 'G', 'F', 1, 0, 48, 0, 0x09, 0, 0, 0, 0, 0, 0, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0x80,
		0, 0, 0x10, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 1, 0, 0, 0,
	};
	const struct frame frame = {
		.flags = FRAME_GAP | FRAME_PARTIAL,
		.sequence = 0x0807060504030201,
		.timestamp_ns = 0x8000000000000009,
		.length = 1 << 20,
		.skipped = 0x1000000ff,
	};
	uint8_t bytes[FRAME_HEADER_SIZE];
	struct frame again;

	frame_encode(&frame, bytes);
	CU_ASSERT_EQUAL(memcmp(bytes, wire, sizeof(wire)), 0);
	CU_ASSERT_EQUAL(frame_decode(bytes, &again), 0);
	CU_ASSERT_EQUAL(again.header_size, FRAME_HEADER_SIZE);
	CU_ASSERT_EQUAL(again.flags, frame.flags);
	CU_ASSERT_EQUAL(again.sequence, frame.sequence);
	CU_ASSERT_EQUAL(again.timestamp_ns, frame.timestamp_ns);
	CU_ASSERT_EQUAL(again.length, frame.length);
	CU_ASSERT_EQUAL(again.skipped, frame.skipped);
}

/* Byte @at of a header set to @value. */
static int decode_with(unsigned int at, uint8_t value)
{
	uint8_t bytes[FRAME_HEADER_SIZE];
	struct frame frame = { .length = 1, .sequence = 3 };

	frame_encode(&frame, bytes);
	bytes[at] = value;
	return frame_decode(bytes, &frame);
}

static void test_bad_frames(void)
{
	CU_ASSERT_EQUAL(decode_with(0, 'F'), 0);
	CU_ASSERT_EQUAL(decode_with(0, 'f'), -EBADMSG);
	CU_ASSERT_EQUAL(decode_with(3, 'f'), -EBADMSG);
	CU_ASSERT_EQUAL(decode_with(4, 2), -EPROTONOSUPPORT);
	CU_ASSERT_EQUAL(decode_with(5, 1), -EPROTONOSUPPORT);
	/* Longer, but not without end; and not shorter */
	CU_ASSERT_EQUAL(decode_with(6, 56), 0);
	CU_ASSERT_EQUAL(decode_with(6, 47), -EBADMSG);
	CU_ASSERT_EQUAL(decode_with(7, 4), -EBADMSG);
	/* Flags nobody knows, and an end that has bytes */
	CU_ASSERT_EQUAL(decode_with(8, 0x0f), 0);
	CU_ASSERT_EQUAL(decode_with(8, 0x10), -EBADMSG);
	CU_ASSERT_EQUAL(decode_with(9, 0x01), -EBADMSG);
	CU_ASSERT_EQUAL(decode_with(15, 1), -EBADMSG);
}

CU_TestInfo send_tests[] = {
	{ "a frame header is what the documentation says", test_frame },
	{ "what is no frame header is refused", test_bad_frames },
	{ "without a device it says what to do", test_no_device },
	{ "another kind of device is told apart", test_wrong_device },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "help names every option", test_help },
	{ "a whole transfer arrives and its JSON summary is right",
	  test_whole },
	{ "the summary for people and the verbose lines are right",
	  test_text },
	{ "a refused connection is an error with a remedy", test_refused },
	{ "a receiver that fails makes the sender fail", test_receiver_fails },
	CU_TEST_INFO_NULL,
};
