// SPDX-License-Identifier: GPL-2.0-only
/*
 * A suite as a kselftest: the driver on this kernel, fed by two simulated FPGAs.
 * A machine that cannot have them skips it.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bed.h"
#include "../kselftest.h"

static const struct {
	const char *name, *parameters, *option;
} modules[] = {
	{ "vgem", "", "DRM_VGEM" },
	{ "fpgabuf-sim", "devices=2", "FPGABUF_SIM" },
	{ "fpgabuf", "", "FPGABUF" },
};

/* The one that this program is linked with */
static struct suite *suite;

void suite_add(struct suite *add)
{
	suite = add;
}

/* Of the test that runs: has it failed, and where does it end if it must? */
static bool failed;
static jmp_buf *end;

/* What a test prints begins with the end of a line, like this. */
bool expect(const char *what, long long actual, long long wanted,
	    const char *file, int line, bool fatal)
{
	if (actual == wanted)
		return true;
	printf("\n# %s:%d: %s is %lld, not %lld", file, line, what, actual,
	       wanted);
	failed = true;
	if (fatal)
		longjmp(*end, 1);
	return false;
}

bool check_alone(void (*fn)(void *arg), void *arg)
{
	jmp_buf here;

	failed = false;
	end = &here;
	if (!setjmp(here))
		fn(arg);
	return !failed;
}

static void run(void *arg)
{
	const struct test *test = arg;

	test->run();
}

/* A test that failed half way must not make the next one fail as well. */
static void run_and_tell(const struct test *test)
{
	bool good;

	printf("# %s", test->name);
	fflush(stdout);
	good = check_alone(run, (void *)test);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	printf("\n");
	ksft_test_result(good, "%s\n", test->name);
}

static void need_module(const char *name, const char *option)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe -q -n %s", name);
	if (system(command))
		ksft_exit_skip("no module %s: CONFIG_%s=m\n", name, option);
}

static void load_module(const char *name, const char *parameters)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.ko", name);
	if (module_load(file, parameters))
		ksft_exit_fail_msg("cannot load %s, see dmesg\n", name);
}

static void prepare(void)
{
	size_t i;

	if (geteuid())
		ksft_exit_skip("must be root to load modules\n");
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		need_module(modules[i].name, modules[i].option);
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		load_module(modules[i].name, modules[i].parameters);
	/* A suite loads it again with other parameters. */
	if (access("/sys/module/fpgabuf/initstate", F_OK))
		ksft_exit_skip("fpgabuf is built in: CONFIG_FPGABUF=m\n");
	if (access("/dev/fpgabuf1", F_OK))
		ksft_exit_skip("needs two FPGAs: rmmod fpgabuf fpgabuf-sim\n");
}

int main(void)
{
	const struct test *test;
	unsigned int tests = 0;

	ksft_print_header();
	prepare();
	for (test = suite->tests; test->name; test++)
		tests++;
	ksft_set_plan(tests);
	for (test = suite->tests; test->name; test++)
		run_and_tell(test);
	ksft_finished();
}
