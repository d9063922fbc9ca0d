// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-send as a program: without a device, and on the fake one; and the
 * header of its framed streams.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>
#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "recv/pattern.h"

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

/* Each line of words, and what is said about it. */
static void test_usage(void)
{
	static const struct { const char *text; char *words[6]; } bad[] = {
		{ "no HOST:PORT given", { NULL } },
		{ "80: not of the form HOST:PORT", { "80" } },
		{ "host: not of the form HOST:PORT", { "a:1", "host" } },
		{ "unix:: not of the form HOST:PORT", { "unix:" } },
		{ "exclude each other", { "-b", "1", "-c", "1", "a:1" } },
		{ "exclude each other",
		  { "-c", "1", "--duration", "1", "a:1" } },
		{ "exclude each other", { "-d", "x", "--fd", "5", "a:1" } },
		{ "exclude each other",
		  { "--share", "x", "--fd", "5", "a:1" } },
		{ "--share: : not a valid value", { "--share", "", "a:1" } },
		{ "--fd sends once", { "--fd", "5", "-c", "1", "a:1" } },
		{ "needs two --regions",
		  { "--slow-peer", "drop", "-n", "1", "a:1" } },
		{ "--engine: magic: not a valid value",
		  { "-e", "magic", "a:1" } },
		{ "--bytes: 0: out of range", { "-b", "0", "a:1" } },
		{ "--region-size: 1X: not a valid value",
		  { "-r", "1X", "a:1" } },
		{ "--region-size: 0: out of range", { "-r", "0", "a:1" } },
		{ "--regions: 0: out of range", { "-n", "0", "a:1" } },
		{ "--rate: 0: out of range", { "--rate", "0", "a:1" } },
		{ "--slow-peer: no: not a valid value",
		  { "--slow-peer", "no", "a:1" } },
		{ "--reconnect: 0: out of range",
		  { "--reconnect", "0", "a:1" } },
		{ "--keepalive: 40000: out of range",
		  { "--keepalive", "40000", "a:1" } },
		{ "--duration: x: not a valid value",
		  { "--duration", "x", "a:1" } },
		{ "--fd: -1: not a valid value", { "--fd", "-1", "a:1" } },
		{ "try --help", { "--none", "a:1" } },
	};
	char *argv[8] = { "tools/fpgabuf-send" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(argv + 1, bad[i].words, sizeof(bad[i].words));
		check(argv, 2, bad[i].text);
	}
}

static void test_many_peers(void)
{
	char *argv[67] = { "tools/fpgabuf-send" };
	int i;

	for (i = 1; i <= 65; i++)
		argv[i] = "a:1";
	check(argv, 2, "more than 64 peers given");
}

static void test_help(void)
{
	static const char * const options[] = {
		"--bytes", "--count", "--device", "--duration", "--engine",
		"--fd", "--framed", "--help", "--json", "--keepalive",
		"--progress", "--quiet", "--rate", "--reconnect",
		"--region-size", "--regions", "--share", "--slow-peer",
		"--stats",
		"--timeout",
		"--verbose", "--version",
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
			 "10000003", "-r", "300K", "-n", "5", "--json", "-e",
			 "zerocopy", peer, NULL };

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
				      "\"gaps\": 0, \"gaps_exact\": true,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"region_size\": 307200,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"backend\": \"folio\","));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"peers\": [{"));
	/* On loopback, and it says so. */
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "copied after all"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "-> the peer is on this machine"));
}

/* On a DMA controller as boards have them, without any option */
static void test_plain(void)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "100000",
			 "-v", peer, NULL };
	char *json[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "100000",
			 "--json", peer, NULL };

	setenv("FAKE_PLAIN", "", 1);
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "regions have 16376 bytes: the DMA controller"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "captures 7 (partial"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\n  gaps not known: the DMA controller is restarted by software"));
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, json), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"gaps_exact\": false,"));
	unsetenv("FAKE_PLAIN");
}

