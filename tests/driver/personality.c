// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA controllers as boards have them: the simulated FPGA behaves as one of them
 * does, and calls itself a provider that the driver has never heard of.  What
 * the driver claims must be true all the same.
 *
 * Regions are filled before each capture: a byte that is claimed and has not come
 * from the FPGA is found out.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"

#define TRACING	"/sys/kernel/tracing/"

/* One piece for the simulated DMA master, and one region */
#define PIECE	(64 * KIB)
#define FILLED	0xa5

enum { REGIONS = 16 };

/* Of the test that runs; of one that has failed, until the next one begins */
static struct {
	int dev;
	size_t size;
	int fds[REGIONS];
	uint8_t *mem[REGIONS];
	int nr;
} bed = { .dev = -1 };

static void bed_end(void)
{
	int i;

	for (i = 0; i < bed.nr; i++) {
		munmap(bed.mem[i], bed.size);
		close(bed.fds[i]);
	}
	bed.nr = 0;
	close(bed.dev);
	bed.dev = -1;
}

/* 0 if it was not loaded, too */
static int unload(const char *name)
{
	int ret = module_unload(name);

	return ret == -ENOENT ? 0 : ret;
}

/* A driver and an FPGA that nothing is known of, with regions of that size */
static void bed_begin(const char *parameters, size_t size, int regions)
{
	char text[128];

	for (; bed.nr; bed.nr--)
		munmap(bed.mem[bed.nr - 1], bed.size);
	snprintf(text, sizeof(text), "known=0 max_segment=%zu %s", PIECE,
		 parameters);
	REQUIRE(unload("fpgabuf"), 0);
	REQUIRE(unload("fpgabuf_sim"), 0);
	REQUIRE(module_load("fpgabuf.ko", ""), 0);
	REQUIRE(module_load("fpgabuf-sim.ko", text), 0);

	bed.dev = device_open(0);
	bed.size = size;
	for (; bed.nr < regions; bed.nr++) {
		bed.fds[bed.nr] = region_alloc(bed.dev, size);
		bed.mem[bed.nr] = region_map(bed.fds[bed.nr], size);
	}
}

static void set(const char *attribute, const char *word)
{
	EXPECT(sim_try_set(attribute, word), 0);
}

static void fill(int i)
{
	sync_access(bed.fds[i], true);
	memset(bed.mem[i], FILLED, bed.size);
	sync_access(bed.fds[i], false);
}

static int queue_for(int i, uint64_t length, uint32_t timeout_ms)
{
	struct fpgabuf_queue queue = {
		.fd = bed.fds[i],
		.length = length,
		.cookie = i,
		.timeout_ms = timeout_ms,
	};

	return call(bed.dev, FPGABUF_IOC_QUEUE, &queue);
}

static void queue(int i, uint32_t timeout_ms)
{
	fill(i);
	REQUIRE(queue_for(i, 0, timeout_ms), 0);
}

static void queue_all(uint32_t timeout_ms)
{
	int i;

	for (i = 0; i < bed.nr; i++)
		queue(i, timeout_ms);
}

/* What is claimed came from the FPGA, in one piece. */
static void check_claimed(const struct fpgabuf_dequeue *done)
{
	const uint64_t *mem = (void *)bed.mem[done->cookie];
	uint64_t position;

	CU_ASSERT(!(done->status & FPGABUF_CAPTURE_PARTIAL) ==
		  (done->bytes == bed.size));
	if (!done->bytes)
		return;
	position = mem[0] * 8;
	CU_ASSERT(position + done->bytes <= sim_position());
	CU_ASSERT(is_pattern(mem, done->bytes, position));
}

/* The next capture that has ended is that region's. */
static struct fpgabuf_dequeue get(int i)
{
	struct fpgabuf_dequeue done;

	REQUIRE(capture_get(bed.dev, &done), 0);
	EXPECT(done.cookie, i);
	check_claimed(&done);
	return done;
}

static void expect_nothing(int i, int error)
{
	struct fpgabuf_dequeue done = get(i);

	EXPECT(done.error, error);
	EXPECT(done.bytes, 0);
}

/* It is all there, and begins at that byte of the stream. */
static void expect_whole(int i, uint64_t position)
{
	struct fpgabuf_dequeue done = get(i);

	EXPECT(done.error, 0);
	EXPECT(done.bytes, bed.size);
	EXPECT(*(uint64_t *)bed.mem[i] * 8, position);
}

