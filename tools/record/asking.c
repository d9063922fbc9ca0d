// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "record/asking.h"
#include "record/note.h"

#define COMMAND		"trigger"

void asking_init(struct asking *asking)
{
	*asking = (struct asking){ .signal_fd = -1, .fifo = -1 };
}

static int open_signal(struct asking *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (a->signal_fd >= 0)
		return 0;
	message("cannot receive signals: %s", strerror(errno));
	return -1;
}

static int fail_fifo(const struct asking *a, const char *why)
{
	message("cannot read commands from %s: %s", a->path, why);
	return -1;
}

/* What is there already may be anything, and is not touched then. */
static int look_at_fifo(struct asking *a)
{
	struct stat st;

	if (stat(a->path, &st))
		return fail_fifo(a, strerror(errno));
	a->dev = st.st_dev;
	a->ino = st.st_ino;
	if (S_ISFIFO(st.st_mode))
		return 0;
	fail_fifo(a, "it is no FIFO");
	remedy("name a file that does not exist, or make it with mkfifo");
	return -1;
}

/* Open for writing as well, so that it does not end with its last writer. */
static int open_fifo(struct asking *a)
{
	a->made = !mkfifo(a->path, 0660);
	if (!a->made && errno != EEXIST)
		return fail_fifo(a, strerror(errno));
	if (look_at_fifo(a))
		return -1;
	a->fifo = open(a->path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return a->fifo < 0 ? fail_fifo(a, strerror(errno)) : 0;
}

int asking_open(struct asking *asking, const char *path)
{
	asking->path = path;
	if (!open_signal(asking) && (!path || !open_fifo(asking)))
		return 0;
	asking_close(asking);
	return -1;
}

/* What has taken its place is not ours. */
static void remove_fifo(const struct asking *a)
{
	struct stat st;

	if (!stat(a->path, &st) && st.st_dev == a->dev && st.st_ino == a->ino)
		unlink(a->path);
}

void asking_close(struct asking *asking)
{
	if (asking->signal_fd >= 0)
		close(asking->signal_fd);
	if (asking->fifo >= 0)
		close(asking->fifo);
	if (asking->made)
		remove_fifo(asking);
	asking_init(asking);
}

static void ask(struct asking *a, unsigned int how)
{
	if (!a->asked)
		a->asked_ns = clock_ns();
	a->asked |= how;
}

/* A line that is longer was cut, and is no command. */
static void end_line(struct asking *a)
{
	const bool whole = a->len < ASKING_LINE;

	a->line[whole ? a->len : ASKING_LINE - 1] = '\0';
	a->len = 0;
	if (whole && !strcmp(a->line, COMMAND)) {
		ask(a, ASKED_BY_COMMAND);
		return;
	}
	inform("%s: not a command: %s", a->path, a->line);
	remedy("the only command is " COMMAND);
}

static void hear_byte(struct asking *a, char c)
{
	if (c == '\n')
		end_line(a);
	else if (a->len < ASKING_LINE)
		a->line[a->len++] = c;
}

static void hear_fifo(struct asking *a)
{
	char text[512];
	ssize_t n, i;

	n = read(a->fifo, text, sizeof(text));
	for (i = 0; i < n; i++)
		hear_byte(a, text[i]);
}

void asking_hear(struct asking *asking)
{
	struct signalfd_siginfo info;

	if (asking->signal_fd >= 0 &&
	    read(asking->signal_fd, &info, sizeof(info)) == sizeof(info))
		ask(asking, ASKED_BY_SIGNAL);
	if (asking->fifo >= 0)
		hear_fifo(asking);
}

unsigned int asking_answer(struct asking *asking, uint64_t end_ns)
{
	const unsigned int asked = asking->asked;

	if (!asked || end_ns < (uint64_t)asking->asked_ns)
		return 0;
	asking->asked = 0;
	return asked;
}