static void test_too_long(void)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "32K",
			 peer, NULL };

	setenv("FAKE_PLAIN", "", 1);
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 1);
	/* It has not got a stream, and waits for one. */
	kill(receiver.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&receiver), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "takes 16376 bytes as one capture, not 32768: use a smaller --region-size"));
	unsetenv("FAKE_PLAIN");
}

static void check_engine(char *engine, const char *text)
{
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b",
			 "10000003", "-v", "-e", engine, peer, NULL };

	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "10000003 bytes from"));
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "verified"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, text));
}

static void test_engines(void)
{
	check_engine("auto", "engine copy: the peer is on this machine");
	check_engine("uring", "engine uring: it was asked for");
	check_engine("zerocopy", "engine zerocopy: it was asked for");
	check_engine("copy", "engine copy: it was asked for");
}

/* The device as a stream of bytes: the report has what it has of captures. */
static void test_spliced(void)
{
	static const char * const parts[] = {
		"{\"ok\": true, \"engine\": \"splice\"", "\"captures\": 16,",
		"\"captured_bytes\": 1048576,", "\"backend\": \"folio\",",
		"\"regions\": 4,", "\"completions\": 0,",
		"\"engine_why\": \"it was asked for\"",
		": 65536 bytes of " FAKE_DEVICE " so far",
		": 1048576 bytes of " FAKE_DEVICE " so far",
	};
	struct process receiver, sender;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "1M",
			 "-r", "64K", "-n", "4", "--json", "-v", "-e",
			 "splice", peer, NULL };
	size_t i;

	setenv("FAKE_STREAMS", "", 1);
	setenv("FAKE_CAPTURES", "16", 1);
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "verified"));
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, parts[i]));

	unsetenv("FAKE_CAPTURES");
	setenv("FAKE_FAIL_AT", "5", 1);
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 1);
	CU_ASSERT_EQUAL(process_finish(&receiver), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "a capture on " FAKE_DEVICE " failed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "failed in a row"));
	unsetenv("FAKE_FAIL_AT");
	unsetenv("FAKE_STREAMS");
}

/* A receiver of our own, as fpgabuf-recv need not know Unix sockets. */
static uint64_t receive_all(int listener)
{
	static char buffer[65536];
	uint64_t total = 0;
	ssize_t n;
	int fd;

	wait_for(listener, POLLIN);
	fd = accept(listener, NULL, NULL);
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		total += n;
	close(fd);
	return total;
}

static void test_unix(void)
{
	char path[] = "unix:/tmp/fpgabuf-unit-XXXXXX";
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b",
			 "3000001", "-v", path, NULL };
	char *zerocopy[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-e",
			     "zerocopy", path, NULL };
	struct process sender;
	struct endpoint e;
	int listener;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path + 5));
	CU_ASSERT_EQUAL_FATAL(endpoint_parse(path, &e), 0);
	/* Only its name was wanted. */
	CU_ASSERT_FATAL(!rmdir(e.path));
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	process_start(&sender, argv);
	CU_ASSERT_EQUAL(receive_all(listener), 3000001);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, path));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "a Unix socket has no"));
	check(zerocopy, 1, "Operation not supported");
	close(listener);
	check(argv, 1, "Connection refused");
	unlink(e.path);
	check(argv, 1, "No such file");
}

static void test_unresolved(void)
{
	/* ".invalid" is guaranteed not to exist. */
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE,
			 "nowhere.invalid:1", NULL };

	check(argv, 1, "cannot resolve nowhere.invalid");
}

/*
 * What another program captures, on the fake device as well.  That one is too
 * fast for anybody to get all of it, so only the bytes are counted.
 */
