// SPDX-License-Identifier: GPL-2.0-only
/* What the tools say when something is not as it should be: cause and remedy. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/endpoint.h"
#include "common/stall.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"

static void says(char *const argv[], int code, const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
	if (!strstr(p.output, text))
		printf("\n%s wants: %s\nsays: %s\n", argv[0], text, p.output);
}

static void test_values(void)
{
	static const struct { char *argv[5]; const char *right; } bad[] = {
		{ { "tools/fpgabuf-send", "-b", "1MB", "a:1" },
		  "it takes bytes, such as 65536, 64K, 1M or 2G, at least 1" },
		{ { "tools/fpgabuf-send", "--duration", "0.5", "a:1" },
		  "it takes a whole number, from 1 to 1000000" },
		{ { "tools/fpgabuf-send", "-e", "fast", "a:1" },
		  "it takes auto, zerocopy, uring, splice, rdma or copy" },
		{ { "tools/fpgabuf-send", "--slow-peer", "no", "a:1" },
		  "it takes wait or drop" },
		{ { "tools/fpgabuf-send", "--share", "", "a:1" },
		  "it takes a path" },
		{ { "tools/fpgabuf-recv", "--rotate-size", "1MB", "0" },
		  "it takes bytes, such as 65536, 64K, 1M or 2G, at least 4096" },
		{ { "tools/fpgabuf-recv", "-t", "0.5", "0" },
		  "it takes a whole number, from 1 to 1000000" },
		{ { "tools/fpgabuf-recv", "--port-file", "", "0" },
		  "it takes a path" },
		{ { "tools/fpgabuf-share", "-r", "1MB", "a" },
		  "it takes bytes, such as 65536, 64K, 1M or 2G, at least 1" },
		{ { "tools/fpgabuf-share", "-m", "rw", "a" },
		  "it takes permissions in octal, such as 660, up to 777" },
		{ { "tools/fpgabuf-share", "-u", "no-such-one", "a" },
		  "it takes a name of `getent passwd`, or a number" },
		{ { "tools/fpgabuf-show", "-s", "640" },
		  "it takes width and height, such as 1920x1080, each up to 32768" },
		{ { "tools/fpgabuf-show", "-t", "0.5" },
		  "it takes a whole number, from 1 to 1000000" },
		{ { "tools/fpgabuf-plan", "--rate", "1MB" },
		  "it takes bytes, such as 65536, 64K, 1M or 2G, from 1 to " },
		{ { "tools/fpgabuf-plan", "--rtt", "1ms" },
		  "it takes milliseconds, such as 20 or 0.125, up to 3600000" },
		{ { "tools/fpgabuf-record", "--max-disk", "1MB", "x" },
		  "it takes bytes, such as 65536, 64K, 1M or 2G, at least 4096" },
		{ { "tools/fpgabuf-record", "--sync", "0.5", "x" },
		  "it takes a whole number, from 1 to 1000000" },
		{ { "tools/fpgabuf-scope", "--samples", "1K" },
		  "it takes a whole number, from 1 to 16777216" },
		{ { "tools/fpgabuf-uio", "--map", "9", "writer" },
		  "it takes a whole number, from 0 to 4" },
		{ { "tools/fpgabuf-info", "--watch=0.5" },
		  "it takes a whole number, from 1 to 86400" },
		{ { "tools/fpgabuf-info", "--watch", "2" },
		  "write the seconds of --watch after =, as in --watch=2" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		says(bad[i].argv, 2, bad[i].right);
}

/* It has no captures, no headers, and one pipe. */
static void test_splice(void)
{
	static const struct { char *argv[6]; const char *what; } refused[] = {
		{ { "tools/fpgabuf-send", "-esplice", "--framed", "a:1" },
		  "splice and --framed exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "-c1", "a:1" },
		  "splice and --count exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "--fd", "0", "a:1" },
		  "splice and --fd exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "--share=x", "a:1" },
		  "splice and --share exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "--slow-peer=drop",
		    "a:1" }, "splice and --slow-peer drop exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "--reconnect=1", "a:1" },
		  "splice and --reconnect exclude" },
		{ { "tools/fpgabuf-send", "-esplice", "a:1", "b:1" },
		  "splice and several peers exclude" },
	};
	char *many[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-esplice",
			 "-n17", "a:1", NULL };
	char *old[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-esplice",
			"a:1", NULL };
	char *here[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-v", "-b16M",
			 "127.0.0.1:1", NULL };
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		says(refused[i].argv, 2, refused[i].what);
		says(refused[i].argv, 2, "use --engine auto");
	}
	says(many, 1, "as a stream with at most 16 regions");
	/* The fake device knows nothing of streams. */
	says(old, 1, "that needs Linux 6.1, and this version of the driver");
	says(here, 1, "engine splice is not taken: the peer is on this machine");
}

