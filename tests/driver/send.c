// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-send and its engines, on the real driver; the NICs do not copy. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "bed.h"
#include "net.h"

#define REPORT	"/tmp/send.json"
#define MESSAGES	"/tmp/send.err"
#define MAX_WORDS	24

static void redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(fd, to);
	close(fd);
}

/* The words end with NULL. */
static pid_t send_start(char *const words[])
{
	char *argv[MAX_WORDS] = { "fpgabuf-send", "--json" };
	unsigned int i;
	pid_t pid;

	for (i = 0; words[i] && i < MAX_WORDS - 3; i++)
		argv[2 + i] = words[i];
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	redirect(REPORT, STDOUT_FILENO);
	redirect(MESSAGES, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/* How often a file has the text */
static unsigned int mentions(const char *path, const char *text)
{
	static char content[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int count = 0;
	const char *at = content;
	ssize_t n = read(fd, content, sizeof(content) - 1);

	close(fd);
	content[n > 0 ? n : 0] = 0;
	while ((at = strstr(at, text))) {
		count++;
		at += strlen(text);
	}
	return count;
}

/* Nothing of it is left, whatever has happened. */
static void nothing_left(void)
{
	int dev = device_open(0);

	EXPECT(device_used(dev), 0);
	EXPECT(device_info(dev).queued, 0);
	EXPECT(dmabufs_left(), false);
	close(dev);
}

static void engine_job(char *engine, const char *used, bool zerocopy)
{
	const struct send_tool tool = {
		.bytes = "20000003",
		.region_size = "256K",
		.regions = "8",
		.engine = engine,
	};
	char text[64];

	main_job(&tool);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
	EXPECT(send_tool_count("zerocopy_sends") > 0, zerocopy);
	EXPECT(send_tool_count("completions"),
	       send_tool_count("zerocopy_sends"));
	snprintf(text, sizeof(text), "\"engine\": \"%s\", \"engine_why\"",
		 used);
	EXPECT(mentions(REPORT, text), 1);
	nothing_left();
}

/* SEND_ZC is there since Linux 6.0.  Says what is skipped without it. */
static bool need_uring(void)
{
	struct fpgabuf_sender *sender;
	int tx, rx, ret;

	net_connect(&tx, &rx);
	ret = fpgabuf_sender_create(tx, FPGABUF_ENGINE_URING, 1, &sender);
	close(rx);
	if (ret == -EOPNOTSUPP) {
		skip("uring, this kernel has no IORING_OP_SEND_ZC");
	} else {
		REQUIRE(ret, 0);
		fpgabuf_sender_destroy(sender);
	}
	close(tx);
	return !ret;
}

static void engines(void)
{
	bool uring = need_uring();

	engine_job("zerocopy", "zerocopy", true);
	if (uring) {
		engine_job("uring", "uring", true);
		/* This one is counted exactly. */
		EXPECT(mentions(REPORT, "\"copied_exact\": true, \"fallback"),
		       2);
	}
	engine_job("copy", "copy", false);
	if (has_streams()) {
		engine_job("splice", "splice", false);
		engine_job("auto", "splice", false);
	} else {
		skip("splice, this kernel has no streams of bytes");
		engine_job("auto", uring ? "uring" : "zerocopy", true);
	}
}

static void job_without_scatter_gather(char *engine)
{
	const struct send_tool tool = {
		.bytes = "2000003",
		.region_size = "256K",
		.regions = "8",
		.engine = engine,
	};

	net_scatter_gather(false);
	main_job(&tool);
	net_scatter_gather(true);
}

static void auto_copies(void)
{
	job_without_scatter_gather("auto");
	EXPECT(send_tool_count("zerocopy_sends"), 0);
	EXPECT(mentions(REPORT, "\"engine_why\": \"eth0 has no scatter-gather"),
	       1);
	if (!need_uring())
		return;
	job_without_scatter_gather("uring");
	/* The kernel reports only some of these copies, so look at the route. */
	printf("\n    without scatter-gather: %llu of %llu reported as copied",
	       send_tool_count("copied"), send_tool_count("completions"));
	EXPECT(mentions(REPORT, "\"obstacle\": \"eth0 has no scatter-gather"),
	       1);
}

/**
 * struct default_run - an fpgabuf-send that was not told of an engine
 * @address: of its peer
 * @listener: where it connects to
 * @fd: the connection
 * @sender: its process
 */
struct default_run {
	char address[32];
	int listener, fd;
	pid_t sender;
};

/* It is told these words, and the address. */
static struct default_run default_start(const char *const words[])
{
	struct default_run run;
	char *argv[MAX_WORDS] = { 0 };
	unsigned int n;

	run.listener = net_listen(run.address, sizeof(run.address));
	for (n = 0; words[n]; n++)
		argv[n] = (char *)words[n];
	argv[n] = run.address;
	run.sender = send_start(argv);
	run.fd = net_accept(run.listener);
	return run;
}

static void default_close(const struct default_run *run)
{
	close(run->fd);
	close(run->listener);
	nothing_left();
}

/* The bytes of the pattern from @position on arrive, and nothing else. */
static void default_end(const struct default_run *run, uint64_t position,
			size_t size)
{
	struct reader *reader = reader_start(run->fd, size + 1);
	const void *data;
	size_t got;

	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, position));
	reader_free(reader);
	close(run->fd);
	EXPECT(process_exit_code(run->sender), 0);
}

static void expect_spliced(bool spliced)
{
	EXPECT(mentions(REPORT, "\"engine\": \"splice\", \"engine_why\""),
	       spliced);
	EXPECT(mentions(MESSAGES, "engine splice: it is the cheapest"),
	       spliced);
	EXPECT(mentions(MESSAGES, "engine splice is not taken: "), !spliced);
}

/*
 * The FPGA gives what is asked for and no more: the second run goes on where the first
 * one has ended.
 */
static void splice_once(const char *const words[], uint64_t position,
			size_t size, size_t region)
{
	struct default_run run = default_start(words);

	default_end(&run, position, size);
	close(run.listener);
	nothing_left();
	EXPECT(sim_position(), position + size);
	expect_spliced(has_streams());
	EXPECT(send_tool_count("captures"), (size + region - 1) / region);
	EXPECT(send_tool_count("bytes"), size);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(mentions(REPORT, "\"acknowledged\": \"kernel\""), 1);
	if (region >= 64 * KIB)
		EXPECT(mentions(REPORT, "\"backend\": \"folio\""), 1);
	EXPECT(mentions(REPORT, "\"held_most_ms\": 0.000"), 0);
}

static void auto_splices(void)
{
	static const char *const plain[] = { "-v", "--bytes", "32M", NULL };
	static const char *const middle[] = {
		"-v", "--bytes", "8M", "-r64K", "-n15", NULL,
	};
	static const char *const little[] = {
		"-v", "--bytes", "512K", "-r4K", "-n15", NULL,
	};

	sim_source("pattern");
	splice_once(plain, 0, 32 * MIB, 2 * MIB);
	splice_once(plain, 32 * MIB, 32 * MIB, 2 * MIB);
	splice_once(middle, 64 * MIB, 8 * MIB, 64 * KIB);
	splice_once(little, 72 * MIB, 512 * KIB, 4 * KIB);
}

/* Where the kernel splices page by page, short captures share regions instead. */
static void auto_shares(void)
{
	static const char *const words[] = {
		"-v", "--bytes", "512K", "-r4K", "-n64", NULL,
	};
	struct default_run run;

	sim_source("pattern");
	if (kernel_since(6, 5)) {
		splice_once(words, 0, 512 * KIB, 4 * KIB);
		return;
	}
	run = default_start(words);
	default_end(&run, 0, 512 * KIB);
	close(run.listener);
	nothing_left();
	expect_spliced(false);
	if (has_streams())
		EXPECT(mentions(MESSAGES, "if they share regions"), 1);
	EXPECT(send_tool_count("captures"), 128);
	EXPECT(send_tool_count("region_size"), 4 * KIB);
	/* Eight share one, and one of these more makes room for all 64. */
	EXPECT(send_tool_count("regions"), 64 + 8);
}

/* Room for 4096 captures, and for 1024 descriptors */
static void thousands(void)
{
	static const char *const words[] = {
		"-v", "--bytes", "32M", "-r4K", "-n4096", NULL,
	};
	struct default_run run;
	struct rlimit before, few;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 1024, before.rlim_max };
	sim_source("pattern");
	REQUIRE(setrlimit(RLIMIT_NOFILE, &few), 0);
	run = default_start(words);
	REQUIRE(setrlimit(RLIMIT_NOFILE, &before), 0);
	default_end(&run, 0, 32 * MIB);
	close(run.listener);
	nothing_left();
	/* As above, of a quarter of what can be queued */
	EXPECT(send_tool_count("regions"), 4096 + 64);
	EXPECT(send_tool_count("captures"), 8192);
}