static void test_share(void)
{
	struct process server, sender;
	char path[64], peer[64];
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "64K",
			  path, NULL };
	char *argv[] = { "fpgabuf-send-fake", "--share", path, "-b",
			 "1000003", "--json", peer, NULL };
	struct endpoint e;
	int listener;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-send-%d.sock", getpid());
	snprintf(peer, sizeof(peer), "unix:/tmp/fpgabuf-peer-%d", getpid());
	CU_ASSERT_EQUAL_FATAL(endpoint_parse(peer, &e), 0);
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	setenv("FAKE_CAPTURES", "1000", 1);
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&server, share);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE_FATAL(process_expect(&server, "sharing " FAKE_DEVICE));
	process_start(&sender, argv);
	CU_ASSERT_EQUAL(receive_all(listener), 1000003);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"captures\": 16,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, path));
	kill(server.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&server), 0);
	check(argv, 1, "is fpgabuf-share running");
	unsetenv("FAKE_DMABUFS");
	close(listener);
	unlink(e.path);
}

/* The server is told to end: what it captured until then is sent, and no more. */
static void test_share_ends(void)
{
	struct process server, sender;
	char path[64], peer[64];
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "64K",
			  path, NULL };
	char *argv[] = { "fpgabuf-send-fake", "--share", path, "-v", peer,
			 NULL };
	struct endpoint e;
	int listener;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-send-%d.sock", getpid());
	snprintf(peer, sizeof(peer), "unix:/tmp/fpgabuf-peer-%d", getpid());
	CU_ASSERT_EQUAL_FATAL(endpoint_parse(peer, &e), 0);
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	setenv("FAKE_CAPTURES", "3", 1);
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&server, share);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE_FATAL(process_expect(&server, "sharing " FAKE_DEVICE));
	process_start(&sender, argv);
	CU_ASSERT_TRUE(process_expect(&sender, "capture 3: "));
	kill(server.pid, SIGTERM);
	CU_ASSERT_EQUAL(receive_all(listener), 3 * 65536);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_EQUAL(process_finish(&server), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "captures end at"));
	unsetenv("FAKE_DMABUFS");
	close(listener);
	unlink(e.path);
}

/* A receiver of framed streams */
static void start_framed(struct process *p, char *output, char *bytes,
			 char peer[32])
{
	char *argv[] = { "tools/fpgabuf-recv", "--framed", "--json", "-t", "20",
			 "-b", bytes, "-o", output, "0", NULL };
	const char *port;

	process_start(p, argv);
	CU_ASSERT_TRUE_FATAL(process_expect(p, "\n"));
	port = strstr(p->output, "port ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	snprintf(peer, 32, "127.0.0.1:%d", atoi(port + 5));
}

/* Timestamps are of CLOCK_MONOTONIC: how far that is behind the time of day. */
static void expect_clock(const struct process *p)
{
	const char *utc = strstr(p->output, "\"utc_offset_ns\": ");
	const char *tai = strstr(p->output, "\"tai_offset_ns\": ");
	int64_t there;

	CU_ASSERT_PTR_NOT_NULL_FATAL(utc);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tai);
	there = clock_ns() + atoll(strchr(utc, ' '));
	CU_ASSERT(llabs(there / NS_PER_SEC - time(NULL)) < 60);
	there = clock_ns() + atoll(strchr(tai, ' '));
	CU_ASSERT(llabs(there / NS_PER_SEC - time(NULL)) < 120);
}

/* The sender's report says who has acknowledged it. */
static void test_acknowledged(void)
{
	struct process receiver, sender;
	char peer[32];
	char *framed[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b",
			   "3000000", "--json", "--framed", peer, NULL };
	char *raw[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b",
			"3000000", "--json", peer, NULL };

	start_framed(&receiver, "/dev/null", "3000000", peer);
	CU_ASSERT_EQUAL(process_run(&sender, framed), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "\"complete\": true"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"acknowledged\": \"receiver\""));
	expect_clock(&receiver);
	expect_clock(&sender);

	/* All of it arrives, but it is not what the receiver wanted. */
	start_framed(&receiver, "/dev/null", "3000001", peer);
	CU_ASSERT_EQUAL(process_run(&sender, framed), 1);
	CU_ASSERT_EQUAL(process_finish(&receiver), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "has not confirmed that it stored them"));

	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, raw), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"acknowledged\": \"kernel\""));
	/* By a copy, as the peer is on this machine */
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"zerocopy_sends\": 0, \"registered_sends\": 0, \"completions\": 0, \"copied\": 0, \"copied_exact\": true, \"fallback_copies\": 0, "));
}

