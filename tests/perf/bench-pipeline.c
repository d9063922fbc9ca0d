// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to capture and to send, all of it: instructions of the tools as they
 * are installed, of the driver and of the kernel.  No test: prints JSON for
 * tests/perf/pipeline.sh, which adds what tests/perf/profile.c has counted.
 *
 * Each is counted with some captures and with twice as many.  The difference is
 * what captures cost; what it takes to start and to end is the same in both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "program.h"

#define MAX_PEERS	16

/* What programs do today: see today() */
#define TODAY		"today"

/**
 * struct network - what is between the sender and the host, which answers at once
 * @name: for the tables
 * @netem: the words for it, or NULL
 */
struct network {
	const char *name;
	const char *netem;
};

static const struct network at_once = { "at once", NULL };
static const struct network close_by = { "1 ms", "delay 1ms" };
static const struct network remote = { "20 ms", "delay 20ms" };
static const struct network lossy = { "1 ms, 1 % lost", "delay 1ms loss 1%" };

/**
 * struct pipeline - a row
 * @network: see there
 * @engine: of fpgabuf-send, or TODAY
 * @size: bytes of a capture; 0 = what fpgabuf-send takes
 * @regions: how many; 0 = as many
 * @framed: with headers
 * @peers: how many get the captures
 */
struct pipeline {
	const struct network *network;
	const char *engine;
	size_t size;
	unsigned int regions;
	bool framed;
	unsigned int peers;
};

static void use_network(const struct network *network)
{
	char command[128];

	if (network->netem)
		snprintf(command, sizeof(command),
			 "tc qdisc replace dev eth0 root netem limit 100000 %s",
			 network->netem);
	else
		snprintf(command, sizeof(command),
			 "tc qdisc replace dev eth0 root pfifo_fast");
	REQUIRE(system(command), 0);
}

/* So many that TCP is in its stride */
static unsigned int captures_of(const struct pipeline *p)
{
	const size_t size = p->size ?: 2 * MIB;

	if (size <= 16 * KIB)
		return 2 * MIB / size;
	return size >= 4 * MIB ? 4 : 16 * MIB / size;
}

/*
 * A driver whose memory has no pages, a program that waits for its interrupt, and
 * sends what came.  The controller and the interrupt are those of this driver.
 */
static void today(const struct pipeline *p, unsigned int captures)
{
	struct fpgabuf_dequeue done;
	unsigned int i, queued = 0;
	struct window w;
	int dev = device_open(0), fds[64], sock = bench_connect();

	REQUIRE(window_open(&w, &memory_remap, p->size < MIB ? MIB : p->size, 1),
		0);
	for (i = 0; i < p->regions; i++)
		fds[i] = region_alloc(dev, p->size);
	for (; queued < p->regions && queued < captures; queued++)
		EXPECT(region_queue(dev, fds[queued], 0, queued), 0);
	for (i = 0; i < captures; i++) {
		CU_ASSERT(readable(dev, 30000));
		REQUIRE(capture_get(dev, &done), 0);
		REQUIRE(bench_send_all(sock, w.mem[0], p->size), 0);
		if (queued < captures)
			EXPECT(region_queue(dev, fds[done.cookie], 0,
					    done.cookie), 0);
		queued += queued < captures;
	}
	for (i = 0; i < p->regions; i++)
		close(fds[i]);
	window_close(&w);
	shutdown(sock, SHUT_WR);
	EXPECT(recv(sock, &done, 1, 0), 0);
	close(sock);
	close(dev);
}

static void send_with_tool(const struct pipeline *p, unsigned int captures)
{
	static char size[24], regions[24], count[24], peer[64];
	struct program send = {
		.name = "pipeline",
		.argv = { "fpgabuf-send", "--json", "--timeout", "300" },
	};
	unsigned int n = 4, i;

	snprintf(size, sizeof(size), "%zu", p->size);
	snprintf(regions, sizeof(regions), "%u", p->regions);
	snprintf(count, sizeof(count), "%u", captures);
	snprintf(peer, sizeof(peer), BENCH_HOST ":%s",
		 getenv("FPGABUF_BENCH_PORT"));
	send.argv[n++] = "--engine";
	send.argv[n++] = p->engine;
	send.argv[n++] = "--count";
	send.argv[n++] = count;
	if (p->size) {
		send.argv[n++] = "--region-size";
		send.argv[n++] = size;
	}
	if (p->regions) {
		send.argv[n++] = "--regions";
		send.argv[n++] = regions;
	}
	if (p->framed)
		send.argv[n++] = "--framed";
	for (i = 0; i < p->peers; i++)
		send.argv[n++] = peer;
	if (program_run(&send))
		printf("\n    %s", program_text(&send, "err"));
}

