// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-plan: its arithmetic, what it looks at, and what it says */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "plan/report.h"
#include "common/message.h"
#include "common/size.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"

#define MAX_ARGS	16
#define MIB		(UINT64_C(1) << 20)

static void test_ms(void)
{
	static const struct { const char *text; uint64_t us; } good[] = {
		{ "0", 0 }, { "1", 1000 }, { "0.5", 500 }, { "40.125", 40125 },
		{ "0.001", 1 }, { "3600000", UINT64_C(3600000000) },
	};
	static const char * const bad[] = {
		"", ".", ".5", "1.", "1.0000", "-1", "+1", " 1", "1ms", "1.5s",
		"1e3", "1.-1",
	};
	uint64_t us = 42;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(parse_ms(bad[i], UINT64_MAX, &us), -EINVAL);
	CU_ASSERT_EQUAL(parse_ms("3600000.001", UINT64_C(3600000000), &us),
			-ERANGE);
	CU_ASSERT_EQUAL(parse_ms("18446744073709551615", UINT64_MAX, &us),
			-ERANGE);
	CU_ASSERT_EQUAL(parse_ms("18446744073709551616", UINT64_MAX, &us),
			-ERANGE);
	CU_ASSERT_EQUAL(us, 42);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(parse_ms(good[i].text, UINT64_C(3600000000),
					 &us), 0);
		CU_ASSERT_EQUAL(us, good[i].us);
	}
}

/* Numbers that one can check in the head: a region is captured in 10 ms. */
static void test_regions(void)
{
	struct stream s = {
		.rate = 100 * MIB,
		.link = 100 * MIB,
		.region_size = MIB,
		.rtt_us = 20000,
		.delay_us = 10000,
	};
	struct plan p;

	CU_ASSERT_EQUAL(plan_make(&s, &p), 0);
	CU_ASSERT_EQUAL(p.capture_us, 10000);
	CU_ASSERT_EQUAL(p.sending_us, 10000);
	CU_ASSERT_EQUAL(p.held_us, 40000);
	CU_ASSERT_EQUAL(p.held, 4);
	CU_ASSERT_EQUAL(p.regions, 6);
	CU_ASSERT_EQUAL(p.bytes, 6 * MIB);
	CU_ASSERT_EQUAL(p.on_its_way, 3 * MIB);
	CU_ASSERT_EQUAL(p.socket, 6 * MIB);

	/* A link that is twice as fast has sent it in half the time. */
	s.link *= 2;
	CU_ASSERT_EQUAL(plan_make(&s, &p), 0);
	CU_ASSERT_EQUAL(p.held_us, 35000);
	CU_ASSERT_EQUAL(p.held, 4);

	/* Large regions: one is sent while the next one is captured. */
	s = (struct stream){ MIB, MIB, 100 * MIB, 0, 0 };
	CU_ASSERT_EQUAL(plan_make(&s, &p), 0);
	CU_ASSERT_EQUAL(p.regions, 3);
	CU_ASSERT_EQUAL(p.start_regions, 3);
	CU_ASSERT_EQUAL(p.on_its_way, 0);
}

/* Against what TCP does, step by step, in whole round trips; one is to connect */
static void test_start(void)
{
	struct stream s = {
		.rate = 16 * MIB,
		.link = 16 * MIB,
		.region_size = 64 * 1024,
		.rtt_us = 100000,
	};
	uint64_t per_rtt = s.rate / 10, sent = 0, acked = 0, captured, most = 0;
	uint64_t window;
	struct plan p;
	int trip;

	for (trip = 1, window = 14480; trip < 20; trip++, window *= 2) {
		captured = (trip + 1) * per_rtt;
		if (captured - acked > most)
			most = captured - acked;
		acked = sent + window;
		sent = acked;
		if (window >= per_rtt)
			break;
	}
	CU_ASSERT_EQUAL(plan_make(&s, &p), 0);
	/* And a region to send, one being captured into, one queued */
	CU_ASSERT_EQUAL(p.start_regions,
			(most + s.region_size - 1) / s.region_size + 3);
	CU_ASSERT(p.start_regions > 2 * p.regions);
}