/* An end that no region has, and less than the regions hold */
static void auto_splices_odd(void)
{
	static const char *const odd[] = { "-v", "-b1000000", "-r64K", NULL };
	static const char *const few[] = { "-v", "-b72K", "-r64K", NULL };

	sim_source("pattern");
	splice_once(odd, 0, 1000000, 64 * KIB);
	splice_once(few, 1000000, 72 * KIB, 64 * KIB);
}

/* Each line of words, how many bytes that is, and what is said to be the reason */
static void auto_does_not(void)
{
	static const struct {
		const char *words[8];
		size_t size;
		const char *why;
	} lines[] = {
		{ { "-v", "-c8", "-r64K" }, 512 * KIB, "--count" },
		{ { "-v", "-b1M", "-r64K", "--rate=64M" }, MIB, "--rate" },
		{ { "-v", "-b1M", "-r64K", "-n1" }, MIB, "only one" },
		{ { "-v", "-b640K", "-r20K" }, 640 * KIB, "single pages" },
		{ { "-v", "-b1M", "-r64K", "--reconnect=1" }, MIB,
		  "--reconnect" },
	};
	struct default_run run;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		sim_source("pattern");
		run = default_start(lines[i].words);
		default_end(&run, 0, lines[i].size);
		close(run.listener);
		nothing_left();
		expect_spliced(false);
		if (has_streams())
			EXPECT(mentions(MESSAGES, lines[i].why) > 0, true);
	}
}

