// SPDX-License-Identifier: GPL-2.0-only
/* The guest tests: the real driver on a real kernel, fed by the simulated FPGA. */
#include <stdio.h>
#include <unistd.h>

#include "lib/suite.h"

/* A test that failed half way must not make the next one fail as well. */
static void clean_up(void)
{
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

int main(int argc __attribute__((unused)), char **argv)
{
	static const struct suite_hooks hooks = { .after = clean_up };

	setvbuf(stdout, NULL, _IOLBF, 0);
	return suites_main(argv, &hooks);
}