/* What there is by then, while it waits for more */
static void test_stats(void)
{
	struct process receiver, sender;
	char peer[32];
	char *json[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "64K",
			 "--stats", "1", "--json", peer, NULL };
	char *text[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "64K",
			 "--stats", "1", peer, NULL };

	setenv("FAKE_CAPTURES", "3", 1);
	start_receiver(&receiver, "/dev/null", peer);
	process_start(&sender, json);
	CU_ASSERT_TRUE(process_expect(&sender, "{\"ok\": true"));
	CU_ASSERT_TRUE(process_expect(&sender, "\"captures\": 3,"));
	kill(sender.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);

	start_receiver(&receiver, "/dev/null", peer);
	process_start(&sender, text);
	CU_ASSERT_TRUE(process_expect(&sender, "  captures 3 ("));
	kill(sender.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	unsetenv("FAKE_CAPTURES");
}

static void expect_broken(struct process *receiver)
{
	CU_ASSERT_EQUAL(process_finish(receiver), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver->output, "broke off after"));
	CU_ASSERT_PTR_NULL(strstr(receiver->output, "\"complete\": true"));
	CU_ASSERT_PTR_NULL(strstr(receiver->output, "\"error\": \"\""));
}

/* The device fails, the device is busy, fpgabuf-share is killed: no good end. */
static void test_failure_shows(void)
{
	struct process receiver, sender;
	char peer[32];
	char *framed[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "30M",
			   "-r", "64K", "--framed", "--json", peer, NULL };
	char *raw[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "30M",
			"-r", "64K", peer, NULL };

	setenv("FAKE_FAIL_AT", "10", 1);
	start_framed(&receiver, "/dev/null", "30M", peer);
	CU_ASSERT_EQUAL(process_run(&sender, framed), 1);
	expect_broken(&receiver);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "{\"ok\": false"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"error\": \"a capture on"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"peers\": [{\"ok\": false"));

	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, raw), 1);
	expect_broken(&receiver);
	unsetenv("FAKE_FAIL_AT");
}

static void test_share_killed(void)
{
	struct process server, receiver, sender;
	char path[64], peer[32];
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "64K",
			  path, NULL };
	char *argv[] = { "fpgabuf-send-fake", "--share", path, "--framed", "-v",
			 peer, NULL };

	snprintf(path, sizeof(path), "/tmp/fpgabuf-send-%d.sock", getpid());
	setenv("FAKE_CAPTURES", "3", 1);
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&server, share);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE_FATAL(process_expect(&server, "sharing " FAKE_DEVICE));
	start_framed(&receiver, "/dev/null", "196608", peer);
	process_start(&sender, argv);
	CU_ASSERT_TRUE(process_expect(&sender, "capture 3: "));
	kill(server.pid, SIGKILL);
	CU_ASSERT_EQUAL(process_finish(&server), -1);
	CU_ASSERT_EQUAL(process_finish(&sender), 1);
	expect_broken(&receiver);
	unsetenv("FAKE_DMABUFS");
	unlink(path);
}

/* A device that does not capture is no reason to connect. */
static void test_connects_late(void)
{
	struct endpoint e;
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "32K",
			 peer, NULL };
	struct pollfd p = { .events = POLLIN };

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", &e), 0);
	p.fd = endpoint_listen(&e);
	CU_ASSERT_FATAL(p.fd >= 0);
	getsockname(p.fd, (struct sockaddr *)&addr, &len);
	snprintf(peer, sizeof(peer), "127.0.0.1:%d", ntohs(addr.sin_port));
	setenv("FAKE_PLAIN", "", 1);
	check(argv, 1, "use a smaller --region-size");
	unsetenv("FAKE_PLAIN");
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	close(p.fd);
}