/* With headers, and with two peers */
static void auto_does_not_frame(void)
{
	static const char *const words[] = {
		"-v", "--bytes", "1M", "-r64K", "--framed", NULL,
	};
	char first[32], second[32];
	char *two[] = { "--verbose", "--bytes", "1M", "-r64K", first, second,
			NULL };
	struct default_run run;
	struct reader *readers[2];
	int listeners[2], fds[2], i;
	size_t got;

	sim_source("pattern");
	run = default_start(words);
	readers[0] = reader_start(run.fd, 2 * MIB);
	shutdown(run.fd, SHUT_WR);
	reader_wait(readers[0], &got);
	EXPECT(got > MIB, true);
	reader_free(readers[0]);
	EXPECT(process_exit_code(run.sender), 0);
	default_close(&run);
	expect_spliced(false);
	EXPECT(mentions(MESSAGES, "not taken: --framed"), 1);

	listeners[0] = net_listen(first, sizeof(first));
	listeners[1] = net_listen(second, sizeof(second));
	run.sender = send_start(two);
	for (i = 0; i < 2; i++) {
		fds[i] = net_accept(listeners[i]);
		readers[i] = reader_start(fds[i], MIB + 1);
	}
	for (i = 0; i < 2; i++) {
		reader_wait(readers[i], &got);
		EXPECT(got, MIB);
		reader_free(readers[i]);
		close(fds[i]);
		close(listeners[i]);
	}
	EXPECT(process_exit_code(run.sender), 0);
	EXPECT(mentions(MESSAGES, "not taken: several peers"), 1);
	nothing_left();
}

/* Somebody else captures: it is said as ever, and the peer does not hear of it. */
static void auto_finds_another(void)
{
	char *words[] = { "--bytes", "1M", "-r64K", "10.77.0.2:9", NULL };
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);

	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	EXPECT(process_exit_code(send_start(words)), 1);
	EXPECT(mentions(MESSAGES, "cannot queue a region on "), 1);
	EXPECT(mentions(MESSAGES, "another program is capturing"), 1);
	EXPECT(mentions(REPORT, "\"ok\": false"), 1);
	close(dev);
	close(fd);
	nothing_left();
}

/*
 * A peer that reads nothing has all regions at last: none is left to capture into, and
 * there is no byte to wait with.
 */
