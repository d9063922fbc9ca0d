// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Python module and its examples on the real driver.  The tests are Python, in
 * python/guest.py; Python makes the guest larger, so they have a boot of their own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define SHARE	"/tmp/share"

static int begin(void)
{
	setenv("PYTHONPATH", "/python", 1);
	return modules_load();
}

static void run(const struct program *program)
{
	const int code = program_run(program);

	if (code)
		printf("\n%s", program_text(program, "err"));
	EXPECT(code, 0);
}

/* run_with() - @word is its argument, or NULL.  The FPGA has a source. */
static void run_with(const char *function, const char *word)
{
	const struct program python = {
		.name = "python",
		.argv = {
			"python3", "-B", "/python/guest.py", function, word,
			NULL,
		},
	};

	run(&python);
}

/* run_function() - nothing captures yet */
static void run_function(const char *function)
{
	sim_source("pattern");
	run_with(function, NULL);
}

static void bytes_captured(void)
{
	run_function("bytes_captured");
}

static void outlives(void)
{
	run_function("outlives");
}

static void after_close(void)
{
	run_function("after_close");
}

static void writable(void)
{
	run_function("writable");
}

static void limits_of_device(void)
{
	run_function("limits_of_device");
}

static void owner(void)
{
	run_function("owner");
}

static void tasks(void)
{
	run_function("tasks");
}

static void no_leak(void)
{
	char captures[16];

	snprintf(captures, sizeof(captures), "%u", rounds(10000));
	printf("\n    %s captures", captures);
	sim_source("pattern");
	run_with("no_leak", captures);
}

static const struct program server = {
	.name = "share",
	.argv = {
		"fpgabuf-share", "--region-size", "16K", "--regions", "8",
		SHARE, NULL,
	},
};

/* with_server() - run something that takes shared captures */
static void with_server(void (*function)(void))
{
	pid_t pid;

	sim_source("pattern");
	pid = program_start(&server);
	program_wait_for(&server, "err", "sharing");
	function();
	kill(pid, SIGTERM);
	EXPECT(process_exit_code(pid), 0);
}

static void run_shared(void)
{
	run_with("shared", NULL);
}

static void shared(void)
{
	with_server(run_shared);
}

static const struct program numpy_example = {
	.name = "capture-numpy",
	.argv = { "python3", "-B", "/python/capture-numpy.py", "5", NULL },
};

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static void example_numpy(void)
{
	const char *text;

	sim_source("pattern");
	run(&numpy_example);
	text = program_text(&numpy_example, "out");
	EXPECT(lines(text), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "4 2097152 "));
}

static void run_async(const char *path)
{
	const struct program example = {
		.name = "capture-async",
		.argv = { "python3", "-B", "/python/capture-async.py", "20",
			  path, NULL },
	};

	run(&example);
	CU_ASSERT_PTR_NOT_NULL(strstr(program_text(&example, "out"),
				      "20 captures, "));
}

static void example_async(void)
{
	sim_source("pattern");
	run_async("/dev/fpgabuf0");
}

static void run_async_shared(void)
{
	run_async(SHARE);
}

static void example_shared(void)
{
	with_server(run_async_shared);
}

static const struct test tests[] = {
	{ "numpy sees the bytes captured, in the region itself",
	  bytes_captured },
	{ "a view that outlives its capture keeps the region from being captured into",
	  outlives },
	{ "a view stays valid when its ring is closed, and then the device is free",
	  after_close },
	{ "a capture that was written to is captured into again", writable },
	{ "a region that is too large is an error with the limit",
	  limits_of_device },
	{ "a second ring is told that another one captures", owner },
	{ "tasks share the captures of a ring", tasks },
	{ "a view keeps a shared region from being captured into", shared },
	{ "10,000 captures leave no memory and no descriptors", no_leak },
	{ "capture-numpy.py prints a line for each capture", example_numpy },
	{ "capture-async.py captures from the device", example_async },
	{ "capture-async.py captures from fpgabuf-share", example_shared },
	{ }
};

SUITE(python, .title = "the Python module", .alone = true, .init = begin,
      .tests = tests)