/* The first connection is soon lost; the second one gets what is left. */
static void test_reconnect(void)
{
	struct linger linger = { .l_onoff = 1 };
	struct process sender;
	struct endpoint e;
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-c", "50",
			 "--reconnect", "5", "--keepalive", "10", peer, NULL };
	int listener, fd;
	uint64_t got;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", &e), 0);
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	getsockname(listener, (struct sockaddr *)&addr, &len);
	snprintf(peer, sizeof(peer), "127.0.0.1:%d", ntohs(addr.sin_port));
	process_start(&sender, argv);
	wait_for(listener, POLLIN);
	fd = accept(listener, NULL, NULL);
	wait_for(fd, POLLIN);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	got = receive_all(listener);
	CU_ASSERT(got > 0 && got < 50 * FPGABUF_RING_REGION_SIZE);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "connecting again in 0.1 s, attempt 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "connected again 1 times"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "were left out"));
	close(listener);
}

/* The first one ends the capture, and a peer that reads nothing holds it up. */
static void test_second_signal(void)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct process sender;
	struct endpoint e;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, peer, NULL };
	/* Whatever was captured by then does not fit. */
	const int room = 4096;
	int listener, fd, i;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", &e), 0);
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	getsockname(listener, (struct sockaddr *)&addr, &len);
	snprintf(peer, sizeof(peer), "127.0.0.1:%d", ntohs(addr.sin_port));
	process_start(&sender, argv);
	wait_for(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CU_ASSERT_EQUAL(wait_for(fd, POLLIN), POLLIN);
	kill(sender.pid, SIGINT);
	for (i = 0; i < PATIENCE_MS / 10 && blocks_signal(sender.pid, SIGINT);
	     i++)
		usleep(10000);
	kill(sender.pid, SIGINT);
	CU_ASSERT_EQUAL(process_finish(&sender), -1);
	CU_ASSERT(i < PATIENCE_MS / 10);
	close(fd);
	close(listener);
}

/* A connection on which nothing is under way has no other timer. */
static bool timer_becomes(int port, int timer)
{
	int i;

	for (i = 0; i < PATIENCE_MS / 10 && tcp_timer(0, port) != timer; i++)
		usleep(10000);
	return tcp_timer(0, port) == timer;
}

/* Takes the only capture, with which nothing follows. */
static int accept_capture(int listener)
{
	static char buffer[FPGABUF_RING_REGION_SIZE];
	int fd;

	wait_for(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CU_ASSERT_EQUAL(recv(fd, buffer, sizeof(buffer), MSG_WAITALL),
			sizeof(buffer));
	return fd;
}

static void check_keepalive(char *option, int timer)
{
	struct linger linger = { .l_onoff = 1 };
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct process sender;
	struct endpoint e;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-c", "2",
			 "--reconnect", "5", peer, option, NULL };
	int listener, fd, port;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", &e), 0);
	listener = endpoint_listen(&e);
	CU_ASSERT_FATAL(listener >= 0);
	getsockname(listener, (struct sockaddr *)&addr, &len);
	port = ntohs(addr.sin_port);
	snprintf(peer, sizeof(peer), "127.0.0.1:%d", port);
	setenv("FAKE_CAPTURES", "1", 1);
	process_start(&sender, argv);
	unsetenv("FAKE_CAPTURES");
	fd = accept_capture(listener);
	CU_ASSERT_TRUE_FATAL(timer_becomes(port, timer));
	/* Once more, for a connection that is made again */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	wait_for(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(timer_becomes(port, timer));
	kill(sender.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&sender), 1);
	close(fd);
	close(listener);
}

/* A machine that has lost its power is noticed. */
static void test_keepalive(void)
{
	check_keepalive("--keepalive=10", TCP_TIMER_KEEPALIVE);
	check_keepalive(NULL, TCP_TIMER_NONE);
}

/* A memory file with the pattern, which passes for a dma-buf. */
static int pattern_fd(size_t size)
{
	int fd = memfd_create("pattern", 0);
	uint8_t *data = malloc(size);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	for (i = 0; i < size; i++)
		data[i] = pattern_byte(i);
	CU_ASSERT_EQUAL(write(fd, data, size), (ssize_t)size);
	free(data);
	return fd;
}

