// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop of fpgabuf-send between a fake device and a real connection.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "common/message.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "recv/pattern.h"
#include "send/sources.h"
#include "send/transfer.h"

#define MAX_RIG_PEERS	3

/**
 * struct tally - what a receiver found
 * @bytes: samples that were right
 * @frames: headers that were right
 * @next: number the next frame must have
 * @skipped: bytes that the headers say were left out
 * @left_out: captures that are missing between the others
 * @flags: of all headers together
 * @anew: the next frame is the first of a connection
 * @reset: the stream broke off with a reset
 * @wrong: something was not as it should be
 */
struct tally {
	uint64_t bytes;
	uint64_t frames;
	uint64_t next;
	uint64_t skipped;
	uint64_t left_out;
	uint32_t flags;
	bool anew;
	bool reset;
	bool wrong;
};

/**
 * struct rig - a transfer from end to end
 * @options: what is asked for
 * @receive_buffer: bytes of the peers' socket buffers, or 0 for the usual
 * @peer_count: how many peers, 0 means 1
 * @listener: where the sender connects to
 * @socks: the peers' ends of the connections
 * @receivers: processes that read and check the pattern
 * @results: where they write what was right
 * @receive: what they do with the connection, or NULL to read the pattern
 * @late: readable when a late receiver may begin
 * @tell: the other end of that
 * @source: the capturing half
 * @peers: the sending half
 * @slots: for @transfer
 * @transfer: the loop
 * @sigfd: for @transfer
 * @stats: of the first peer's senders, after the run
 * @tallies: what each receiver found, after the run
 */
struct rig {
	struct send_options options;
	int receive_buffer;
	unsigned int peer_count;
	int listener;
	int socks[MAX_RIG_PEERS];
	pid_t receivers[MAX_RIG_PEERS];
	int results[MAX_RIG_PEERS];
	void (*receive)(const struct rig *r, int fd, struct tally *tally);
	int late;
	int tell;
	struct source *source;
	struct peer peers[MAX_RIG_PEERS];
	struct held_slot slots[64];
	struct transfer transfer;
	int sigfd;
	struct fpgabuf_sender_stats stats;
	struct tally tallies[MAX_RIG_PEERS];
};

static struct send_options default_options(void)
{
	return (struct send_options){
		.device = FAKE_DEVICE,
		.fd = -1,
		.region_size = 65536,
		.regions = 4,
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.duration_s = UNLIMITED,
		.engine = FPGABUF_ENGINE_ZEROCOPY,
		.timeout_ms = PATIENCE_MS,
	};
}

/* Reads to the end; what it counts ends with the first wrong byte. */
static void count_good(const struct rig *r, int fd, struct tally *tally)
{
	static uint8_t buffer[65536];
	ssize_t n;

	(void)r;
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		size_t k = pattern_check(buffer, n, tally->bytes);

		tally->bytes += k;
		if (k < (size_t)n)
			return;
	}
	tally->reset = n < 0 && errno == ECONNRESET;
}

static void check_header(struct tally *t, const struct fpgabuf_frame *f)
{
	if (f->sequence < t->next)
		t->wrong = true;
	if (!t->anew && !f->skipped != (f->sequence == t->next))
		t->wrong = true;
	t->anew = false;
	t->left_out += f->sequence - t->next;
	t->next = f->sequence + 1;
	t->skipped += f->skipped;
	t->flags |= f->flags;
}

/*
 * One frame; all captures are as long as a region, so its number says where in
 * the pattern it is.  False: there is none, or it was the last.
 */
static bool read_frame(int fd, struct tally *t)
{
	static uint8_t data[65536];
	uint8_t header[FPGABUF_FRAME_HEADER_SIZE];
	struct fpgabuf_frame f;

	errno = 0;
	if (recv(fd, header, sizeof(header), MSG_WAITALL) != sizeof(header)) {
		t->reset = errno == ECONNRESET;
		return false;
	}
	if (fpgabuf_frame_decode(header, &f) || f.length > sizeof(data)) {
		t->wrong = true;
		return false;
	}
	/* What is behind the fields known here */
	if (recv(fd, header, f.header_size - FPGABUF_FRAME_HEADER_SIZE, MSG_WAITALL) !=
	    f.header_size - FPGABUF_FRAME_HEADER_SIZE)
		t->wrong = true;
	check_header(t, &f);
	if (f.flags & FPGABUF_FRAME_END)
		return false;
	if (recv(fd, data, f.length, MSG_WAITALL) != (ssize_t)f.length)
		return false;
	if (pattern_check(data, f.length, f.sequence * 65536) != f.length)
		t->wrong = true;
	t->frames++;
	t->bytes += f.length;
	return true;
}

static void count_frames(const struct rig *r, int fd, struct tally *tally)
{
	ssize_t n;
	char byte;

	(void)r;
	while (read_frame(fd, tally))
		;
	/* Nothing follows the end. */
	n = recv(fd, &byte, 1, 0);
	tally->reset = tally->reset || (n < 0 && errno == ECONNRESET);
	if (n && !tally->reset)
		tally->wrong = true;
}

