// SPDX-License-Identifier: GPL-2.0-only
/* The device as a stream of bytes: read(), splice(), sendfile(), poll() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

#define DRIVERS	"/sys/bus/platform/drivers/"

/* What an unprivileged process can make a pipe hold */
#define PIPE_ROOM	MIB

static int setup_with(int dev, const struct fpgabuf_stream_setup *setup)
{
	struct fpgabuf_stream_setup arg = *setup;

	return call(dev, FPGABUF_IOC_STREAM, &arg);
}

static int stream_open_until(size_t size, unsigned int count,
			     unsigned int flags, uint64_t limit)
{
	const struct fpgabuf_stream_setup setup = {
		.size = size,
		.count = count,
		.flags = flags,
		.limit = limit,
	};
	int dev = device_open(0);

	REQUIRE(setup_with(dev, &setup), 0);
	return dev;
}

static int stream_open(size_t size, unsigned int count, unsigned int flags)
{
	return stream_open_until(size, count, flags, 0);
}

/*
 * The FPGA begins when all regions are queued.  Without that, a slow host is a gap
 * behind the first region.
 */
static int stream_open_whole(size_t size, unsigned int count)
{
	int dev;

	sim_set("stall", 1);
	dev = stream_open(size, count, 0);
	sim_set("stall", 0);
	return dev;
}

static struct fpgabuf_stream_info stream_info(int dev, unsigned int flags)
{
	struct fpgabuf_stream_info info = { .flags = flags };

	REQUIRE(call(dev, FPGABUF_IOC_STREAM_INFO, &info), 0);
	return info;
}

/* All of it has gone, whoever had it. */
static void stream_close(int dev)
{
	int other = device_open(0);

	close(dev);
	EXPECT(device_used(other), 0);
	CU_ASSERT(!dmabufs_left());
	close(other);
}

static void nonblocking(int fd, bool on)
{
	EXPECT(fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0), 0);
}

static short ready(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 ? pfd.revents : 0;
}

static ssize_t try_read(int fd, void *mem, size_t size)
{
	ssize_t n = read(fd, mem, size);

	return n < 0 ? -errno : n;
}

/* As much as was asked for, or an error */
static ssize_t read_all(int fd, uint8_t *mem, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = try_read(fd, mem + got, size - got);

		if (n <= 0)
			return n ? n : -ENODATA;
		got += n;
	}
	return got;
}

static void expect_pattern(int fd, size_t size, uint64_t position)
{
	uint8_t *mem = malloc(size);

	REQUIRE(!mem, false);
	REQUIRE(read_all(fd, mem, size), (ssize_t)size);
	CU_ASSERT(is_pattern(mem, size, position));
	free(mem);
}

static void pipe_open(int pipes[2], size_t room)
{
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	if (room)
		EXPECT(fcntl(pipes[1], F_SETPIPE_SZ, room), (int)room);
}

static void pipe_close(int pipes[2])
{
	close(pipes[0]);
	close(pipes[1]);
}

static ssize_t try_splice(int from, int to, size_t size)
{
	ssize_t n = splice(from, NULL, to, NULL, size, 0);

	return n < 0 ? -errno : n;
}

/* splice() does not wait for the device: that is what poll() is for. */
static ssize_t splice_wait(int dev, int pipe, size_t size)
{
	ssize_t n;

	while ((n = try_splice(dev, pipe, size)) == -EAGAIN)
		if (!ready(dev, 20000))
			return -ETIMEDOUT;
	return n;
}

static ssize_t splice_all(int from, int to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = try_splice(from, to, size - done);

		if (n <= 0)
			return n ? n : -ENODATA;
		done += n;
	}
	return done;
}

/* Through a pipe to a socket, as fpgabuf-send does */
static ssize_t splice_to(int dev, int tx, size_t size)
{
	int pipes[2];
	size_t done = 0;
	ssize_t n = 0;

	pipe_open(pipes, PIPE_ROOM);
	while (done < size && n >= 0) {
		n = splice_wait(dev, pipes[1], size - done);
		if (n > 0)
			n = splice_all(pipes[0], tx, n);
		if (n > 0)
			done += n;
	}
	pipe_close(pipes);
	return n < 0 ? n : (ssize_t)done;
}

static ssize_t try_sendfile(int tx, int dev, size_t size)
{
	ssize_t n = sendfile(tx, dev, NULL, size);

	return n < 0 ? -errno : n;
}

static ssize_t sendfile_to(int dev, int tx, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = try_sendfile(tx, dev, size - done);

		if (n <= 0)
			return n ? n : -ENODATA;
		done += n;
	}
	return done;
}

/* Regions of folios, of single pages, and such that end within a page */
static const struct {
	size_t size;
	unsigned int count;
	size_t packet;
} shapes[] = {
	{ 2 * MIB, 4, 0 },	{ 64 * KIB, 16, 0 },	{ 20 * KIB, 32, 0 },
	{ 1536 * KIB, 3, 0 },	{ 256 * KIB, 8, 100001 },
	{ 4096, 64, 0 },	{ 64 * KIB, 8, 4097 },
};

static void source_with_packets(size_t packet)
{
	sim_source("pattern");
	sim_set("packet", packet);
}

