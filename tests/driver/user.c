// SPDX-License-Identifier: GPL-2.0-only
/* A channel whose hardware is a program: what it may say, and what follows */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user-bed.h"

#define SIZE	(4 * KIB)
#define REGIONS	USER_REGIONS

/* The bed, and the program, which is ourselves */
static struct user_bed bed;

static void bed_begin(uint32_t flags)
{
	bed.door = user_open(REGIONS, flags);
	user_bed_open(&bed, SIZE);
}

static void bed_end(void)
{
	user_bed_close(&bed);
	user_expect_nothing_held();
	close(bed.door);
}

static void queue(int i)
{
	user_queue(&bed, i);
}

static void expect_capture(int i, int error, uint64_t bytes)
{
	user_expect_capture(&bed, i, error, bytes);
}

static struct fpgabuf_user_event expect_start(void)
{
	return user_expect(bed.door, FPGABUF_USER_START, 0);
}

/* A capture goes well, whatever was before. */
static void capture_once(int i)
{
	struct fpgabuf_user_event piece;
	uint8_t data[SIZE];

	queue(i);
	piece = expect_start();
	random_fill(data, SIZE, i + 1);
	master_write(piece.addr, data, SIZE);
	EXPECT(user_done(bed.door, piece.id, SIZE, 0), 0);
	expect_capture(i, 0, SIZE);
	CU_ASSERT(!memcmp(bed.mem[i], data, SIZE));
}

static void check_packet(unsigned int n, uint64_t *position)
{
	unsigned int i = n % REGIONS;

	expect_capture(i, 0, packet_length(n, SIZE));
	CU_ASSERT(is_pattern(bed.mem[i], packet_length(n, SIZE), *position));
	*position += packet_length(n, SIZE);
}

static void many(unsigned int captures, bool simulator)
{
	struct worker *worker = worker_start(REGIONS, simulator);
	uint64_t position = 0;
	unsigned int n, ended, patience = 60000;

	worker->holds = true;
	user_bed_open(&bed, SIZE);
	for (n = 0; n < REGIONS; n++)
		queue(n);
	while (worker->started < REGIONS && patience--)
		usleep(1000);
	worker->holds = false;
	for (n = 0; n < captures; n++) {
		check_packet(n, &position);
		if (n + REGIONS < captures)
			queue(n % REGIONS);
	}
	/* It counts the last one when its DONE has returned. */
	ended = worker->ended;
	CU_ASSERT(ended == captures || ended + 1 == captures);
	EXPECT(worker->most, REGIONS);
	worker_kill(worker);
	worker_free(worker);
	user_bed_close(&bed);
	user_expect_nothing_held();
}

static void many_by_master(void)
{
	many(rounds(10000), false);
}

static void many_by_node(void)
{
	many(rounds(2000), true);
}

static void information(void)
{
	struct fpgabuf_info info;

	bed_begin(0);
	info = device_info(bed.dev);
	EXPECT(info.capabilities, FPGABUF_CAP_EXACT_BYTES |
	       FPGABUF_CAP_PACKETS | FPGABUF_CAP_STOP | DRIVER_CAPS);
	EXPECT(info.alignment, 1);
	bed_end();
}

static void one_program(void)
{
	struct stat stat;

	bed_begin(0);
	EXPECT(user_try_open(), -EBUSY);
	REQUIRE(fstat(bed.door, &stat), 0);
	EXPECT(stat.st_mode & 0777, 0600);
	EXPECT(stat.st_uid, 0);
	EXPECT(stat.st_gid, 0);
	bed_end();
}

/* Nothing is given before the program says so, nor more than it takes. */
static void depth(void)
{
	struct fpgabuf_user_command hello = { .type = FPGABUF_USER_HELLO };
	struct fpgabuf_user_event piece;
	int i;

	bed.door = user_open(0, 0);
	user_bed_open(&bed, SIZE);
	for (i = 0; i < 3; i++)
		queue(i);
	EXPECT(user_event_comes(bed.door, 50), false);
	EXPECT(user_say(bed.door, &hello), -EINVAL);
	hello.value = FPGABUF_USER_MAX_DEPTH + 1;
	EXPECT(user_say(bed.door, &hello), -EINVAL);
	hello.value = 1;
	EXPECT(user_say(bed.door, &hello), 0);
	EXPECT(user_say(bed.door, &hello), -EBUSY);
	for (i = 0; i < 3; i++) {
		piece = expect_start();
		EXPECT(user_event_comes(bed.door, 0), false);
		EXPECT(user_attribute("given"), 1);
		EXPECT(user_attribute("held"), SIZE);
		EXPECT(user_done(bed.door, piece.id, i, 0), 0);
		expect_capture(i, 0, i);
	}
	bed_end();
}

