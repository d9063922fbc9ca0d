// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-info: what it says is what has been done */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net.h"
#include "program.h"

static const struct program json = {
	.name = "info",
	.argv = { "fpgabuf-info", "--json", "/dev/fpgabuf0" },
};

/* All it says about the first device */
static const char *look(void)
{
	program_succeeded(&json, program_run(&json));
	return program_text(&json, "out");
}

static void expect_text(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		printf("\n    no '%s' in: %s", wanted, text);
	EXPECT(!strstr(text, wanted), false);
}

static void counters(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB), i;
	unsigned long long captures, gaps, busy, synced, told = 0;
	struct fpgabuf_dequeue done;
	struct fpgabuf_info info;
	const char *text;

	sim_source("pattern");
	text = look();
	captures = json_count(text, "captures");
	gaps = json_count(text, "gaps");
	busy = json_count(text, "busy");
	synced = json_count(text, "synced_for_cpu_bytes");
	for (i = 0; i < 25; i++) {
		done = capture_run(dev, fd, 8000);
		told += !!(done.status & FPGABUF_CAPTURE_GAP);
	}
	text = look();
	EXPECT(json_count(text, "captures") - captures, 25);
	EXPECT(json_count(text, "gaps") - gaps, told);
	EXPECT(json_count(text, "busy") - busy, 0);
	EXPECT(json_count(text, "synced_for_cpu_bytes") - synced, 25 * 8000);

	info = device_info(dev);
	EXPECT(json_count(text, "interface_version"), info.version);
	EXPECT(json_count(text, "max_region_size"), info.max_region_size);
	EXPECT(json_count(text, "limit_bytes"), info.limit_bytes);
	EXPECT(json_count(text, "used_bytes"), info.used_bytes);
	EXPECT(json_count(text, "used_bytes"), 64 * KIB);
	EXPECT(json_count(text, "file_limit_bytes"), info.file_limit_bytes);
	EXPECT(json_count(text, "queue_depth"), info.queue_depth);
	EXPECT(json_count(text, "alignment"), info.alignment);
	EXPECT(json_count(text, "default_timeout_ms"), info.default_timeout_ms);
	EXPECT(json_count(text, "queued"), 0);
	EXPECT(json_count(text, "max_capture"), info.max_capture);
	EXPECT(json_count(text, "max_packet"), info.max_packet);
	EXPECT(json_count(text, "transfers"), info.transfers);
	expect_text(text, "\"gaps_exact\": true");
	expect_text(text, "\"bytes_exact\": true");
	expect_text(text, "\"packets_exact\": true");
	expect_text(text, "\"can_stop\": true");
	expect_text(text, "\"name\": \"fpgabuf0\"");
	close(fd);
	close(dev);
}

static void regions_and_owners(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	int pages = region_alloc(dev, 20 * KIB);
	int more = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	uint8_t *mem = region_map(pages, 20 * KIB);
	const char *text, *region;
	char owner[128];

	REQUIRE(more < 0, false);
	mem[0] = 1;
	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	text = look();
	EXPECT(json_count(text, "queued"), 1);

	region = json_region(text, fd);
	EXPECT(json_count(region, "bytes"), 64 * KIB);
	expect_text(region, "\"backend\": \"folios\", \"chunks\": 1, \"state\": \"queued\"");
	/* Two descriptors, and the capture under way */
	EXPECT(json_count(region, "refs"), 3);
	EXPECT(json_count(region, "in_flight_bytes"), 0);
	snprintf(owner, sizeof(owner), "{\"pid\": %d, \"name\": \"guest-tests\", \"descriptors\": 2, \"mapped_bytes\": 0}",
		 getpid());
	expect_text(region, owner);

	region = json_region(text, pages);
	expect_text(region, "\"backend\": \"single pages\", \"chunks\": 5, \"state\": \"idle\"");
	EXPECT(json_count(region, "mappings") > 0, true);
	snprintf(owner, sizeof(owner), "{\"pid\": %d, \"name\": \"guest-tests\", \"descriptors\": 1, \"mapped_bytes\": 20480}",
		 getpid());
	expect_text(region, owner);

	/* A mapping alone is one more way to hold it. */
	close(pages);
	snprintf(owner, sizeof(owner), "{\"pid\": %d, \"name\": \"guest-tests\", \"descriptors\": 0, \"mapped_bytes\": 20480}",
		 getpid());
	expect_text(look(), owner);
	EXPECT(capture_cancel(dev), 1);
	munmap(mem, 20 * KIB);
	close(fd);
	close(more);
	close(dev);
	sim_source("pattern");
}

/* A packet on its way holds pages until the peer has them. */
static void in_flight(void)
{
	struct stalled st = stalled_send(device_open(0), 512 * KIB);
	const char *text = look();
	const char *region = json_region(text, st.fd);

	EXPECT(json_count(region, "in_use") > 0, true);
	EXPECT(json_count(region, "in_flight_bytes"), 512 * KIB);
	EXPECT(json_count(text, "in_flight_bytes"), 512 * KIB);
	stalled_read(&st);
	REQUIRE(region_queue_wait(st.dev, st.fd, 0, 0), 0);
	EXPECT(json_count(look(), "in_flight_bytes"), 0);
	close(st.tx);
	close(st.rx);
	munmap(st.mem, st.size);
	close(st.fd);
	close(st.dev);
}