static void reads(void)
{
	static const size_t sizes[] = { 1, 4095, 4096, 65537, 3 * MIB };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		uint64_t at = 0;
		int dev;

		source_with_packets(shapes[i].packet);
		dev = stream_open(shapes[i].size, shapes[i].count,
				  FPGABUF_STREAM_JOIN);
		for (k = 0; k < ARRAY_SIZE(sizes); k++) {
			expect_pattern(dev, sizes[k], at);
			at += sizes[k];
		}
		EXPECT(stream_info(dev, 0).position, at);
		stream_close(dev);
	}
	source_with_packets(0);
}

static void readv_and_faults(void)
{
	uint8_t *mem = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov[2] = { { mem, 1000 }, { mem + 1000, 3096 } };
	int dev;

	REQUIRE(mem == MAP_FAILED, false);
	sim_source("pattern");
	dev = stream_open(64 * KIB, 4, FPGABUF_STREAM_JOIN);
	REQUIRE(readable(dev, 20000), true);
	EXPECT(readv(dev, iov, 2), 4096);
	CU_ASSERT(is_pattern(mem, 4096, 0));
	EXPECT(try_read(dev, NULL, 0), 0);
	/* What could not be copied is read again. */
	munmap(mem + 4096, 4096);
	EXPECT(try_read(dev, mem + 4096, 100), -EFAULT);
	EXPECT(try_read(dev, mem, 8192), 4096);
	CU_ASSERT(is_pattern(mem, 4096, 4096));
	expect_pattern(dev, 4096, 8192);
	munmap(mem, 4096);
	stream_close(dev);
}

typedef ssize_t sending(int dev, int tx, size_t size);

/* To a peer at the other end of the wire */
static void send_shape(sending *send, size_t size, size_t region,
		       unsigned int count, size_t packet)
{
	struct reader *reader;
	int dev, tx, rx;
	const void *data;
	size_t got;

	source_with_packets(packet);
	dev = stream_open(region, count, FPGABUF_STREAM_JOIN);
	net_connect(&tx, &rx);
	reader = reader_start(rx, size);
	EXPECT(send(dev, tx, size), (ssize_t)size);
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(tx);
	close(rx);
	stream_close(dev);
}

static void send_shapes(sending *send, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		send_shape(send, size, shapes[i].size, shapes[i].count,
			   shapes[i].packet);
	source_with_packets(0);
}

static void splices(void)
{
	send_shapes(splice_to, debug_kernel() ? 3 * MIB : 12 * MIB);
}

static void sendfiles(void)
{
	send_shapes(sendfile_to, debug_kernel() ? 3 * MIB : 12 * MIB);
}

/* Bytes that TCP refers to where they are, or copies: see the module */
static unsigned long copies(const char *what)
{
	unsigned long value = 0;
	char path[80];

	snprintf(path, sizeof(path),
		 "/sys/module/fpgabuf_test_copies/parameters/%s", what);
	REQUIRE(file_read_line(path, "", &value), true);
	return value;
}

static void copies_nothing(sending *send)
{
	const size_t size = 8 * MIB;

	if (module_load("fpgabuf-test-copies.ko", "")) {
		skip("this kernel has no kprobes to count copies by");
		return;
	}
	send_shape(send, size, 2 * MIB, 4, 0);
	printf("\n    %lu bytes by reference, %lu copied", copies("attached"),
	       copies("recopied"));
	EXPECT(copies("attached") >= size, true);
	/* Headers that the receiver takes out of packets are counted as well. */
	CU_ASSERT(copies("recopied") < size / 1000);
	EXPECT(module_unload("fpgabuf_test_copies"), 0);
}

static void splice_copies_nothing(void)
{
	copies_nothing(splice_to);
}

static void sendfile_copies_nothing(void)
{
	copies_nothing(sendfile_to);
}

/* Reads on while somebody holds bytes, which must stay what they were. */
static void pass(int dev, size_t size, uint64_t *position)
{
	uint8_t *mem = malloc(size);

	REQUIRE(!mem, false);
	REQUIRE(read_all(dev, mem, size), (ssize_t)size);
	CU_ASSERT(is_pattern(mem, size, *position));
	*position += size;
	free(mem);
}

static void held_in_pipe(size_t region, unsigned int count)
{
	uint64_t at = 4096;
	int dev, pipes[2];
	unsigned int i;

	sim_source("pattern");
	dev = stream_open(region, count, FPGABUF_STREAM_JOIN);
	pipe_open(pipes, 0);
	EXPECT(splice_wait(dev, pipes[1], 4096), 4096);
	for (i = 0; i < rounds(100); i++)
		pass(dev, region, &at);
	EXPECT(stream_info(dev, 0).held >= 1, true);
	expect_pattern(pipes[0], 4096, 0);
	/* With the last reference gone it goes round, and nothing is held. */
	for (i = 0; i < 500 && stream_info(dev, 0).held; i++)
		pass(dev, region, &at);
	EXPECT(stream_info(dev, 0).held, 0);
	pipe_close(pipes);
	stream_close(dev);
}

static void pipe_holds(void)
{
	held_in_pipe(64 * KIB, 2);
	held_in_pipe(64 * KIB, 3);
	held_in_pipe(20 * KIB, 4);
	held_in_pipe(2 * MIB, 2);
}