static void expect_all_whole(uint64_t position)
{
	int i;

	for (i = 0; i < bed.nr; i++)
		expect_whole(i, position + i * bed.size);
}

/* Until the FPGA has got to that byte */
static bool comes_to(uint64_t position)
{
	int i;

	for (i = 0; i < 2000 && sim_position() < position; i++)
		usleep(5000);
	return sim_position() >= position;
}

/* The FPGA has that much, and then nothing for now.  It goes on with "stall". */
static int feed_some(size_t size)
{
	uint8_t *data = malloc(size);
	int feed;

	REQUIRE(!data, false);
	sim_source("feed");
	feed = feed_open(O_NONBLOCK);
	pattern_fill(data, size, 0);
	REQUIRE(write(feed, data, size), size);
	free(data);
	return feed;
}

/* Everything works again, whatever it was. */
static void works(void)
{
	int i;

	sim_source("pattern");
	for (i = 0; i < bed.nr; i++)
		REQUIRE(region_queue_wait(bed.dev, bed.fds[i], 0, i), 0);
	expect_all_whole(0);
}

static void expect_promises(const char *parameters, uint64_t capabilities,
			    bool one_at_a_time)
{
	struct fpgabuf_info info;

	bed_begin(parameters, PIECE, 0);
	info = device_info(bed.dev);
	EXPECT(info.capabilities, capabilities | DRIVER_CAPS);
	EXPECT(info.transfers, one_at_a_time ? 1 : info.queue_depth);
	EXPECT(info.max_capture, 0);
	bed_end();
}

static void promises(void)
{
	expect_promises("known=1",
			FPGABUF_CAP_EXACT_GAPS | FPGABUF_CAP_EXACT_BYTES |
			FPGABUF_CAP_STOP | FPGABUF_CAP_PACKETS, false);
	expect_promises("", FPGABUF_CAP_STOP, false);
	expect_promises("no_terminate=1", 0, true);
}

static void words(void)
{
	char text[64];

	bed_begin("", PIECE, 0);
	sim_get_text("residue", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "exact\n");
	set("residue", "active");
	sim_get_text("residue", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "active\n");
	EXPECT(sim_try_set("residue", "4"), -EINVAL);
	EXPECT(sim_try_set("stop", "perhaps"), -EINVAL);
	EXPECT(sim_try_set("eager", "2"), -EINVAL);
	sim_get_text("stop", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "yes\n");
	bed_end();
}

static const char * const residues[] = {
	"exact", "unknown", "active", "complete",
};

/* A part of the first capture has come, and nothing of the others. */
static int begin_cut(const char *residue, uint32_t timeout_ms)
{
	int feed;

	set("residue", residue);
	feed = feed_some(24 * KIB);
	queue_all(timeout_ms);
	CU_ASSERT(comes_to(24 * KIB));
	return feed;
}

static void cut_by_timeout(void)
{
	size_t i;
	int feed, k;

	bed_begin("", PIECE, 4);
	for (i = 0; i < ARRAY_SIZE(residues); i++) {
		feed = begin_cut(residues[i], 300);
		for (k = 0; k < bed.nr; k++)
			expect_nothing(k, -ETIMEDOUT);
		close(feed);
		works();
	}
	bed_end();
}

static void cut_by_cancel(void)
{
	size_t i;
	int feed, k;

	bed_begin("", PIECE, 4);
	for (i = 0; i < ARRAY_SIZE(residues); i++) {
		feed = begin_cut(residues[i], 0);
		EXPECT(capture_cancel(bed.dev), bed.nr);
		for (k = 0; k < bed.nr; k++)
			expect_nothing(k, -ECANCELED);
		close(feed);
		works();
	}
	bed_end();
}

/*
 * That byte has been written.  The counters of the FPGA cannot be read between
 * the last byte and the callback.
 */
static bool written(int i, size_t offset)
{
	const volatile uint8_t *byte = bed.mem[i] + offset;
	int k;

	for (k = 0; k < 2000 && *byte == FILLED; k++)
		usleep(1000);
	return *byte != FILLED;
}