static void run(const struct pipeline *p, unsigned int captures)
{
	if (!strcmp(p->engine, TODAY))
		today(p, captures);
	else
		send_with_tool(p, captures);
}

static void count(const struct pipeline *p, unsigned int captures)
{
	bench_mark(true);
	run(p, captures);
	bench_mark(false);
}

static void tell(const struct pipeline *p, unsigned int captures,
		 const struct program *send)
{
	const char *said = program_text(send, "out");

	printf("\npipeline {\"network\":\"%s\",\"engine\":\"%s\",\"size\":%zu,\"regions\":%u,\"framed\":%s,\"peers\":%u,\"captures\":%u",
	       p->network->name, p->engine, p->size, p->regions,
	       p->framed ? "true" : "false", p->peers, captures);
	if (strcmp(p->engine, TODAY))
		printf(",\"bytes\":%llu,\"sends\":%llu,\"copied\":%llu",
		       json_count(said, "bytes"), json_count(said, "sends"),
		       json_count(said, "copied"));
	printf("}");
}

static void measure(const struct pipeline *p)
{
	const struct program send = { .name = "pipeline" };
	const unsigned int captures = captures_of(p);

	use_network(p->network);
	sim_source("nothing");
	sim_set("burst", UINT32_MAX);
	/* The first one finds memory in another state than those behind it. */
	run(p, 1);
	count(p, captures);
	count(p, 2 * captures);
	tell(p, captures, &send);
}

/* Each has enough memory for the socket */
static const struct { size_t size; unsigned int regions; } shapes[] = {
	{ 2 * MIB, 12 }, { 64 * KIB, 64 }, { 4 * KIB, 64 },
	{ MIB, 24 }, { 16 * MIB, 3 }, { 64 * MIB, 2 },
};

enum { SHAPES_OVER_NETWORKS = 3 };

static void networks(void)
{
	static const struct network *const all[] = {
		&at_once, &close_by, &remote, &lossy,
	};
	static const char *const engines[] = {
		TODAY, "copy", "zerocopy", "uring", "auto",
	};
	size_t i, j, k;

	for (i = 0; i < SHAPES_OVER_NETWORKS; i++)
		for (j = 0; j < ARRAY_SIZE(all); j++)
			for (k = 0; k < ARRAY_SIZE(engines); k++)
				measure(&(struct pipeline){
					all[j], engines[k], shapes[i].size,
					shapes[i].regions, false, 1 });
	printf("\n");
}

/* The first row has nothing but the peer. */
static void sizes(void)
{
	size_t i;

	measure(&(struct pipeline){ &at_once, "auto", .peers = 1 });
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct pipeline p = {
			&at_once, "auto", shapes[i].size, shapes[i].regions,
			false, 1,
		};

		if (i >= SHAPES_OVER_NETWORKS)
			measure(&p);
		p.framed = true;
		measure(&p);
	}
	printf("\n");
}

static void peers(void)
{
	static const unsigned int counts[] = { 4, MAX_PEERS };
	size_t i, j;

	for (i = 0; i < SHAPES_OVER_NETWORKS; i++)
		for (j = 0; j < ARRAY_SIZE(counts); j++)
			measure(&(struct pipeline){
				&at_once, "auto", shapes[i].size,
				shapes[i].regions, false, counts[j] });
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions by network and engine", networks },
	{ "instructions by size, and with headers", sizes },
	{ "instructions by the number of peers", peers },
	{ }
};

SUITE(pipeline,
	.alone = true,
	.title = "pipeline",
	.init = modules_load,
	.tests = tests)