static void errors(void)
{
	struct fpgabuf_user_event piece;

	bed_begin(0);
	queue(0);
	piece = expect_start();
	EXPECT(user_done(bed.door, piece.id, 100, -EIO), 0);
	expect_capture(0, -EIO, 100);

	queue(1);
	queue(2);
	piece = expect_start();
	EXPECT(user_progress(bed.door, piece.id, 200), 0);
	expect_start();
	EXPECT(user_quiet(bed.door), 0);
	expect_capture(1, -EIO, 200);
	expect_capture(2, -EIO, 0);
	capture_once(3);
	bed_end();
}

/* What it said last is what a capture that is cut has. */
static void progress(void)
{
	struct fpgabuf_queue request = { .timeout_ms = 100 };
	struct fpgabuf_user_event piece, stop;

	bed_begin(0);
	request.fd = bed.fds[0];
	REQUIRE(call(bed.dev, FPGABUF_IOC_QUEUE, &request), 0);
	piece = expect_start();
	EXPECT(user_progress(bed.door, piece.id, 1000), 0);
	EXPECT(user_progress(bed.door, piece.id, 999), -EINVAL);
	EXPECT(user_progress(bed.door, piece.id, SIZE + 1), -EINVAL);
	EXPECT(user_progress(bed.door, piece.id + 1, 1000), -ESRCH);
	stop = user_expect(bed.door, FPGABUF_USER_STOP, 0);
	EXPECT(stop.id, piece.id);
	EXPECT(user_progress(bed.door, piece.id, 2000), -ESRCH);
	EXPECT(user_done(bed.door, piece.id, 0, 0), 0);
	expect_capture(0, -ETIMEDOUT, 1000);
	capture_once(1);
	bed_end();
}

static void lies_about_pieces(void)
{
	struct fpgabuf_user_event a, b;

	bed_begin(0);
	queue(0);
	queue(1);
	a = expect_start();
	b = expect_start();
	EXPECT(user_done(bed.door, 0, 0, 0), -ESRCH);
	EXPECT(user_done(bed.door, b.id + 1, 0, 0), -ESRCH);
	EXPECT(user_done(bed.door, b.id, SIZE, 0), -EINVAL);
	EXPECT(user_done(bed.door, a.id, SIZE + 1, 0), -EINVAL);
	EXPECT(user_done(bed.door, a.id, UINT32_MAX, 0), -EINVAL);
	EXPECT(user_done(bed.door, a.id, SIZE, 1), -EINVAL);
	EXPECT(user_done(bed.door, a.id, SIZE, -4096), -EINVAL);
	EXPECT(readable(bed.dev, 0), false);
	EXPECT(user_done(bed.door, a.id, SIZE, 0), 0);
	EXPECT(user_done(bed.door, a.id, SIZE, 0), -ESRCH);
	expect_capture(0, 0, SIZE);
	EXPECT(user_done(bed.door, b.id, SIZE, 0), 0);
	expect_capture(1, 0, SIZE);
	capture_once(2);
	bed_end();
}

