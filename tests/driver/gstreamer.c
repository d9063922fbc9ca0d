// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GStreamer source on the real driver: gst-launch-1.0, and a program of our own, in
 * plugins/gstreamer.c.  Both make the guest larger, so they have a boot of their own.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

#define OUTPUT	"/tmp/gst.samples"
#define SHARE	"/tmp/share"
#define SIZE	"16384"

/* contents() - of the file that was written; unmap them */
static void *contents(size_t *size)
{
	int fd = open(OUTPUT, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *mem;

	REQUIRE(fd < 0, false);
	REQUIRE(fstat(fd, &st), 0);
	*size = st.st_size;
	mem = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	REQUIRE(mem == MAP_FAILED, false);
	close(fd);
	return mem;
}

static void expect_file(const void *wanted, size_t size)
{
	size_t written;
	void *mem = contents(&written);

	EXPECT(written, size);
	EXPECT(written == size && !memcmp(mem, wanted, size), true);
	munmap(mem, written);
}

/* Nothing is left of a program that has ended. */
static void expect_free(void)
{
	const int dev = device_open(0);

	EXPECT(device_used(dev), 0);
	close(dev);
}

/* A filesink holds up to 64 KiB until it writes, so there are more regions. */
static void file_equal(void)
{
	const struct program launch = {
		.name = "launch",
		.argv = { "gst-launch-1.0", "-q", "fpgabufsrc",
			  "region-size=" SIZE, "regions=8", "bytes=3000000", "!",
			  "filesink", "location=" OUTPUT, NULL },
	};
	const size_t size = 3000000;
	void *data = malloc(size);
	struct feeder *feeder;
	int code;

	random_fill(data, size, 4);
	sim_source("feed");
	feeder = feeder_start(data, size);
	code = program_run(&launch);
	program_succeeded(&launch, code);
	/* What nobody has captured is thrown away, so that the feeder ends. */
	sim_source("feed");
	feeder_wait(feeder);
	expect_file(data, size);
	free(data);
	expect_free();
}

/* Up to three captures of four are held, and the sink is slower than the FPGA. */
static void slow_sink(void)
{
	const struct program launch = {
		.name = "launch",
		.argv = { "gst-launch-1.0", "-q", "fpgabufsrc",
			  "region-size=" SIZE, "regions=4", "bytes=2000000", "!",
			  "queue", "max-size-buffers=2", "!", "identity",
			  "sleep-time=2000", "!", "filesink",
			  "buffer-mode=unbuffered", "location=" OUTPUT, NULL },
	};
	const size_t size = 2000000;
	void *data = malloc(size);

	pattern_fill(data, size, 0);
	sim_source("pattern");
	program_succeeded(&launch, program_run(&launch));
	expect_file(data, size);
	free(data);
	expect_free();
}

static const struct program endless = {
	.name = "launch",
	.argv = { "gst-launch-1.0", "-q", "-e", "fpgabufsrc",
		  "region-size=" SIZE, "regions=8", "!", "filesink",
		  "location=" OUTPUT, NULL },
};

/* start_endless() - when it returns it has written something */
static pid_t start_endless(void)
{
	struct stat st;
	pid_t pid;

	unlink(OUTPUT);
	sim_source("pattern");
	pid = program_start(&endless);
	while (stat(OUTPUT, &st) || !st.st_size)
		usleep(1000);
	return pid;
}

static void expect_stretch(void)
{
	size_t size;
	void *mem = contents(&size);

	EXPECT(is_pattern(mem, size, 0), true);
	munmap(mem, size);
	unlink(OUTPUT);
}

static void stop_endless(pid_t pid)
{
	kill(pid, SIGINT);
	program_succeeded(&endless, process_exit_code(pid));
	expect_stretch();
	expect_free();
}

static void stopped(void)
{
	stop_endless(start_endless());
}

static void killed(void)
{
	const pid_t pid = start_endless();

	kill(pid, SIGKILL);
	process_exit_code(pid);
	expect_stretch();
	expect_free();
}

/* run() - a function of our own program, with a property more or NULL */
static void run(const char *function, const char *regions, const char *property)
{
	const struct program client = {
		.name = "client",
		.argv = { "gst-client", function, "region-size=" SIZE, regions,
			  property, NULL },
	};
	const int code = program_run(&client);

	if (code)
		printf("\n%s", program_text(&client, "out"));
	program_succeeded(&client, code);
	expect_free();
}

static void run_pattern(const char *function, const char *regions)
{
	sim_source("pattern");
	run(function, regions, NULL);
}

static void captures(void)
{
	run_pattern("captures", "regions=4");
}

static void gap(void)
{
	run_pattern("gap", "regions=2");
}

static void held(void)
{
	run_pattern("held", "regions=4");
}

static void part(void)
{
	run_pattern("part", "regions=4");
}

static void written(void)
{
	run_pattern("written", "regions=4");
}

static void outlives(void)
{
	run_pattern("outlives", "regions=2");
}

static void silent(void)
{
	sim_source("feed");
	run("silent", "regions=4", NULL);
	sim_source("pattern");
}

static const struct program server = {
	.name = "share",
	.argv = {
		"fpgabuf-share", "--region-size", "16K", "--regions", "8",
		SHARE, NULL,
	},
};

static void shared(void)
{
	const struct program client = {
		.name = "client",
		.argv = { "gst-client", "shared", "share=" SHARE, NULL },
	};
	pid_t pid;
	int code;

	sim_source("pattern");
	pid = program_start(&server);
	program_wait_for(&server, "err", "sharing");
	code = program_run(&client);
	if (code)
		printf("\n%s", program_text(&client, "out"));
	EXPECT(code, 0);
	kill(pid, SIGTERM);
	EXPECT(process_exit_code(pid), 0);
}

static void others(void)
{
	const struct program client = {
		.name = "client",
		.argv = { "gst-client", "fails", "region-size=" SIZE, NULL },
	};
	const pid_t pid = start_endless();

	EXPECT(program_run(&client), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(program_text(&client, "out"),
				      "fpgabuf-share lets several programs"));
	stop_endless(pid);
}

static const struct test tests[] = {
	{ "gst-launch writes a file that equals what was fed", file_equal },
	{ "a slow sink writes the pattern without a mistake", slow_sink },
	{ "a pipeline that is stopped in mid-stream has written the pattern",
	  stopped },
	{ "a pipeline that is killed leaves nothing", killed },
	{ "buffers are dmabuf memory with the bytes captured, in order",
	  captures },
	{ "the buffer after a time without regions has DISCONT", gap },
	{ "what a sink holds is not captured into", held },
	{ "nor is what it holds a part of", part },
	{ "an element that writes gets a copy", written },
	{ "buffers outlive the pipeline, and the device is free", outlives },
	{ "a pipeline to which nothing comes ends at once", silent },
	{ "what a sink holds of a share outlives the pipeline", shared },
	{ "an error tells that another program captures", others },
	{ }
};

SUITE(gstreamer, .title = "the GStreamer source", .alone = true,
      .init = modules_load, .tests = tests)