/* Half a second before its callback; at the very end there may be a mark. */
static void cut_at_the_end(size_t packet, size_t bytes)
{
	struct fpgabuf_dequeue done;

	set("residue", "complete");
	sim_source("pattern");
	sim_set("packet", packet);
	sim_set("delay_us", 500000);
	queue(0, 0);
	CU_ASSERT(written(0, bytes - 17));
	EXPECT(capture_cancel(bed.dev) >= 0, true);
	done = get(0);
	CU_ASSERT(done.bytes == 0 || done.bytes == bytes);
	sim_set("delay_us", 0);
	sim_set("packet", 0);
	works();
}

static void complete_and_pending(void)
{
	int i;

	bed_begin("", PIECE, 1);
	for (i = 0; i < 3; i++) {
		cut_at_the_end(8 * KIB, 8 * KIB);
		cut_at_the_end(0, PIECE);
	}
	bed_end();
}

static void error_midway(void)
{
	struct fpgabuf_dequeue done;

	bed_begin("", PIECE, 3);
	sim_source("pattern");
	sim_set("burst", 4 * KIB);
	sim_set("fail_transfer", 1);
	queue_all(0);
	done = get(0);
	EXPECT(done.error, -EIO);
	EXPECT(done.bytes, 0);
	expect_whole(1, 4 * KIB);
	expect_whole(2, 4 * KIB + bed.size);
	bed_end();
}

static void packets_told(void)
{
	int i;

	bed_begin("", PIECE, 8);
	sim_source("pattern");
	sim_set("packet", 8 * KIB);
	queue_all(0);
	for (i = 0; i < bed.nr; i++)
		EXPECT(get(i).bytes, 8 * KIB);
	bed_end();
}

static void expect_silent(size_t packet, size_t bytes)
{
	int i;

	sim_source("pattern");
	sim_set("packet", packet);
	queue(0, 0);
	EXPECT(get(0).bytes, bytes);
	queue_all(0);
	for (i = 0; i < bed.nr; i++) {
		struct fpgabuf_dequeue done = get(i);

		EXPECT(done.error, 0);
		EXPECT(done.bytes, bytes);
	}
}

static void silent_packets(void)
{
	bed_begin("", PIECE, 8);
	sim_set("silent", 1);
	expect_silent(8 * KIB, 0);
	expect_silent(PIECE / 2, 0);
	expect_silent(PIECE, PIECE);
	expect_silent(0, PIECE);
	bed_end();
}

/* Some of the last bytes have come, and not the last ones. */
static void silent_last_word(void)
{
	bed_begin("", PIECE, 8);
	sim_set("silent", 1);
	expect_silent(PIECE - 16, 0);
	expect_silent(PIECE - 12, 0);
	expect_silent(PIECE - 8, 0);
	expect_silent(PIECE - 4, 0);
	bed_end();
}

/* The CPU left there what an earlier capture had put there: the same bytes. */
static void silent_again(void)
{
	int i;

	bed_begin("", PIECE, 1);
	sim_set("silent", 1);
	for (i = 0; i < 10; i++) {
		sim_source("pattern");
		sim_set("packet", i % 2 ? 8 * KIB : 0);
		REQUIRE(queue_for(0, 0, 0), 0);
		EXPECT(get(0).bytes, i % 2 ? 0 : PIECE);
	}
	bed_end();
}

static void silent_error(void)
{
	struct fpgabuf_dequeue done;

	bed_begin("", PIECE, 2);
	sim_source("pattern");
	sim_set("silent", 1);
	sim_set("burst", 4 * KIB);
	sim_set("fail_transfer", 1);
	queue_all(0);
	done = get(0);
	EXPECT(done.bytes, 0);
	EXPECT(done.status & FPGABUF_CAPTURE_PARTIAL, FPGABUF_CAPTURE_PARTIAL);
	expect_whole(1, 4 * KIB);
	bed_end();
}

/* The last bytes tell whether all has come, wherever that is. */
static void silent_lengths(void)
{
	static const size_t lengths[] = { 8, 15, 16, 17, 4096, 4100, 65535 };
	size_t i;

	bed_begin("", PIECE, 1);
	sim_set("silent", 1);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct fpgabuf_dequeue done;

		sim_source("pattern");
		fill(0);
		REQUIRE(queue_for(0, lengths[i], 0), 0);
		REQUIRE(capture_get(bed.dev, &done), 0);
		EXPECT(done.bytes, lengths[i]);
		CU_ASSERT(is_pattern(bed.mem[0], lengths[i], 0));
		EXPECT(bed.mem[0][lengths[i]], FILLED);
	}
	bed_end();
}

