// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may go wrong once in a long time: tests/soak/run.sh says for how long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "program.h"

#define PEER	"10.77.0.2:5000"

/* So often at least */
#define QUESTIONS	1000

/*
 * fpgabuf-info looks at the descriptors of all processes, which makes the kernel
 * end waits with EINTR where no signal came.
 */
static unsigned int ask(void)
{
	static const struct program info = {
		.name = "info",
		.argv = { "fpgabuf-info", NULL },
	};

	program_succeeded(&info, program_run(&info));
	return 1;
}

/* One stream, and how often was asked beside it */
static unsigned int stream(const char *seconds)
{
	const struct program receiver = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--framed", "--verify", "--json", PEER,
			  NULL },
		.peer = true,
	}, sender = {
		.name = "send",
		.argv = { "fpgabuf-send", "--framed", "--json", "--engine",
			  "uring", "--region-size", "64K", "--regions", "16",
			  "--duration", seconds, PEER, NULL },
	};
	unsigned int asked = 0;
	pid_t receives, sends;
	int status;

	receives = program_start(&receiver);
	program_wait_for(&receiver, "err", "listening");
	sends = program_start(&sender);
	while (!waitpid(sends, &status, WNOHANG))
		asked += ask();
	program_succeeded(&sender, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	program_succeeded(&receiver, process_exit_code(receives));
	printf("\n    %s s, %u times fpgabuf-info, %llu captures ", seconds,
	       asked, program_count(&sender, "captures"));
	EXPECT(program_count(&receiver, "captures"),
	       program_count(&sender, "captures"));
	return asked;
}

/* On a slow machine that needs several streams. */
static void asked(void)
{
	const char *seconds = getenv("FPGABUF_SOAK_SECONDS");
	unsigned int asked = 0;

	REQUIRE(seconds != NULL, true);
	sim_source("pattern");
	while (asked < QUESTIONS)
		asked += stream(seconds);
}

static const struct test tests[] = {
	{ "a long stream by io_uring goes on beside fpgabuf-info", asked },
	{ }
};

SUITE(soak,
	.alone = true,
	.title = "a long time",
	.init = modules_load,
	.tests = tests)