static void start_receiver(struct rig *r, unsigned int i)
{
	struct tally tally = { 0 };
	int fds[2];

	if (pipe(fds))
		err(EXIT_FAILURE, "pipe");
	fflush(stdout);
	r->receivers[i] = fork();
	if (r->receivers[i] < 0)
		err(EXIT_FAILURE, "fork");
	if (!r->receivers[i]) {
		close(r->peers[i].sock);
		alarm(2 * PATIENCE_MS / 1000);
		(r->receive ? r->receive : count_good)(r, r->socks[i], &tally);
		_exit(write(fds[1], &tally, sizeof(tally)) != sizeof(tally));
	}
	close(fds[1]);
	close(r->socks[i]);
	r->socks[i] = -1;
	r->results[i] = fds[0];
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void rig_listen(struct rig *r)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct endpoint *peer = &r->options.peers[0];
	char text[32];

	CU_ASSERT_EQUAL_FATAL(endpoint_parse("127.0.0.1:0", peer), 0);
	r->listener = endpoint_listen(peer);
	CU_ASSERT_FATAL(r->listener >= 0);
	if (r->receive_buffer)
		setsockopt(r->listener, SOL_SOCKET, SO_RCVBUF,
			   &r->receive_buffer, sizeof(r->receive_buffer));
	getsockname(r->listener, (struct sockaddr *)&addr, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(addr.sin_port));
	CU_ASSERT_EQUAL_FATAL(endpoint_parse(text, peer), 0);
}

static int rig_accept(const struct rig *r)
{
	wait_for(r->listener, POLLIN);
	return accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
}

static void rig_connect(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < r->peer_count; i++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&r->peers[i],
						&r->options.peers[0],
						&r->options, r->source), 0);
		r->socks[i] = rig_accept(r);
		CU_ASSERT_FATAL(r->socks[i] >= 0);
	}
}

/* Somebody listens. */
static void rig_start(struct rig *r)
{
	struct transfer *t = &r->transfer;

	r->source = send_source_open(&r->options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->source);
	rig_connect(r);
	r->sigfd = block_signals();
	*t = (struct transfer){
		.source = r->source,
		.peers = r->peers,
		.peer_count = r->peer_count,
		.sigfd = r->sigfd,
		.framed = r->options.framed,
		.drop = r->options.drop,
		.rate.bytes_per_s = r->options.rate,
		.slots = r->slots,
	};
	progress_start(&t->progress, 0, false, true);
}

static void rig_open(struct rig *r)
{
	if (!r->peer_count)
		r->peer_count = 1;
	rig_listen(r);
	rig_start(r);
}

/* Whatever happened, every slot came back to the source. */
static void rig_close(struct rig *r)
{
	unsigned int i;

	CU_ASSERT_EQUAL(r->transfer.held, 0);
	peer_stats(&r->peers[0], &r->stats);
	for (i = 0; i < r->peer_count; i++) {
		CU_ASSERT_EQUAL(r->peers[i].held, 0);
		peer_close(&r->peers[i]);
		if (r->socks[i] >= 0)
			close(r->socks[i]);
	}
	close(r->sigfd);
	close(r->listener);
}

/* What a receiver has to say once the connection is closed. */
static void join_receiver(struct rig *r, unsigned int i)
{
	int status = -1;

	if (read(r->results[i], &r->tallies[i], sizeof(struct tally)) !=
	    sizeof(struct tally))
		r->tallies[i].wrong = true;
	close(r->results[i]);
	CU_ASSERT_EQUAL(waitpid(r->receivers[i], &status, 0), r->receivers[i]);
	CU_ASSERT_EQUAL(status, 0);
}

/* The source stays open, to be looked at. */
static int rig_run(struct rig *r)
{
	unsigned int i;
	int ret;

	rig_open(r);
	for (i = 0; i < r->peer_count; i++)
		start_receiver(r, i);
	ret = transfer_run(&r->transfer);
	rig_close(r);
	for (i = 0; i < r->peer_count; i++)
		join_receiver(r, i);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	CU_ASSERT_FALSE(r->tallies[0].wrong);
	if (!r->options.framed) {
		CU_ASSERT_EQUAL(r->tallies[0].bytes, r->stats.bytes);
		CU_ASSERT_EQUAL(r->stats.bytes, r->source->counts.bytes);
	}
	return ret;
}

static void check_bytes(uint64_t bytes, enum fpgabuf_engine engine)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	r.options.bytes = bytes;
	r.options.engine = engine;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, bytes);
	CU_ASSERT_EQUAL(r.stats.completions, r.stats.zerocopy_sends);
	/* No more was captured than the alignment asks for. */
	CU_ASSERT_EQUAL(fake.bytes, (bytes + 7) / 8 * 8);
	source_close(r.source);
}

/* A region is held until the receiver, which takes its time, has all of it. */
static void test_holding(void)
{
	struct rig r = { .options = default_options() };
	const struct holding *h = &r.transfer.holding;
	int64_t began = clock_ns();

	fake_reset();
	r.options.bytes = 10000000;
	r.options.engine = FPGABUF_ENGINE_ZEROCOPY;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(h->count, r.source->counts.captures);
	CU_ASSERT(h->most_ns > 0);
	CU_ASSERT(h->total_ns >= h->most_ns);
	CU_ASSERT(h->total_ns <= (double)h->most_ns * h->count);
	CU_ASSERT(h->most_ns <= (uint64_t)(clock_ns() - began));
	source_close(r.source);
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
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 50 * 65536);
	CU_ASSERT_EQUAL(r.source->counts.captures, 50);
	source_close(r.source);
}

