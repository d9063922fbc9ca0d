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
#include <ifaddrs.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "program.h"

#define MAX_PEERS	16
#define MAX_CLIENTS	4

/* What programs do today: see today() */
#define TODAY		"today"

/* The device as a stream: it has no captures to count, and one peer. */
#define SPLICE		"splice"

/* No engine is asked for, but a number of bytes, so it may be the same. */
#define DEFAULT		"default"

#define SHARE		"/tmp/pipeline.sock"

/**
 * struct network - what is between the sender and the host, which answers at once
 * @name: for the tables
 * @netem: the words for it, or NULL
 * @least_us: so long at least it takes to get an answer
 */
struct network {
	const char *name;
	const char *netem;
	unsigned int least_us;
};

static const struct network at_once = { "at once", NULL, 0 };
static const struct network close_by = { "1 ms", "delay 1ms", 1000 };
static const struct network remote = { "20 ms", "delay 20ms", 20000 };
static const struct network lossy = {
	"1 ms, 1 % lost", "delay 1ms loss 1%", 1000,
};

/**
 * struct pipeline - a row
 * @network: see there
 * @engine: of fpgabuf-send, or TODAY or DEFAULT
 * @size: bytes of a capture; 0 = what fpgabuf-send takes
 * @regions: how many; 0 = as many
 * @framed: with headers
 * @peers: how many get the captures
 * @clients: how many fpgabuf-send get them from fpgabuf-share; 0 = it captures itself
 */
struct pipeline {
	const struct network *network;
	const char *engine;
	size_t size;
	unsigned int regions;
	bool framed;
	unsigned int peers;
	unsigned int clients;
};