static void check_fd(char *engine, char *bytes, const char *received,
		     const char *text)
{
	struct process receiver, sender;
	int fd = pattern_fd(300000);
	char peer[32], number[16];
	char *argv[] = { "fpgabuf-send-fake", "--fd", number, "-b", bytes, "-v",
			 "--json", "-e", engine, peer, NULL };

	snprintf(number, sizeof(number), "%d", fd);
	setenv("FAKE_DMABUFS", "", 1);
	start_receiver(&receiver, "/dev/null", peer);
	CU_ASSERT_EQUAL(process_run(&sender, argv), 0);
	CU_ASSERT_EQUAL(process_finish(&receiver), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, received));
	CU_ASSERT_PTR_NOT_NULL(strstr(receiver.output, "verified"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, text));
	unsetenv("FAKE_DMABUFS");
	close(fd);
}

static void test_fd(void)
{
	check_fd("auto", "300000", "300000 bytes from", "\"captures\": 1,");
	check_fd("copy", "299999", "299999 bytes from", "\"captures\": 1,");
	/* Its memory is registered. */
	check_fd("uring", "300000", "300000 bytes from",
		 "\"zerocopy_sends\": 1, \"registered_sends\": 1,");
}

static void test_fd_too_short(void)
{
	int fd = pattern_fd(8192);
	char number[16];
	char *argv[] = { "fpgabuf-send-fake", "--fd", number, "-b", "8193",
			 "a:1", NULL };

	snprintf(number, sizeof(number), "%d", fd);
	setenv("FAKE_DMABUFS", "", 1);
	check(argv, 1, "has only 8192 bytes");
	unsetenv("FAKE_DMABUFS");
	close(fd);
}

static void test_fd_errors(void)
{
	char *closed[] = { "tools/fpgabuf-send", "--fd", "100", "a:1", NULL };
	char *wrong[] = { "tools/fpgabuf-send", "--fd", "1", "a:1", NULL };

	check(closed, 1, "cannot send descriptor 100: Bad file descriptor");
	check(wrong, 1, "cannot send descriptor 1: it is not a dma-buf");
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
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "6291456 bytes in"));
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
	static const uint8_t wire[FPGABUF_FRAME_HEADER_SIZE] = {
		'F', 'P', 'G', 'F', 1, 0, 48, 0, 0x09, 0, 0, 0, 0, 0, 0, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0x80,
		0, 0, 0x10, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 1, 0, 0, 0,
	};
	const struct fpgabuf_frame frame = {
		.flags = FPGABUF_FRAME_GAP | FPGABUF_FRAME_PARTIAL,
		.sequence = 0x0807060504030201,
		.timestamp_ns = 0x8000000000000009,
		.length = 1 << 20,
		.skipped = 0x1000000ff,
	};
	uint8_t bytes[FPGABUF_FRAME_HEADER_SIZE];
	struct fpgabuf_frame again;

	fpgabuf_frame_encode(&frame, bytes);
	CU_ASSERT_EQUAL(memcmp(bytes, wire, sizeof(wire)), 0);
	CU_ASSERT_EQUAL(fpgabuf_frame_decode(bytes, &again), 0);
	CU_ASSERT_EQUAL(again.header_size, FPGABUF_FRAME_HEADER_SIZE);
	CU_ASSERT_EQUAL(again.flags, frame.flags);
	CU_ASSERT_EQUAL(again.sequence, frame.sequence);
	CU_ASSERT_EQUAL(again.timestamp_ns, frame.timestamp_ns);
	CU_ASSERT_EQUAL(again.length, frame.length);
	CU_ASSERT_EQUAL(again.skipped, frame.skipped);
}

