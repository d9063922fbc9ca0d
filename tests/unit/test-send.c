// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-send as a program, where there is no device. */
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "suites.h"

static void check(char *const argv[], int code, const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

static void test_no_device(void)
{
	char *argv[] = { "fpgabuf-send", "-d", "/dev/fpgabuf-none",
			 "localhost:1", NULL };

	check(argv, 1, "cannot open /dev/fpgabuf-none: No such file");
	check(argv, 1, "is the fpgabuf module loaded");
}

static void test_wrong_device(void)
{
	char *argv[] = { "fpgabuf-send", "-d", "/dev/null", "localhost:1",
			 NULL };

	check(argv, 1, "it is not an fpgabuf device");
}

static void test_usage(void)
{
	char *none[] = { "fpgabuf-send", NULL };
	char *two[] = { "fpgabuf-send", "a:1", "b:2", NULL };
	char *no_host[] = { "fpgabuf-send", "80", NULL };
	char *no_port[] = { "fpgabuf-send", "host", NULL };
	char *both[] = { "fpgabuf-send", "-b", "1", "-c", "1", "a:1", NULL };
	char *engine[] = { "fpgabuf-send", "-e", "magic", "a:1", NULL };
	char *bytes[] = { "fpgabuf-send", "-b", "0", "a:1", NULL };
	char *size[] = { "fpgabuf-send", "-r", "1X", "a:1", NULL };
	char *count[] = { "fpgabuf-send", "-n", "0", "a:1", NULL };
	char *option[] = { "fpgabuf-send", "--none", "a:1", NULL };

	check(none, 2, "no HOST:PORT given");
	check(two, 2, "more than one HOST:PORT given");
	check(no_host, 2, "80: not of the form HOST:PORT");
	check(no_port, 2, "host: not of the form HOST:PORT");
	check(both, 2, "exclude each other");
	check(engine, 2, "-e: magic: not a valid value");
	check(bytes, 2, "-b: 0: out of range");
	check(size, 2, "-r: 1X: not a valid value");
	check(count, 2, "-n: 0: out of range");
	check(option, 2, "try --help");
}

static void test_help(void)
{
	static const char * const options[] = {
		"--bytes", "--count", "--device", "--engine", "--help",
		"--json", "--progress", "--quiet", "--region-size",
		"--regions", "--timeout", "--verbose", "--version",
	};
	char *help[] = { "fpgabuf-send", "--help", NULL };
	char *version[] = { "fpgabuf-send", "--version", NULL };
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		check(help, 0, options[i]);
	check(version, 0, "fpgabuf-send ");
}

CU_TestInfo send_tests[] = {
	{ "without a device it says what to do", test_no_device },
	{ "another kind of device is told apart", test_wrong_device },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "help names every option", test_help },
	CU_TEST_INFO_NULL,
};