/* Fence and queue know of it when QUEUE returns, or very soon. */
static void eager_capture(int i, uint64_t position)
{
	int sync;

	fill(i);
	REQUIRE(queue_for(i, 0, 0), 0);
	sync = export_sync_file(bed.fds[i]);
	CU_ASSERT(readable(bed.fds[i], 10000));
	CU_ASSERT(readable(sync, 10000));
	EXPECT(sync_file_status(sync), 1);
	close(sync);
	expect_whole(i, position);
}

static void eager(void)
{
	const int captures = rounds(100);
	int i;

	bed_begin("", PIECE, 8);
	sim_set("eager", 1);
	sim_source("pattern");
	for (i = 0; i < captures; i++)
		eager_capture(i % bed.nr, i * bed.size);
	sim_source("pattern");
	queue_all(0);
	expect_all_whole(0);
	bed_end();
}

/* Those that wait run when one has called back: from within the callback. */
static void eager_queue(const char *parameters)
{
	int i;

	bed_begin(parameters, PIECE, REGIONS);
	sim_set("eager", 1);
	for (i = 0; i < 5; i++) {
		sim_source("pattern");
		sim_set("stall", 1);
		queue_all(0);
		sim_set("stall", 0);
		expect_all_whole(0);
	}
	bed_end();
}

static void eager_queues(void)
{
	eager_queue("");
	eager_queue("no_terminate=1");
}

/* Line of the trace that has the text, from 1 on; 0 if there is none */
static int traced(const char *text)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[512];
	int nr = 0, found = 0;

	REQUIRE(!file, false);
	while (!found && fgets(line, sizeof(line), file)) {
		nr++;
		if (strstr(line, text))
			found = nr;
	}
	fclose(file);
	return found;
}

static bool try_append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);
	return ok;
}

static void empty(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	close(fd);
}

/* The name of the function that adds a fence, which has changed */
static bool probe_functions(void)
{
	const char *events = TRACING "kprobe_events";

	return try_append(events,
			  "p:personality/submit fpgabuf_sim:sim_tx_submit") &&
	       (try_append(events,
			   "p:personality/fence dma_resv_add_fence") ||
		try_append(events,
			   "p:personality/fence dma_resv_add_excl_fence"));
}

static void trace_capture(void)
{
	empty(TRACING "trace");
	file_write(TRACING "events/personality/enable", "1");
	file_write(TRACING "events/fpgabuf/enable", "1");
	queue(0, 0);
	expect_whole(0, 0);
	file_write(TRACING "events/fpgabuf/enable", "0");
	file_write(TRACING "events/personality/enable", "0");
}

static void before_submit(void)
{
	int sync, fence, submit;

	bed_begin("", PIECE, 1);
	sim_set("eager", 1);
	sim_source("pattern");
	if (!probe_functions()) {
		skip("this kernel cannot trace calls of any function");
		bed_end();
		return;
	}
	trace_capture();
	sync = traced("for=device");
	fence = traced("fence: (");
	submit = traced("submit: (");
	CU_ASSERT(sync > 0);
	CU_ASSERT(fence > 0);
	CU_ASSERT(sync < submit);
	CU_ASSERT(fence < submit);
	empty(TRACING "trace");
	empty(TRACING "kprobe_events");
	bed_end();
}

static void all_queued_come(const char *parameters, const char *setting)
{
	int round;

	bed_begin(parameters, PIECE, REGIONS);
	sim_set(setting, 1);
	for (round = 0; round < 5; round++) {
		sim_source("pattern");
		queue_all(20000);
		expect_all_whole(0);
		EXPECT(sim_get("overrun"), 0);
	}
	bed_end();
}

static void nudge(void)
{
	all_queued_come("", "nudge");
}

static void single(void)
{
	all_queued_come("no_terminate=1", "single");
}

