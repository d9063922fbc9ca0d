// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>

#include "common/message.h"
#include "common/signals.h"

static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

/* What is blocked would reach us even if it is ignored. */
static void signals_that_end(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	if (!is_ignored(SIGHUP))
		sigaddset(set, SIGHUP);
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	signals_that_end(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		message("cannot receive signals: %s", strerror(errno));
	return fd;
}

void signals_unblock(void)
{
	sigset_t set;

	signals_that_end(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
