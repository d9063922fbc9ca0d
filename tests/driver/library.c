// SPDX-License-Identifier: GPL-2.0-only
/* libfpgabuf and the tools on the real driver: the main job. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "bed.h"
#include "net.h"

static struct fpgabuf_device *lib_open(void)
{
	struct fpgabuf_device *device;

	REQUIRE(fpgabuf_device_open(NULL, 0, &device), 0);
	sim_source("pattern");
	return device;
}

static struct fpgabuf_region *lib_capture(struct fpgabuf_device *device,
					  size_t size)
{
	struct fpgabuf_dequeue done;
	struct fpgabuf_region *region;

	REQUIRE(fpgabuf_device_alloc(device, size, &region), 0);
	EXPECT(fpgabuf_region_size(region), size);
	REQUIRE(fpgabuf_device_queue(device, region, 0, 42), 0);
	REQUIRE(fpgabuf_device_dequeue(device, &done), 0);
	EXPECT(done.cookie, 42);
	EXPECT(done.bytes, size);
	return region;
}

static void capture_and_map(void)
{
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, 1536 * KIB);
	void *addr;

	REQUIRE(fpgabuf_region_map(region, PROT_READ | PROT_WRITE, &addr), 0);
	EXPECT((uintptr_t)addr % (2 * MIB), 0);
	CU_ASSERT(is_pattern(addr, 1536 * KIB, 0));
	EXPECT(fpgabuf_region_sync_start(region, PROT_READ), 0);
	EXPECT(fpgabuf_region_sync_end(region, PROT_READ), 0);
	EXPECT(fpgabuf_region_sync_start(region, PROT_WRITE), 0);
	memset(addr, 0, 4096);
	EXPECT(fpgabuf_region_sync_end(region, PROT_WRITE), 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
}

static void import(void)
{
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, 64 * KIB), *other;
	struct fpgabuf_region_info info;
	int fd = dup(fpgabuf_region_fd(region));
	void *addr;

	REQUIRE(fpgabuf_region_import(fd, &other), 0);
	fpgabuf_region_close(region);
	EXPECT(fpgabuf_region_size(other), 64 * KIB);
	REQUIRE(fpgabuf_region_map(other, PROT_READ, &addr), 0);
	EXPECT(fpgabuf_region_sync_start(other, PROT_READ), 0);
	CU_ASSERT(is_pattern(addr, 64 * KIB, 0));
	EXPECT(fpgabuf_region_sync_end(other, PROT_READ), 0);
	EXPECT(fpgabuf_device_region_info(device, other, &info), 0);
	EXPECT(info.size, 64 * KIB);
	fpgabuf_region_close(other);
	fpgabuf_device_close(device);
}

static void token_after_peer(void)
{
	const size_t size = 512 * KIB;
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_region *region = lib_capture(device, size);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *sender;
	struct reader *reader;
	uint64_t token = 0;
	const void *data;
	int tx, rx, i;
	size_t got;
	void *addr;

	REQUIRE(fpgabuf_region_map(region, PROT_READ, &addr), 0);
	net_connect(&tx, &rx);
	REQUIRE(fpgabuf_sender_create(tx, FPGABUF_ENGINE_ZEROCOPY, 4, &sender),
		0);
	REQUIRE(fpgabuf_sender_submit(sender, addr, size, 9), 0);
	/* The socket takes all of it; the peer does not. */
	EXPECT(fpgabuf_sender_drain(sender, 300), -ETIMEDOUT);
	EXPECT(fpgabuf_sender_reap(sender, &token), 0);
	EXPECT(fpgabuf_device_queue(device, region, 0, 0), -EBUSY);

	reader = reader_start(rx, size);
	EXPECT(fpgabuf_sender_drain(sender, 10000), 0);
	EXPECT(fpgabuf_sender_reap(sender, &token), 1);
	EXPECT(token, 9);
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	fpgabuf_sender_stats(sender, &stats);
	EXPECT(stats.bytes, size);
	EXPECT(stats.completions, stats.zerocopy_sends);
	EXPECT(stats.copied, 0);
	for (i = 0; i < 500 && fpgabuf_device_queue(device, region, 0, 0); i++)
		usleep(10000);
	EXPECT(i < 500, true);

	reader_free(reader);
	fpgabuf_sender_destroy(sender);
	close(tx);
	close(rx);
	fpgabuf_device_close(device);
	fpgabuf_region_close(region);
}

