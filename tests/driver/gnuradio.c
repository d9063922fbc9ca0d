// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flowgraph of GNU Radio, plugins/flowgraph.py, on the real driver.  Its package needs
 * 150 others, so it is only there if somebody asks for this suite.
 */
#include <stdio.h>
#include <stdlib.h>

#include "program.h"

static void flowgraph(void)
{
	const struct program python = {
		.name = "flowgraph",
		.argv = { "python3", "-B", "/python/flowgraph.py",
			  "driver=fpgabuf,region_size=16384,regions=8,rate=1e6",
			  NULL },
	};

	setenv("PYTHONPATH", "/python", 1);
	setenv("HOME", "/tmp", 1);
	sim_source("pattern");
	program_succeeded(&python, program_run(&python));
}

static const struct test tests[] = {
	{ "a flowgraph receives the pattern as sc16 and fc32", flowgraph },
	{ }
};

SUITE(gnuradio, .title = "GNU Radio, with the SoapySDR module", .alone = true,
      .init = modules_load, .tests = tests)
