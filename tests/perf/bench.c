// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sending and capturing costs, in instructions, and how much of what is sent
 * is copied.  No test: prints JSON for tests/perf/run.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "net.h"

#define COPIES	"/sys/module/fpgabuf_test_copies/parameters/"
#define WINDOW	(32 * MIB)

/* Counted so often, and given up after so many tries */
enum { RUNS = 3, TRIES = 8 };

struct row {
	const struct memory *memory;
	enum way way;
};

/* The first two are what people do today. */
static const struct row rows[] = {
	{ &memory_remap, WAY_SEND },
	{ &memory_small, WAY_SEND },
	{ &memory_small, WAY_ZEROCOPY },
	{ &memory_huge, WAY_ZEROCOPY },
	{ &memory_huge, WAY_URING },
	{ &memory_huge, WAY_REGISTERED },
	{ &memory_tmpfs, WAY_SENDFILE },
	{ &memory_folio, WAY_COPY },
	{ &memory_folio, WAY_ZEROCOPY },
	{ &memory_folio, WAY_URING },
	{ &memory_folio, WAY_REGISTERED },
	{ &memory_folio, WAY_AUTO },
	{ &memory_pages, WAY_ZEROCOPY },
	{ &memory_pages, WAY_URING },
	{ &memory_scatter, WAY_ZEROCOPY },
	{ &memory_scatter, WAY_URING },
	{ &memory_carveout, WAY_ZEROCOPY },
	{ &memory_carveout, WAY_URING },
	{ &memory_cma, WAY_ZEROCOPY },
};

static const size_t sizes[] = {
	4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 256 * KIB,
	MIB, 4 * MIB, 16 * MIB,
};

/* Regions that 1 MiB is sent from at a time */
static const size_t regions[] = {
	MIB, MIB + MIB / 2, 2 * MIB, 4 * MIB, 6 * MIB, 24 * MIB,
};

/* Enough for the socket to be in its stride */
static uint64_t total(size_t size)
{
	if (size <= 32 * KIB)
		return 8 * MIB;
	return size <= 4 * MIB ? 32 * MIB : 64 * MIB;
}

/* The least of some runs in which the connection was in its stride */
static void measure(struct window *w, const struct row *row, size_t size)
{
	uint64_t best = UINT64_MAX, worst = 0;
	struct sending s;
	int ret = 0, runs = 0, tries;

	for (tries = 0; tries < TRIES && runs < RUNS && !ret; tries++) {
		ret = bench_send(w, row->way, size, total(size), &s);
		/* An emulated NIC can forget to ask for an interrupt. */
		if (ret == -ETIMEDOUT)
			ret = 0;
		if (ret || !s.in_stride)
			continue;
		runs++;
		if (s.ns < best)
			best = s.ns;
		if (s.ns > worst)
			worst = s.ns;
	}
	printf("\nbench {\"memory\":\"%s\",\"way\":\"%s\",\"size\":%zu,\"region\":%zu",
	       row->memory->name, way_name(row->way), size, w->region);
	if (ret || !runs) {
		printf(",\"error\":\"%s\"}", ret ? strerror(-ret) : "never in stride");
		return;
	}
	printf(",\"bytes\":%llu,\"least\":%llu,\"most\":%llu,\"runs\":%d,\"rejected\":%d}",
	       (unsigned long long)s.bytes, (unsigned long long)best,
	       (unsigned long long)worst, runs, tries - runs);
}

static unsigned long counter(const char *name)
{
	char path[128];
	unsigned long value = 0;

	snprintf(path, sizeof(path), COPIES "%s", name);
	REQUIRE(file_read_line(path, "", &value), true);
	return value;
}

/* What the kernel copies of it: counted, so once is enough */
static void copies(struct window *w, const struct row *row, size_t size)
{
	struct sending s;
	int ret;

	file_write(COPIES "attached", "0");
	file_write(COPIES "recopied", "0");
	ret = bench_send(w, row->way, size, size < MIB ? 2 * MIB : 2 * size, &s);
	if (ret)
		return;
	printf("\ncopies {\"memory\":\"%s\",\"way\":\"%s\",\"size\":%zu,\"region\":%zu,\"sent\":%llu,\"attached\":%lu,\"recopied\":%lu,\"labelled\":%llu}",
	       row->memory->name, way_name(row->way), size, w->region,
	       (unsigned long long)s.sent, counter("attached"),
	       counter("recopied"), (unsigned long long)s.copied);
}