/* Whether it can do it at all depends on what it was built with. */
static void test_rdma(void)
{
	static const struct { char *argv[5]; int code; const char *what; } ok[] = {
		{ { "tools/fpgabuf-send", "-erdma", "--share=x", "a:1" }, 2,
		  "--engine rdma and --share exclude each other" },
		{ { "tools/fpgabuf-send", "-erdma", "a:1", "unix:/tmp/x" }, 2,
		  "--engine rdma and a Unix socket exclude each other" },
		{ { "tools/fpgabuf-recv", "--rdma", "unix:/tmp/x" }, 2,
		  "--rdma needs a port, and no Unix socket" },
		{ { "tools/fpgabuf-recv", "--rdma", "5000" }, 2,
		  "--rdma needs an address of an RDMA device" },
	};
	char *without[] = { "tools/fpgabuf-recv", "--rdma", "5000", NULL };
	const char *why = "was built without RDMA";
	struct process p;
	size_t i;

	process_run(&p, without);
	for (i = 0; i < sizeof(ok) / sizeof(ok[0]); i++)
		says(ok[i].argv, ok[i].code,
		     strstr(p.output, why) ? why : ok[i].what);
}

static void fill_stdout(const void *data)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	(void)data;
}

static void test_full_stdout(void)
{
	static char * const uses[][3] = {
		{ "tools/fpgabuf-send", "--help" },
		{ "tools/fpgabuf-recv", "--help" },
		{ "tools/fpgabuf-share", "--version" },
		{ "tools/fpgabuf-info", "--help" },
		{ "tools/fpgabuf-plan", "--version" },
		{ "tools/fpgabuf-show", "--formats" },
		{ "tools/fpgabuf-record", "--help" },
		{ "tools/fpgabuf-scope", "--help" },
		{ "tools/fpgabuf-uio", "--help" },
		{ "tools/fpgabuf-doctor", "--help" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		process_start_with(&p, uses[i], fill_stdout, NULL);
		CU_ASSERT_EQUAL(process_finish(&p), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
			"cannot write the output: No space left on device"));
	}
}

static void test_scope(void)
{
	char *send[] = { "tools/fpgabuf-send", "[fe80::1]:5000", NULL };
	char *recv[] = { "tools/fpgabuf-recv", "[fe80::1]:5000", NULL };
	char *other[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE,
			  "[fe80::1%no-such]:5000", NULL };

	says(send, 2, "as in [fe80::1%eth0]:5000");
	says(recv, 2, "as in [fe80::1%eth0]:5000");
	says(other, 1, "is no-such an interface of this machine?");
}

static void stop(struct process *p, int code)
{
	kill(p->pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(p), code);
}

static void test_port_alone(void)
{
	char *alone[] = { "tools/fpgabuf-recv", "--connections", "0", "0",
			  NULL };
	char *here[] = { "tools/fpgabuf-recv", "--connections", "0",
			 "127.0.0.1:0", NULL };
	struct process p;

	process_start(&p, alone);
	CU_ASSERT_TRUE(process_expect(&p, "for other machines use [::]:"));
	stop(&p, 0);
	process_start(&p, here);
	CU_ASSERT_TRUE(process_expect(&p, "listening at 127.0.0.1 port"));
	stop(&p, 0);
	CU_ASSERT_PTR_NULL(strstr(p.output, "for other machines"));
}

/* Nobody listens at port 1. */
static void test_refused(void)
{
	char *once[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "127.0.0.1:1",
			 NULL };
	char *again[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE,
			  "--reconnect", "1", "127.0.0.1:1", NULL };

	says(once, 1, "start it with [::]:1 or 0.0.0.0:1, not with 1 alone");
	says(again, 1, "start it with [::]:1 or 0.0.0.0:1, not with 1 alone");
}

static void test_no_socket(void)
{
	char path[128];
	char *recv[] = { "tools/fpgabuf-recv", path, NULL };
	struct process p;
	struct temp t;

	temp_make(&t, "file");
	close(open(t.file, O_WRONLY | O_CREAT, 0600));
	snprintf(path, sizeof(path), "unix:%s", t.file);
	CU_ASSERT_EQUAL(process_run(&p, recv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "this path exists and is not a socket"));
	CU_ASSERT_PTR_NULL(strstr(p.output, "remove"));
	CU_ASSERT_EQUAL(access(t.file, F_OK), 0);
	temp_remove(&t);
}

