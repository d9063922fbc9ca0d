// SPDX-License-Identifier: GPL-2.0-only
/* The unit tests: library and tools, on this machine. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/suite.h"

/*
 * A test takes some seconds, and a minute with sanitizers on a busy machine; one
 * that hangs must not hang CI.
 */
#define WATCHDOG_S	300

/* One after the other, until the file is closed at the end. */
static bool wait_for_turn(void)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-unit-%u.lock", geteuid());
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0) {
		perror(path);
		return false;
	}
	if (!flock(file, LOCK_EX | LOCK_NB))
		return true;
	fprintf(stderr, "waiting for other tests of the same user, for they count as locked memory\n");
	return !flock(file, LOCK_EX);
}

/* May this process lock more than its limit says?  Nothing else tells. */
static bool may_exceed_limit(void)
{
	static char page[4096];
	struct rlimit old, none;
	bool may;

	if (getrlimit(RLIMIT_MEMLOCK, &old))
		return false;
	none = (struct rlimit){ 0, old.rlim_max };
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return false;
	may = !mlock(page, sizeof(page));
	munlock(page, sizeof(page));
	return !setrlimit(RLIMIT_MEMLOCK, &old) && may;
}

/*
 * What is sent without a copy is locked memory, and that is limited by user, over
 * all processes: the same tests beside these would leave no room.  Root, unless in
 * a container, has no limit.
 */
static bool lock_memory_alone(void)
{
	return may_exceed_limit() || wait_for_turn();
}

static bool ready(void)
{
	signal(SIGPIPE, SIG_IGN);
	/* A shell starts what it does not wait for with SIGINT ignored. */
	signal(SIGINT, SIG_DFL);
	return lock_memory_alone();
}

static void watch(void)
{
	alarm(WATCHDOG_S);
}

int main(int argc __attribute__((unused)), char **argv)
{
	static const struct suite_hooks hooks = {
		.ready = ready,
		.before = watch,
	};

	return suites_main(argv, &hooks);
}
