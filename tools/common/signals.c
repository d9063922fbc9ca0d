// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "common/message.h"
#include "common/signals.h"

static void signals_that_end(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

int signals_open(bool hangup)
{
	sigset_t set;
	int fd;

	signals_that_end(&set);
	if (hangup)
		sigaddset(&set, SIGHUP);
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