static void test_busy(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.busy = 9;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 20 * 65536);
	CU_ASSERT_EQUAL(r.source->counts.busy_retries, 9);
	CU_ASSERT_EQUAL(fake.busy, 0);
	source_close(r.source);
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
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 4 * 65536);
	CU_ASSERT(clock_ns() - start >= 10 * NS_PER_SEC);
	CU_ASSERT(r.source->counts.busy_retries < 4 * 10 * 1000 / 60);
	source_close(r.source);
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
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 1000001);
	CU_ASSERT_EQUAL(r.source->counts.gaps, fake.captures / 5);
	CU_ASSERT(r.source->counts.partial > 0);
	CU_ASSERT(r.source->counts.captures < fake.captures);
	source_close(r.source);
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
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 1000001);
	CU_ASSERT_EQUAL(r.source->counts.timeouts, fake.captures / 2);
	source_close(r.source);
}

static void test_alignment(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.alignment = 3000;
	r.options.bytes = 131071;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 131071);
	CU_ASSERT_EQUAL(fake.bytes, 132000);
	source_close(r.source);
}

static void test_queue_depth(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.never = true;
	fake.queue_depth = 2;
	r.options.captures = 10;
	rig_open(&r);
	CU_ASSERT_EQUAL(source_fill(r.source), 0);
	CU_ASSERT_EQUAL(fake.most_queued, 2);
	CU_ASSERT_EQUAL(source_fill(r.source), 0);
	CU_ASSERT_EQUAL(fake.most_queued, 2);
	/* It is not even tried. */
	CU_ASSERT_EQUAL(fake.queue_calls, 2);
	rig_close(&r);
	source_close(r.source);
}

/* Less room than regions: those that are queued are not lost for it. */
static void test_room(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.room = 2;
	r.options.captures = 50;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 50 * 65536);
	CU_ASSERT(fake.refused > 0);
	CU_ASSERT(fake.refused <= 50);
	source_close(r.source);
}

static void test_no_room(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.queue_errno = ENOBUFS;
	r.options.captures = 50;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 0);
	source_close(r.source);
}

/*
 * A controller that takes less than 16 KiB, with a gap before each capture, and
 * packets that it does not count: all that did come is sent.
 */
static void test_plain(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake_plain();
	fake.empty_every = 3;
	r.options.region_size = 0;
	r.options.bytes = 1000001;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 1000001);
	CU_ASSERT_EQUAL(r.source->region_size, 16384);
	CU_ASSERT_EQUAL(r.source->counts.captures, 1000001 / 16376 + 1);
	CU_ASSERT_EQUAL(r.source->gaps_worth, GAPS_UNKNOWN);
	/* What was before the first is not missing. */
	CU_ASSERT_EQUAL(r.source->counts.gaps, fake.captures - 1);
	source_close(r.source);
}

/* After 2 s, not after the 10 s that whoever holds a page is given */
static void test_stuck(void)
{
	struct rig r = { .options = default_options() };
	int64_t start = clock_ns();

	fake_reset();
	fake.kept = true;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 4 * 65536);
	CU_ASSERT(clock_ns() - start >= 2 * NS_PER_SEC);
	CU_ASSERT(clock_ns() - start < 8 * NS_PER_SEC);
	source_close(r.source);
}

/*
 * It may take as long as it likes, as long as it can be told.  Nothing but what
 * comes then is missing.
 */
static void test_kept(void)
{
	struct rig r = { .options = default_options() };
	int64_t start = clock_ns();

	fake_reset();
	fake.capabilities = 0;
	fake.kept_until_ns = start + 11 * NS_PER_SEC;
	fake.kept = true;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 20 * 65536);
	CU_ASSERT(clock_ns() - start >= 11 * NS_PER_SEC);
	CU_ASSERT(r.source->counts.busy_retries < 4 * 11 * 1000 / 60);
	source_close(r.source);
}

static void test_suspend(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.fail_at = 3;
	fake.fail_errno = ESHUTDOWN;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 20 * 65536);
	source_close(r.source);
}

/* Its bytes are good, and the next one is as any other. */
static void test_failed_once(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.fail_at = 10;
	fake.fail_for = 7;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 20 * 65536);
	CU_ASSERT_EQUAL(r.source->counts.failures, 7);
	source_close(r.source);
}

/* The eighth in a row is the end. */
static void test_failed_captures(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.fail_at = 10;
	fake.fail_for = 8;
	r.options.captures = 20;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, (9 + 7) * 65536);
	CU_ASSERT_TRUE(r.tallies[0].reset);
	source_close(r.source);
}

/* All that was good arrives; that it ended is not said, as it did not. */
static void test_failed_framed(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.fail_at = 10;
	fake.fail_for = 8;
	r.options.captures = 20;
	r.options.framed = true;
	r.receive = count_frames;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.tallies[0].frames, 9 + 7);
	CU_ASSERT_FALSE(r.tallies[0].flags & FPGABUF_FRAME_END);
	CU_ASSERT_TRUE(r.tallies[0].reset);
	source_close(r.source);
}

/* Without an end, with captures that take for ever. */
static void test_signal(void)
{
	struct rig r = { .options = default_options() };
	int ret;

	fake_reset();
	fake.never = true;
	fake.canceled_bytes = 1000;
	rig_open(&r);
	start_receiver(&r, 0);
	raise(SIGINT);
	ret = transfer_run(&r.transfer);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 1000);
	CU_ASSERT_EQUAL(fake.captures, 4);
	/* Nothing has failed. */
	CU_ASSERT_EQUAL(r.source->counts.failures, 0);
	source_close(r.source);
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
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 0);
	CU_ASSERT_TRUE(r.tallies[0].reset);
	source_close(r.source);
}

/* Closes a peer's end so that the sender gets a reset. */
static void reset(int *sock)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(*sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(*sock);
	*sock = -1;
}

static void test_peer_reset(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	rig_open(&r);
	reset(&r.socks[0]);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	rig_close(&r);
	source_close(r.source);
}

