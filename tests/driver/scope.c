// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-scope, on what the simulated FPGA sends */
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define PROGRAM		"/bin/fpgabuf-scope"
#define SHARE		"/tmp/scope.socket"

/* 64 regions of 16 KiB */
#define SAMPLES		(512 * 1024)

static const char *lacks_scope(void)
{
	return access(PROGRAM, X_OK) ? "fpgabuf-scope was built without FFTW" :
				       NULL;
}

/* What stands behind "key": in what it has printed */
static double value(const struct program *p, const char *key)
{
	return strtod(json_at(program_text(p, "out"), key), NULL);
}

static bool is_near(double number, double wanted, double most)
{
	if (number >= wanted - most && number <= wanted + most)
		return true;
	printf("\n    %.9g is not %.9g", number, wanted);
	return false;
}

/* A sine of 1/8 cycle per sample, with an amplitude of 20000 */
static int16_t *make_sine(void)
{
	static const int16_t turn[] = {
		0, 14142, 20000, 14142, 0, -14142, -20000, -14142,
	};
	int16_t *samples = malloc(SAMPLES * sizeof(*samples));
	unsigned int i;

	REQUIRE(!samples, false);
	for (i = 0; i < SAMPLES; i++)
		samples[i] = htole16(turn[i % 8]);
	return samples;
}

/*
 * A picture has 16 captures: all bytes are there, and all regions come back.  The FPGA may
 * have had none while a picture was made, and there is a gap then, but a feed waits.
 */
static void sine(void)
{
	const struct program scope = {
		.name = "scope",
		.argv = {
			"fpgabuf-scope", "--json", "--datatype", "ri16_le",
			"--sample-rate", "8000000", "--region-size", "16K",
			"--samples", "131072", "--count", "4", NULL,
		},
	};
	int16_t *samples = make_sine();
	struct feeder *feeder;
	int dev;

	sim_source("feed");
	feeder = feeder_start(samples, SAMPLES * sizeof(*samples));
	program_succeeded(&scope, program_run(&scope));
	feeder_wait(feeder);
	EXPECT(program_count(&scope, "captures"), 64);
	EXPECT(program_count(&scope, "looked_at"), 64);
	EXPECT(program_count(&scope, "samples"), 131072);
	CU_ASSERT_EQUAL(value(&scope, "min"), -20000);
	CU_ASSERT_EQUAL(value(&scope, "max"), 20000);
	CU_ASSERT(is_near(value(&scope, "peak_hz"), 1e6, 1));
	CU_ASSERT(is_near(value(&scope, "peak_amplitude"), 20000, 20));
	dev = device_open(0);
	EXPECT(device_used(dev), 0);
	close(dev);
	free(samples);
}

/* It is a client beside others. */
static void shared(void)
{
	const struct program server = {
		.name = "share",
		.argv = {
			"fpgabuf-share", "--region-size", "16K", "--regions",
			"8", SHARE, NULL,
		},
	};
	const struct program scope = {
		.name = "scope",
		.argv = {
			"fpgabuf-scope", "--json", "--datatype", "ru8",
			"--share", SHARE, "--every", "10", "--count", "3",
			"--samples", "1000", NULL,
		},
	};
	pid_t pid;

	sim_source("pattern");
	pid = program_start(&server);
	program_wait_for(&server, "err", "sharing");
	program_succeeded(&scope, program_run(&scope));
	EXPECT(program_count(&scope, "looked_at"), 3);
	EXPECT(program_count(&scope, "captures"), 21);
	kill(pid, SIGTERM);
	EXPECT(process_exit_code(pid), 0);
}

static const struct test tests[] = {
	{ "a sine that is fed has its frequency and its amplitude", sine },
	{ "it looks at captures of fpgabuf-share", shared },
	{ }
};

SUITE(scope, .title = "fpgabuf-scope", .lacks = lacks_scope,
      .init = modules_load, .tests = tests)