/* Who is not root is told what he does not see. */
static void as_nobody(void)
{
	const struct program nobody = {
		.name = "nobody",
		.argv = { "fpgabuf-info", "--json", "/dev/fpgabuf0" },
		.nobody = true,
	};
	const struct program person = {
		.name = "nobody",
		.argv = { "fpgabuf-info" },
		.nobody = true,
	};
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	const char *text;

	EXPECT(program_run(&nobody), 1);
	program_says(&nobody, "cannot open /dev/fpgabuf0: Permission denied");
	program_says(&nobody, "  -> join the group that owns");

	EXPECT(chmod("/dev/fpgabuf0", 0666) | chmod("/dev/fpgabuf1", 0666), 0);
	program_succeeded(&nobody, program_run(&nobody));
	text = program_text(&nobody, "out");
	EXPECT(json_count(text, "used_bytes"), 64 * KIB);
	EXPECT(json_count(text, "hidden_processes") > 0, true);
	expect_text(text, "\"debugfs_error\": \"Permission denied\"");
	expect_text(text, "\"regions\": []");
	program_succeeded(&person, program_run(&person));
	text = program_text(&person, "out");
	expect_text(text, "/dev/fpgabuf0: fpgabuf0, interface version 2\n");
	expect_text(text, "/dev/fpgabuf1: fpgabuf1, ");
	expect_text(text, "Not shown: what ");
	EXPECT(chmod("/dev/fpgabuf0", 0660) | chmod("/dev/fpgabuf1", 0660), 0);
	close(fd);
	close(dev);
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* @n looks, or as many as come in time */
static unsigned int wait_for_looks(const struct program *p, unsigned int n)
{
	int i;

	for (i = 0; i < 2000 && lines(program_text(p, "out")) < n; i++)
		usleep(10000);
	return lines(program_text(p, "out"));
}

static void watched(void)
{
	const struct program watch = {
		.name = "watch",
		.argv = { "fpgabuf-info", "--json", "--watch",
			  "/dev/fpgabuf0" },
	};
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	const char *text;
	double seconds;
	pid_t pid;

	sim_source("pattern");
	unlink("/tmp/watch.out");
	pid = program_start(&watch);
	while (access("/tmp/watch.out", F_OK))
		usleep(10000);
	EXPECT(wait_for_looks(&watch, 1) >= 1, true);
	capture_run(dev, fd, 0);
	capture_run(dev, fd, 0);
	EXPECT(wait_for_looks(&watch, 3) >= 3, true);
	EXPECT(kill(pid, SIGINT), 0);
	EXPECT(process_exit_code(pid), 0);
	text = strchr(program_text(&watch, "out"), '\n') + 1;
	seconds = strtod(json_at(text, "seconds"), NULL);
	EXPECT(seconds > 0.5 && seconds < 20, true);
	/* The two captures may be in one look or in two. */
	seconds = seconds * strtod(json_at(text, "captures_per_s"), NULL);
	text = strchr(text, '\n') + 1;
	seconds += strtod(json_at(text, "seconds"), NULL) *
		   strtod(json_at(text, "captures_per_s"), NULL);
	EXPECT((int)(seconds + 0.5), 2);
	close(fd);
	close(dev);
}

/* The region lives on, and who keeps it is seen. */
static void device_gone(void)
{
	const struct program all = {
		.name = "info",
		.argv = { "fpgabuf-info", "--json" },
	};
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	const char *text;
	char owner[64];

	file_write(DRIVER "unbind", "fpgabuf.0");
	EXPECT(program_run(&json), 1);
	program_says(&json, "cannot open /dev/fpgabuf0: No such file");
	program_says(&json, "  -> is the fpgabuf module loaded");
	program_succeeded(&all, program_run(&all));
	text = strstr(program_text(&all, "out"), "\"other_regions\": [");
	REQUIRE(!text, false);
	text = json_region(text, fd);
	EXPECT(json_count(text, "bytes"), 64 * KIB);
	snprintf(owner, sizeof(owner), "{\"pid\": %d, \"name\": \"guest-",
		 getpid());
	expect_text(text, owner);
	close(fd);
	close(dev);
	file_write(DRIVER "bind", "fpgabuf.0");
	expect_text(look(), "\"captures\": 0,");
}

static const struct test tests[] = {
	{ "counters and limits are those of the driver", counters },
	{ "regions have backend, state, references and owners",
	  regions_and_owners },
	{ "what the network holds is in flight", in_flight },
	{ "who is not root is told what is not shown", as_nobody },
	{ "watch tells captures a second", watched },
	{ "a region outlives its device, and has an owner", device_gone },
	{ }
};

SUITE(info,
	.title = "fpgabuf-info",
	.init = modules_load,
	.tests = tests)