static void test_no_plan(void)
{
	struct stream s = { 2, 1, MIB, 0, 0 };
	struct plan p;

	CU_ASSERT_EQUAL(plan_make(&s, &p), -ERANGE);
	s = (struct stream){
		.rate = UINT64_C(1) << 50,
		.link = UINT64_C(1) << 50,
		.region_size = MIB,
		.rtt_us = UINT64_C(3600000000),
	};
	CU_ASSERT_EQUAL(plan_make(&s, &p), -ERANGE);
}

/* Options refer to the words, which are good until the next call. */
static int parse(struct plan_options *o, const char *words)
{
	static char copy[256];
	char *argv[MAX_ARGS + 1] = { (char *)"fpgabuf-plan" };
	int argc = 1;
	char *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok(copy, " "); word && argc < MAX_ARGS;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	optind = 0;
	return plan_options_parse(argc, argv, o);
}

static void test_options(void)
{
	static const char * const bad[] = {
		"", "--json", "--rate 0", "--rate x",
		"--rate 1M --rtt -1", "--rate 1M --rtt 3600001",
		"--rate 1M --delay x", "--rate 1M -r 0",
		"--rate 2M --link 1M", "--rate 1M more",
		"--rate 2000T", "--rate 1M --strange",
		"--rate 1M -r 2T",
	};
	struct plan_options o;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(parse(&o, bad[i]), EXIT_USAGE);
	CU_ASSERT_EQUAL(parse(&o, "--plan --rate 3M"), -1);
	CU_ASSERT_EQUAL(parse(&o, "--rate 3M"), -1);
	CU_ASSERT_EQUAL(o.stream.rate, 3 * MIB);
	CU_ASSERT_EQUAL(o.stream.link, 3 * MIB);
	CU_ASSERT_EQUAL(o.stream.region_size, FPGABUF_RING_REGION_SIZE);
	CU_ASSERT_EQUAL(o.stream.rtt_us, 1000);
	CU_ASSERT_EQUAL(o.stream.delay_us, 10000);
	CU_ASSERT_PTR_NULL(o.device);
	CU_ASSERT_FALSE(o.json);
	CU_ASSERT_EQUAL(parse(&o, "--rate 3M --link 4M -r 4M --rtt 0.5 --delay 0 -d /dev/x --json"),
			-1);
	CU_ASSERT_EQUAL(o.stream.link, 4 * MIB);
	CU_ASSERT_EQUAL(o.stream.region_size, 4 * MIB);
	CU_ASSERT_EQUAL(o.stream.rtt_us, 500);
	CU_ASSERT_EQUAL(o.stream.delay_us, 0);
	CU_ASSERT_STRING_EQUAL(o.device, "/dev/x");
	CU_ASSERT_TRUE(o.json);
}

/* A /proc with one of the two sysctls, or both */
static void make_proc(char *root, const char *wmem, const char *rmem)
{
	char command[512];

	strcpy(root, "/tmp/fpgabuf-unit-XXXXXX");
	if (!mkdtemp(root))
		abort();
	snprintf(command, sizeof(command),
		 "mkdir -p %s/sys/net/ipv4 && cd %s/sys/net/ipv4 && echo '%s' >tcp_wmem && { [ -z '%s' ] || echo '%s' >tcp_rmem; }",
		 root, root, wmem, rmem, rmem);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void remove_proc(const char *root)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

static const struct limit *find(const struct limits *limits, const char *name)
{
	unsigned int i;

	for (i = 0; i < limits->count; i++)
		if (!strcmp(limits->limit[i].name, name))
			return &limits->limit[i];
	CU_FAIL_FATAL("no such limit");
	return NULL;
}

static void test_limits(void)
{
	struct plan_options o;
	struct limits limits;
	const struct limit *l;
	struct plan p;
	char proc[32], text[64];

	CU_ASSERT_EQUAL(parse(&o, "--rate 100M --rtt 20 -r 1M"), -1);
	CU_ASSERT_EQUAL(plan_make(&o.stream, &p), 0);
	make_proc(proc, "4096\t16384\t4194304", "4096 131072 6291456");
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, NULL), 0);
	CU_ASSERT_EQUAL(limits.count, 4);
	l = find(&limits, "buffer to send from");
	CU_ASSERT_EQUAL(l->need, 6 * MIB);
	CU_ASSERT_EQUAL(l->have, 4 * MIB);
	CU_ASSERT_FALSE(limit_ok(l));
	CU_ASSERT_STRING_EQUAL(l->remedy,
			       "sysctl -w net.ipv4.tcp_wmem='4096 16384 6291456'");
	CU_ASSERT(limit_ok(find(&limits, "buffer to receive to")));
	CU_ASSERT_FALSE(limits_ok(&limits));
	remove_proc(proc);

	make_proc(proc, "4096 16384 6291456", "4096 131072 6291456");
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, NULL), 0);
	CU_ASSERT(limit_ok(find(&limits, "buffer to send from")));
	CU_ASSERT(limit_ok(find(&limits, "regions")));
	/* A limit in KiB is enough for the last byte, too. */
	CU_ASSERT_EQUAL(parse(&o, "--rate 1M -r 1000"), -1);
	CU_ASSERT_EQUAL(plan_make(&o.stream, &p), 0);
	CU_ASSERT_NOT_EQUAL(p.bytes % 1024, 0);
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, NULL), 0);
	snprintf(text, sizeof(text), "ulimit -l %" PRIu64 ",",
		 p.bytes / 1024 + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(find(&limits, "locked memory")->remedy,
				      text));
	remove_proc(proc);
	make_proc(proc, "4096 16384", "1 2 3");
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, NULL), -EIO);
	remove_proc(proc);
	make_proc(proc, "1 2 3", "");
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, NULL), -EIO);
	remove_proc(proc);
}