/*
 * The adversary: duplicates of a pipe's buffers come and go, and no page may
 * look idle for a moment.
 */
struct churn {
	int from;
	atomic_bool stop;
	atomic_ulong rounds;
};

static void churn_main(struct churn *churn)
{
	int pipes[2];

	while (!churn->stop) {
		if (pipe2(pipes, O_CLOEXEC))
			_exit(1);
		if (tee(churn->from, pipes[1], 65536, SPLICE_F_NONBLOCK) > 0)
			churn->rounds++;
		pipe_close(pipes);
	}
	_exit(0);
}

static void tee_holds(void)
{
	struct churn *churn = mmap(NULL, sizeof(*churn), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const size_t region = 64 * KIB;
	uint64_t at = 3 * region;
	int dev, pipes[2], i;
	unsigned int n;
	pid_t pids[2];

	REQUIRE(churn == MAP_FAILED, false);
	sim_source("pattern");
	dev = stream_open(region, 5, FPGABUF_STREAM_JOIN);
	pipe_open(pipes, PIPE_ROOM);
	for (i = 0; i < 3; i++)
		EXPECT(splice_wait(dev, pipes[1], region), (ssize_t)region);
	churn->from = pipes[0];
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			churn_main(churn);
	}
	for (n = 0; n < rounds(1000); n++)
		pass(dev, region, &at);
	EXPECT(stream_info(dev, 0).held >= 3, true);
	churn->stop = true;
	for (i = 0; i < 2; i++)
		EXPECT(process_exit_code(pids[i]), 0);
	printf("\n    %u captures against %lu duplicates", n, churn->rounds);
	CU_ASSERT(churn->rounds > 0);
	expect_pattern(pipes[0], 3 * region, 0);
	pipe_close(pipes);
	munmap(churn, sizeof(*churn));
	stream_close(dev);
}

/* The peer does not read: TCP has the pages when the pipe has none any more. */
static void socket_holds(void)
{
	const size_t region = 256 * KIB, held = 4 * region;
	struct reader *reader;
	uint64_t at = held;
	int dev, tx, rx, i;
	const void *data;
	size_t got;

	sim_source("pattern");
	dev = stream_open(region, 8, FPGABUF_STREAM_JOIN);
	net_connect(&tx, &rx);
	EXPECT(splice_to(dev, tx, held), (ssize_t)held);
	for (i = 0; i < 50; i++)
		pass(dev, region, &at);
	EXPECT(stream_info(dev, 0).held >= 1, true);
	reader = reader_start(rx, held);
	data = reader_wait(reader, &got);
	EXPECT(got, held);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	close(tx);
	close(rx);
	stream_close(dev);
}

/* Somebody who lets go after a while */
struct holder {
	pthread_t thread;
	int dev, pipes[2];
};

static void *holder_main(void *arg)
{
	struct holder *holder = arg;

	/* Until the reader has found that there is nothing. */
	while (stream_info(holder->dev, 0).held < 4)
		usleep(1000);
	usleep(100000);
	pipe_close(holder->pipes);
	return NULL;
}

static void all_held(void)
{
	struct holder holder;
	int i;

	sim_source("pattern");
	holder.dev = stream_open(64 * KIB, 4, FPGABUF_STREAM_JOIN);
	pipe_open(holder.pipes, PIPE_ROOM);
	for (i = 0; i < 4; i++)
		EXPECT(splice_wait(holder.dev, holder.pipes[1], 64 * KIB),
		       (ssize_t)(64 * KIB));
	nonblocking(holder.dev, true);
	EXPECT(try_read(holder.dev, &i, 1), -EAGAIN);
	EXPECT(ready(holder.dev, 0), 0);
	nonblocking(holder.dev, false);
	REQUIRE(pthread_create(&holder.thread, NULL, holder_main, &holder), 0);
	/* Nobody tells that the pages are free. */
	expect_pattern(holder.dev, 64 * KIB, 4 * 64 * KIB);
	pthread_join(holder.thread, NULL);
	stream_close(holder.dev);
}

static void gaps_stop(void)
{
	uint64_t before, fed = 2 * 64 * KIB;
	struct fpgabuf_stream_info info;
	int dev, tx, rx, i;
	uint8_t byte;

	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", 16 * MIB);
	dev = stream_open_whole(64 * KIB, 2);
	net_connect(&tx, &rx);
	/* Nobody reads, and the FPGA cannot wait. */
	for (i = 0; i < 2000 && !sim_get("lost"); i++)
		usleep(5000);
	CU_ASSERT(sim_get("lost") > 0);
	expect_pattern(dev, fed - 1000, 0);
	/* An error is not lost behind bytes. */
	EXPECT(try_sendfile(tx, dev, MIB), 1000);
	for (i = 0; i < 3; i++) {
		EXPECT(try_read(dev, &byte, 1), -EOVERFLOW);
		EXPECT(try_sendfile(tx, dev, 1), -EOVERFLOW);
		EXPECT(ready(dev, 20000), POLLIN | POLLERR);
		info = stream_info(dev, 0);
		EXPECT(info.error, -EOVERFLOW);
		EXPECT(info.position, fed);
		EXPECT(info.gaps, 1);
	}
	before = info.position;
	EXPECT(stream_info(dev, FPGABUF_STREAM_GO_ON).error, 0);
	EXPECT(read_all(dev, &byte, 1), 1);
	EXPECT(stream_info(dev, 0).position, before + 1);
	close(tx);
	close(rx);
	stream_close(dev);
	sim_set("lossy", 0);
	sim_set("rate", 0);
}