static void test_alloc(void)
{
	char *send[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "a:1", NULL };
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "/tmp/none",
			  NULL };
	static const struct { char *error; const char *remedy; } errors[] = {
		{ "5", "its bounce buffers are full" },
		{ "12", "memory is fragmented or short" },
		{ "22", "a region has at most" },
		{ "23", "the whole system has too many open files" },
		{ "24", "raise the limit of open files" },
		{ "122", "all regions of the device may have" },
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		setenv("FAKE_ALLOC_ERRNO", errors[i].error, 1);
		says(send, 1, errors[i].remedy);
		says(share, 1, errors[i].remedy);
	}
	unsetenv("FAKE_ALLOC_ERRNO");
}

/* It captures nothing: everybody who waits says so. */
static void test_stall(void)
{
	struct process server, receiver, direct, shared;
	char path[64], peer[32];
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, path, NULL };
	char *recv[] = { "tools/fpgabuf-recv", "--connections", "0", "0",
			 NULL };
	char *send[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, peer, NULL };
	char *from[] = { "fpgabuf-send-fake", "--share", path, peer, NULL };

	snprintf(path, sizeof(path), "/tmp/fpgabuf-stall-%d.sock", getpid());
	setenv("FAKE_NEVER", "", 1);
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&server, share);
	CU_ASSERT_TRUE_FATAL(process_expect(&server, "sharing " FAKE_DEVICE));
	process_start(&receiver, recv);
	CU_ASSERT_TRUE_FATAL(process_expect(&receiver, "listening at"));
	snprintf(peer, sizeof(peer), "127.0.0.1:%d",
		 atoi(strstr(receiver.output, "port ") + 5));
	process_start(&direct, send);
	process_start(&shared, from);
	CU_ASSERT_TRUE(process_expect(&direct, "no capture has come from " FAKE_DEVICE " for 2 s"));
	CU_ASSERT_TRUE(process_expect(&direct, "is the FPGA sending?"));
	CU_ASSERT_TRUE(process_expect(&server, "is the FPGA sending?"));
	CU_ASSERT_TRUE(process_expect(&shared, "see the messages of fpgabuf-share"));
	CU_ASSERT_TRUE(process_expect(&receiver, "has connected, and sends nothing"));
	unsetenv("FAKE_NEVER");
	unsetenv("FAKE_DMABUFS");
	/* Who sends nothing is no stream for the receiver. */
	stop(&direct, 1);
	stop(&shared, 1);
	stop(&server, 0);
	stop(&receiver, 0);
}

/* What has come by then is not what is waited for. */
static void test_stream_stalls(void)
{
	char *args[] = { "--connections", "0", NULL };
	const uint8_t data[10] = { 0 };
	struct process p;
	int port, fd;

	port = receiver_start(&p, args);
	fd = receiver_feed(port, data, sizeof(data));
	CU_ASSERT_TRUE(process_expect(&p, "no data come after 10 bytes"));
	close(fd);
	stop(&p, 0);
}

/* An FPGA that always takes that long is not complained of each time. */
static void test_patience(void)
{
	struct stall s = { .since_ns = 1 };

	CU_ASSERT_TRUE(stall_waits(&s));
	CU_ASSERT_FALSE(stall_waits(&s));
	CU_ASSERT_EQUAL(stall_due_ns(&s), 0);
	stall_over(&s);
	CU_ASSERT_EQUAL(stall_due_ns(&s), 0);
	CU_ASSERT_FALSE(stall_waits(&s));
	CU_ASSERT_EQUAL(stall_due_ns(&s), s.since_ns + INT64_C(4000000000));
	stall_over(&s);
	CU_ASSERT_EQUAL(s.patience_ns, INT64_C(4000000000));
}