static void auto_is_patient(void)
{
	static const char *const words[] = {
		"--bytes", "64M", "-r4K", "-n16", "--timeout", "2", NULL,
	};
	struct default_run run;

	sim_source("pattern");
	run = default_start(words);
	EXPECT(process_exit_code(run.sender), 1);
	EXPECT(mentions(MESSAGES, "took nothing for 2 s"), 1);
	EXPECT(mentions(MESSAGES, "is the FPGA sending"), 0);
	default_close(&run);
}

/* One of them is told of and counted; if there is nothing else, that is the end. */
static void auto_sees_failures(void)
{
	static const char *const few[] = {
		"--bytes", "8M", "-r64K", "-n16", NULL,
	};
	static const char *const many[] = {
		"--bytes", "64M", "-r64K", "-n16", NULL,
	};
	struct default_run run;
	struct reader *reader;
	size_t got;

	sim_source("pattern");
	sim_set("burst", 4096);
	sim_set("rate", 4 * MIB);
	sim_set("fail_transfer", 1);
	run = default_start(few);
	default_end(&run, 0, 8 * MIB);
	close(run.listener);
	EXPECT(send_tool_count("errors"), 1);
	EXPECT(mentions(MESSAGES, "a capture on /dev/fpgabuf0 failed"), 1);
	nothing_left();

	sim_set("fail_transfer", 1000000);
	run = default_start(many);
	reader = reader_start(run.fd, 64 * MIB);
	reader_wait(reader, &got);
	EXPECT(got < 64 * MIB, true);
	reader_free(reader);
	EXPECT(process_exit_code(run.sender), 1);
	EXPECT(mentions(MESSAGES, "failed in a row"), 1);
	sim_set("fail_transfer", 0);
	sim_set("rate", 0);
	sim_set("burst", 65536);
	default_close(&run);
}

enum { PEERS = 4, STALLED = 2, KILLED = 3 };

#define COMPANY_BYTES	(8 * MIB)

/**
 * struct company - four peers of one fpgabuf-send
 * @sender: its process
 * @socks: their ends of the connections
 */
struct company {
	pid_t sender;
	int socks[PEERS];
};

static void company_start(struct company *c, char *policy, char *timeout)
{
	/* Who waits longer waits for ever. */
	const struct timeval patience = { .tv_sec = 60 };
	char addresses[PEERS][32];
	int listeners[PEERS], i;
	char *words[] = {
		"--bytes", "8M", "--region-size", "64K", "--engine",
		"zerocopy", "--slow-peer", policy, "--timeout", timeout,
		addresses[0], addresses[1], addresses[2], addresses[3], NULL,
	};

	for (i = 0; i < PEERS; i++)
		listeners[i] = net_listen(addresses[i], sizeof(addresses[i]));
	c->sender = send_start(words);
	for (i = 0; i < PEERS; i++) {
		c->socks[i] = net_accept(listeners[i]);
		EXPECT(setsockopt(c->socks[i], SOL_SOCKET, SO_RCVTIMEO,
				  &patience, sizeof(patience)), 0);
		close(listeners[i]);
	}
}

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	EXPECT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
	       0);
	close(fd);
}

/* What the FPGA captured from a position on */
static void receive(int sock, uint64_t position, size_t size)
{
	static uint8_t data[128 * KIB];

	REQUIRE(recv(sock, data, size, MSG_WAITALL), size);
	CU_ASSERT(is_pattern(data, size, position));
}

/* It gets more than a capture, and less than two. */
static void company_kill(struct company *c)
{
	receive(c->socks[KILLED], 0, 100000);
	reset(c->socks[KILLED]);
}

static void company_check(struct reader *reader)
{
	const void *data;
	size_t got;

	data = reader_wait(reader, &got);
	EXPECT(got, COMPANY_BYTES);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
}

static void company_end(struct company *c)
{
	EXPECT(process_exit_code(c->sender), 1);
	EXPECT(mentions(REPORT, "\"error\": \"Connection reset by peer\""), 1);
	EXPECT(mentions(MESSAGES, "Connection reset by peer"), 1);
	EXPECT(mentions(MESSAGES, "the receiver closed the connection"), 1);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("captures"), COMPANY_BYTES / (64 * KIB));
	close(c->socks[0]);
	close(c->socks[1]);
	close(c->socks[STALLED]);
	nothing_left();
}