static void gaps_join(void)
{
	uint8_t *mem = malloc(64 * KIB);
	int dev, i;

	REQUIRE(!mem, false);
	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", 16 * MIB);
	dev = stream_open(64 * KIB, 2, FPGABUF_STREAM_JOIN);
	for (i = 0; i < 2000 && !sim_get("lost"); i++)
		usleep(5000);
	for (i = 0; i < 8; i++)
		REQUIRE(read_all(dev, mem, 64 * KIB), (ssize_t)(64 * KIB));
	CU_ASSERT(stream_info(dev, 0).gaps > 0);
	EXPECT(stream_info(dev, 0).error, 0);
	free(mem);
	stream_close(dev);
	sim_set("lossy", 0);
	sim_set("rate", 0);
}

/* A transfer that fails has one burst, and a hole behind it. */
static void errors_stop(void)
{
	struct fpgabuf_stream_info info;
	uint8_t byte;
	int dev;

	sim_source("pattern");
	sim_set("stall", 1);
	dev = stream_open(256 * KIB, 4, 0);
	sim_set("fail_transfer", 1);
	sim_set("stall", 0);
	expect_pattern(dev, 64 * KIB, 0);
	EXPECT(try_read(dev, &byte, 1), -EOVERFLOW);
	info = stream_info(dev, FPGABUF_STREAM_GO_ON);
	EXPECT(info.errors, 1);
	EXPECT(info.partial, 1);
	EXPECT(info.timeouts, 0);
	expect_pattern(dev, 256 * KIB, 64 * KIB);
	stream_close(dev);
}

static void all_captured(int dev)
{
	int i;

	for (i = 0; i < 2000 && device_info(dev).queued; i++)
		usleep(5000);
	EXPECT(device_info(dev).queued, 0);
}

static void refused(void)
{
	uint8_t *mem = malloc(128 * KIB);
	int dev;

	REQUIRE(!mem, false);
	sim_source("pattern");
	dev = stream_open(64 * KIB, 2, FPGABUF_STREAM_JOIN);
	all_captured(dev);
	sim_set("fail_submit", 1000);
	REQUIRE(read_all(dev, mem, 128 * KIB), (ssize_t)(128 * KIB));
	EXPECT(try_read(dev, mem, 1), -EIO);
	EXPECT(ready(dev, 0), POLLIN | POLLERR);
	sim_set("fail_submit", 0);
	expect_pattern(dev, 64 * KIB, 128 * KIB);
	free(mem);
	stream_close(dev);
}

static void silence(void)
{
	struct fpgabuf_stream_setup setup = {
		.size = 64 * KIB,
		.count = 2,
		.timeout_ms = 50,
		.flags = FPGABUF_STREAM_JOIN,
	};
	int dev = device_open(0), feed;
	uint8_t data[1000], got[1000];

	sim_source("feed");
	REQUIRE(setup_with(dev, &setup), 0);
	while (stream_info(dev, 0).timeouts < 4)
		EXPECT(ready(dev, 10), 0);
	random_fill(data, sizeof(data), 1);
	feed = feed_open(0);
	EXPECT(write(feed, data, sizeof(data)), sizeof(data));
	close(feed);
	/* Never 0, which would be the end of a file */
	EXPECT(read_all(dev, got, sizeof(got)), sizeof(got));
	CU_ASSERT(!memcmp(data, got, sizeof(data)));
	stream_close(dev);
	sim_source("pattern");
}