static void main_job_by(char *engine)
{
	const struct send_tool tool = {
		.bytes = "40000003",
		.region_size = "256K",
		.regions = "4",
		.engine = engine,
	};

	main_job(&tool);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
}

static void main_job_zerocopy(void)
{
	main_job_by("zerocopy");
}

static void main_job_copy(void)
{
	main_job_by("copy");
}

/*
 * Once more at the end, when no capture was left to be told in; and where the
 * driver asked too late, see faults.c.
 */
static void gaps_as_counted(void)
{
	unsigned long gaps = send_tool_count("gaps");
	unsigned long starved = sim_get("starved");
	unsigned long asked = sim_get("asked");

	printf("\n    starved %lu times, asked %lu times too late, %lu gaps",
	       starved, asked, gaps);
	CU_ASSERT(gaps + 1 >= starved);
	CU_ASSERT(gaps <= starved + asked);
}

static void many_captures(void)
{
	unsigned int captures = rounds(10000);
	char bytes[16];
	const struct send_tool tool = {
		.bytes = bytes,
		.region_size = "64K",
		.regions = "8",
		.engine = "zerocopy",
	};

	snprintf(bytes, sizeof(bytes), "%zu", captures * 64 * KIB);
	printf("\n    %u captures", captures);
	main_job(&tool);
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("fallback_copies"), 0);
	EXPECT(send_tool_count("captures"), captures);
	gaps_as_counted();
	EXPECT(send_tool_count("timeouts"), 0);
}

/* What the examples make of a capture */
#define EXAMPLE_SIZE	(2 * MIB)

/* Each program gets its descriptors as a shell would give them. */
struct example {
	const char *const *argv;
	int in;
	int out;
};

static void run_example(void *arg)
{
	const struct example *e = arg;

	if (e->in >= 0)
		dup2(e->in, STDIN_FILENO);
	if (e->out >= 0)
		dup2(e->out, STDOUT_FILENO);
	execvp(e->argv[0], (char *const *)e->argv);
	_exit(127);
}

static int example_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

/* @fd has @size bytes of the pattern and no more. */
static void expect_pattern(int fd, size_t size)
{
	void *data = NULL;

	REQUIRE(posix_memalign(&data, 4096, size + 4096), 0);
	EXPECT(pread(fd, data, size + 4096, 0), size);
	CU_ASSERT(is_pattern(data, size, 0));
	free(data);
}

/* The one sends, the other receives; both say that all is well. */
static void example_send(void)
{
	static const char *const sends[] = { "capture-send", "9", NULL };
	static const char *const receives[] = { "receive-frames", NULL };
	struct example sender = { .argv = sends, .in = -1 };
	struct example receiver = { .argv = receives };
	pid_t sending, receiving;

	sim_source("pattern");
	net_connect(&sender.out, &receiver.in);
	receiver.out = example_file("samples");
	receiving = process_start(run_example, &receiver);
	/* It must see the end of the stream, and the sender that of this. */
	close(receiver.in);
	sending = process_start(run_example, &sender);
	close(sender.out);
	EXPECT(process_exit_code(sending), 0);
	EXPECT(process_exit_code(receiving), 0);
	expect_pattern(receiver.out, 9 * EXAMPLE_SIZE);
	close(receiver.out);
}