/* All wait for it, until it is given up. */
static void stalled_and_killed(void)
{
	struct reader *readers[2];
	struct company c;

	sim_source("pattern");
	company_start(&c, "wait", "3");
	/* One byte more than there should be, to see the end */
	readers[0] = reader_start(c.socks[0], COMPANY_BYTES + 1);
	readers[1] = reader_start(c.socks[1], COMPANY_BYTES + 1);
	company_kill(&c);
	company_check(readers[0]);
	company_check(readers[1]);
	company_end(&c);
	EXPECT(mentions(REPORT, "\"error\": \"Connection timed out\""), 1);
	EXPECT(mentions(MESSAGES, "took nothing for 3 s"), 1);
}

/*
 * The FPGA is slower than those who read: it captures more when they have all
 * of it.
 */
static void feed_readers(struct company *c)
{
	static uint8_t data[64 * KIB];
	int feed = feed_open(0);
	size_t fed;

	for (fed = 0; fed < COMPANY_BYTES; fed += sizeof(data)) {
		pattern_fill(data, sizeof(data), fed);
		REQUIRE(write(feed, data, sizeof(data)), sizeof(data));
		receive(c->socks[0], fed, sizeof(data));
		receive(c->socks[1], fed, sizeof(data));
		if (fed == sizeof(data))
			company_kill(c);
	}
	EXPECT(recv(c->socks[0], data, 1, 0), 0);
	EXPECT(recv(c->socks[1], data, 1, 0), 0);
	close(feed);
}

/*
 * Nobody waits, however long it takes; what the other got is what it gets when
 * it goes on at last.
 */
static void stalled_and_dropped(void)
{
	struct reader *late;
	struct company c;
	const void *data;
	size_t got;

	sim_source("feed");
	company_start(&c, "drop", "60");
	feed_readers(&c);
	/* That is: now, while it stalls. */
	EXPECT(waitpid(c.sender, NULL, WNOHANG), 0);
	late = reader_start(c.socks[STALLED], COMPANY_BYTES);
	data = reader_wait(late, &got);
	CU_ASSERT(got > 0 && got < COMPANY_BYTES);
	EXPECT(got % (64 * KIB), 0);
	CU_ASSERT(is_pattern(data, 64 * KIB, 0));
	reader_free(late);
	company_end(&c);
	printf("\n    %zu of %zu bytes for the peer that stalled", got,
	       COMPANY_BYTES);
	EXPECT(mentions(REPORT, "\"error\": \"\""), 3);
}

/* A peer that will not say anything any more can listen all the same. */
static void half_closed(void)
{
	char address[32];
	char *words[] = { "--bytes", "2M", "--region-size", "256K", address,
			  NULL };
	int listener = net_listen(address, sizeof(address)), fd;
	struct reader *reader;
	const void *data;
	pid_t sender;
	size_t got;

	sim_source("pattern");
	sender = send_start(words);
	fd = net_accept(listener);
	EXPECT(shutdown(fd, SHUT_WR), 0);
	reader = reader_start(fd, 2 * MIB + 1);
	data = reader_wait(reader, &got);
	EXPECT(got, 2 * MIB);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(fd);
	EXPECT(process_exit_code(sender), 0);
	close(listener);
	nothing_left();
}

static void unreachable(void)
{
	/* There is no route to the first, and nobody at the second. */
	char *no_route[] = { "--bytes", "2M", "10.99.0.1:5000", NULL };
	char *nobody[] = { "--bytes", "2M", "--timeout", "2",
			   "10.77.0.99:5000", NULL };

	EXPECT(process_exit_code(send_start(no_route)), 1);
	EXPECT(mentions(MESSAGES, "Network is unreachable"), 1);
	EXPECT(mentions(MESSAGES, "is the network up?"), 1);
	EXPECT(process_exit_code(send_start(nobody)), 1);
	EXPECT(mentions(MESSAGES, "cannot connect to 10.77.0.99:5000"), 1);
	nothing_left();
}

