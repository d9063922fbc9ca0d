// SPDX-License-Identifier: GPL-2.0-only
/* Parts of a test that run in a process of their own. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"

/* EXPECT and REQUIRE work in it: its exit code is 1 if one of them failed. */
pid_t process_start(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		bool good = check_alone(fn, arg);

		fflush(stdout);
		_exit(!good);
	}
	REQUIRE(pid < 0, false);
	return pid;
}

int process_exit_code(pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