/* Fields that a command does not have, and commands that are none */
static void lies_about_commands(void)
{
	static const struct fpgabuf_user_command wrong[] = {
		{ .type = 0 },
		{ .type = 6 },
		{ .type = FPGABUF_USER_HELLO, .value = 1, .flags = 2 },
		{ .type = FPGABUF_USER_HELLO, .value = 1, .id = 1 },
		{ .type = FPGABUF_USER_HELLO, .value = 1, .result = -1 },
		{ .type = FPGABUF_USER_HELLO, .value = 1, .reserved = 1 },
		{ .type = FPGABUF_USER_DONE, .flags = 1 },
		{ .type = FPGABUF_USER_DONE, .reserved = 1 },
		{ .type = FPGABUF_USER_PROGRESS, .flags = 1 },
		{ .type = FPGABUF_USER_PROGRESS, .result = -1 },
		{ .type = FPGABUF_USER_QUIET, .flags = 1 },
		{ .type = FPGABUF_USER_QUIET, .id = 1 },
		{ .type = FPGABUF_USER_QUIET, .value = 1 },
		{ .type = FPGABUF_USER_QUIET, .result = -1 },
		{ .type = FPGABUF_USER_DATA },
	};
	size_t i;

	bed_begin(0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT(user_say(bed.door, &wrong[i]), -EINVAL);
	EXPECT(write(bed.door, wrong, sizeof(wrong[0]) - 1), -1);
	EXPECT(errno, EINVAL);
	EXPECT(write(bed.door, wrong, 2 * sizeof(wrong[0])), -1);
	EXPECT(errno, EINVAL);
	capture_once(0);
	bed_end();
}

static void lies_about_data(void)
{
	struct fpgabuf_user_event piece;
	static uint8_t data[65537];

	bed_begin(FPGABUF_USER_NODE_ONLY);
	queue(0);
	piece = expect_start();
	EXPECT(user_attribute("held"), 0);
	memset(data, 0x5a, sizeof(data));
	EXPECT(user_data(bed.door, piece.id + 1, 0, data, 1), -ESRCH);
	EXPECT(user_data(bed.door, piece.id, SIZE, data, 1), -EINVAL);
	EXPECT(user_data(bed.door, piece.id, SIZE - 1, data, 2), -EINVAL);
	EXPECT(user_data(bed.door, piece.id, UINT32_MAX, data, 1), -EINVAL);
	EXPECT(user_data(bed.door, piece.id, 0, data, SIZE + 1), -EINVAL);
	EXPECT(user_data(bed.door, piece.id, 0, data, 65537), -EINVAL);
	CU_ASSERT(!memchr(bed.mem[0], 0x5a, SIZE));
	EXPECT(user_data(bed.door, piece.id, SIZE - 1, data, 1), 0);
	EXPECT(user_data(bed.door, piece.id, 0, data, 3000), 0);
	user_patience(100);
	EXPECT(capture_cancel(bed.dev), 1);
	user_patience(USER_PATIENCE);
	EXPECT(user_data(bed.door, piece.id, 0, data, 1), -ESRCH);
	expect_capture(0, -ECANCELED, 3000);
	user_expect(bed.door, FPGABUF_USER_STOP, FPGABUF_USER_ABANDONED);
	EXPECT(user_done(bed.door, piece.id, 0, 0), 0);
	bed_end();
}

/* Memory that nobody can write to or read */
static void *nowhere(void)
{
	void *mem = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	REQUIRE(mem == MAP_FAILED, false);
	return mem;
}

static void events(void)
{
	struct fpgabuf_user_event piece[3];
	void *bad = nowhere();

	bed_begin(0);
	queue(0);
	queue(1);
	EXPECT(read(bed.door, piece, sizeof(piece[0]) - 1), -1);
	EXPECT(errno, EINVAL);
	/* What could not be read is told again. */
	EXPECT(read(bed.door, bad, sizeof(piece[0])), -1);
	EXPECT(errno, EFAULT);
	EXPECT(write(bed.door, bad, sizeof(piece[0])), -1);
	EXPECT(errno, EFAULT);
	munmap(bad, 4096);
	EXPECT(read(bed.door, piece, sizeof(piece)), 2 * sizeof(piece[0]));
	EXPECT(piece[0].id + 1, piece[1].id);
	EXPECT(fcntl(bed.door, F_SETFL, O_NONBLOCK), 0);
	EXPECT(user_event(bed.door, &piece[2]), -EAGAIN);
	EXPECT(user_done(bed.door, piece[0].id, SIZE, 0), 0);
	EXPECT(user_done(bed.door, piece[1].id, SIZE, 0), 0);
	expect_capture(0, 0, SIZE);
	expect_capture(1, 0, SIZE);
	bed_end();
}

static int scatter_alloc(size_t size)
{
	struct fpgabuf_alloc alloc = {
		.size = size,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	REQUIRE(call(bed.dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	CU_ASSERT(alloc.chunks > 1);
	return alloc.fd;
}

/* The pieces of a capture come one by one, and its neighbours not meanwhile. */
static void scattered(void)
{
	const size_t size = 7 * MIB + 12 * KIB;
	struct fpgabuf_user_event piece, next;
	size_t done = 0;
	int fd;

	bed_begin(0);
	fd = scatter_alloc(size);
	REQUIRE(region_queue(bed.dev, fd, 0, 7), 0);
	queue(0);
	while (done < size) {
		piece = expect_start();
		done += piece.length;
		if (done < size)
			EXPECT(user_event_comes(bed.door, 0), false);
		else
			next = expect_start();
		EXPECT(user_done(bed.door, piece.id, piece.length, 0), 0);
	}
	EXPECT(done, size);
	expect_capture(7, 0, size);
	EXPECT(user_done(bed.door, next.id, 1, 0), 0);
	expect_capture(0, 0, 1);

	/* A packet ends in the second piece, and with it the capture. */
	REQUIRE(region_queue(bed.dev, fd, 0, 7), 0);
	piece = expect_start();
	done = piece.length;
	EXPECT(user_done(bed.door, piece.id, piece.length, 0), 0);
	piece = expect_start();
	EXPECT(user_done(bed.door, piece.id, 10, 0), 0);
	expect_capture(7, 0, done + 10);
	capture_once(1);
	close(fd);
	bed_end();
}

/* For masters of the real world: nobody writes through the node. */
static void no_simulator(void)
{
	struct fpgabuf_user_command hello = {
		.type = FPGABUF_USER_HELLO,
		.flags = FPGABUF_USER_NODE_ONLY,
		.value = 1,
	};
	struct fpgabuf_stream_setup stream = {
		.size = 4096,
		.count = 2,
		.limit = 4096 + 63,
	};

	REQUIRE(user_unload(), 0);
	REQUIRE(modules_load(), 0);
	REQUIRE(module_load("fpgabuf-test-master.ko", ""), 0);
	EXPECT(module_load("fpgabuf-user.ko", "alignment=3"), -EINVAL);
	REQUIRE(module_load("fpgabuf-user.ko", "alignment=64"), 0);
	bed.door = user_open(0, 0);
	user_bed_open(&bed, SIZE);
	EXPECT(user_say(bed.door, &hello), -EPERM);
	hello.flags = 0;
	EXPECT(user_say(bed.door, &hello), 0);
	EXPECT(device_info(bed.dev).alignment, 64);
	EXPECT(region_queue(bed.dev, bed.fds[0], 63, 0), -EINVAL);
	EXPECT(call(bed.dev, FPGABUF_IOC_STREAM, &stream), -EINVAL);
	EXPECT(user_data(bed.door, 1, 0, "x", 1), -EPERM);
	capture_once(0);
	bed_end();
	REQUIRE(user_unload(), 0);
	REQUIRE(user_load(), 0);
}

#define INPUT	"/tmp/user-input"

static void example_main(void *arg)
{
	EXPECT(system("user-master /dev/fpgabuf-user0 <" INPUT), 0);
	(void)arg;
}

static void example(void)
{
	static uint8_t data[2 * SIZE + 1000];
	pid_t pid;
	int fd, i;

	random_fill(data, sizeof(data), 5);
	fd = open(INPUT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
	pid = process_start(example_main, NULL);
	user_bed_open(&bed, SIZE);
	for (i = 0; i < 3; i++)
		queue(i);
	for (i = 0; i < 3; i++) {
		expect_capture(i, 0, i < 2 ? SIZE : 1000);
		CU_ASSERT(!memcmp(bed.mem[i], data + i * SIZE,
				  i < 2 ? SIZE : 1000));
	}
	EXPECT(process_exit_code(pid), 0);
	user_bed_close(&bed);
	user_expect_nothing_held();
	unlink(INPUT);
}

static const struct test tests[] = {
	{ "what is promised of such a channel", information },
	{ "10000 captures, 8 at a time, by a master that writes to memory",
	  many_by_master },
	{ "2000 captures, 8 at a time, by a simulator that writes to the node",
	  many_by_node },
	{ "one program at a time, and root's", one_program },
	{ "a program gets no more than it takes", depth },
	{ "a read gives all there is, once", events },
	{ "an error, and a master that is quiet, end captures with EIO", errors },
	{ "a capture that is cut has the bytes that were told", progress },
	{ "a wrong piece, too many bytes, twice, out of order: an errno",
	  lies_about_pieces },
	{ "a command that is none: an errno", lies_about_commands },
	{ "bytes past the end, or too late: an errno", lies_about_data },
	{ "a capture in many pieces gets them one by one", scattered },
	{ "the example user-master makes captures of a file", example },
	{ "without simulator=1 nobody writes through the node", no_simulator },
	{ }
};

SUITE(user,
	.title = "a channel whose hardware is a program",
	.init = user_load,
	.done = user_unload,
	.tests = tests)