static int open_manager(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + strlen(name);

	strcpy(addr.sun_path, name);
	if (*name == '@')
		addr.sun_path[0] = '\0';
	CU_ASSERT_FATAL(!bind(fd, (struct sockaddr *)&addr, len));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void manager_hears(int fd, const char *text)
{
	char heard[1024];
	ssize_t n = wait_for(fd, POLLIN) ? recv(fd, heard, sizeof(heard) - 1, 0) :
					   0;

	heard[n > 0 ? n : 0] = '\0';
	if (strncmp(heard, text, strlen(text)))
		printf("\n    heard: %s\n    not: %s", heard, text);
	CU_ASSERT_EQUAL(strncmp(heard, text, strlen(text)), 0);
}

/* One that listens at an abstract name, and one at a path */
static void test_notify(void)
{
	struct process share, recv, send;
	char path[64], name[64], peer[32];
	char *share_args[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, path,
			       NULL };
	char *recv_args[] = { "tools/fpgabuf-recv", "--connections", "0", "0",
			      NULL };
	char *send_args[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r",
			      "64K", peer, NULL };
	int manager;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-shared-%d", getpid());
	snprintf(name, sizeof(name), "@fpgabuf-unit-%d", getpid());
	manager = open_manager(name);
	process_start(&share, share_args);
	manager_hears(manager, "READY=1\nSTATUS=sharing " FAKE_DEVICE);
	stop(&share, 0);
	manager_hears(manager, "STOPPING=1");
	close(manager);

	snprintf(name, sizeof(name), "/tmp/fpgabuf-manager-%d", getpid());
	manager = open_manager(name);
	process_start(&recv, recv_args);
	manager_hears(manager, "READY=1\nSTATUS=listening");
	CU_ASSERT_TRUE_FATAL(process_expect(&recv, "listening at"));
	snprintf(peer, sizeof(peer), "127.0.0.1:%d",
		 atoi(strstr(recv.output, "port ") + 5));
	unsetenv("NOTIFY_SOCKET");
	setenv("FAKE_CAPTURES", "1", 1);
	process_start(&send, send_args);
	manager_hears(manager, "STATUS=1 streams open, 0 have ended");
	kill(send.pid, SIGTERM);
	process_finish(&send);
	/* Whether it has failed depends on when the signal came. */
	manager_hears(manager, "STATUS=0 streams open, 1 have ended");
	stop(&recv, 0);
	manager_hears(manager, "STOPPING=1");

	/* This one is not managed. */
	process_start(&recv, recv_args);
	CU_ASSERT_TRUE_FATAL(process_expect(&recv, "listening at"));
	snprintf(peer, sizeof(peer), "127.0.0.1:%d",
		 atoi(strstr(recv.output, "port ") + 5));
	setenv("NOTIFY_SOCKET", name, 1);
	process_start(&send, send_args);
	manager_hears(manager, "READY=1\nSTATUS=sending " FAKE_DEVICE " to 1");
	kill(send.pid, SIGTERM);
	manager_hears(manager, "STOPPING=1");
	process_finish(&send);
	stop(&recv, 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("FAKE_CAPTURES");
	close(manager);
	unlink(name);
}

/* A port that was free a moment ago */
static void free_port(char peer[32])
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct endpoint e;
	int fd;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", &e), 0);
	fd = endpoint_listen(&e);
	CU_ASSERT_FATAL(fd >= 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	snprintf(peer, 32, "127.0.0.1:%d", ntohs(addr.sin_port));
	close(fd);
}

/* The receiver begins to listen when the sender has looked for it in vain. */
static void test_receiver_is_late(void)
{
	struct process sender, receiver;
	char peer[32];
	char *send[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-b", "100000",
			 "--reconnect", "100", "--framed", "--json", peer,
			 NULL };
	char *recv[] = { "tools/fpgabuf-recv", "--framed", "-b", "100000", peer,
			 NULL };

	free_port(peer);
	process_start(&sender, send);
	CU_ASSERT_TRUE(process_expect(&sender, "connecting again in 0.1 s, attempt 1 of 100"));
	CU_ASSERT_EQUAL(process_run(&receiver, recv), 0);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output, "\"reconnects\": 0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sender.output,
				      "\"acknowledged\": \"receiver\""));
}

static const struct test tests[] = {
	{ "a bad value is answered with what is right", test_values },
	{ "engine splice says what it cannot do", test_splice },
	{ "engine rdma says what it cannot do", test_rdma },
	{ "a full stdout is an error, also of --help", test_full_stdout },
	{ "a link-local address without its interface is told which part is missing",
	  test_scope },
	{ "a receiver that only this machine can reach says how others can",
	  test_port_alone },
	{ "a refused connection names receivers that listen to their machine alone",
	  test_refused },
	{ "you are not told to delete a file that is not a socket", test_no_socket },
	{ "whatever ALLOC fails with has a remedy", test_alloc },
	{ "a stalled FPGA is told of by everybody who waits for it",
	  test_stall },
	{ "a stream that stalls is told of", test_stream_stalls },
	{ "what stalls again is given twice as long", test_patience },
	{ "a service manager hears when they are ready, how it goes, and the end",
	  test_notify },
	{ "with --reconnect the receiver may come later", test_receiver_is_late },
	{ }
};

SUITE(message, .title = "messages of the tools", .tests = tests)