/* The first is cut while the FPGA has it; the second has to wait behind it. */
static void held_until_it_ends(bool by_cancel)
{
	int error = by_cancel ? -ECANCELED : -ETIMEDOUT;

	sim_source("pattern");
	sim_set("stall", 1);
	queue(0, by_cancel ? 0 : 200);
	if (by_cancel)
		EXPECT(capture_cancel(bed.dev), 1);
	expect_nothing(0, error);
	EXPECT(queue_for(0, 0, 0), -EBUSY);
	queue(1, 60000);
	CU_ASSERT(!readable(bed.dev, 0));
	EXPECT(queue_for(0, 0, 0), -EBUSY);

	sim_set("stall", 0);
	expect_whole(1, bed.size);
	EXPECT(region_queue_wait(bed.dev, bed.fds[0], 0, 0), 0);
	expect_whole(0, 2 * bed.size);
	works();
}

static void held(void)
{
	int i;

	bed_begin("no_terminate=1", PIECE, 2);
	for (i = 0; i < 3; i++) {
		held_until_it_ends(false);
		held_until_it_ends(true);
	}
	bed_end();
}

static void held_and_closed(void)
{
	bed_begin("no_terminate=1", PIECE, 1);
	sim_source("pattern");
	sim_set("stall", 1);
	queue(0, 200);
	expect_nothing(0, -ETIMEDOUT);
	bed_end();
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);
	EXPECT(module_try_unload("fpgabuf_sim"), -EAGAIN);

	bed.dev = device_open(0);
	EXPECT(device_info(bed.dev).used_bytes, PIECE);
	sim_set("stall", 0);
	EXPECT(device_used(bed.dev), 0);
	EXPECT(sim_position(), PIECE);
	bed_end();
	EXPECT(module_unload("fpgabuf"), 0);
}

/* At that rate a piece takes a quarter of a second. */
#define SLOW	(256 * KIB)

/* What it was told to stop, it ends; then it has stopped. */
static void stops_late(void)
{
	struct fpgabuf_dequeue done;
	uint64_t position;

	bed_begin("", PIECE, 3);
	set("stop", "late");
	sim_source("pattern");
	sim_set("burst", 1024);
	sim_set("rate", SLOW);
	queue(0, 0);
	queue(1, 0);
	CU_ASSERT(comes_to(1024));
	EXPECT(capture_cancel(bed.dev) >= 1, true);
	position = sim_position();
	EXPECT(position, bed.size);
	done = get(0);
	CU_ASSERT(done.bytes == (done.error ? 0 : bed.size));
	expect_nothing(1, -ECANCELED);

	/* Those regions are ours. */
	fill(0);
	fill(1);
	sim_set("rate", 0);
	queue(2, 0);
	expect_whole(2, position);
	EXPECT(bed.mem[0][0], FILLED);
	EXPECT(bed.mem[1][0], FILLED);
	works();
	bed_end();
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void dies_and_says_so(void)
{
	struct fpgabuf_dequeue done;
	int64_t queued, ended;

	bed_begin("", PIECE, 3);
	sim_source("pattern");
	sim_set("burst", 4 * KIB);
	sim_set("fail_silent", 1);
	queue_all(FPGABUF_TIMEOUT_MAX_MS);
	queued = now_ms();
	/* Else it is an hour. */
	REQUIRE(readable(bed.dev, 30000), true);
	done = get(0);
	EXPECT(done.error, -EIO);
	EXPECT(done.bytes, 0);
	ended = done.timestamp_ns / 1000000;
	printf("\n    %lld ms", (long long)(ended - queued));
	CU_ASSERT(ended - queued < 1000 * (debug_kernel() ? 5 : 1));
	expect_whole(1, 4 * KIB);
	expect_whole(2, 4 * KIB + bed.size);
	bed_end();
}

static void dies_and_hides_it(void)
{
	bed_begin("", PIECE, 3);
	sim_source("pattern");
	sim_set("burst", 4 * KIB);
	sim_set("fail_hang", 1);
	queue(0, 300);
	queue(1, 60000);
	queue(2, 60000);
	expect_nothing(0, -ETIMEDOUT);
	expect_whole(1, 4 * KIB);
	expect_whole(2, 4 * KIB + bed.size);
	bed_end();
}

/*
 * Packets that do not fill the pieces of a capture leave holes in it: each time,
 * or in the midst alone.
 */
static void holes(const char *setting, int pieces)
{
	static const size_t packets[] = {
		8, 24 * KIB, 60 * KIB, PIECE - 8, PIECE, PIECE + 8, 80 * KIB,
		2 * PIECE, 3 * PIECE + 24 * KIB,
	};
	size_t i;
	int k;

	bed_begin("", pieces * PIECE, 4);
	sim_set("split", 1);
	if (setting)
		sim_set(setting, 1);
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		sim_source("pattern");
		sim_set("packet", packets[i]);
		queue_all(0);
		for (k = 0; k < bed.nr; k++) {
			struct fpgabuf_dequeue done = get(k);

			EXPECT(done.error, 0);
			if (packets[i] == PIECE)
				EXPECT(done.bytes, bed.size);
		}
		/* Else the test is about something else. */
		if (packets[i] < PIECE)
			EXPECT(sim_position(), pieces * bed.nr * packets[i]);
	}
	bed_end();
}