static void check_stall(enum fpgabuf_engine engine)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.streams = true;
	r.options.bytes = 100000;
	r.options.engine = engine;
	r.options.timeout_ms = 500;
	r.receive_buffer = 4096;
	rig_open(&r);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	rig_close(&r);
	/* The socket had taken all: that was not what it waited for. */
	CU_ASSERT_EQUAL(r.stats.bytes, 100000);
	source_close(r.source);
}

static void test_peer_stalls(void)
{
	check_stall(FPGABUF_ENGINE_ZEROCOPY);
	check_stall(FPGABUF_ENGINE_COPY);
	check_stall(ENGINE_SPLICE);
}

/*
 * Reads nothing, and ends when the sender has seen that all is acknowledged; it
 * looks every 10 ms.
 */
static void *end_unread(void *arg)
{
	struct rig *r = arg;
	int i;

	for (i = 0; i < 20000; i++) {
		if (__atomic_load_n(&r->peers[0].acknowledged_ns,
				    __ATOMIC_RELAXED))
			break;
		poll(NULL, 0, 1);
	}
	close(r->socks[0]);
	return NULL;
}

static void test_peer_does_not_read(void)
{
	struct rig r = { .options = default_options() };
	pthread_t thread;

	fake_reset();
	r.options.bytes = 1000;
	rig_open(&r);
	CU_ASSERT_FATAL(!pthread_create(&thread, NULL, end_unread, &r));
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	pthread_join(thread, NULL);
	r.socks[0] = -1;
	rig_close(&r);
	source_close(r.source);
}

/* Reads nothing for longer than a peer that has all may stay silent. */
static void pause_and_count(const struct rig *r, int fd, struct tally *tally)
{
	poll(NULL, 0, 1500);
	count_good(r, fd, tally);
}

/* What is waited for is that time passes. */
static void test_acknowledged_late(void)
{
	struct rig r = { .options = default_options(), .receive_buffer = 4096 };
	int64_t start = clock_ns();

	fake_reset();
	r.options.bytes = 100000;
	r.options.engine = FPGABUF_ENGINE_COPY;
	r.receive = pause_and_count;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT(r.transfer.end_ns - start >= 1500 * NS_PER_MS);
	CU_ASSERT_EQUAL(r.peers[0].acknowledged, BY_KERNEL);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 100000);
	source_close(r.source);
}

static void test_several(void)
{
	struct rig r = { .options = default_options(), .peer_count = 3 };
	unsigned int i;

	fake_reset();
	r.options.bytes = 3000001;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(r.tallies[i].bytes, 3000001);
	/* It was captured once. */
	CU_ASSERT_EQUAL(fake.bytes, 3000008);
	source_close(r.source);
}

/* One reads, one does not, and one is killed: the first gets every byte. */
static void test_company(void)
{
	struct rig r = {
		.options = default_options(),
		.peer_count = 3,
		.receive_buffer = 4096,
	};

	fake_reset();
	r.options.bytes = 3000000;
	r.options.timeout_ms = 1500;
	rig_open(&r);
	/* First, or the receiver would have it open as well. */
	reset(&r.socks[2]);
	start_receiver(&r, 0);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	CU_ASSERT_EQUAL(r.peers[0].error, 0);
	CU_ASSERT_EQUAL(r.peers[1].error, -ETIMEDOUT);
	CU_ASSERT(r.peers[2].error == -ECONNRESET ||
		  r.peers[2].error == -EPIPE);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 3000000);
	source_close(r.source);
}

static void framed_options(struct rig *r)
{
	r->options.framed = true;
	r->options.captures = 50;
	r->receive = count_frames;
}

static void test_framed(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.gap_every = 5;
	framed_options(&r);
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].frames, 50);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 50 * 65536);
	/* That of the end, and one more */
	CU_ASSERT_EQUAL(r.tallies[0].next, 51);
	CU_ASSERT_EQUAL(r.tallies[0].flags, FPGABUF_FRAME_GAP | FPGABUF_FRAME_END);
	CU_ASSERT_EQUAL(r.tallies[0].left_out, 0);
	source_close(r.source);
}

static void answer(int fd, enum fpgabuf_frame_stored status)
{
	const struct fpgabuf_frame_receipt receipt = { .status = status };
	uint8_t bytes[FPGABUF_FRAME_RECEIPT_SIZE];

	fpgabuf_frame_encode_receipt(&receipt, bytes);
	CU_ASSERT_EQUAL(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL),
			sizeof(bytes));
}

/* The kernel has acknowledged it all; this one promises to do so, too. */
static void promise_in_vain(const struct rig *r, int fd, struct tally *tally)
{
	count_frames(r, fd, tally);
	answer(fd, FPGABUF_FRAME_PROMISED);
}

static void fail_in_the_end(const struct rig *r, int fd, struct tally *tally)
{
	promise_in_vain(r, fd, tally);
	answer(fd, FPGABUF_FRAME_FAILED);
}

static void store(const struct rig *r, int fd, struct tally *tally)
{
	promise_in_vain(r, fd, tally);
	answer(fd, FPGABUF_FRAME_STORED);
}

static void say_something_else(const struct rig *r, int fd,
			       struct tally *tally)
{
	char text[100] = "HTTP/1.1 400 Bad Request";

	count_frames(r, fd, tally);
	CU_ASSERT_EQUAL(send(fd, text, sizeof(text), MSG_NOSIGNAL),
			sizeof(text));
}