/* Whatever was captured until then arrives, and nothing is torn. */
static void interrupted_with(char *engine)
{
	char address[32];
	char *words[] = { "--region-size", "256K", "--engine", engine, address,
			  NULL };
	int listener = net_listen(address, sizeof(address)), fd;
	struct reader *reader;
	const void *data;
	uint8_t first;
	pid_t sender;
	size_t got;

	sim_source("pattern");
	sender = send_start(words);
	fd = net_accept(listener);
	EXPECT(recv(fd, &first, 1, MSG_PEEK), 1);
	reader = reader_start(fd, 64 * MIB);
	EXPECT(kill(sender, SIGINT), 0);
	EXPECT(process_exit_code(sender), 0);
	data = reader_wait(reader, &got);
	EXPECT(got, send_tool_count("bytes"));
	CU_ASSERT(got > 0 && is_pattern(data, got, 0));
	EXPECT(sim_gave(got), true);
	reader_free(reader);
	close(fd);
	close(listener);
	nothing_left();
}

static void interrupted(void)
{
	interrupted_with("auto");
	interrupted_with("zerocopy");
}

/* A peer that takes nothing, or goes, while there are bytes in the pipe */
static void splice_fails(void)
{
	char address[32];
	char *words[] = { "--region-size", "256K", "--engine", "splice",
			  "--timeout", "1", address, NULL };
	int listener, fd;
	pid_t sender;
	char byte;

	if (!has_streams()) {
		skip("this kernel has no streams of bytes");
		return;
	}
	sim_source("pattern");
	listener = net_listen(address, sizeof(address));
	sender = send_start(words);
	fd = net_accept(listener);
	EXPECT(process_exit_code(sender), 1);
	EXPECT(mentions(MESSAGES, "took nothing for 1 s"), 1);
	close(fd);
	sender = send_start(words);
	fd = net_accept(listener);
	/* It has connected, and sends. */
	EXPECT(recv(fd, &byte, 1, 0), 1);
	reset(fd);
	EXPECT(process_exit_code(sender), 1);
	EXPECT(mentions(MESSAGES, "cannot send to"), 1);
	close(listener);
	nothing_left();
}

/* Programs that are started inherit it. */
static int take_fd(int from)
{
	char byte;
	int fd = fd_take(from, &byte, 1);

	REQUIRE(fcntl(fd, F_SETFD, 0), 0);
	return fd;
}

/**
 * struct passing - how a region gets to who sends it
 * @in: where it comes from
 * @out: where it goes, or -1 for the last one, which sends it
 * @engine: how
 * @address: whereto
 */
struct passing {
	int in, out;
	char *engine;
	char address[32];
};

static void pass_on(void *arg)
{
	const struct passing *p = arg;

	fd_pass(p->out, take_fd(p->in), "", 1);
}

static void send_passed(void *arg)
{
	struct passing *p = arg;
	char number[16];
	char *words[] = { "--verbose", "--engine", p->engine, "--fd", number,
			  p->address, NULL };

	snprintf(number, sizeof(number), "%d", take_fd(p->in));
	EXPECT(process_exit_code(send_start(words)), 0);
}

static void passed_and_sent(char *engine)
{
	int dev = device_open(0), fd = region_alloc(dev, MIB), rx, a[2], b[2];
	struct passing first = { 0 }, last = { .engine = engine };
	int listener = net_listen(last.address, sizeof(last.address));
	struct reader *reader;
	const void *data;
	pid_t pids[2];
	size_t got;

	sim_source("pattern");
	REQUIRE(capture_run(dev, fd, 0).bytes, MIB);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a), 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b), 0);
	first.in = a[1];
	first.out = b[0];
	last.in = b[1];
	pids[0] = process_start(pass_on, &first);
	pids[1] = process_start(send_passed, &last);
	fd_pass(a[0], fd, "", 1);
	/* Nobody here holds it any more. */
	close(fd);
	close(dev);
	rx = net_accept(listener);
	reader = reader_start(rx, MIB + 1);
	data = reader_wait(reader, &got);
	EXPECT(got, MIB);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(rx);
	close(listener);
	EXPECT(process_exit_code(pids[0]), 0);
	EXPECT(process_exit_code(pids[1]), 0);
	EXPECT(send_tool_count("bytes"), MIB);
	EXPECT(send_tool_count("copied"), 0);
	CU_ASSERT(send_tool_count("zerocopy_sends") > 0);
	EXPECT(send_tool_count("completions"),
	       send_tool_count("zerocopy_sends"));
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	nothing_left();
}

