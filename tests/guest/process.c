// SPDX-License-Identifier: GPL-2.0-only
/* Parts of a test that run in a process of their own. */
#include <setjmp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"

/* Without this, a REQUIRE that fails would go on with the next test, twice. */
static void process_main(void (*fn)(void *arg), void *arg)
{
	unsigned int failures = CU_get_number_of_failures();
	jmp_buf end;

	CU_get_current_test()->pJumpBuf = &end;
	if (!setjmp(end))
		fn(arg);
	fflush(stdout);
	_exit(CU_get_number_of_failures() != failures);
}

/* EXPECT and REQUIRE work in it: its exit code is 1 if one of them failed. */
pid_t process_start(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		process_main(fn, arg);
	REQUIRE(pid < 0, false);
	return pid;
}

int process_exit_code(pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