/* Someone without the capability, whose limit is low: 0 if that is seen. */
static int poor_child(const struct plan_options *o, const struct plan *p,
		      const char *proc)
{
	struct rlimit low = { 65536, 65536 };
	struct limits limits;

	if (setrlimit(RLIMIT_MEMLOCK, &low) ||
	    (!geteuid() && (setgid(65534) || setuid(65534))))
		return 1;
	if (limits_read(&limits, &o->stream, p, proc, NULL))
		return 2;
	return find(&limits, "locked memory")->have == 65536 ? 0 : 3;
}

static void test_locked_memory(void)
{
	struct plan_options o;
	char proc[32];
	struct plan p;
	int status;
	pid_t pid;

	CU_ASSERT_EQUAL(parse(&o, "--rate 1M"), -1);
	CU_ASSERT_EQUAL(plan_make(&o.stream, &p), 0);
	make_proc(proc, "1 2 3", "1 2 3");
	CU_ASSERT_EQUAL(chmod(proc, 0755), 0);
	pid = fork();
	if (!pid)
		_exit(poor_child(&o, &p, proc));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	remove_proc(proc);
}

static void test_device_limits(void)
{
	struct fpgabuf_info info;
	struct plan_options o;
	struct limits limits;
	struct plan p;
	char proc[32];

	fake_reset();
	CU_ASSERT_EQUAL(parse(&o, "--rate 1M -d " FAKE_DEVICE), -1);
	CU_ASSERT_TRUE(o.usual_region);
	CU_ASSERT_EQUAL(plan_make(&o.stream, &p), 0);
	make_proc(proc, "1 2 999999999", "1 2 999999999");
	CU_ASSERT_EQUAL(limits_device(o.device, &info), 0);
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, &info), 0);
	CU_ASSERT_EQUAL(limits.count, 7);
	CU_ASSERT_EQUAL(find(&limits, "bytes of a region")->need, FPGABUF_RING_REGION_SIZE);
	CU_ASSERT_EQUAL(find(&limits, "bytes of all regions")->need, p.bytes);
	/* What other programs have is not to be had. */
	info.used_bytes = 900 * MIB;
	info.file_used_bytes = 100 * MIB;
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, &info), 0);
	CU_ASSERT_EQUAL(find(&limits, "bytes of all regions")->have,
			info.limit_bytes - 800 * MIB);
	fake_plain();
	CU_ASSERT_EQUAL(limits_device(o.device, &info), 0);
	CU_ASSERT_EQUAL(limits_read(&limits, &o.stream, &p, proc, &info), 0);
	CU_ASSERT_EQUAL(find(&limits, "bytes of a capture")->have, 16376);
	CU_ASSERT_FALSE(limit_ok(find(&limits, "bytes of a capture")));
	CU_ASSERT_EQUAL(limits_device("/nowhere", &info), -ENOENT);
	CU_ASSERT_EQUAL(parse(&o, "--rate 1M -r 8K"), -1);
	CU_ASSERT_FALSE(o.usual_region);
	fake_reset();
	remove_proc(proc);
}