/* The peer gets the samples as they are, and then the end of the stream. */
static void example_first(void)
{
	static const char *const argv[] = { "capture-first", "3", NULL };
	struct example sender = { .argv = argv, .in = -1 };
	const size_t size = 3 * EXAMPLE_SIZE;
	char *data = NULL;
	pid_t sending;
	int rx;

	sim_source("pattern");
	net_connect(&sender.out, &rx);
	sending = process_start(run_example, &sender);
	close(sender.out);
	REQUIRE(posix_memalign((void **)&data, 4096, size + 1), 0);
	EXPECT(recv(rx, data, size + 1, MSG_WAITALL), size);
	CU_ASSERT(is_pattern(data, size, 0));
	EXPECT(process_exit_code(sending), 0);
	free(data);
	close(rx);
}

/* What ends the sender early is not taken for the end of the stream. */
static void example_cut_off(void)
{
	static const char *const receives[] = { "receive-frames", NULL };
	struct example receiver = { .argv = receives };
	const struct fpgabuf_frame frame = { .length = 4096 };
	uint8_t header[FPGABUF_FRAME_HEADER_SIZE];
	pid_t receiving;
	int tx;

	net_connect(&tx, &receiver.in);
	receiver.out = example_file("samples");
	receiving = process_start(run_example, &receiver);
	close(receiver.in);
	fpgabuf_frame_encode(&frame, header);
	EXPECT(write(tx, header, sizeof(header)), sizeof(header));
	close(tx);
	EXPECT(process_exit_code(receiving), 1);
	close(receiver.out);
}

/* The line of a capture that is the @n-th, and full */
static void expect_line(const char *line, unsigned long n, bool gap)
{
	unsigned long number, offset, bytes;

	EXPECT(sscanf(line, "%lu %lu %lu", &number, &offset, &bytes), 3);
	EXPECT(offset, n * EXAMPLE_SIZE);
	EXPECT(bytes, EXAMPLE_SIZE);
	EXPECT(!!strstr(line, " gap"), gap);
	CU_ASSERT_PTR_NULL(strstr(line, " timeout"));
}

/* Several writes are in flight, and none is at another one's place. */
static void example_disk(void)
{
	static const char *const argv[] = { "capture-disk", "/dev/vda", "7",
					    NULL };
	struct example disk = { .argv = argv, .in = -1 };
	char text[4096] = "", *line;
	void *data = NULL;
	unsigned int n = 0;
	int fd;

	sim_source("pattern");
	disk.out = example_file("index");
	EXPECT(process_exit_code(process_start(run_example, &disk)), 0);
	REQUIRE(posix_memalign(&data, 4096, 7 * EXAMPLE_SIZE), 0);
	fd = open(argv[1], O_RDONLY | O_DIRECT | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pread(fd, data, 7 * EXAMPLE_SIZE, 0), 7 * EXAMPLE_SIZE);
	CU_ASSERT(is_pattern(data, 7 * EXAMPLE_SIZE, 0));
	close(fd);
	free(data);
	CU_ASSERT(pread(disk.out, text, sizeof(text) - 1, 0) > 0);
	close(disk.out);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		expect_line(line, n++, strstr(line, " gap"));
	EXPECT(n, 7);
}

/* One thread waits for captures, the other one hands over regions. */
struct two_threads {
	struct fpgabuf_device *device;
	struct fpgabuf_region *regions[4];
	unsigned int count;
	int idle[2];
};

static void *queue_idle(void *arg)
{
	struct two_threads *t = arg;
	unsigned char i;

	while (read(t->idle[0], &i, 1) == 1) {
		int err;

		do {
			err = fpgabuf_device_queue(t->device, t->regions[i], 0,
						   i);
		} while (err == -EBUSY);
		EXPECT(err, 0);
	}
	return NULL;
}