static void passed(void)
{
	passed_and_sent("zerocopy");
	if (!need_uring())
		return;
	passed_and_sent("uring");
	/* The kernel takes the memory, or says that it does not. */
	EXPECT(send_tool_count("registered_sends") > 0 ||
	       mentions(MESSAGES, "the memory is not registered") == 1, true);
}

#define SHARE	"/tmp/send-share.sock"

static pid_t share_start(void)
{
	pid_t pid;
	int i;

	unlink(SHARE);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		execlp("fpgabuf-share", "fpgabuf-share", "--quiet",
		       "--region-size", "64K", SHARE, NULL);
		_exit(127);
	}
	/* It listens from the moment when its socket has its name. */
	for (i = 0; i < 2000 && access(SHARE, F_OK); i++)
		usleep(10000);
	return pid;
}

/* Captures may be missing, and each one says where in the pattern it is. */
static void check_captures(const uint8_t *data, size_t size)
{
	uint64_t position;
	size_t at;

	for (at = 0; at < size; at += 64 * KIB) {
		memcpy(&position, data + at, sizeof(position));
		CU_ASSERT(is_pattern(data + at, 64 * KIB,
				     position * sizeof(position)));
	}
}

static void shared(void)
{
	char address[32];
	char *words[] = { "--share", SHARE, "--bytes", "4M", "--engine",
			  "zerocopy", address, NULL };
	int listener = net_listen(address, sizeof(address)), fd;
	struct reader *reader;
	pid_t server, sender;
	const void *data;
	size_t got;

	sim_source("pattern");
	server = share_start();
	sender = send_start(words);
	fd = net_accept(listener);
	reader = reader_start(fd, 4 * MIB + 1);
	data = reader_wait(reader, &got);
	EXPECT(got, 4 * MIB);
	check_captures(data, got);
	reader_free(reader);
	EXPECT(process_exit_code(sender), 0);
	EXPECT(send_tool_count("captures"), 64);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("completions"),
	       send_tool_count("zerocopy_sends"));
	EXPECT(kill(server, SIGTERM), 0);
	EXPECT(process_exit_code(server), 0);
	close(fd);
	close(listener);
	nothing_left();
}

static struct fpgabuf_region *captured(struct fpgabuf_device **device,
				       void **addr)
{
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue done;

	REQUIRE(fpgabuf_device_open(NULL, 0, device), 0);
	sim_source("pattern");
	REQUIRE(fpgabuf_device_alloc(*device, 512 * KIB, &region), 0);
	REQUIRE(fpgabuf_region_map(region, PROT_READ | PROT_WRITE, addr), 0);
	REQUIRE(fpgabuf_device_queue(*device, region, 0, 0), 0);
	REQUIRE(fpgabuf_device_dequeue(*device, &done), 0);
	return region;
}

/* The NIC may need a moment more than the kernel's report. */
static int queue_soon(struct fpgabuf_device *device,
		      struct fpgabuf_region *region)
{
	int err = -EBUSY, i;

	for (i = 0; i < 500 && err == -EBUSY; i++) {
		err = fpgabuf_device_queue(device, region, 0, 0);
		if (err == -EBUSY)
			usleep(10000);
	}
	return err;
}

/* What is in flight by io_uring is in use for the driver, till it is not. */
static void uring_holds(void)
{
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	uint64_t token;
	void *addr;
	struct fpgabuf_region *region;
	int tx, rx;

	if (!need_uring())
		return;
	region = captured(&device, &addr);
	net_connect(&tx, &rx);
	REQUIRE(fpgabuf_sender_create(tx, FPGABUF_ENGINE_URING, 1, &sender), 0);
	REQUIRE(fpgabuf_sender_submit(sender, addr, 512 * KIB, 7), 0);
	EXPECT(fpgabuf_sender_drain(sender, 300), -ETIMEDOUT);
	EXPECT(fpgabuf_sender_reap(sender, &token), 0);
	EXPECT(fpgabuf_device_queue(device, region, 0, 0), -EBUSY);
	/* The peer never reads: only the end of the connection helps. */
	EXPECT(fpgabuf_sender_abort(sender), 0);
	EXPECT(fpgabuf_sender_drain(sender, 10000), -ECONNABORTED);
	EXPECT(fpgabuf_sender_reap(sender, &token), 1);
	EXPECT(token, 7);
	EXPECT(queue_soon(device, region), 0);
	fpgabuf_sender_destroy(sender);
	close(tx);
	close(rx);
	fpgabuf_device_close(device);
	fpgabuf_region_close(region);
	nothing_left();
}