static char *reported(const struct plan_options *o, const struct limits *limits,
		      bool json, const struct fpgabuf_info *device)
{
	char *text = NULL;
	struct plan p;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(plan_make(&o->stream, &p), 0);
	(json ? report_json : report_text)(f, &o->stream, &p, limits,
						  device);
	fclose(f);
	return text;
}

static void test_report(void)
{
	struct limits limits = {
		.count = 2,
		.limit = {
			{ "ropes", 3, 2, "buy one" },
			{ "wishes", 9, NO_LIMIT, "wish less" },
		},
	};
	struct plan_options o;
	char *text;

	CU_ASSERT_EQUAL(parse(&o, "--rate 100M --rtt 20 -r 1M"), -1);
	text = reported(&o, &limits, false, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "held for 40.000 ms"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "regions     6: 4 held"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LOW   ropes: 3 needed, 2\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-> buy one"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ok    wishes: 9 needed, no limit"));
	CU_ASSERT_PTR_NULL(strstr(text, "wish less"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "fpgabuf-send --region-size 1048576 --regions 6 PEER"));
	free(text);
	text = reported(&o, &limits, true, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"ok\": false, \"rate\": 104857600"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"regions\": 6, \"bytes\": 6291456"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"name\": \"wishes\", \"ok\": true, \"need\": 9, \"limited\": false, \"remedy\": \"\"}"));
	free(text);
}

static void expect_gaps(const struct fpgabuf_info *device, const char *text,
			const char *json)
{
	const struct limits limits = { 0 };
	struct plan_options o;
	char *said;

	CU_ASSERT_EQUAL(parse(&o, "--rate 100M"), -1);
	said = reported(&o, &limits, false, device);
	CU_ASSERT_EQUAL(!!strstr(said, "gaps        not known: the DMA"),
			*text != '\0');
	free(said);
	said = reported(&o, &limits, true, device);
	CU_ASSERT_EQUAL(!!strstr(said, "gaps_exact"), *json != '\0');
	CU_ASSERT_PTR_NOT_NULL(strstr(said, json));
	free(said);
}

/* No number of regions helps where software restarts the controller. */
static void test_gaps(void)
{
	struct fpgabuf_info info = { .version = 1 };

	expect_gaps(NULL, "", "");
	expect_gaps(&info, "", "");
	info.version = 2;
	expect_gaps(&info, "said", "\"gaps_exact\": false");
	info.capabilities = FPGABUF_CAP_EXACT_GAPS;
	expect_gaps(&info, "", "\"gaps_exact\": true");
}

/* The program as it is, on this machine */
static void test_program(void)
{
	char *plan[] = { "tools/fpgabuf-plan", "--rate", "1M",
			 "--json", NULL };
	struct process p;
	int code;

	code = process_run(&p, plan);
	CU_ASSERT(code == EXIT_OK || code == EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, code ? "{\"ok\": false" :
						       "{\"ok\": true"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"regions\": 4,"));
	plan[3] = "--rtt=3600000";
	plan[2] = "1000T";
	CU_ASSERT_EQUAL(process_run(&p, plan), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "no memory is large enough"));
	plan[2] = "none";
	CU_ASSERT_EQUAL(process_run(&p, plan), EXIT_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "--rate: none: not a valid value"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "  -> it takes bytes, such as 65536, 64K, 1M or 2G, from 1 to "));
	plan[1] = "--help";
	CU_ASSERT_EQUAL(process_run(&p, plan), EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "Usage: fpgabuf-plan"));
	plan[1] = "--version";
	CU_ASSERT_EQUAL(process_run(&p, plan), EXIT_OK);
}

static const struct test tests[] = {
	{ "milliseconds are read exactly", test_ms },
	{ "regions for a stream in its stride", test_regions },
	{ "regions for its beginning", test_start },
	{ "what cannot be planned is refused", test_no_plan },
	{ "the command line", test_options },
	{ "the limits of the kernel, and how to raise them", test_limits },
	{ "the limit of locked memory of who is not root", test_locked_memory },
	{ "the limits of a device", test_device_limits },
	{ "what is reported", test_report },
	{ "gaps that no region helps against are told of", test_gaps },
	{ "the program says so, and exits accordingly", test_program },
	{ }
};

SUITE(plan, .title = "fpgabuf-plan", .tests = tests)