/* Something else first: what looks like a receipt then is none. */
static void say_and_answer(const struct rig *r, int fd, struct tally *tally)
{
	char text[FPGABUF_FRAME_RECEIPT_SIZE] = "HTTP/1.1 400 Bad Request";

	count_frames(r, fd, tally);
	CU_ASSERT_EQUAL(send(fd, text, sizeof(text), MSG_NOSIGNAL),
			sizeof(text));
	answer(fd, FPGABUF_FRAME_FAILED);
}

static void check_receipt(void (*receive)(const struct rig *, int,
					  struct tally *), int ret, int error,
			  enum acknowledged by)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	framed_options(&r);
	r.receive = receive;
	CU_ASSERT_EQUAL(rig_run(&r), ret);
	CU_ASSERT_EQUAL(r.tallies[0].frames, 50);
	CU_ASSERT_EQUAL(r.peers[0].error, error);
	CU_ASSERT_EQUAL(r.peers[0].acknowledged, by);
	source_close(r.source);
}

static void test_receipts(void)
{
	check_receipt(store, 0, 0, BY_RECEIVER);
	check_receipt(count_frames, 0, 0, BY_KERNEL);
	check_receipt(say_something_else, 0, 0, BY_KERNEL);
	check_receipt(say_and_answer, 0, 0, BY_KERNEL);
	check_receipt(fail_in_the_end, -1, -EREMOTEIO, BY_NOBODY);
	check_receipt(promise_in_vain, -1, -EREMOTEIO, BY_NOBODY);
}

/* Reads nothing before the other peer, which is not slow, has got all. */
static void read_late(const struct rig *r, int fd, struct tally *tally)
{
	if (fd == r->socks[1])
		wait_for(r->late, POLLIN);
	count_frames(r, fd, tally);
}

static void *tell_late(void *arg)
{
	struct rig *r = arg;

	while (r->peers[0].next < r->options.captures)
		poll(NULL, 0, 10);
	CU_ASSERT_EQUAL(write(r->tell, "", 1), 1);
	return NULL;
}

static void test_drop(void)
{
	struct rig r = {
		.options = default_options(),
		.peer_count = 2,
		/* On loopback a header that is not copied counts as a page there. */
		.receive_buffer = 32768,
	};
	pthread_t thread;
	int fds[2];

	fake_reset();
	framed_options(&r);
	r.options.drop = true;
	r.receive = read_late;
	CU_ASSERT_FATAL(!pipe2(fds, O_CLOEXEC));
	r.late = fds[0];
	r.tell = fds[1];
	rig_open(&r);
	start_receiver(&r, 0);
	start_receiver(&r, 1);
	CU_ASSERT_FATAL(!pthread_create(&thread, NULL, tell_late, &r));
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	rig_close(&r);
	pthread_join(thread, NULL);
	join_receiver(&r, 0);
	join_receiver(&r, 1);
	CU_ASSERT_FALSE(r.tallies[0].wrong);
	CU_ASSERT_FALSE(r.tallies[1].wrong);
	CU_ASSERT_EQUAL(r.tallies[0].next, 51);
	CU_ASSERT_EQUAL(r.tallies[1].next, 51);
	CU_ASSERT(r.tallies[1].left_out > 0);
	CU_ASSERT_EQUAL(r.tallies[1].left_out, r.peers[1].skipped_captures);
	CU_ASSERT_EQUAL(r.tallies[1].skipped, r.peers[1].skipped_bytes);
	CU_ASSERT_EQUAL(r.tallies[1].frames + r.tallies[1].left_out, 50);
	close(r.late);
	close(r.tell);
	source_close(r.source);
}

/* Resets the connection in the middle, and takes another one. */
static void read_twice(const struct rig *r, int fd, struct tally *tally)
{
	while (tally->frames < 10 && read_frame(fd, tally))
		;
	reset(&fd);
	fd = rig_accept(r);
	/* What was on its way then is known to nobody. */
	tally->anew = true;
	count_frames(r, fd, tally);
}

static void test_reconnect(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	framed_options(&r);
	r.options.captures = 200;
	r.options.reconnect = 5;
	r.receive = read_twice;
	rig_open(&r);
	start_receiver(&r, 0);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	CU_ASSERT_EQUAL(r.peers[0].reconnects, 1);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_FALSE(r.tallies[0].wrong);
	CU_ASSERT_EQUAL(r.tallies[0].next, 201);
	CU_ASSERT(r.tallies[0].frames > 100);
	CU_ASSERT(r.tallies[0].flags & FPGABUF_FRAME_END);
	source_close(r.source);
}

static void read_second(const struct rig *r, int fd, struct tally *tally)
{
	(void)fd;
	tally->anew = true;
	count_frames(r, rig_accept(r), tally);
}

/* Where the name "moving" leads; others are asked for as usual. */
static char *moving_to;

int __real_getaddrinfo(const char *host, const char *port,
		       const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *port,
		       const struct addrinfo *hints, struct addrinfo **list);

int __wrap_getaddrinfo(const char *host, const char *port,
		       const struct addrinfo *hints, struct addrinfo **list)
{
	if (!strcmp(host, "moving"))
		host = hints->ai_flags & AI_NUMERICHOST ? "-" : moving_to;
	return __real_getaddrinfo(host, port, hints, list);
}

