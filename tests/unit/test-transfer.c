// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop of fpgabuf-send between a fake device and a real connection.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "fake-device.h"
#include "net.h"
#include "recv/pattern.h"
#include "send/transfer.h"
#include "suites.h"

/**
 * struct rig - a transfer from end to end
 * @options: what is asked for
 * @receive_buffer: bytes of the peer's socket buffer, or 0 for the usual
 * @pair: the connection; the peer's end is read by @receiver
 * @receiver: process that reads and checks the pattern
 * @result: where it writes how many bytes were right
 * @source: the capturing half
 * @transfer: the loop
 * @stats: of the sender, after the run
 * @received: bytes the receiver found right, after the run
 */
struct rig {
	struct send_options options;
	int receive_buffer;
	struct pair pair;
	pid_t receiver;
	int result;
	struct source source;
	struct transfer transfer;
	struct fpgabuf_sender_stats stats;
	uint64_t received;
};

static struct send_options default_options(void)
{
	return (struct send_options){
		.device = FAKE_DEVICE,
		.region_size = 65536,
		.regions = 4,
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.engine = FPGABUF_ENGINE_ZEROCOPY,
		.timeout_ms = PATIENCE_MS,
	};
}

/* Reads to the end; what it counts ends with the first wrong byte. */
static uint64_t count_good(int fd)
{
	static uint8_t buffer[65536];
	uint64_t good = 0;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		size_t k = pattern_check(buffer, n, good);

		good += k;
		if (k < (size_t)n)
			break;
	}
	return good;
}

static void start_receiver(struct rig *r)
{
	uint64_t good;
	int fds[2];

	if (pipe(fds))
		err(EXIT_FAILURE, "pipe");
	fflush(stdout);
	r->receiver = fork();
	if (r->receiver < 0)
		err(EXIT_FAILURE, "fork");
	if (!r->receiver) {
		close(r->pair.sender);
		alarm(2 * PATIENCE_MS / 1000);
		good = count_good(r->pair.peer);
		_exit(write(fds[1], &good, sizeof(good)) != sizeof(good));
	}
	close(fds[1]);
	close(r->pair.peer);
	r->pair.peer = -1;
	r->result = fds[0];
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void rig_open(struct rig *r)
{
	struct transfer *t = &r->transfer;

	r->pair = pair_open(0, r->receive_buffer);
	CU_ASSERT_EQUAL_FATAL(source_open(&r->source, &r->options), 0);
	*t = (struct transfer){
		.source = &r->source,
		.sock = r->pair.sender,
		.timeout_ms = r->options.timeout_ms,
		.sigfd = block_signals(),
	};
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(t->sock, r->options.engine,
						    r->source.slot_count,
						    &t->sender), 0);
	progress_start(&t->progress, 0, false, true);
}

static void rig_close(struct rig *r, int sigfd)
{
	fpgabuf_sender_stats(r->transfer.sender, &r->stats);
	fpgabuf_sender_destroy(r->transfer.sender);
	source_close(&r->source);
	close(sigfd);
	pair_close(&r->pair);
}

/* What the receiver has to say once the connection is closed. */
static void join_receiver(struct rig *r)
{
	int status = -1;

	if (read(r->result, &r->received, sizeof(r->received)) !=
	    sizeof(r->received))
		r->received = UINT64_MAX;
	close(r->result);
	CU_ASSERT_EQUAL(waitpid(r->receiver, &status, 0), r->receiver);
	CU_ASSERT_EQUAL(status, 0);
}

static int rig_run(struct rig *r)
{
	int ret, sigfd;

	rig_open(r);
	start_receiver(r);
	sigfd = r->transfer.sigfd;
	ret = transfer_run(&r->transfer);
	rig_close(r, sigfd);
	join_receiver(r);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	CU_ASSERT_EQUAL(r->received, r->stats.bytes);
	CU_ASSERT_EQUAL(r->stats.bytes, r->source.bytes);
	return ret;
}

static void check_bytes(uint64_t bytes, enum fpgabuf_engine engine)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	r.options.bytes = bytes;
	r.options.engine = engine;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.received, bytes);
	CU_ASSERT_EQUAL(r.stats.completions, r.stats.zerocopy_sends);
	/* No more was captured than the alignment asks for. */
	CU_ASSERT_EQUAL(fake.bytes, (bytes + 7) / 8 * 8);
}

static void test_bytes(void)
{
	check_bytes(1, FPGABUF_ENGINE_ZEROCOPY);
	check_bytes(65536, FPGABUF_ENGINE_ZEROCOPY);
	check_bytes(65537, FPGABUF_ENGINE_ZEROCOPY);
	check_bytes(10000003, FPGABUF_ENGINE_ZEROCOPY);
	check_bytes(10000003, FPGABUF_ENGINE_COPY);
}

static void test_count(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	r.options.captures = 50;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(fake.captures, 50);
	CU_ASSERT_EQUAL(r.received, 50 * 65536);
	CU_ASSERT_EQUAL(r.source.captures, 50);
}

static void test_busy(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.busy = 9;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.received, 20 * 65536);
	CU_ASSERT_EQUAL(r.source.busy_retries, 9);
	CU_ASSERT_EQUAL(fake.busy, 0);
}

static void test_busy_for_ever(void)
{
	struct rig r = { .options = default_options() };
	int64_t start = clock_ns();

	fake_reset();
	fake.busy = UINT32_MAX;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	/* What had been captured is sent all the same. */
	CU_ASSERT_EQUAL(r.received, 4 * 65536);
	CU_ASSERT(clock_ns() - start >= 10 * NS_PER_SEC);
	CU_ASSERT(r.source.busy_retries < 4 * 10 * 1000 / 60);
}