/* The NIC with the address of that socket */
static void find_nic(int sock, char name[IF_NAMESIZE])
{
	struct sockaddr_in local, *address;
	socklen_t len = sizeof(local);
	struct ifaddrs *all, *i;

	REQUIRE(getsockname(sock, (struct sockaddr *)&local, &len), 0);
	REQUIRE(getifaddrs(&all), 0);
	for (i = all; i; i = i->ifa_next) {
		address = (struct sockaddr_in *)i->ifa_addr;
		if (address && address->sin_family == AF_INET &&
		    address->sin_addr.s_addr == local.sin_addr.s_addr)
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
}

/* How long the host takes to answer; it is asked by connecting. */
static unsigned int answer_us(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int sock = bench_connect();

	REQUIRE(getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	close(sock);
	return info.tcpi_rtt;
}

static void use_network(const struct network *network)
{
	char command[128], nic[IF_NAMESIZE] = "";
	int sock = bench_connect();

	find_nic(sock, nic);
	close(sock);
	snprintf(command, sizeof(command), "tc qdisc replace dev %s root %s %s",
		 nic, network->netem ? "netem limit 100000" : "pfifo_fast",
		 network->netem ?: "");
	REQUIRE(system(command), 0);
	CU_ASSERT(answer_us() >= network->least_us);
}

static bool counts_bytes(const struct pipeline *p)
{
	return !strcmp(p->engine, SPLICE) || !strcmp(p->engine, DEFAULT);
}

/* What is spliced by default has as many captures as regions, or more. */
static unsigned int least_captures(const struct pipeline *p)
{
	return counts_bytes(p) && p->regions > 2 ? p->regions : 2;
}

/* So many that TCP is in its stride */
static unsigned int captures_of(const struct pipeline *p)
{
	const size_t size = p->size ?: 2 * MIB;
	const size_t bytes = size <= 16 * KIB ? 2 * MIB : 16 * MIB;
	const unsigned int sent = p->peers * (p->clients ?: 1);
	const unsigned int captures = bytes / size / sent;
	const unsigned int least = least_captures(p);

	return captures > least ? captures : least;
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

/* What to say to it, behind the first @n words */
static void add_arguments(struct program *send, unsigned int n,
			  const struct pipeline *p, unsigned int captures)
{
	static char size[24], regions[24], count[24], peer[64];
	const bool bytes = counts_bytes(p);
	unsigned int i;

	snprintf(size, sizeof(size), "%zu", p->size);
	snprintf(regions, sizeof(regions), "%u", p->regions);
	snprintf(count, sizeof(count), "%zu",
		 captures * (bytes ? p->size : 1));
	snprintf(peer, sizeof(peer), BENCH_HOST ":%s",
		 getenv("FPGABUF_BENCH_PORT"));
	if (strcmp(p->engine, DEFAULT)) {
		send->argv[n++] = "--engine";
		send->argv[n++] = p->engine;
	}
	send->argv[n++] = bytes ? "--bytes" : "--count";
	send->argv[n++] = count;
	if (p->clients) {
		send->argv[n++] = "--share";
		send->argv[n++] = SHARE;
	} else if (p->size) {
		send->argv[n++] = "--region-size";
		send->argv[n++] = size;
		send->argv[n++] = "--regions";
		send->argv[n++] = regions;
	}
	if (p->framed)
		send->argv[n++] = "--framed";
	for (i = 0; i < p->peers; i++)
		send->argv[n++] = peer;
}

/* The @i-th fpgabuf-send */
static struct program sender(unsigned int i)
{
	static const char *const names[MAX_CLIENTS] = {
		"pipeline", "pipeline1", "pipeline2", "pipeline3",
	};

	return (struct program){
		.name = names[i],
		.argv = { "fpgabuf-send", "--json", "--timeout", "300" },
	};
}

static void complain(const struct program *program, int code)
{
	if (code)
		printf("\n    %s", program_text(program, "err"));
}

static void send_with_tool(const struct pipeline *p, unsigned int captures)
{
	struct program send = sender(0);

	add_arguments(&send, 4, p, captures);
	complain(&send, program_run(&send));
}

static pid_t start_share(const struct pipeline *p)
{
	static char size[24], regions[24], credits[24], clients[24];
	const struct program share = {
		.name = "share",
		.argv = { "fpgabuf-share", "--region-size", size, "--regions",
			  regions, "--credits", credits, "--wait", clients,
			  SHARE },
	};
	pid_t pid;

	snprintf(size, sizeof(size), "%zu", p->size);
	snprintf(regions, sizeof(regions), "%u", p->regions);
	snprintf(credits, sizeof(credits), "%u",
		 (p->regions - 2) / p->clients);
	snprintf(clients, sizeof(clients), "%u", p->clients);
	unlink(SHARE);
	pid = program_start(&share);
	program_wait_for(&share, "err", "sharing ");
	return pid;
}

static void send_shared(const struct pipeline *p, unsigned int captures)
{
	struct program send[MAX_CLIENTS];
	pid_t share = start_share(p), pids[MAX_CLIENTS];
	unsigned int i;

	for (i = 0; i < p->clients; i++) {
		send[i] = sender(i);
		add_arguments(&send[i], 4, p, captures);
		pids[i] = program_start(&send[i]);
	}
	for (i = 0; i < p->clients; i++)
		complain(&send[i], process_exit_code(pids[i]));
	kill(share, SIGTERM);
	EXPECT(process_exit_code(share), 0);
}

static void run(const struct pipeline *p, unsigned int captures)
{
	if (!strcmp(p->engine, TODAY))
		today(p, captures);
	else if (p->clients)
		send_shared(p, captures);
	else
		send_with_tool(p, captures);
}

static void count(const struct pipeline *p, unsigned int captures)
{
	bench_mark(true);
	run(p, captures);
	bench_mark(false);
}

static void tell(const struct pipeline *p, unsigned int captures)
{
	const struct program send = sender(0);
	const char *said = program_text(&send, "out");

	printf("\npipeline {\"network\":\"%s\",\"engine\":\"%s\",\"size\":%zu,\"regions\":%u,\"framed\":%s,\"peers\":%u,\"clients\":%u,\"captures\":%u",
	       p->network->name, p->engine, p->size, p->regions,
	       p->framed ? "true" : "false", p->peers, p->clients, captures);
	if (strcmp(p->engine, TODAY))
		printf(",\"bytes\":%llu,\"sends\":%llu,\"copied\":%llu",
		       json_count(said, "bytes"), json_count(said, "sends"),
		       json_count(said, "copied"));
	printf("}");
}

static void measure(const struct pipeline *p)
{
	const unsigned int captures = captures_of(p);

	use_network(p->network);
	sim_source("nothing");
	sim_set("burst", UINT32_MAX);
	/* The first one finds memory in another state than those behind it. */
	run(p, counts_bytes(p) ? least_captures(p) : 1);
	count(p, captures);
	count(p, 2 * captures);
	tell(p, captures);
}

/* Each has enough memory for the socket, and is used up by the shorter run */
static const struct { size_t size; unsigned int regions; } shapes[] = {
	{ 2 * MIB, 8 }, { 64 * KIB, 64 }, { 4 * KIB, 64 }, { 16 * KIB, 64 },
	{ MIB, 8 }, { 16 * MIB, 3 }, { 64 * MIB, 2 },
};

/* Shorter captures are not sent far: what that costs is much the same over 1 ms. */
enum { SHAPES_AT_ONCE = 4, SHAPES_COMMON = 3, SHAPES_FAR = 2 };

static void over(const struct network *network, size_t shapes_count)
{
	static const char *const engines[] = {
		TODAY, "copy", "zerocopy", "uring", "auto", SPLICE, DEFAULT,
	};
	size_t i, j;

	for (i = 0; i < shapes_count; i++)
		for (j = 0; j < ARRAY_SIZE(engines); j++)
			measure(&(struct pipeline){
				network, engines[j], shapes[i].size,
				shapes[i].regions, false, 1, 0 });
	printf("\n");
}

static void over_at_once(void)
{
	over(&at_once, SHAPES_AT_ONCE);
}

static void over_close_by(void)
{
	over(&close_by, SHAPES_COMMON);
}

static void over_remote(void)
{
	over(&remote, SHAPES_FAR);
}

static void over_lossy(void)
{
	over(&lossy, SHAPES_FAR);
}

/* The first row has nothing but the peer. */
static void sizes(void)
{
	size_t i;

	measure(&(struct pipeline){ &at_once, "auto", .peers = 1 });
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct pipeline p = {
			&at_once, "auto", shapes[i].size, shapes[i].regions,
			false, 1, 0,
		};

		if (i >= SHAPES_AT_ONCE)
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

	for (i = 0; i < SHAPES_COMMON; i++)
		for (j = 0; j < ARRAY_SIZE(counts); j++)
			measure(&(struct pipeline){
				&at_once, "auto", shapes[i].size,
				shapes[i].regions, false, counts[j], 0 });
	printf("\n");
}

/*
 * The simulated FPGA never waits, so this also counts captures for which no client has
 * room.
 */
static void clients(void)
{
	static const unsigned int counts[] = { 1, MAX_CLIENTS };
	size_t i, j;

	for (i = 0; i < SHAPES_COMMON; i++)
		for (j = 0; j < ARRAY_SIZE(counts); j++)
			measure(&(struct pipeline){
				&at_once, "auto", shapes[i].size,
				shapes[i].regions, false, 1, counts[j] });
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions at once, by engine", over_at_once },
	{ "instructions by size, and with headers", sizes },
	{ "instructions by the number of clients of fpgabuf-share", clients },
	{ "instructions by the number of peers", peers },
	{ "instructions over 1 ms, by engine", over_close_by },
	{ "instructions over 1 ms with losses, by engine", over_lossy },
	{ "instructions over 20 ms, by engine", over_remote },
	{ }
};

SUITE(pipeline,
	.alone = true,
	.title = "pipeline",
	.init = modules_load,
	.tests = tests)