static void holes_told(void)
{
	holes(NULL, 4);
	holes(NULL, 3);
}

static void holes_silent(void)
{
	holes("silent", 4);
	holes("silent", 3);
}

static void list_is_kept(void)
{
	static const size_t lengths[] = { 8, 4096, 5000, 65528, 0, 65536, 70000 };
	struct fpgabuf_dequeue done;
	uint64_t position = 0;
	size_t i;

	bed_begin("", 4 * PIECE, ARRAY_SIZE(lengths));
	sim_set("keep", 1);
	sim_source("pattern");
	sim_set("stall", 1);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(i);
		REQUIRE(queue_for(i, lengths[i], 0), 0);
	}
	sim_set("stall", 0);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t length = lengths[i] ? lengths[i] : bed.size;

		REQUIRE(capture_get(bed.dev, &done), 0);
		EXPECT(done.bytes, length);
		CU_ASSERT(is_pattern(bed.mem[i], length, position));
		if (length < bed.size)
			EXPECT(bed.mem[i][length], FILLED);
		position += length;
	}
	EXPECT(sim_get("changed"), 0);
	EXPECT(sim_position(), position);
	bed_end();
}

static void gaps_unknown(void)
{
	int i;

	bed_begin("", PIECE, 8);
	sim_source("pattern");
	sim_set("stall", 1);
	queue_all(0);
	sim_set("stall", 0);
	for (i = 0; i < bed.nr; i++)
		EXPECT(!!(get(i).status & FPGABUF_CAPTURE_GAP), i > 0);
	bed_end();
}

/* A tick for each burst would be a minute. */
static void fine_rate(void)
{
	int64_t begin, took;

	bed_begin("known=1", MIB, 1);
	sim_source("pattern");
	sim_set("burst", 64);
	sim_set("rate", 4 * MIB);
	begin = now_ms();
	queue(0, 0);
	expect_whole(0, 0);
	took = now_ms() - begin;
	printf("\n    %lld ms for 250", (long long)took);
	CU_ASSERT(took >= 240);
	CU_ASSERT(took < 10000);
	bed_end();
}

/* Personalities to unbind a device of, while captures run */
static const struct {
	const char *setting, *value;
} unbound[] = {
	{ "residue", "unknown" },
	{ "residue", "active" },
	{ "residue", "complete" },
	{ "silent", "1" },
	{ "eager", "1" },
	{ "nudge", "1" },
	{ "stop", "late" },
	{ "fail_silent", "1" },
	{ "fail_hang", "1" },
	{ "split", "1" },
	{ "keep", "1" },
};

static void bind_again(const char *driver, const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/%s/bind",
		 driver);
	file_write(path, device);
	bed_end();
	bed.dev = device_open(0);
	bed.nr = 1;
	bed.fds[0] = region_alloc(bed.dev, bed.size);
	bed.mem[0] = region_map(bed.fds[0], bed.size);
}

/* Its device has gone, or just before that it came to an end. */
static void get_gone(int i)
{
	struct fpgabuf_dequeue done;

	REQUIRE(capture_get(bed.dev, &done), 0);
	EXPECT(done.cookie, i);
	if (done.error) {
		CU_ASSERT(done.error == -ENODEV || done.error == -EIO);
		EXPECT(done.bytes, 0);
	} else {
		EXPECT(done.bytes, bed.size);
		CU_ASSERT(is_pattern(bed.mem[i], bed.size, i * bed.size));
	}
}

