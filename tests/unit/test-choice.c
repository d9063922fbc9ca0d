// SPDX-License-Identifier: GPL-2.0-only
/* When --engine auto takes splice */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "send/choice.h"
#include "send/sources.h"

#define MIB	((uint64_t)1 << 20)
#define KIB	((uint64_t)1 << 10)

/* What is taken, with words that it must be said with otherwise */
static void expect(const char *why, const char *words)
{
	if (!words) {
		CU_ASSERT_PTR_NULL(why);
		return;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
}

/* Each line of words, and what speaks against splice; NULL = nothing does. */
static void test_options(void)
{
	static const struct { const char *against; char *words[6]; } lines[] = {
		{ NULL, { "-b16M", "a:1" } },
		{ NULL, { "-b16M", "-r64K", "-n64", "-t5", "a:1" } },
		{ NULL, { "-b16M", "--json", "--stats=1", "-v", "a:1" } },
		{ NULL, { "-b16M", "--keepalive=9", "[::1]:1" } },
		{ NULL, { "a:1" } },
		{ NULL, { "--duration=9", "a:1" } },
		{ "--count", { "-c9", "a:1" } },
		{ "--framed", { "-b16M", "--framed", "a:1" } },
		{ "--rate", { "-b16M", "--rate=1M", "a:1" } },
		{ "--reconnect", { "-b16M", "--reconnect=1", "a:1" } },
		{ "--slow-peer drop", { "-b16M", "--slow-peer=drop", "a:1" } },
		{ "--share", { "-b16M", "--share=x", "a:1" } },
		{ "--fd", { "-b16M", "--fd=0", "a:1" } },
		{ "several peers", { "-b16M", "a:1", "b:1" } },
	};
	static struct send_options o;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *argv[8] = { "fpgabuf-send" };
		int argc = 1;

		while (argc < 7 && lines[i].words[argc - 1]) {
			argv[argc] = lines[i].words[argc - 1];
			argc++;
		}
		optind = 0;
		CU_ASSERT_EQUAL_FATAL(send_options_parse(argc, argv, &o), -1);
		expect(choice_by_options(&o), lines[i].against);
	}
}

#define GOOD	(FPGABUF_CAP_STREAM | FPGABUF_CAP_PACKETS)