static void test_odd_captures(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.empty_every = 3;
	fake.short_every = 4;
	fake.gap_every = 5;
	r.options.bytes = 1000001;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.received, 1000001);
	CU_ASSERT_EQUAL(r.source.gaps, fake.captures / 5);
	CU_ASSERT(r.source.partial > 0);
	CU_ASSERT(r.source.captures < fake.captures);
}

/* What had arrived before the timeout is as good as any other byte. */
static void test_timeouts(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.empty_every = 3;
	fake.short_every = 4;
	fake.timeout_every = 2;
	r.options.bytes = 1000001;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.received, 1000001);
	CU_ASSERT_EQUAL(r.source.timeouts, fake.captures / 2);
}

static void test_alignment(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.alignment = 3000;
	r.options.bytes = 131071;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.received, 131071);
	CU_ASSERT_EQUAL(fake.bytes, 132000);
}

static void test_queue_depth(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.never = true;
	fake.queue_depth = 2;
	r.options.captures = 10;
	rig_open(&r);
	CU_ASSERT_EQUAL(source_fill(&r.source), 0);
	CU_ASSERT_EQUAL(fake.most_queued, 2);
	CU_ASSERT_EQUAL(source_fill(&r.source), 0);
	CU_ASSERT_EQUAL(fake.most_queued, 2);
	rig_close(&r, r.transfer.sigfd);
}

static void test_failed_capture(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.fail_at = 10;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.received, 9 * 65536);
}

/* Without an end, with captures that take for ever. */
static void test_signal(void)
{
	struct rig r = { .options = default_options() };
	int ret, sigfd;

	fake_reset();
	fake.never = true;
	fake.canceled_bytes = 1000;
	rig_open(&r);
	start_receiver(&r);
	sigfd = r.transfer.sigfd;
	raise(SIGINT);
	ret = transfer_run(&r.transfer);
	rig_close(&r, sigfd);
	join_receiver(&r);
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_EQUAL(r.received, 1000);
	CU_ASSERT_EQUAL(fake.captures, 4);
}

static void test_signal_too_early(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.never = true;
	r.options.bytes = 1000;
	block_signals();
	raise(SIGINT);
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.received, 0);
}

static void test_peer_reset(void)
{
	struct rig r = { .options = default_options() };
	int sigfd;

	fake_reset();
	rig_open(&r);
	sigfd = r.transfer.sigfd;
	pair_reset(&r.pair);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	rig_close(&r, sigfd);
}

static void check_stall(enum fpgabuf_engine engine)
{
	struct rig r = { .options = default_options() };
	int sigfd;

	fake_reset();
	r.options.bytes = 100000;
	r.options.engine = engine;
	r.options.timeout_ms = 500;
	r.receive_buffer = 4096;
	rig_open(&r);
	sigfd = r.transfer.sigfd;
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	rig_close(&r, sigfd);
	/* The socket had taken all: that was not what it waited for. */
	CU_ASSERT_EQUAL(r.stats.bytes, 100000);
}

static void test_peer_stalls(void)
{
	check_stall(FPGABUF_ENGINE_ZEROCOPY);
	check_stall(FPGABUF_ENGINE_COPY);
}

/*
 * Takes the connection to its end, but reads nothing.  The sender must have
 * seen the last acknowledgement before the reset comes; it looks every 10 ms,
 * and nothing here can tell when it has.
 */
static int end_unread(const struct pair *p)
{
	short revents;

	close(p->sender);
	revents = wait_for(p->peer, POLLRDHUP);
	poll(NULL, 0, 200);
	return revents & POLLRDHUP ? 0 : 1;
}

static void test_peer_does_not_read(void)
{
	struct rig r = { .options = default_options() };
	int sigfd, status;
	pid_t pid;

	fake_reset();
	r.options.bytes = 1000;
	rig_open(&r);
	sigfd = r.transfer.sigfd;
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(end_unread(&r.pair));
	close(r.pair.peer);
	r.pair.peer = -1;
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	rig_close(&r, sigfd);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
}

static void test_alloc_fails(void)
{
	struct send_options o = default_options();
	struct source s;

	fake_reset();
	fake.alloc_errno = ENOMEM;
	CU_ASSERT_EQUAL(source_open(&s, &o), -ENOMEM);
	fake_reset();
	fake.alignment = 100000;
	CU_ASSERT_EQUAL(source_open(&s, &o), -EINVAL);
}

CU_TestInfo transfer_tests[] = {
	{ "exactly the bytes asked for are captured, sent and acknowledged",
	  test_bytes },
	{ "exactly the captures asked for are made", test_count },
	{ "a region that is busy for a moment is tried again", test_busy },
	{ "a region that stays busy ends it, after sending what there is",
	  test_busy_for_ever },
	{ "empty, short and gapped captures lose no byte", test_odd_captures },
	{ "captures that time out are sent and asked for again", test_timeouts },
	{ "the end of the stream need not be aligned", test_alignment },
	{ "no more is queued than the device takes", test_queue_depth },
	{ "a failed capture ends it, after sending the good ones",
	  test_failed_capture },
	{ "a signal ends an endless capture well, with what was canceled",
	  test_signal },
	{ "a signal before the last byte is a failure", test_signal_too_early },
	{ "a reset by the peer is a failure", test_peer_reset },
	{ "a peer that takes nothing is given up after the timeout",
	  test_peer_stalls },
	{ "a peer that ends without having read all is a failure",
	  test_peer_does_not_read },
	{ "a device without memory, or with long captures, is refused",
	  test_alloc_fails },
	CU_TEST_INFO_NULL,
};