/* Slow enough to be in the midst of it, and not so slow as never to end */
static void unbind_each(const char *driver, const char *device)
{
	struct fpgabuf_dequeue done;
	char path[128];
	size_t i;
	int k;

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/%s/unbind",
		 driver);
	for (i = 0; i < ARRAY_SIZE(unbound); i++) {
		bed_begin("", PIECE, 4);
		sim_source("pattern");
		sim_set("burst", 1024);
		sim_set("rate", SLOW);
		set(unbound[i].setting, unbound[i].value);
		queue_all(0);
		CU_ASSERT(comes_to(1024));
		file_write(path, device);
		for (k = 0; k < bed.nr; k++)
			get_gone(k);
		EXPECT(capture_get(bed.dev, &done), -ENODEV);
		bind_again(driver, device);
		sim_set("rate", 0);
		works();
		bed_end();
	}
}

static void unbind_driver(void)
{
	unbind_each("fpgabuf", "fpgabuf.0");
}

static void unbind_provider(void)
{
	unbind_each("fpgabuf-simx", "fpgabuf-sim.0");
}

/* It has nothing to do then, and can be let go of. */
static void unbind_idle(void)
{
	bed_begin("no_terminate=1", PIECE, 1);
	sim_set("single", 1);
	works();
	file_write(DRIVER "unbind", "fpgabuf.0");
	bind_again("fpgabuf", "fpgabuf.0");
	works();
	bed_end();
}

static const struct test tests[] = {
	{ "INFO promises what is known of a provider, and else nothing", promises },
	{ "words that the simulator knows are kept, others are refused", words },
	{ "a capture cut by its timeout claims no byte, whatever the residue says",
	  cut_by_timeout },
	{ "a capture cut by cancel claims no byte, whatever the residue says",
	  cut_by_cancel },
	{ "a transfer that is complete and has not called back is all or nothing",
	  complete_and_pending },
	{ "an error midway claims no byte, and the next captures are right",
	  error_midway },
	{ "short packets of a provider that tells are their bytes", packets_told },
	{ "short packets of a silent provider are 0 bytes, full ones all",
	  silent_packets },
	{ "a short packet that lacks but the last word is 0 bytes as well",
	  silent_last_word },
	{ "a short packet over the bytes of an earlier capture is 0 bytes",
	  silent_again },
	{ "an error of a silent provider is 0 bytes", silent_error },
	{ "captures of any length are whole though the provider is silent",
	  silent_lengths },
	{ "100 transfers that run while they are submitted are right", eager },
	{ "so are those that had to wait for their turn", eager_queues },
	{ "cache maintenance and fence come before submit", before_submit },
	{ "16 queued all come though the provider must be nudged", nudge },
	{ "16 queued all come though the provider takes one at a time", single },
	{ "a channel that cannot stop holds its region until the FPGA goes on",
	  held },
	{ "a region that is held outlives its descriptors", held_and_closed },
	{ "a channel that stops late has stopped when cancel returns", stops_late },
	{ "a transfer that dies and says so if asked ends within a second",
	  dies_and_says_so },
	{ "a transfer that dies and hides it ends by its timeout",
	  dies_and_hides_it },
	{ "a hole that a packet leaves is not presented as data", holes_told },
	{ "nor is it if the provider is silent", holes_silent },
	{ "the list that a provider keeps stays as it was", list_is_kept },
	{ "every capture but the first has GAP where nobody knows better",
	  gaps_unknown },
	{ "a rate is kept in steps finer than a timer tick", fine_rate },
	{ "the driver unbound from each of them comes back", unbind_driver },
	{ "each of them unbound comes back", unbind_provider },
	{ "a channel that cannot stop and is idle can be unbound", unbind_idle },
	{ }
};

/* Each test loads them anew. */
static int begin(void)
{
	int ret = modules_load();

	return ret ?: unload("fpgabuf_test_remap");
}

/* The suites that follow expect the FPGA that everybody knows. */
static int end(void)
{
	return unload("fpgabuf") ?: unload("fpgabuf_sim") ?: modules_load();
}

SUITE(personality,
	.title = "DMA controllers as boards have them",
	.init = begin,
	.done = end,
	.tests = tests)