/* Who does not know the clock finds a header that is merely longer. */
static void test_frame_clock(void)
{
	const struct fpgabuf_frame_clock clock = {
		.utc_ns = -2, .tai_ns = 37000000000,
	};
	const struct fpgabuf_frame frame = { .length = 8, .timestamp_ns = 5 };
	uint8_t bytes[FPGABUF_FRAME_CLOCK_SIZE];
	struct fpgabuf_frame again;
	struct fpgabuf_frame_clock found;

	memset(bytes, 0xff, sizeof(bytes));
	fpgabuf_frame_encode(&frame, bytes);
	CU_ASSERT_EQUAL(fpgabuf_frame_get_clock(bytes,
						FPGABUF_FRAME_HEADER_SIZE,
						&found), -ENODATA);
	fpgabuf_frame_put_clock(&clock, bytes);
	CU_ASSERT_EQUAL(fpgabuf_frame_decode(bytes, &again), 0);
	CU_ASSERT_EQUAL(again.header_size, 72);
	CU_ASSERT_EQUAL(again.timestamp_ns, 5);
	CU_ASSERT_FALSE(fpgabuf_frame_asks_receipt(bytes, again.header_size));
	CU_ASSERT_EQUAL(bytes[56], 0xfe);
	CU_ASSERT_EQUAL(bytes[63], 0xff);
	CU_ASSERT_EQUAL(fpgabuf_frame_get_clock(bytes, again.header_size,
						&found), 0);
	CU_ASSERT_EQUAL(found.utc_ns, -2);
	CU_ASSERT_EQUAL(found.tai_ns, 37000000000);
}

/* Byte @at of a header set to @value. */
static int decode_with(unsigned int at, uint8_t value)
{
	uint8_t bytes[FPGABUF_FRAME_HEADER_SIZE];
	struct fpgabuf_frame frame = { .length = 1, .sequence = 3 };

	fpgabuf_frame_encode(&frame, bytes);
	bytes[at] = value;
	return fpgabuf_frame_decode(bytes, &frame);
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

static const struct test tests[] = {
	{ "a frame header is what the documentation says", test_frame },
	{ "the header of a capture says what time its timestamp is",
	  test_frame_clock },
	{ "what is no frame header is refused", test_bad_frames },
	{ "without a device it says what to do", test_no_device },
	{ "another kind of device is told apart", test_wrong_device },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "there is a limit to the number of peers", test_many_peers },
	{ "help names every option", test_help },
	{ "a whole transfer arrives and its JSON summary is right",
	  test_whole },
	{ "the summary for people and the verbose lines are right",
	  test_text },
	{ "a controller that takes little works as it is, and its gaps are not known",
	  test_plain },
	{ "captures that are too long for it are refused with the limit",
	  test_too_long },
	{ "each engine delivers the same, and says why it is the one",
	  test_engines },
	{ "a device that is a stream of bytes is reported like any other",
	  test_spliced },
	{ "a Unix socket gets every byte", test_unix },
	{ "a name that does not exist is an error", test_unresolved },
	{ "what fpgabuf-share captures is sent", test_share },
	{ "when fpgabuf-share ends, so does the sender, with what there was",
	  test_share_ends },
	{ "the report says who has acknowledged: receiver or kernel",
	  test_acknowledged },
	{ "statistics are told at an interval, while it runs", test_stats },
	{ "a stream that failed looks so to the receiver", test_failure_shows },
	{ "a killed fpgabuf-share is no good end", test_share_killed },
	{ "a device that cannot capture bothers no receiver",
	  test_connects_late },
	{ "a lost connection is made again, and the summary says so",
	  test_reconnect },
	{ "a second signal ends it at once", test_second_signal },
	{ "a silent receiver is asked whether it is there", test_keepalive },
	{ "a dma-buf that was inherited is sent, once", test_fd },
	{ "no more is sent of it than there is", test_fd_too_short },
	{ "a descriptor that is no dma-buf is refused", test_fd_errors },
	{ "a refused connection is an error with a remedy", test_refused },
	{ "a receiver that fails makes the sender fail", test_receiver_fails },
	{ }
};

SUITE(send, .title = "fpgabuf-send", .tests = tests)