/* The receiver has moved to another machine, and taken its name along. */
static void test_reconnect_elsewhere(void)
{
	struct rig r = { .options = default_options() };
	struct endpoint elsewhere;

	fake_reset();
	framed_options(&r);
	r.options.captures = 20;
	r.options.reconnect = 5;
	moving_to = "127.0.0.1";
	rig_listen(&r);
	strcpy(r.options.peers[0].host, "moving");
	r.peer_count = 1;
	rig_start(&r);
	reset(&r.socks[0]);
	close(r.listener);
	moving_to = "127.0.0.2";
	elsewhere = r.options.peers[0];
	strcpy(elsewhere.host, moving_to);
	r.listener = endpoint_listen(&elsewhere);
	CU_ASSERT_FATAL(r.listener >= 0);
	r.receive = read_second;
	start_receiver(&r, 0);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	CU_ASSERT_EQUAL(r.peers[0].reconnects, 1);
	CU_ASSERT_EQUAL(strncmp(r.peers[0].name, "127.0.0.2:", 10), 0);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT(r.tallies[0].flags & FPGABUF_FRAME_END);
	CU_ASSERT_FALSE(r.tallies[0].wrong);
	source_close(r.source);
}

/* Nobody listens any more: all attempts are made, and then it is over. */
static void test_reconnect_in_vain(void)
{
	struct rig r = { .options = default_options() };
	unsigned int fds;
	int64_t start;

	/* What messages need is open from now on. */
	message_show("");
	fds = open_fds(getpid());
	fake_reset();
	r.options.reconnect = 3;
	rig_open(&r);
	reset(&r.socks[0]);
	close(r.listener);
	r.listener = -1;
	start = clock_ns();
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), -1);
	/* 100, 200 and 400 ms */
	CU_ASSERT(clock_ns() - start >= 700 * NS_PER_MS);
	CU_ASSERT_EQUAL(r.peers[0].error, -ECONNREFUSED);
	CU_ASSERT_EQUAL(r.peers[0].attempts, 3);
	CU_ASSERT_EQUAL(r.peers[0].reconnects, 0);
	rig_close(&r);
	source_close(r.source);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static void test_rate(void)
{
	struct rig r = { .options = default_options() };
	int64_t start = clock_ns();

	fake_reset();
	r.options.bytes = 20 * 65536;
	r.options.rate = 20 * 65536;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	/* The last one need not wait for itself, and 0.1 s are for free. */
	CU_ASSERT(clock_ns() - start >= 850 * NS_PER_MS);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 20 * 65536);
	source_close(r.source);
}

/* Turns of the loop */
static unsigned int turns;

int __real_capturing_watch(struct capturing *capturing);
int __wrap_capturing_watch(struct capturing *capturing);

int __wrap_capturing_watch(struct capturing *capturing)
{
	turns++;
	return __real_capturing_watch(capturing);
}

/*
 * Captures wait until the rate allows them; meanwhile the source has something to
 * take all the time, and must not be asked whether it has.
 */
static void test_not_polled(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	r.options.captures = 10;
	r.options.rate = 10 * 65536;
	rig_open(&r);
	turns = 0;
	start_receiver(&r, 0);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 10 * 65536);
	CU_ASSERT(turns > 0 && turns < 10 * 50);
	source_close(r.source);
}

/* What has no bytes is not sent, but what it tells is. */
static void test_gap_of_empty(void)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.empty_every = 5;
	fake.gap_every = 5;
	framed_options(&r);
	r.options.captures = 6;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].frames, 6);
	CU_ASSERT_EQUAL(r.tallies[0].flags,
			FPGABUF_FRAME_GAP | FPGABUF_FRAME_END);
	source_close(r.source);
}

/* A pause before the next try, and in it no try at all */
static void test_busy_pause(void)
{
	struct rig r = { .options = default_options() };
	struct fpgabuf_capture c;
	unsigned int calls;
	int64_t now;

	fake_reset();
	r.options.regions = 1;
	rig_open(&r);
	CU_ASSERT_EQUAL(source_fill(r.source), 0);
	CU_ASSERT_EQUAL_FATAL(source_take(r.source, &c), 1);
	fake.busy = UINT32_MAX;
	now = clock_ns();
	source_release(r.source, c.slot);
	CU_ASSERT(source_retry_ns(r.source) >= now + NS_PER_MS);
	calls = fake.queue_calls;
	/* Unless the host has slept over it */
	if (source_fill(r.source) || clock_ns() < source_retry_ns(r.source))
		CU_ASSERT_EQUAL(fake.queue_calls, calls);
	rig_close(&r);
	source_close(r.source);
}

/* What was left out before a capture is so, too, if that does not get there. */
static void test_lost_skips(void)
{
	const struct fpgabuf_capture before = { .sequence = 0, .bytes = 1000 };
	struct rig r = { .options = default_options(), .receive_buffer = 4096 };
	struct peer *p = &r.peers[0];
	const struct fpgabuf_frame_clock clock = { 0 };
	unsigned int slot = 99;
	struct fpgabuf_capture c;

	fake_reset();
	r.options.framed = true;
	r.options.reconnect = 1;
	r.options.quiet = true;
	r.options.region_size = 32 << 20;
	r.options.regions = 1;
	rig_open(&r);
	CU_ASSERT_EQUAL(source_fill(r.source), 0);
	CU_ASSERT_EQUAL_FATAL(source_take(r.source, &c), 1);
	peer_skip(p, &before);
	CU_ASSERT_EQUAL(p->skipped, 1000);
	CU_ASSERT_TRUE(peer_give(p, &c, &clock));
	CU_ASSERT_EQUAL(p->skipped, 0);
	peer_step(p, POLLIN);
	reset(&r.socks[0]);
	while (!peer_reap(p, &slot)) {
		struct pollfd pfd = peer_pollfd(p);

		CU_ASSERT_FATAL(poll(&pfd, 1, PATIENCE_MS) > 0);
		peer_step(p, pfd.revents);
	}
	CU_ASSERT_EQUAL(slot, c.slot);
	CU_ASSERT_EQUAL(p->skipped, 1000 + c.bytes);
	CU_ASSERT_EQUAL(p->skipped_captures, 2);
	CU_ASSERT_EQUAL(p->skipped_bytes, 1000 + c.bytes);
	rig_close(&r);
	source_close(r.source);
}

