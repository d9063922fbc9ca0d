// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SoapySDR module on the real driver: SoapySDRUtil, and a program of our own, in
 * plugins/soapysdr.c.  They are in the boot of the suite gstreamer.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

#define SHARE	"/tmp/share"
#define DEVICE	"driver=fpgabuf,region_size=16384,regions=4"

static void run_with(const char *function, const char *arguments)
{
	const struct program client = {
		.name = "client",
		.argv = { "soapy-client", function, arguments, NULL },
	};
	const int code = program_run(&client);

	if (code)
		printf("\n%s", program_text(&client, "out"));
	program_succeeded(&client, code);
}

static void run(const char *function)
{
	sim_source("pattern");
	run_with(function, DEVICE);
}

static void samples(void)
{
	run("samples");
}

static void converted(void)
{
	run("converted");
}

static void times(void)
{
	sim_source("pattern");
	run_with("times", DEVICE ",rate=1e6");
}

static void direct(void)
{
	run("direct");
}

static void overflow(void)
{
	run("overflow");
}

static void restart(void)
{
	run("restart");
}

static void nothing(void)
{
	sim_source("feed");
	run_with("nothing", DEVICE);
	sim_source("pattern");
}

static void shared(void)
{
	const struct program server = {
		.name = "share",
		.argv = {
			"fpgabuf-share", "--region-size", "16K", "--regions",
			"8", SHARE, NULL,
		},
	};
	pid_t pid;

	sim_source("pattern");
	pid = program_start(&server);
	program_wait_for(&server, "err", "sharing");
	run_with("shared", "driver=fpgabuf,share=" SHARE);
	kill(pid, SIGTERM);
	EXPECT(process_exit_code(pid), 0);
}

static void found(void)
{
	const struct program find = {
		.name = "find",
		.argv = { "SoapySDRUtil", "--find=driver=fpgabuf", NULL },
	};

	program_succeeded(&find, program_run(&find));
	CU_ASSERT_PTR_NOT_NULL(strstr(program_text(&find, "out"),
				      "device = /dev/fpgabuf0"));
}

static void probed(void)
{
	const struct program probe = {
		.name = "probe",
		.argv = { "SoapySDRUtil",
			  "--probe=driver=fpgabuf,format=CS8,rate=1e6", NULL },
	};
	const char *text;

	program_succeeded(&probe, program_run(&probe));
	text = program_text(&probe, "out");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Native format: CS8"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Sample rates: 1 MSps"));
}

static const struct test tests[] = {
	{ "SoapySDRUtil finds the device", found },
	{ "SoapySDRUtil shows format and rate", probed },
	{ "samples are what was captured, whatever is read at a time",
	  samples },
	{ "SoapySDR converts them to CF32", converted },
	{ "samples have times if the rate is known", times },
	{ "a buffer that the program reads itself is not captured into",
	  direct },
	{ "a time without regions is an OVERFLOW", overflow },
	{ "a stream that begins anew has new samples, and no OVERFLOW",
	  restart },
	{ "nothing is a TIMEOUT", nothing },
	{ "a share has samples as well", shared },
	{ }
};

SUITE(soapysdr, .title = "the SoapySDR module", .alone = true,
      .init = modules_load, .tests = tests)