static void for_rows(void (*what)(struct window *w, const struct row *row,
				  size_t size))
{
	struct window w;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (window_open(&w, rows[i].memory, WINDOW, 1)) {
			printf("\nno %s here", rows[i].memory->name);
			window_close(&w);
			continue;
		}
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			what(&w, &rows[i], sizes[j]);
		window_close(&w);
	}
}

static void sending(void)
{
	for_rows(measure);
	printf("\n");
}

static void sending_regions(void)
{
	static const struct row from[] = {
		{ &memory_small, WAY_ZEROCOPY },
		{ &memory_huge, WAY_ZEROCOPY },
		{ &memory_folio, WAY_ZEROCOPY },
		{ &memory_folio, WAY_URING },
	};
	struct window w;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		for (j = 0; j < ARRAY_SIZE(regions); j++) {
			REQUIRE(window_open(&w, from[i].memory, regions[j],
					    24 * MIB / regions[j]), 0);
			measure(&w, &from[i], MIB);
			window_close(&w);
		}
	}
	printf("\n");
}

/* What the patches of Documentation/upstream are for, and what they leave alone */
static void sending_upstream(void)
{
	static const struct row compared[] = {
		{ &memory_folio, WAY_REGISTERED },
		{ &memory_folio, WAY_ZEROCOPY },
		{ &memory_folio, WAY_URING },
		{ &memory_small, WAY_ZEROCOPY },
		{ &memory_tmpfs_huge, WAY_SENDFILE },
		{ &memory_tmpfs, WAY_SENDFILE },
		{ &memory_remap, WAY_SEND },
	};
	static const size_t compared_sizes[] = { 64 * KIB, 256 * KIB };
	struct window w;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(compared); i++) {
		REQUIRE(window_open(&w, compared[i].memory, WINDOW, 1), 0);
		for (j = 0; j < ARRAY_SIZE(compared_sizes); j++)
			measure(&w, &compared[i], compared_sizes[j]);
		window_close(&w);
	}
	printf("\n");
}