static int take_wrong(uint64_t more_bytes, uint64_t more_cookie)
{
	struct rig r = { .options = default_options() };
	struct fpgabuf_capture c;
	int ret;

	fake_reset();
	rig_open(&r);
	CU_ASSERT_EQUAL(source_fill(r.source), 0);
	CU_ASSERT_EQUAL(source_take(r.source, &c), 1);
	fake.more_bytes = more_bytes;
	fake.more_cookie = more_cookie;
	ret = source_take(r.source, &c);
	rig_close(&r);
	source_close(r.source);
	return ret;
}

/* What a device must not do, nor we believe */
static void test_nonsense(void)
{
	CU_ASSERT_EQUAL(take_wrong(0, 0), 1);
	CU_ASSERT_EQUAL(take_wrong(1, 0), -EPROTO);
	/* The region that has been taken, and one that there is not */
	CU_ASSERT_EQUAL(take_wrong(0, -1), -EPROTO);
	CU_ASSERT_EQUAL(take_wrong(0, 3), -EPROTO);
}

static void test_duration(void)
{
	struct rig r = { .options = default_options() };
	int64_t start;

	fake_reset();
	fake.never = true;
	fake.canceled_bytes = 1000;
	rig_open(&r);
	start_receiver(&r, 0);
	start = clock_ns();
	r.transfer.stop_ns = start + 300 * NS_PER_MS;
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	CU_ASSERT(clock_ns() - start >= 300 * NS_PER_MS);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 1000);
	source_close(r.source);
}

static void test_rate_limit(void)
{
	struct rate rate = { 0 };
	int64_t now = 100 * NS_PER_SEC;

	rate_use(&rate, UINT64_MAX, now);
	CU_ASSERT_EQUAL(rate_wait_ns(&rate, now), 0);
	rate.bytes_per_s = 1000;
	/* The first 0.1 s are for free. */
	rate_use(&rate, 1000, now);
	CU_ASSERT_EQUAL(rate_wait_ns(&rate, now), 900 * NS_PER_MS);
	CU_ASSERT_EQUAL(rate_wait_ns(&rate, now + NS_PER_SEC), 0);
	/* Who comes late may catch up, but only a little. */
	now += 60 * NS_PER_SEC;
	rate_use(&rate, 1000, now);
	CU_ASSERT_EQUAL(rate_wait_ns(&rate, now), 900 * NS_PER_MS);
	rate_use(&rate, 1ULL << 62, now);
	CU_ASSERT(rate_wait_ns(&rate, now) > 0);
}

static void test_alloc_fails(void)
{
	struct send_options o = default_options();

	fake_reset();
	fake.alloc_errno = ENOMEM;
	CU_ASSERT_PTR_NULL(send_source_open(&o));
	fake_reset();
	fake.alignment = 100000;
	CU_ASSERT_PTR_NULL(send_source_open(&o));
}

static struct rig spliced(uint64_t bytes)
{
	struct rig r = { .options = default_options() };

	fake_reset();
	fake.streams = true;
	r.options.engine = ENGINE_SPLICE;
	r.options.bytes = bytes;
	return r;
}

/* All that the other engines report, too */
static void test_spliced(void)
{
	struct rig r = spliced(100 * 65536);
	const struct holding *h = &r.transfer.holding;

	fake.most_captures = 100;
	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 100 * 65536);
	CU_ASSERT_EQUAL(r.source->counts.captures, 100);
	CU_ASSERT_EQUAL(r.source->backend, FPGABUF_BACKEND_FOLIO);
	CU_ASSERT_EQUAL(r.peers[0].engine, ENGINE_SPLICE);
	CU_ASSERT_STRING_EQUAL(r.peers[0].why, "it was asked for");
	CU_ASSERT_EQUAL(h->count, 100);
	CU_ASSERT(h->most_ns > 0);
	CU_ASSERT(h->total_ns <= (double)h->most_ns * h->count);
	source_close(r.source);
}

static uint64_t stats_captures;

/* More have ended behind each look.  The end looks as well. */
static void note_stats(const struct transfer *t)
{
	if (!t->source->stopping)
		stats_captures = t->source->counts.captures;
	fake.captures = 50;
}

/* Statistics are of now, and not of the end. */
static void test_spliced_stats(void)
{
	struct rig r = spliced(UNLIMITED);

	fake.most_captures = 5;
	rig_open(&r);
	start_receiver(&r, 0);
	r.transfer.stats_ns = NS_PER_MS;
	r.transfer.stats_due_ns = clock_ns();
	r.transfer.tell_stats = note_stats;
	r.transfer.stop_ns = clock_ns() + 300 * NS_PER_MS;
	stats_captures = 0;
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	CU_ASSERT_EQUAL(stats_captures, 50);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 5 * 65536);
	source_close(r.source);
}

/* The FPGA is asked for as much as is wanted, and no more of it is taken. */
static void test_spliced_odd(void)
{
	struct rig r = spliced(100001);

	CU_ASSERT_EQUAL(rig_run(&r), 0);
	CU_ASSERT_EQUAL(fake.setup.limit, 100008);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 100001);
	CU_ASSERT_FALSE(fake.stopped);
	source_close(r.source);
}

