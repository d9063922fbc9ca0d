// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-share on the real driver: who gets what, and that nothing is lost. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "bed.h"
#include "holder.h"
#include "net.h"

#define SOCKET	"/tmp/share.sock"
#define REPORT	"/tmp/share.json"
#define LOG	"/tmp/share.log"
#define REGIONS	"/sys/kernel/debug/fpgabuf/fpgabuf0/regions"

#define PATIENCE_MS	20000
#define MAX_ARGS	24

enum { NOBODY = 65534, GROUP = 4711, OTHER = 4712 };

/* The file of another process, which may not be there yet */
static bool file_says(const char *path, const char *text)
{
	char line[256];
	bool found = false;
	FILE *file;
	int i;

	for (i = 0; i < 2000 && !found; i++) {
		file = fopen(path, "re");
		while (file && !found && fgets(line, sizeof(line), file))
			found = strstr(line, text) != NULL;
		if (file)
			fclose(file);
		if (!found)
			usleep(10000);
	}
	return found;
}

/* A number of the report of a server that has ended */
static unsigned long long server_count(const char *key)
{
	return report_count(REPORT, key);
}

/* When it returns it listens.  The last of @args is NULL. */
static pid_t server_start(char *const args[])
{
	char *argv[MAX_ARGS] = { "fpgabuf-share", "--json" };
	pid_t pid;
	int i;

	for (i = 0; args[i]; i++)
		argv[i + 2] = args[i];
	argv[i + 2] = SOCKET;
	unlink(SOCKET);
	unlink(LOG);
	pid = fork();
	if (!pid) {
		if (!freopen(REPORT, "we", stdout) ||
		    !freopen(LOG, "we", stderr))
			_exit(126);
		fcntl(STDOUT_FILENO, F_SETFD, 0);
		fcntl(STDERR_FILENO, F_SETFD, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	REQUIRE(file_says(LOG, "sharing "), true);
	return pid;
}

static void server_end(pid_t pid)
{
	kill(pid, SIGTERM);
	EXPECT(process_exit_code(pid), 0);
}

static struct fpgabuf_client *join(unsigned int credits)
{
	struct fpgabuf_client *client = NULL;

	REQUIRE(fpgabuf_client_connect(SOCKET, credits, 0, &client), 0);
	return client;
}

static void next(struct fpgabuf_client *client,
		 struct fpgabuf_shared_capture *c)
{
	REQUIRE(readable(fpgabuf_client_fd(client), PATIENCE_MS), true);
	REQUIRE(fpgabuf_client_next(client, c), 0);
}

static const void *map(const struct fpgabuf_client *client, uint32_t index)
{
	struct fpgabuf_region *region = fpgabuf_client_region(client, index);
	const void *mem;

	REQUIRE(!region, false);
	mem = mmap(NULL, fpgabuf_region_size(region), PROT_READ, MAP_SHARED,
		   fpgabuf_region_fd(region), 0);
	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	return mem;
}

static void unmap(const struct fpgabuf_client *client, uint32_t index,
		  const void *mem)
{
	munmap((void *)mem, fpgabuf_region_size(
			fpgabuf_client_region(client, index)));
}

/* Part of the stream, wherever: it says so itself. */
static bool is_capture(const void *mem, size_t bytes)
{
	uint64_t word;

	memcpy(&word, mem, sizeof(word));
	return is_pattern(mem, bytes, word * sizeof(word));
}

/*
 * With the descriptor of the region comes how much was captured into it.  False
 * at the end.
 */
static bool take_passed(int sock, struct fpgabuf_region **region,
			uint64_t *bytes)
{
	int fd = fd_take(sock, bytes, sizeof(*bytes));

	if (fd < 0)
		return false;
	REQUIRE(fpgabuf_region_import(fd, region), 0);
	return true;
}

/* Its first process is the server, its second the client, its last sends. */
struct chain {
	int client, last;
	int tx;
	unsigned int captures;
};

static void chain_client(void *arg)
{
	const struct chain *chain = arg;
	struct fpgabuf_client *client = join(2);
	struct fpgabuf_shared_capture c;
	unsigned int i;
	char done;

	close(chain->last);
	for (i = 0; i < chain->captures; i++) {
		next(client, &c);
		EXPECT(c.bytes, 256 * KIB);
		fd_pass(chain->client, fpgabuf_region_fd(
				fpgabuf_client_region(client, c.index)),
			&c.bytes, sizeof(c.bytes));
		REQUIRE(read(chain->client, &done, 1), 1);
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
	}
	fpgabuf_client_close(client);
}

static void send_region(struct fpgabuf_sender *sender,
			struct fpgabuf_region *region, uint64_t bytes)
{
	uint64_t token;
	void *addr;

	REQUIRE(fpgabuf_region_map(region, PROT_READ, &addr), 0);
	CU_ASSERT(is_capture(addr, bytes));
	REQUIRE(fpgabuf_sender_submit(sender, addr, bytes, 7), 0);
	REQUIRE(fpgabuf_sender_drain(sender, PATIENCE_MS), 0);
	EXPECT(fpgabuf_sender_reap(sender, &token), 1);
	fpgabuf_region_close(region);
}

static void chain_last(void *arg)
{
	const struct chain *chain = arg;
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *sender;
	struct fpgabuf_region *region;
	unsigned int i = 0;
	uint64_t bytes;

	close(chain->client);
	REQUIRE(fpgabuf_sender_create(chain->tx, FPGABUF_ENGINE_ZEROCOPY, 4,
				      &sender), 0);
	for (; take_passed(chain->last, &region, &bytes); i++) {
		send_region(sender, region, bytes);
		REQUIRE(write(chain->last, "", 1), 1);
	}
	EXPECT(i, chain->captures);
	fpgabuf_sender_stats(sender, &stats);
	EXPECT(stats.bytes, chain->captures * 256 * KIB);
	EXPECT(stats.zerocopy_sends, stats.sends);
	EXPECT(stats.completions, stats.zerocopy_sends);
	EXPECT(stats.copied, 0);
	EXPECT(stats.fallback_copies, 0);
	printf("\n    %llu sends, %llu copied",
	       (unsigned long long)stats.zerocopy_sends,
	       (unsigned long long)stats.copied);
}

static void chain_check(const uint8_t *data, size_t got, size_t wanted)
{
	uint64_t word, before = 0;
	size_t at;

	REQUIRE(got, wanted);
	for (at = 0; at < got; at += 256 * KIB) {
		CU_ASSERT(is_capture(data + at, 256 * KIB));
		memcpy(&word, data + at, sizeof(word));
		CU_ASSERT(!at || word > before);
		before = word;
	}
}

static void through_two(void)
{
	char *args[] = { "-r", "256K", "-n", "6", "-k", "2", NULL };
	struct chain chain = { .captures = 32 };
	struct reader *reader;
	pid_t server, client, last;
	int pair[2], rx;
	const void *data;
	size_t got;

	sim_source("pattern");
	server = server_start(args);
	net_connect(&chain.tx, &rx);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	chain.client = pair[0];
	chain.last = pair[1];
	reader = reader_start(rx, chain.captures * 256 * KIB);
	last = process_start(chain_last, &chain);
	client = process_start(chain_client, &chain);
	close(pair[0]);
	close(pair[1]);
	EXPECT(process_exit_code(client), 0);
	EXPECT(process_exit_code(last), 0);
	close(chain.tx);
	data = reader_wait(reader, &got);
	chain_check(data, got, chain.captures * 256 * KIB);
	reader_free(reader);
	close(rx);
	server_end(server);
}

/* So many captures of one region each, and credit for all of them */
#define SHARED_BYTES	(40 * 64 * KIB)

static void expect_all(void *data)
{
	struct fpgabuf_client *client = join(0);
	struct fpgabuf_shared_capture c;
	const void *mem;
	size_t got = 0;

	while (got < SHARED_BYTES) {
		next(client, &c);
		EXPECT(c.missed, 0);
		REQUIRE(got + c.bytes <= SHARED_BYTES, true);
		mem = map(client, c.index);
		EXPECT(memcmp(mem, (char *)data + got, c.bytes), 0);
		unmap(client, c.index, mem);
		got += c.bytes;
	}
	fpgabuf_client_close(client);
}

static void two_get_all(void)
{
	char *args[] = { "-r", "64K", "-n", "90", "-k", "44", "-w", "2", NULL };
	uint8_t *data = malloc(SHARED_BYTES);
	struct feeder *feeder;
	pid_t server, one, two;

	random_fill(data, SHARED_BYTES, 5);
	sim_source("feed");
	server = server_start(args);
	feeder = feeder_start(data, SHARED_BYTES);
	one = process_start(expect_all, data);
	two = process_start(expect_all, data);
	EXPECT(process_exit_code(one), 0);
	EXPECT(process_exit_code(two), 0);
	feeder_wait(feeder);
	server_end(server);
	EXPECT(server_count("bytes"), SHARED_BYTES);
	EXPECT(server_count("missed"), 0);
	EXPECT(server_count("told"),
	       2 * server_count("captures"));
	EXPECT(server_count("held"), 0);
	free(data);
}

/* What the slow one holds is not touched, and the other one goes on. */
static void slow(void)
{
	char *args[] = { "-r", "64K", "-n", "10", "-k", "4", "-w", "2", NULL };
	const unsigned int captures = rounds(500);
	struct fpgabuf_shared_capture c, kept[2];
	struct fpgabuf_client *lazy, *busy;
	const uint8_t *mem[2];
	uint64_t words[2];
	pid_t server;
	unsigned int i;

	sim_source("pattern");
	server = server_start(args);
	lazy = join(2);
	busy = join(4);
	for (i = 0; i < 2; i++) {
		next(lazy, &kept[i]);
		mem[i] = map(lazy, kept[i].index);
		memcpy(&words[i], mem[i], sizeof(words[i]));
	}
	for (i = 0; i < captures; i++) {
		next(busy, &c);
		CU_ASSERT(c.index != kept[0].index ||
			  c.sequence == kept[0].sequence);
		REQUIRE(fpgabuf_client_release(busy, c.index), 0);
	}
	for (i = 0; i < 2; i++) {
		EXPECT(*(const uint64_t *)mem[i], words[i]);
		CU_ASSERT(is_capture(mem[i], kept[i].bytes));
		unmap(lazy, kept[i].index, mem[i]);
	}
	REQUIRE(fpgabuf_client_release(lazy, kept[0].index), 0);
	next(lazy, &c);
	CU_ASSERT(c.missed >= captures / 2);
	EXPECT(c.sequence - kept[1].sequence, c.missed + 1);
	printf("\n    the slow client missed %llu captures",
	       (unsigned long long)c.missed);
	fpgabuf_client_close(lazy);
	fpgabuf_client_close(busy);
	server_end(server);
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % below;
}

/* Takes and gives back as it comes, until it is killed. */
static void victim(void *arg)
{
	uint64_t state = *(uint64_t *)arg * 2 + 1;
	struct fpgabuf_client *client = join(draw(&state, 8));
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client_geometry g;
	uint32_t i;

	fpgabuf_client_geometry(client, &g);
	for (;;) {
		next(client, &c);
		map(client, c.index);
		/* When all credits are used up, anything it holds. */
		do {
			i = draw(&state, g.regions);
		} while (fpgabuf_client_release(client, i) && draw(&state, 20));
		if (fpgabuf_client_release(client, c.index) &&
		    !draw(&state, 10))
			pause();
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Takes captures and gives them back, for so long. */
static void watch(struct fpgabuf_client *client, int64_t ms)
{
	int64_t end = now_ms() + ms;
	struct fpgabuf_shared_capture c;

	while (now_ms() < end) {
		next(client, &c);
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
	}
}

/* No region may be missing from those that are captured into. */
static unsigned int regions_seen(struct fpgabuf_client *client)
{
	struct fpgabuf_shared_capture c;
	unsigned int i, count = 0;
	bool seen[16] = { false };

	for (i = 0; i < 5000 && count < ARRAY_SIZE(seen); i++) {
		next(client, &c);
		count += !seen[c.index];
		seen[c.index] = true;
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
	}
	return count;
}

static unsigned int regions_living(void)
{
	FILE *file = fopen(REGIONS, "re");
	unsigned int lines = 0;
	char line[256];

	REQUIRE(!file, false);
	while (fgets(line, sizeof(line), file))
		lines++;
	fclose(file);
	return lines - 1;
}

static uint64_t seed(void)
{
	const char *given = getenv("FPGABUF_SEED");

	return given && *given ? strtoull(given, NULL, 10) :
				 (uint64_t)time(NULL);
}

static void killed(void)
{
	char *args[] = { "-r", "64K", "-n", "16", "-k", "6", NULL };
	uint64_t number = seed(), state = number * 2 + 1;
	unsigned int i, n = rounds(100);
	struct fpgabuf_client *observer;
	pid_t server, pid;

	printf("\n    FPGABUF_SEED=%llu", (unsigned long long)number);
	sim_source("pattern");
	server = server_start(args);
	observer = join(4);
	for (i = 0; i < n; i++, number++) {
		pid = process_start(victim, &number);
		watch(observer, draw(&state, 120));
		kill(pid, SIGKILL);
		/* By us, and not of itself */
		EXPECT(process_exit_code(pid), -1);
	}
	EXPECT(regions_seen(observer), 16);
	EXPECT(regions_living(), 16);
	fpgabuf_client_close(observer);
	server_end(server);
	EXPECT(server_count("held"), 0);
	EXPECT(server_count("told"), server_count("released") +
	       server_count("reclaimed"));
	CU_ASSERT(server_count("reclaimed") > 0);
	CU_ASSERT(server_count("clients") > n / 4);
	printf("; %u clients killed, %llu of them served, %llu captures taken back",
	       n, server_count("clients") - 1,
	       server_count("reclaimed"));
	i = device_open(0);
	EXPECT(device_used(i), 0);
	close(i);
}

struct in_flight {
	int tx, told;
};

/* Sends a capture to a peer that does not read, and is killed then. */
static void sending_victim(void *arg)
{
	const struct in_flight *flight = arg;
	struct fpgabuf_client *client = join(1);
	struct fpgabuf_shared_capture c;

	next(client, &c);
	REQUIRE(send_zerocopy(flight->tx, map(client, c.index), c.bytes),
		c.bytes);
	REQUIRE(write(flight->told, &c.index, sizeof(c.index)),
		sizeof(c.index));
	pause();
}

static uint32_t killed_sending(const struct in_flight *flight, int told)
{
	pid_t pid = process_start(sending_victim, (void *)flight);
	uint32_t index;

	REQUIRE(readable(told, PATIENCE_MS), true);
	REQUIRE(read(told, &index, sizeof(index)), sizeof(index));
	kill(pid, SIGKILL);
	EXPECT(process_exit_code(pid), -1);
	close(flight->tx);
	return index;
}

/* What the network still reads is not captured into, whoever sent it. */
static void killed_in_flight(void)
{
	char *args[] = { "-r", "256K", "-n", "6", "-k", "2", NULL };
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *observer;
	unsigned int i, captures = rounds(200);
	struct in_flight flight;
	struct reader *reader;
	const void *data;
	uint32_t index;
	int rx, told[2];
	pid_t server;
	size_t got;

	sim_source("pattern");
	server = server_start(args);
	net_connect(&flight.tx, &rx);
	REQUIRE(pipe2(told, O_CLOEXEC), 0);
	flight.told = told[1];
	index = killed_sending(&flight, told[0]);

	observer = join(2);
	for (i = 0; i < captures; i++) {
		next(observer, &c);
		CU_ASSERT(c.index != index);
		REQUIRE(fpgabuf_client_release(observer, c.index), 0);
	}
	reader = reader_start(rx, 256 * KIB);
	data = reader_wait(reader, &got);
	EXPECT(got, 256 * KIB);
	CU_ASSERT(is_capture(data, got));
	reader_free(reader);
	for (i = 0; i < 5000 && c.index != index; i++) {
		next(observer, &c);
		REQUIRE(fpgabuf_client_release(observer, c.index), 0);
	}
	EXPECT(c.index, index);
	fpgabuf_client_close(observer);
	server_end(server);
	CU_ASSERT(server_count("busy_retries") > 0);
	close(rx);
}

/* A client may read, and nothing else, even if it may open the device. */
static void meddles(void)
{
	char *args[] = { "-r", "64K", "-n", "4", NULL };
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	int dev, fd, i;
	char path[64];
	const void *mem;
	pid_t server;

	sim_source("pattern");
	server = server_start(args);
	client = join(1);
	next(client, &c);
	fd = fpgabuf_region_fd(fpgabuf_client_region(client, c.index));
	mem = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT(mem == MAP_FAILED ? -errno : 0, -EACCES);
	mem = map(client, c.index);
	EXPECT(mprotect((void *)mem, 64 * KIB, PROT_READ | PROT_WRITE) ?
	       -errno : 0, -EACCES);
	EXPECT(write(fd, "x", 1) < 0 ? -errno : 0, -EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT(open(path, O_RDWR | O_CLOEXEC) < 0 ? -errno : 0, -ENXIO);

	dev = device_open(0);
	EXPECT(region_queue(dev, fd, 0, 0), -EUSERS);
	EXPECT(capture_cancel(dev), 0);
	close(dev);
	/* It goes on. */
	for (i = 0; i < 20; i++) {
		CU_ASSERT(is_capture(mem, c.bytes));
		unmap(client, c.index, mem);
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
		next(client, &c);
		mem = map(client, c.index);
	}
	unmap(client, c.index, mem);
	fpgabuf_client_close(client);
	server_end(server);
}

struct person {
	uid_t uid;
	gid_t group;
	int error;
};

static void person_connects(void *arg)
{
	const struct person *person = arg;
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	int err;

	if (setgroups(1, &person->group) || setgid(NOBODY) ||
	    setuid(person->uid))
		_exit(126);
	err = fpgabuf_client_connect(SOCKET, 1, 0, &client);
	EXPECT(err, person->error);
	if (err)
		return;
	next(client, &c);
	CU_ASSERT(is_capture(map(client, c.index), c.bytes));
	fpgabuf_client_close(client);
}

static void person_tries(uid_t uid, gid_t group, int error)
{
	struct person person = { uid, group, error };

	EXPECT(process_exit_code(process_start(person_connects, &person)), 0);
}

static void rights(void)
{
	char *mode[] = { "-r", "64K", "-m", "600", NULL };
	char *group[] = { "-r", "64K", "-g", "4711", NULL };
	char *user[] = { "-r", "64K", "-u", "1234", "-g", "4711", NULL };
	pid_t server;

	sim_source("pattern");
	/* The file system refuses. */
	server = server_start(mode);
	person_tries(NOBODY, GROUP, -EACCES);
	person_tries(0, GROUP, 0);
	server_end(server);
	EXPECT(server_count("refused"), 0);
	server = server_start(group);
	person_tries(NOBODY, GROUP, 0);
	person_tries(NOBODY, OTHER, -EACCES);
	server_end(server);
	/* The server refuses. */
	server = server_start(user);
	person_tries(1234, OTHER, 0);
	person_tries(NOBODY, GROUP, 0);
	person_tries(1235, OTHER, -EACCES);
	server_end(server);
	EXPECT(server_count("refused"), 1);
	EXPECT(server_count("clients"), 2);
}

static void gone(void)
{
	char *args[] = { "-r", "64K", "-n", "4", NULL };
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	const void *mem;
	pid_t server;
	int err;

	sim_source("pattern");
	server = server_start(args);
	client = join(1);
	next(client, &c);
	mem = map(client, c.index);
	file_write(DRIVER "unbind", "fpgabuf.0");
	do {
		err = fpgabuf_client_next(client, &c);
	} while (!err);
	EXPECT(err, -ENODEV);
	EXPECT(process_exit_code(server), 1);
	/* What it holds is still there. */
	CU_ASSERT(is_capture(mem, 64 * KIB));
	unmap(client, c.index, mem);
	fpgabuf_client_close(client);
	file_write(DRIVER "bind", "fpgabuf.0");
}

/* The client that gave it back does not speak for all who have imported it. */
static void importer_keeps(void)
{
	char *args[] = { "-r", "64K", "-n", "4", "-k", "2", NULL };
	struct fpgabuf_shared_capture kept, c;
	struct fpgabuf_client *client;
	uint64_t word;
	const void *mem;
	pid_t server;
	int importer;
	unsigned int i;

	sim_source("pattern");
	server = server_start(args);
	client = join(2);
	next(client, &kept);
	mem = map(client, kept.index);
	memcpy(&word, mem, sizeof(word));
	importer = importer_open(fpgabuf_region_fd(
			fpgabuf_client_region(client, kept.index)));
	REQUIRE(fpgabuf_client_release(client, kept.index), 0);
	for (i = 0; i < rounds(200); i++) {
		next(client, &c);
		CU_ASSERT(c.index != kept.index);
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
	}
	EXPECT(memcmp(mem, &word, sizeof(word)), 0);
	CU_ASSERT(is_capture(mem, kept.bytes));
	close(importer);
	for (i = 0; i < 100000 && c.index != kept.index; i++) {
		next(client, &c);
		REQUIRE(fpgabuf_client_release(client, c.index), 0);
	}
	EXPECT(c.index, kept.index);
	unmap(client, kept.index, mem);
	fpgabuf_client_close(client);
	server_end(server);
}

static const struct test tests[] = {
	{ "a descriptor passed through two processes is sent without a copy by the "
	  "last", through_two },
	{ "two clients share each capture and both get every byte",
	  two_get_all },
	{ "a slow client loses its own credits only", slow },
	{ "clients killed at random points: no region is lost", killed },
	{ "what a killed client was sending is sent unchanged, then captured into "
	  "again", killed_in_flight },
	{ "a client can read, but not write, queue or cancel", meddles },
	{ "a region that a client gave back is captured into when its importer has let go",
	  importer_keeps },
	{ "mode, group and user decide who is served", rights },
	{ "when the device goes, clients are told and keep what they hold",
	  gone },
	{ }
};

SUITE(share,
	.title = "a shared device",
	.init = modules_load,
	.tests = tests)