/* A peer on the same machine gets copies: counters that miss those see none. */
static void counters_count(void)
{
	static uint8_t data[MIB];
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int tx = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rx, one = 1;
	socklen_t len = sizeof(addr);
	struct reader *reader;
	size_t got;

	REQUIRE(bind(listener, (struct sockaddr *)&addr, len), 0);
	REQUIRE(listen(listener, 1), 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	REQUIRE(connect(tx, (struct sockaddr *)&addr, len), 0);
	rx = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	REQUIRE(rx >= 0, true);
	REQUIRE(setsockopt(tx, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), 0);
	reader = reader_start(rx, sizeof(data));
	EXPECT(send_zerocopy(tx, data, sizeof(data)), sizeof(data));
	reader_wait(reader, &got);
	EXPECT(got, sizeof(data));
	EXPECT(counter("attached"), sizeof(data));
	CU_ASSERT(counter("recopied") >= sizeof(data));
	reader_free(reader);
	close(rx);
	close(tx);
	close(listener);
}

static void copying(void)
{
	REQUIRE(module_load("fpgabuf-test-copies.ko", ""), 0);
	counters_count();
	for_rows(copies);
	EXPECT(module_unload("fpgabuf_test_copies"), 0);
	printf("\n");
}

struct capture_cost {
	uint64_t fault, queue, dequeue, sync;
};

static void keep_least(uint64_t *least, uint64_t start)
{
	uint64_t cost = bench_clock() - start;

	if (!*least || cost < *least)
		*least = cost;
}

/* Nothing comes from the FPGA, so nothing but QUEUE is done. */
static void queue_cost(int dev, int fd, struct capture_cost *cost)
{
	struct fpgabuf_queue queue = { .fd = fd }, copy;
	struct fpgabuf_dequeue done;
	uint64_t start;
	int i;

	sim_source("feed");
	for (i = 0; i < 20; i++) {
		copy = queue;
		start = bench_clock();
		EXPECT(call(dev, FPGABUF_IOC_QUEUE, &copy), 0);
		keep_least(&cost->queue, start);
		EXPECT(capture_cancel(dev), 1);
		EXPECT(capture_get(dev, &done), 0);
	}
}

static void rest_cost(int dev, int fd, struct capture_cost *cost)
{
	struct fpgabuf_dequeue done;
	uint64_t start;
	int i;

	sim_source("pattern");
	for (i = 0; i < 10; i++) {
		REQUIRE(region_queue(dev, fd, 0, 0), 0);
		CU_ASSERT(readable(dev, 30000));
		start = bench_clock();
		EXPECT(call(dev, FPGABUF_IOC_DEQUEUE, &done), 0);
		keep_least(&cost->dequeue, start);
		start = bench_clock();
		sync_access(fd, true);
		sync_access(fd, false);
		keep_least(&cost->sync, start);
	}
}

static void capture_row(const struct backend *backend, size_t size)
{
	struct capture_cost cost = { 0 };
	struct fpgabuf_region *region;
	struct fpgabuf_alloc alloc;
	uint64_t start;
	void *mem;
	int dev;

	dev = backend_device(backend, size, &alloc);
	if (dev < 0)
		return;
	REQUIRE(fpgabuf_region_import(alloc.fd, &region), 0);
	REQUIRE(fpgabuf_region_map(region, PROT_READ, &mem), 0);
	start = bench_clock();
	CU_ASSERT(!madvise(mem, size, MADV_POPULATE_READ));
	keep_least(&cost.fault, start);
	queue_cost(dev, alloc.fd, &cost);
	rest_cost(dev, alloc.fd, &cost);
	printf("\ncapture {\"backend\":\"%s\",\"size\":%zu,\"queue\":%llu,\"dequeue\":%llu,\"sync\":%llu,\"fault\":%llu}",
	       backend->name, size, (unsigned long long)cost.queue,
	       (unsigned long long)cost.dequeue, (unsigned long long)cost.sync,
	       (unsigned long long)cost.fault);
	fpgabuf_region_close(region);
	close(dev);
}

static void capturing(void)
{
	static const size_t captures[] = {
		4 * KIB, 64 * KIB, MIB, 4 * MIB, 16 * MIB,
	};
	size_t i, j;

	bench_go_first(true);
	for (i = 0; i < BACKENDS; i++)
		for (j = 0; j < ARRAY_SIZE(captures); j++)
			capture_row(&bench_backends[i], captures[j]);
	bench_go_first(false);
	printf("\n");
}

/* What tests/perf/profile.c has counted meanwhile belongs to these functions. */
static void save_symbols(void)
{
	EXPECT(system("cp /proc/kallsyms /dev/vda && sync"), 0);
}

/* What IP was given to send: a packet that the NIC segments is one. */
static unsigned long packets_sent(void)
{
	FILE *snmp = fopen("/proc/net/snmp", "re");
	unsigned long packets = 0;

	REQUIRE(!snmp, false);
	EXPECT(fscanf(snmp, "Ip: %*[^\n] Ip: %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu",
		      &packets), 1);
	fclose(snmp);
	return packets;
}

/* Once each; the plugin of QEMU sees where it begins and ends. */
static void profiling(void)
{
	static const struct row ways[] = {
		{ &memory_remap, WAY_SEND },
		{ &memory_huge, WAY_ZEROCOPY },
		{ &memory_folio, WAY_ZEROCOPY },
		{ &memory_folio, WAY_URING },
	};
	unsigned long packets;
	struct sending s;
	struct window w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		packets = packets_sent();
		REQUIRE(window_open(&w, ways[i].memory, WINDOW, 1), 0);
		REQUIRE(bench_send(&w, ways[i].way, MIB, total(MIB), &s), 0);
		printf("\nprofile %llu bytes, %llu in a packet: %s, %s",
		       (unsigned long long)s.bytes,
		       (unsigned long long)s.sent / (packets_sent() - packets),
		       ways[i].memory->name, way_name(ways[i].way));
		window_close(&w);
	}
	save_symbols();
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions to send, by memory, way and size", sending },
	{ "instructions to send 1 MiB, by size of the region", sending_regions },
	{ "instructions to capture, by backend and size", capturing },
	{ "bytes that are copied to send", copying },
	{ }
};

SUITE(bench,
	.alone = true,
	.title = "bench",
	.init = modules_load,
	.tests = tests)

static const struct test profile_tests[] = {
	{ "instructions by function", profiling },
	{ }
};

SUITE(profile,
	.alone = true,
	.title = "profile",
	.init = modules_load,
	.tests = profile_tests)

static const struct test upstream_tests[] = {
	{ "instructions to send, with patches of the kernel or without",
	  sending_upstream },
	{ }
};

SUITE(upstream,
	.alone = true,
	.title = "upstream",
	.init = modules_load,
	.tests = upstream_tests)