static void does_not_wait(void)
{
	int dev, feed, pipes[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint8_t data[1000], got[2000];

	sim_source("feed");
	dev = stream_open(64 * KIB, 4, 0);
	pipe_open(pipes, 0);
	/* It would keep the pipe locked. */
	EXPECT(try_splice(dev, pipes[1], 4096), -EAGAIN);
	EXPECT(write(pipes[1], data, 10), 10);
	nonblocking(dev, true);
	EXPECT(try_read(dev, got, sizeof(got)), -EAGAIN);
	EXPECT(try_splice(dev, pipes[1], 4096), -EAGAIN);
	EXPECT(try_sendfile(null, dev, 4096), -EAGAIN);
	EXPECT(ready(dev, 0), 0);
	random_fill(data, sizeof(data), 2);
	feed = feed_open(0);
	EXPECT(write(feed, data, sizeof(data)), sizeof(data));
	close(feed);
	EXPECT(ready(dev, 20000), POLLIN);
	EXPECT(try_read(dev, got, sizeof(got)), sizeof(data));
	CU_ASSERT(!memcmp(data, got, sizeof(data)));
	EXPECT(try_read(dev, got, sizeof(got)), -EAGAIN);
	pipe_close(pipes);
	close(null);
	stream_close(dev);
	sim_source("pattern");
}

/* The FPGA gives so much, and no more: the next stream goes on where this one ends. */
static void limited(void)
{
	static const struct { size_t size; unsigned int count; size_t limit; } runs[] = {
		{ 64 * KIB, 4, 64 * KIB * 10 }, { 64 * KIB, 4, 64 * KIB * 10 + 8 },
		{ 64 * KIB, 8, 64 * KIB }, { 64 * KIB, 8, 8 },
		{ 2 * MIB, 2, 5 * MIB },
	};
	int dev, null = open("/dev/null", O_WRONLY | O_CLOEXEC), pipes[2];
	uint64_t at = 0;
	uint8_t byte;
	size_t i;

	sim_source("pattern");
	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		dev = stream_open_until(runs[i].size, runs[i].count,
					FPGABUF_STREAM_JOIN, runs[i].limit);
		expect_pattern(dev, runs[i].limit, at);
		at += runs[i].limit;
		EXPECT(ready(dev, 0), POLLIN);
		EXPECT(try_read(dev, &byte, 1), 0);
		pipe_open(pipes, 0);
		EXPECT(try_splice(dev, pipes[1], 1), 0);
		EXPECT(try_sendfile(null, dev, 1), 0);
		pipe_close(pipes);
		EXPECT(stream_info(dev, 0).position, runs[i].limit);
		EXPECT(stream_info(dev, 0).queued, 0);
		EXPECT(sim_position(), at);
		stream_close(dev);
	}
	close(null);
}

/* What packets leave out is asked for again. */
static void limited_packets(void)
{
	const size_t limit = MIB + 8;
	uint8_t byte;
	int dev;

	source_with_packets(4097);
	dev = stream_open_until(64 * KIB, 8, FPGABUF_STREAM_JOIN, limit);
	expect_pattern(dev, limit, 0);
	EXPECT(try_read(dev, &byte, 1), 0);
	stream_close(dev);
	source_with_packets(0);
}

/* A program that knows nothing of fpgabuf reads @dev, and writes to @out. */
static pid_t cat_start(int dev, int *out)
{
	int pipes[2];
	pid_t pid;

	pipe_open(pipes, 0);
	pid = fork();
	if (!pid) {
		dup2(dev, 0);
		dup2(pipes[1], 1);
		execlp("cat", "cat", NULL);
		_exit(127);
	}
	close(pipes[1]);
	*out = pipes[0];
	return pid;
}

static void cat_reads(void)
{
	int dev, out;
	pid_t pid;

	sim_source("pattern");
	dev = stream_open(64 * KIB, 4, FPGABUF_STREAM_JOIN);
	pid = cat_start(dev, &out);
	expect_pattern(out, MIB, 0);
	/* It ends when it writes for nobody. */
	close(out);
	EXPECT(waitpid(pid, NULL, 0), pid);
	stream_close(dev);
}

/* It finds the end of a file. */
static void cat_ends(void)
{
	int dev, out;
	uint8_t byte;
	pid_t pid;

	sim_source("pattern");
	dev = stream_open_until(64 * KIB, 4, FPGABUF_STREAM_JOIN, MIB);
	pid = cat_start(dev, &out);
	expect_pattern(out, MIB, 0);
	EXPECT(try_read(out, &byte, 1), 0);
	close(out);
	EXPECT(process_exit_code(pid), 0);
	stream_close(dev);
}

/* All that the FPGA gave is delivered, and nothing comes behind it. */
static void stops(void)
{
	uint8_t *mem = malloc(64 * KIB);
	struct fpgabuf_stream_info info;
	uint64_t at = 0;
	ssize_t n;
	int dev;

	REQUIRE(!mem, false);
	sim_source("pattern");
	dev = stream_open(64 * KIB, 4, FPGABUF_STREAM_JOIN);
	pass(dev, 10 * 64 * KIB + 1000, &at);
	info = stream_info(dev, FPGABUF_STREAM_STOP);
	EXPECT(info.queued, 0);
	EXPECT(info.error, 0);
	while ((n = try_read(dev, mem, 64 * KIB)) > 0) {
		CU_ASSERT(is_pattern(mem, n, at));
		at += n;
	}
	EXPECT(n, 0);
	EXPECT(sim_gave(at), true);
	EXPECT(stream_info(dev, FPGABUF_STREAM_STOP).errors, 0);
	EXPECT(try_read(dev, mem, 1), 0);
	stream_close(dev);
	free(mem);
}

/* A call that waits, and what it got */
struct waiting {
	pthread_t thread;
	ssize_t (*fn)(struct waiting *waiting);
	int dev, out;
	uint8_t mem[16];
	atomic_bool begun;
	ssize_t ret;
};

static void *waiting_main(void *arg)
{
	struct waiting *waiting = arg;

	waiting->begun = true;
	waiting->ret = waiting->fn(waiting);
	return NULL;
}

static ssize_t waiting_read(struct waiting *waiting)
{
	return try_read(waiting->dev, waiting->mem, sizeof(waiting->mem));
}