static void dequeue_all(struct two_threads *t)
{
	struct pollfd pfd = {
		.fd = fpgabuf_device_fd(t->device),
		.events = POLLIN,
	};
	struct fpgabuf_dequeue done;
	unsigned int n;
	unsigned char i;

	for (n = 0; n < t->count; n++) {
		/* Also when the other one has not queued anything yet */
		REQUIRE(poll(&pfd, 1, 60000), 1);
		REQUIRE(fpgabuf_device_dequeue(t->device, &done), 0);
		EXPECT(done.bytes, 64 * KIB);
		CU_ASSERT(is_pattern(fpgabuf_region_addr(
					     t->regions[done.cookie]),
				     64 * KIB, n * 64 * KIB));
		i = done.cookie;
		EXPECT(write(t->idle[1], &i, 1), 1);
	}
}

static void two_threads(void)
{
	struct two_threads t = { .count = rounds(2000) };
	pthread_t thread;
	unsigned char i;
	void *addr;

	t.device = lib_open();
	REQUIRE(pipe2(t.idle, O_CLOEXEC), 0);
	for (i = 0; i < 4; i++) {
		REQUIRE(fpgabuf_device_alloc(t.device, 64 * KIB,
					     &t.regions[i]), 0);
		REQUIRE(fpgabuf_region_map(t.regions[i], PROT_READ, &addr), 0);
	}
	REQUIRE(pthread_create(&thread, NULL, queue_idle, &t), 0);
	for (i = 0; i < 4; i++)
		EXPECT(write(t.idle[1], &i, 1), 1);
	dequeue_all(&t);
	close(t.idle[1]);
	pthread_join(thread, NULL);
	close(t.idle[0]);
	fpgabuf_device_close(t.device);
	for (i = 0; i < 4; i++)
		fpgabuf_region_close(t.regions[i]);
}

/* A short timeout ends a capture of an FPGA that says nothing. */
static void with_arguments(void)
{
	struct fpgabuf_device *device = lib_open();
	struct fpgabuf_alloc alloc = {
		.size = 64 * KIB,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR,
	};
	const struct fpgabuf_queue queue = { .cookie = 5, .timeout_ms = 1 };
	struct fpgabuf_region_info info;
	struct fpgabuf_region *region;
	struct fpgabuf_dequeue done;

	REQUIRE(fpgabuf_device_alloc_with(device, &alloc, &region), 0);
	EXPECT(alloc.backend, FPGABUF_BACKEND_SCATTER);
	EXPECT(fpgabuf_device_region_info(device, region, &info), 0);
	EXPECT(info.backend, FPGABUF_BACKEND_SCATTER);
	fpgabuf_region_close(region);
	REQUIRE(fpgabuf_device_alloc(device, 64 * KIB, &region), 0);
	sim_set("stall", 1);
	REQUIRE(fpgabuf_device_queue_with(device, region, &queue), 0);
	REQUIRE(fpgabuf_device_dequeue(device, &done), 0);
	EXPECT(done.error, -ETIMEDOUT);
	EXPECT(done.cookie, 5);
	sim_set("stall", 0);
	fpgabuf_region_close(region);
	fpgabuf_device_close(device);
}

static const struct test tests[] = {
	{ "the library captures, maps at 2 MiB and brackets CPU access",
	  capture_and_map },
	{ "a region imported from a descriptor is the same memory", import },
	{ "the sender gives a buffer back when the peer has all of it",
	  token_after_peer },
	{ "fpgabuf-send carries 40000003 bytes to fpgabuf-recv without a copy",
	  main_job_zerocopy },
	{ "fpgabuf-send carries the same bytes with a copy", main_job_copy },
	{ "captures of 64 KiB arrive without a copy, nothing lost or torn, every "
	  "gap told", many_captures },
	{ "one thread queues while another one waits for captures",
	  two_threads },
	{ "a capture has the timeout, and a region the pieces, it was asked for",
	  with_arguments },
	{ "the example capture-send sends what was captured, receive-frames takes "
	  "it", example_send },
	{ "the example capture-first sends captures, one after the other",
	  example_first },
	{ "receive-frames fails if the stream has no end", example_cut_off },
	{ "the example capture-disk writes what was captured, past the page "
	  "cache", example_disk },
	{ }
};

SUITE(library,
	.title = "library and tools",
	.init = modules_load,
	.tests = tests)