/* What is asked of which DMA controller; see above */
static void test_controller(void)
{
	static const struct {
		const char *against;
		struct source_setup setup;
		struct fpgabuf_info info;
	} lines[] = {
		{ NULL, { .bytes = 16 * MIB, .regions = 8 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
		{ NULL, { .bytes = 256 * KIB, .regions = 4,
			  .region_size = 64 * KIB },
		  { .capabilities = GOOD, .queue_depth = 8,
		    .max_packet = 64 * KIB } },
		{ NULL, { .bytes = 4 * MIB, .regions = 2,
			  .region_size = 4000 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
		{ NULL, { .bytes = UNLIMITED, .regions = 8 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
		{ NULL, { .bytes = 400001, .regions = 2,
			  .region_size = 4000 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
		{ "no streams", { .bytes = 16 * MIB, .regions = 8 },
		  { .capabilities = FPGABUF_CAP_PACKETS, .queue_depth = 8 } },
		{ "packets", { .bytes = 16 * MIB, .regions = 8 },
		  { .capabilities = FPGABUF_CAP_STREAM, .queue_depth = 8 } },
		{ "packets", { .bytes = 16 * MIB, .regions = 8 },
		  { .capabilities = GOOD, .queue_depth = 8,
		    .max_packet = 2 * MIB - 8 } },
		{ "only one", { .bytes = 16 * MIB, .regions = 1 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
		{ "too many", { .bytes = 32 * MIB, .regions = 9 },
		  { .capabilities = GOOD, .queue_depth = 8 } },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(choice_by_device(&lines[i].setup, &lines[i].info),
		       lines[i].against);
}

/* Short captures that can share regions, and the kernel */
static void test_kernel(void)
{
	const struct fpgabuf_info can = { .capabilities = FPGABUF_CAP_SLICES };
	const struct fpgabuf_info cannot = { 0 };
	struct source_setup setup = {
		.regions = 64, .region_size = 4096, .slices = true,
	};

	expect(choice_by_kernel(&setup, &can, "6.1.0-57-amd64"), "share");
	expect(choice_by_kernel(&setup, &can, "5.15.0"), "share");
	expect(choice_by_kernel(&setup, &can, "6.4.99"), "share");
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.5.0"));
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.12.3"));
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "7.0.0"));
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &cannot, "6.1.0"));
	setup.region_size = 256 * KIB;
	expect(choice_by_kernel(&setup, &can, "6.1.0"), "share");
	setup.region_size++;
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.1.0"));
	setup.region_size = 0;
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.1.0"));
	setup.region_size = 4096;
	setup.regions = 15;
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.1.0"));
	setup.regions = 16;
	setup.slices = false;
	CU_ASSERT_PTR_NULL(choice_by_kernel(&setup, &can, "6.1.0"));
}

static void test_memory(void)
{
	CU_ASSERT_PTR_NULL(choice_by_memory(2 * MIB, FPGABUF_BACKEND_FOLIO));
	CU_ASSERT_PTR_NULL(choice_by_memory(4096, FPGABUF_BACKEND_PAGES));
	expect(choice_by_memory(4097, FPGABUF_BACKEND_PAGES), "single pages");
	expect(choice_by_memory(MIB, FPGABUF_BACKEND_CARVEOUT), "single pages");
	expect(choice_by_memory(MIB, BACKEND_UNKNOWN), "single pages");
}

static const char *by_route(const char *text)
{
	static char room[96];
	struct endpoint peer;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse(text, &peer), 0);
	*room = '\0';
	return choice_by_route(&peer, room, sizeof(room));
}

static void test_route(void)
{
	fake_reset();
	expect(by_route("127.0.0.1:9"), "on this machine");
	expect(by_route("unix:/tmp/x"), "Unix socket");
	expect(by_route("nowhere.invalid:9"), "not known");
	net_pretend("192.0.2.1");
	CU_ASSERT_PTR_NULL(by_route("127.0.0.1:9"));
	net_pretend("");
}

/* Does auto take it?  All but what the caller has set up is as it should be. */
static void takes(bool is_taken, enum fpgabuf_engine engine)
{
	struct send_options o = {
		.device = FAKE_DEVICE,
		.fd = -1,
		.region_size = 65536,
		.regions = 4,
		.bytes = MIB,
		.captures = UNLIMITED,
		.duration_s = UNLIMITED,
		.engine = engine,
		.peer_count = 1,
	};
	struct source *source;

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:9", o.peers), 0);
	net_pretend("192.0.2.1");
	source = send_source_open(&o);
	net_pretend("");
	CU_ASSERT_PTR_NOT_NULL_FATAL(source);
	CU_ASSERT_EQUAL(source->kind == &source_stream_auto, is_taken);
	CU_ASSERT_EQUAL(source->slot_count, 4);
	CU_ASSERT_EQUAL(source->region_size, 65536);
	CU_ASSERT_EQUAL(source->backend, fake.single_pages ?
			FPGABUF_BACKEND_PAGES : FPGABUF_BACKEND_FOLIO);
	source_close(source);
	fake_reset();
}

static void test_auto(void)
{
	fake_reset();
	fake.streams = true;
	takes(true, FPGABUF_ENGINE_AUTO);
	/* Who asks for another engine gets it. */
	fake.streams = true;
	takes(false, FPGABUF_ENGINE_ZEROCOPY);
	takes(false, FPGABUF_ENGINE_AUTO);
	fake.streams = true;
	fake.single_pages = true;
	takes(false, FPGABUF_ENGINE_AUTO);
	/* There is no call of that name, or it cannot do all that it should. */
	takes(false, FPGABUF_ENGINE_AUTO);
	fake.streams = true;
	fake.capabilities &= ~FPGABUF_CAP_PACKETS;
	takes(false, FPGABUF_ENGINE_AUTO);
	/* Whatever it is, the others find the same. */
	fake.streams = true;
	fake.stream_errno = EOPNOTSUPP;
	takes(false, FPGABUF_ENGINE_AUTO);
	fake.streams = true;
	fake.stream_errno = EUSERS;
	takes(false, FPGABUF_ENGINE_AUTO);
}

static const struct test tests[] = {
	{ "auto takes splice by what is asked for", test_options },
	{ "... by what the DMA controller can do", test_controller },
	{ "... by the kernel", test_kernel },
	{ "... by the memory", test_memory },
	{ "... by the way to the peer", test_route },
	{ "auto takes splice only where nothing speaks against it", test_auto },
	{ }
};

SUITE(choice, .title = "splice or not", .tests = tests)