static ssize_t waiting_sendfile(struct waiting *waiting)
{
	return try_sendfile(waiting->out, waiting->dev, 16);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void interrupted(ssize_t (*fn)(struct waiting *waiting))
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct waiting waiting = { .fn = fn };
	struct timespec until;

	sim_source("feed");
	waiting.dev = stream_open(64 * KIB, 2, 0);
	waiting.out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	EXPECT(sigaction(SIGUSR1, &action, NULL), 0);
	REQUIRE(pthread_create(&waiting.thread, NULL, waiting_main, &waiting),
		0);
	while (!waiting.begun)
		sched_yield();
	/* A signal that comes before the call is none: send it again. */
	do {
		pthread_kill(waiting.thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 10000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (pthread_timedjoin_np(waiting.thread, NULL, &until));
	EXPECT(waiting.ret, -EINTR);
	close(waiting.out);
	stream_close(waiting.dev);
	sim_source("pattern");
}

static void signals(void)
{
	interrupted(waiting_read);
	interrupted(waiting_sendfile);
}

/* Whoever waits finds the end, and what a capture has that has just begun. */
static void stops_while_waiting(void)
{
	struct waiting waiting = { .fn = waiting_read };
	uint8_t data[10];
	int feed;

	sim_source("feed");
	waiting.dev = stream_open(64 * KIB, 2, 0);
	REQUIRE(pthread_create(&waiting.thread, NULL, waiting_main, &waiting),
		0);
	while (!waiting.begun)
		sched_yield();
	stream_info(waiting.dev, FPGABUF_STREAM_STOP);
	pthread_join(waiting.thread, NULL);
	EXPECT(waiting.ret, 0);
	close(waiting.dev);

	waiting.dev = stream_open(64 * KIB, 2, 0);
	random_fill(data, sizeof(data), 3);
	feed = feed_open(0);
	EXPECT(write(feed, data, sizeof(data)), sizeof(data));
	/* It is there, but its capture has not ended. */
	while (sim_position() < sizeof(data))
		usleep(1000);
	stream_info(waiting.dev, FPGABUF_STREAM_STOP);
	EXPECT(waiting_read(&waiting), sizeof(data));
	CU_ASSERT(!memcmp(waiting.mem, data, sizeof(data)));
	EXPECT(waiting_read(&waiting), 0);
	close(feed);
	stream_close(waiting.dev);
	sim_source("pattern");
}

/* Two who read from one file: each number of the pattern comes once. */
struct half {
	pthread_t thread;
	int dev;
	bool splice;
	atomic_uchar *seen;
	atomic_size_t *left;
	ssize_t error;
};

#define NUMBERS		((size_t)512 * KIB)

static size_t note_numbers(struct half *half, const uint64_t *numbers,
			   size_t size)
{
	size_t i;

	for (i = 0; i < size / 8; i++)
		if (numbers[i] < NUMBERS)
			half->seen[numbers[i]]++;
	return size;
}

static ssize_t half_step(struct half *half, int pipes[2], uint64_t *mem)
{
	ssize_t n;

	if (!half->splice)
		return try_read(half->dev, mem, 32 * KIB);
	n = splice_wait(half->dev, pipes[1], 32 * KIB);
	return n < 0 ? n : read_all(pipes[0], (uint8_t *)mem, n);
}

static void *half_main(void *arg)
{
	struct half *half = arg;
	uint64_t *mem = malloc(32 * KIB);
	size_t left = 1;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return NULL;
	while (left) {
		ssize_t n = half_step(half, pipes, mem);

		if (n <= 0 || n % 8) {
			half->error = n;
			break;
		}
		note_numbers(half, mem, n);
		left = *half->left;
		while (left && !atomic_compare_exchange_weak(half->left, &left,
				left > (size_t)n ? left - n : 0))
			;
	}
	pipe_close(pipes);
	free(mem);
	return NULL;
}

static void two_readers(void)
{
	atomic_uchar *seen = calloc(NUMBERS, 1);
	atomic_size_t left = 8 * NUMBERS;
	struct half halves[4];
	size_t i, once = 0;
	int dev;

	REQUIRE(!seen, false);
	sim_source("pattern");
	dev = stream_open(64 * KIB, 8, FPGABUF_STREAM_JOIN);
	for (i = 0; i < ARRAY_SIZE(halves); i++) {
		halves[i] = (struct half){
			.dev = dev,
			.splice = i % 2,
			.seen = seen,
			.left = &left,
		};
		REQUIRE(pthread_create(&halves[i].thread, NULL, half_main,
				       &halves[i]), 0);
	}
	for (i = 0; i < ARRAY_SIZE(halves); i++) {
		pthread_join(halves[i].thread, NULL);
		EXPECT(halves[i].error, 0);
	}
	for (i = 0; i < NUMBERS; i++)
		once += seen[i] == 1;
	EXPECT(once, NUMBERS);
	free(seen);
	stream_close(dev);
}

/*
 * The socket takes a part, and sendfile() throws away the rest that it has read.  Nobody
 * reads before the socket was full once.  What both sockets take by then is
 * less than half of the regions: the device goes on.
 */
static void takes_a_part(void)
{
	const size_t size = 4 * MIB;
	struct reader *reader = NULL;
	size_t got, done = 0;
	int dev, tx, rx, room = 32 * KIB;
	const void *data;

	sim_source("pattern");
	dev = stream_open(24 * KIB, 32, FPGABUF_STREAM_JOIN);
	net_connect(&tx, &rx);
	EXPECT(setsockopt(tx, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	       0);
	nonblocking(tx, true);
	while (done < size) {
		struct pollfd pfd = { .fd = tx, .events = POLLOUT };
		ssize_t n = try_sendfile(tx, dev, size - done);

		if (n == -EAGAIN) {
			if (!reader)
				reader = reader_start(rx, size);
			/* It must not stop going round, nor forget. */
			EXPECT(ready(dev, 20000), POLLIN);
			REQUIRE(poll(&pfd, 1, 20000), 1);
			continue;
		}
		REQUIRE(n > 0, true);
		done += n;
		EXPECT(stream_info(dev, 0).position >= done, true);
	}
	REQUIRE(!reader, false);
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	/* And who goes on by read() goes on at the same place. */
	expect_pattern(dev, 64 * KIB, size);
	close(tx);
	close(rx);
	stream_close(dev);
}

static void unplugged(void)
{
	const size_t held = 3 * 64 * KIB;
	int dev, pipes[2];
	uint8_t *mem = malloc(MIB);
	size_t at;
	ssize_t n;

	REQUIRE(!mem, false);
	sim_source("pattern");
	dev = stream_open_whole(64 * KIB, 8);
	pipe_open(pipes, PIPE_ROOM);
	for (at = 0; at < held; at += n) {
		n = splice_wait(dev, pipes[1], held - at);
		REQUIRE(n > 0, true);
	}
	all_captured(dev);
	file_write(DRIVERS "fpgabuf/unbind", "fpgabuf.0");
	EXPECT(ready(dev, 0), POLLIN | POLLHUP);
	/* What was captured is still there, and then the end. */
	while ((n = try_read(dev, mem, MIB)) > 0) {
		CU_ASSERT(is_pattern(mem, n, at));
		at += n;
	}
	EXPECT(n, -ENODEV);
	EXPECT(at >= 8 * 64 * KIB, true);
	EXPECT(try_splice(dev, pipes[1], 1), -ENODEV);
	EXPECT(try_sendfile(pipes[1], dev, 1), -ENODEV);
	EXPECT(ready(dev, 0), POLLHUP);
	EXPECT(stream_info(dev, 0).error, -ENODEV);
	/* That is no end which was asked for. */
	EXPECT(stream_info(dev, FPGABUF_STREAM_STOP).error, -ENODEV);
	expect_pattern(pipes[0], held, 0);
	close(dev);
	pipe_close(pipes);
	CU_ASSERT(!dmabufs_left());
	file_write(DRIVERS "fpgabuf/bind", "fpgabuf.0");
	free(mem);
}

/* A reader that waits is told. */
static void unplugged_while_waiting(void)
{
	struct waiting waiting = { .fn = waiting_read };

	sim_source("feed");
	waiting.dev = stream_open(64 * KIB, 2, 0);
	REQUIRE(pthread_create(&waiting.thread, NULL, waiting_main, &waiting),
		0);
	while (!waiting.begun)
		sched_yield();
	file_write(DRIVERS "fpgabuf-sim/unbind", "fpgabuf-sim.0");
	pthread_join(waiting.thread, NULL);
	EXPECT(waiting.ret, -ENODEV);
	close(waiting.dev);
	CU_ASSERT(!dmabufs_left());
	file_write(DRIVERS "fpgabuf-sim/bind", "fpgabuf-sim.0");
}

static void closed_while_held(void)
{
	int other = device_open(0), dev, pipes[2];

	sim_source("pattern");
	dev = stream_open_whole(64 * KIB, 4);
	pipe_open(pipes, 0);
	EXPECT(splice_wait(dev, pipes[1], 4096), 4096);
	all_captured(dev);
	close(dev);
	/* The memory counts until nobody has it. */
	EXPECT(device_info(other).used_bytes, 64 * KIB);
	CU_ASSERT(!dmabufs_left());
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	dev = stream_open(64 * KIB, 8, FPGABUF_STREAM_JOIN);
	expect_pattern(dev, 64 * KIB, 4 * 64 * KIB);
	close(dev);
	expect_pattern(pipes[0], 4096, 0);
	pipe_close(pipes);
	EXPECT(device_used(other), 0);
	close(other);
}

static void bad_setups(void)
{
	int dev = device_open(0), pipes[2];
	const uint64_t max = device_info(dev).max_region_size;
	const struct fpgabuf_stream_setup bad[] = {
		{ .size = 0, .count = 2 },
		{ .size = max + 1, .count = 2 },
		{ .size = 1ull << 63, .count = 2 },
		{ .size = 4096, .count = 0 },
		{ .size = 4096, .count = 1 },
		{ .size = 4096, .count = 257 },
		{ .size = 4096, .count = UINT32_MAX },
		{ .size = 4096, .count = 2,
		  .timeout_ms = FPGABUF_TIMEOUT_MAX_MS + 1 },
		{ .size = 4096, .count = 2, .flags = 2 },
	};
	struct fpgabuf_stream_info info = { .flags = 0 };
	struct fpgabuf_stream_setup setup;
	uint8_t byte;
	size_t i;

	sim_source("pattern");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(setup_with(dev, &bad[i]), -EINVAL);
	EXPECT(device_used(dev), 0);
	/* It is no stream by now. */
	pipe_open(pipes, 0);
	EXPECT(try_read(dev, &byte, 1), -EINVAL);
	EXPECT(try_splice(dev, pipes[1], 1), -EINVAL);
	EXPECT(try_sendfile(pipes[1], dev, 1), -EINVAL);
	EXPECT(call(dev, FPGABUF_IOC_STREAM_INFO, &info), -EINVAL);
	EXPECT(ready(dev, 0), 0);

	setup = (struct fpgabuf_stream_setup){ .size = 5000, .count = 2 };
	EXPECT(call(dev, FPGABUF_IOC_STREAM, &setup), 0);
	EXPECT(setup.size, 8192);
	EXPECT(device_info(dev).file_used_bytes, 2 * 8192);
	EXPECT(setup_with(dev, &setup), -EBUSY);
	info.flags = 4;
	EXPECT(call(dev, FPGABUF_IOC_STREAM_INFO, &info), -EINVAL);
	info = (struct fpgabuf_stream_info){ .reserved[3] = 1 };
	EXPECT(call(dev, FPGABUF_IOC_STREAM_INFO, &info), -EINVAL);
	EXPECT(write(dev, &byte, 1) < 0 ? -errno : 0, -EINVAL);
	EXPECT(lseek(dev, 0, SEEK_SET) < 0 ? -errno : 0, -ESPIPE);
	EXPECT(pread(dev, &byte, 1, 0) < 0 ? -errno : 0, -ESPIPE);
	pipe_close(pipes);
	stream_close(dev);
}

static void owns_the_queue(void)
{
	const struct fpgabuf_stream_setup setup = {
		.size = 4096, .count = 2,
	};
	int dev, other = device_open(0), fd;
	struct fpgabuf_dequeue done;

	sim_source("pattern");
	dev = stream_open(4096, 2, FPGABUF_STREAM_JOIN);
	fd = region_alloc(dev, 4096);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	EXPECT(capture_get(dev, &done), -EBUSY);
	EXPECT(capture_cancel(dev), -EBUSY);
	EXPECT(region_queue(other, fd, 0, 0), -EUSERS);
	EXPECT(capture_get(other, &done), -EPIPE);
	EXPECT(capture_cancel(other), 0);
	EXPECT(setup_with(other, &setup), -EUSERS);
	expect_pattern(dev, 20000, 0);
	close(dev);
	sim_source("pattern");
	/* And the other way round */
	capture_run(other, fd, 0);
	EXPECT(setup_with(other, &setup), -EBUSY);
	dev = device_open(0);
	EXPECT(setup_with(dev, &setup), -EUSERS);
	close(other);
	EXPECT(setup_with(dev, &setup), 0);
	close(fd);
	stream_close(dev);
}

static const char *lacks(void)
{
	return has_streams() ? NULL : "Linux before 6.1 has no streams of bytes";
}

static const struct test tests[] = {
	{ "bad arguments are refused, and leave nothing behind", bad_setups },
	{ "a stream owns the queue: QUEUE, DEQUEUE and CANCEL find it busy",
	  owns_the_queue },
	{ "read() delivers every byte once, whatever the sizes", reads },
	{ "readv() works, and bytes that cannot be copied are not lost",
	  readv_and_faults },
	{ "splice() delivers every byte to a peer, whatever the sizes",
	  splices },
	{ "sendfile() delivers every byte to a peer, whatever the sizes",
	  sendfiles },
	{ "splice() to a socket copies nothing", splice_copies_nothing },
	{ "sendfile() to a socket copies nothing", sendfile_copies_nothing },
	{ "cat reads the device", cat_reads },
	{ "a region that a pipe holds is not captured into again", pipe_holds },
	{ "nor one whose buffers are duplicated and dropped all the time",
	  tee_holds },
	{ "nor one that waits in a socket for its peer", socket_holds },
	{ "a reader that finds all regions held goes on when they are free",
	  all_held },
	{ "reading stops where bytes are missing, until it is told to go on",
	  gaps_stop },
	{ "with JOIN it goes on, and the gaps are counted", gaps_join },
	{ "an error is a gap behind the bytes that came", errors_stop },
	{ "a channel that refuses transfers is EIO, and tried again", refused },
	{ "captures without bytes are passed over", silence },
	{ "with a limit the FPGA gives as much, and then the stream ends",
	  limited },
	{ "... although packets end captures early", limited_packets },
	{ "... and cat ends", cat_ends },
	{ "a stream that is stopped ends behind all that was captured", stops },
	{ "... and tells a reader that waits", stops_while_waiting },
	{ "neither O_NONBLOCK nor splice() into a pipe waits", does_not_wait },
	{ "a signal ends the waiting", signals },
	{ "of several readers each gets other bytes", two_readers },
	{ "what a socket does not take of sendfile() is not lost",
	  takes_a_part },
	{ "unplugged: what was captured is delivered, then ENODEV", unplugged },
	{ "unplugged: a reader that waits is told", unplugged_while_waiting },
	{ "closed: pages that a pipe holds keep their bytes", closed_while_held },
	{ }
};

SUITE(stream,
	.title = "the device as a stream of bytes",
	.lacks = lacks,
	.init = modules_load,
	.tests = tests)