/* Destroyed without waiting: what protects the region then is the driver. */
static void uring_destroyed(void)
{
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	void *addr;
	struct fpgabuf_region *region;
	struct reader *reader;
	const void *data;
	size_t got;
	int tx, rx;

	if (!need_uring())
		return;
	region = captured(&device, &addr);
	net_connect(&tx, &rx);
	REQUIRE(fpgabuf_sender_create(tx, FPGABUF_ENGINE_URING, 1, &sender), 0);
	REQUIRE(fpgabuf_sender_submit(sender, addr, 512 * KIB, 7), 0);
	EXPECT(fpgabuf_sender_drain(sender, 300), -ETIMEDOUT);
	fpgabuf_sender_destroy(sender);
	EXPECT(fpgabuf_device_queue(device, region, 0, 0), -EBUSY);
	reader = reader_start(rx, 512 * KIB);
	data = reader_wait(reader, &got);
	EXPECT(got, 512 * KIB);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	EXPECT(queue_soon(device, region), 0);
	close(tx);
	close(rx);
	fpgabuf_device_close(device);
	fpgabuf_region_close(region);
	nothing_left();
}

/*
 * Before 6.5 the kernel refuses to register regions; from then on they are in
 * use as long as they are registered, whatever is in flight.
 */
static void registered(void)
{
	struct fpgabuf_device *device;
	struct fpgabuf_sender *sender;
	void *addr;
	struct fpgabuf_region *region;
	int tx, rx, err;

	if (!need_uring())
		return;
	region = captured(&device, &addr);
	net_connect(&tx, &rx);
	REQUIRE(fpgabuf_sender_create(tx, FPGABUF_ENGINE_URING, 1, &sender), 0);
	err = fpgabuf_sender_register(sender, addr, 512 * KIB);
	EXPECT(err == 0 || err == -EOPNOTSUPP, true);
	printf("\n    registering a region: %s", strerror(-err));
	EXPECT(fpgabuf_device_queue(device, region, 0, 0), err ? 0 : -EBUSY);
	fpgabuf_sender_destroy(sender);
	if (!err)
		EXPECT(queue_soon(device, region), 0);
	close(tx);
	close(rx);
	fpgabuf_device_close(device);
	fpgabuf_region_close(region);
	nothing_left();
}

static const struct test tests[] = {
	{ "every engine delivers the same bytes, none of them copied by those that must not",
	  engines },
	{ "without scatter-gather auto copies, and the others are told why they do",
	  auto_copies },
	{ "bytes for one peer without headers are spliced by default: every byte, and none too many",
	  auto_splices },
	{ "... short captures only where that costs less", auto_shares },
	{ "thousands of captures need few descriptors", thousands },
	{ "... also if the last region is not filled", auto_splices_odd },
	{ "what splice cannot do as well is not spliced by default",
	  auto_does_not },
	{ "... headers and several peers, either", auto_does_not_frame },
	{ "the default tells of somebody else who captures", auto_finds_another },
	{ "a peer that has all regions of the default is given up after the timeout",
	  auto_is_patient },
	{ "the default tells of captures that fail", auto_sees_failures },
	{ "four peers, one stalls and one is killed: the others get every byte",
	  stalled_and_killed },
	{ "the same with --slow-peer drop, and nobody waits",
	  stalled_and_dropped },
	{ "a peer that closes its side may go on reading", half_closed },
	{ "a peer that cannot be reached is a failure, and said to be",
	  unreachable },
	{ "SIGINT ends a capture without an end, and all of it arrives",
	  interrupted },
	{ "engine splice tells of a peer that stalls or goes", splice_fails },
	{ "a region passed through two processes is sent by the last one, without a copy",
	  passed },
	{ "what fpgabuf-share captures is sent, without a copy", shared },
	{ "a region that io_uring sends is in use until the peer has it, or the connection is aborted",
	  uring_holds },
	{ "... also when the sender is destroyed before that",
	  uring_destroyed },
	{ "a registered region is in use as long as it is, if the kernel takes it",
	  registered },
	{ }
};

SUITE(send,
	.title = "fpgabuf-send",
	.init = modules_load,
	.tests = tests)