/* Captures that have ended before the signal, and no others */
static void test_spliced_signal(void)
{
	struct rig r = spliced(UNLIMITED);

	rig_open(&r);
	fake.ahead = 3;
	start_receiver(&r, 0);
	raise(SIGINT);
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(fake.setup.limit, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 3 * 65536);
	source_close(r.source);
}

/* The FPGA says nothing more, and a part of the next capture is there. */
static void test_spliced_signal_late(void)
{
	struct rig r = spliced(UNLIMITED);

	rig_open(&r);
	fake.most_captures = 2;
	fake.canceled_bytes = 1000;
	start_receiver(&r, 0);
	r.transfer.stop_ns = clock_ns() + 300 * NS_PER_MS;
	CU_ASSERT_EQUAL(transfer_run(&r.transfer), 0);
	rig_close(&r);
	join_receiver(&r, 0);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 2 * 65536 + 1000);
	CU_ASSERT_EQUAL(r.source->counts.captures, 3);
	source_close(r.source);
}

static void test_spliced_failures(void)
{
	struct rig r = spliced(100 * 65536);

	fake.fail_at = 10;
	fake.fail_for = UINT32_MAX;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 9 * 65536);
	CU_ASSERT_TRUE(r.tallies[0].reset);
	CU_ASSERT(r.source->counts.failures >= 12);
	source_close(r.source);
}

/* A peer that does not read has all regions, and no byte is left to send it. */
static void test_spliced_away(void)
{
	struct rig r = spliced(100 * 65536);

	r.options.timeout_ms = 1000;
	fake.most_captures = 4;
	fake.away = true;
	CU_ASSERT_EQUAL(rig_run(&r), -1);
	CU_ASSERT_EQUAL(r.peers[0].error, -ETIMEDOUT);
	CU_ASSERT_EQUAL(r.tallies[0].bytes, 4 * 65536);
	source_close(r.source);
}

static const struct test tests[] = {
	{ "exactly the bytes asked for are captured, sent and acknowledged",
	  test_bytes },
	{ "how long regions were held is told", test_holding },
	{ "exactly the captures asked for are made", test_count },
	{ "a region that is busy for a moment is tried again", test_busy },
	{ "a region that stays busy ends it, after sending what there is",
	  test_busy_for_ever },
	{ "empty, short and gapped captures lose no byte", test_odd_captures },
	{ "captures that time out are sent and asked for again", test_timeouts },
	{ "the end of the stream need not be aligned", test_alignment },
	{ "no more is queued than the device takes", test_queue_depth },
	{ "no more is queued than the DMA controller has room for",
	  test_room },
	{ "a DMA controller without any room ends it", test_no_room },
	{ "a controller that takes little, and counts nothing, is enough",
	  test_plain },
	{ "a channel that did not stop ends it, after sending what there is",
	  test_stuck },
	{ "a framed stream that failed has no end, but a reset",
	  test_failed_framed },
	{ "the receiver of a framed stream says that it has it, or has not",
	  test_receipts },
	{ "a channel that cannot be stopped is waited for, and told of",
	  test_kept },
	{ "a capture that ended because the system slept is followed by others",
	  test_suspend },
	{ "seven failed captures in a row are none too many", test_failed_once },
	{ "eight are the end, after sending the good ones",
	  test_failed_captures },
	{ "a signal ends an endless capture well, with what was canceled",
	  test_signal },
	{ "a signal before the last byte is a failure", test_signal_too_early },
	{ "a reset by the peer is a failure", test_peer_reset },
	{ "a peer that takes nothing is given up after the timeout",
	  test_peer_stalls },
	{ "a peer that ends without having read all is a failure",
	  test_peer_does_not_read },
	{ "the end is not there before the peer has acknowledged all",
	  test_acknowledged_late },
	{ "several peers get the same, captured once", test_several },
	{ "a peer that stalls and one that dies take nothing from another",
	  test_company },
	{ "each capture has a header with its number and its gap, and the end has one",
	  test_framed },
	{ "a slow peer is told of every capture that was left out for it",
	  test_drop },
	{ "a peer that was lost is connected again, at a capture", test_reconnect },
	{ "a peer that was lost is looked for anew, at its name",
	  test_reconnect_elsewhere },
	{ "a peer that stays away is given up after all attempts",
	  test_reconnect_in_vain },
	{ "the rate is kept", test_rate },
	{ "the rate of late bytes is kept, too", test_rate_limit },
	{ "a source is not polled while nothing is taken", test_not_polled },
	{ "a gap before a capture without bytes is one before the next",
	  test_gap_of_empty },
	{ "a busy region is left alone for a while", test_busy_pause },
	{ "what was left out before a capture that is lost is told later",
	  test_lost_skips },
	{ "what the device returns is checked", test_nonsense },
	{ "after the duration what there is is sent", test_duration },
	{ "what was spliced is reported like everything else", test_spliced },
	{ "statistics of a stream are those of now", test_spliced_stats },
	{ "a signal ends a stream after the captures that had ended",
	  test_spliced_signal },
	{ "... and with what the next one has", test_spliced_signal_late },
	{ "a stream ends where the last byte is that is wanted",
	  test_spliced_odd },
	{ "captures of a stream that only fail end it", test_spliced_failures },
	{ "a peer that has all regions of a stream is given up after the timeout",
	  test_spliced_away },
	{ "a device without memory, or with long captures, is refused",
	  test_alloc_fails },
	{ }
};

SUITE(transfer, .title = "capture and send", .tests = tests)
