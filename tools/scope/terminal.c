// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/message.h"
#include "scope/terminal.h"

void terminal_init(struct terminal *terminal)
{
	*terminal = (struct terminal){ .resized = -1, .keys = -1 };
}

bool terminal_is_there(void)
{
	return isatty(STDOUT_FILENO);
}

bool terminal_has_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

void terminal_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ||
	    !size.ws_row)
		return;
	*columns = size.ws_col;
	*rows = size.ws_row;
}

static int open_resized(struct terminal *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->resized = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (t->resized >= 0)
		return 0;
	message("cannot receive signals: %s", strerror(errno));
	return -1;
}

/*
 * SIGINT still comes, as signals_open() wants it.  The keys that stop a program or end
 * it with a core do nothing: it would leave the terminal as it is now.
 */
static void open_keys(struct terminal *t)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &t->before))
		return;
	raw = t->before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		t->keys = STDIN_FILENO;
}

int terminal_open(struct terminal *terminal)
{
	if (open_resized(terminal))
		return -1;
	open_keys(terminal);
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->keys >= 0)
		tcsetattr(terminal->keys, TCSANOW, &terminal->before);
	if (terminal->resized >= 0)
		close(terminal->resized);
	terminal_init(terminal);
}

bool terminal_was_resized(const struct terminal *terminal)
{
	struct signalfd_siginfo info;

	return terminal->resized >= 0 &&
	       read(terminal->resized, &info, sizeof(info)) == sizeof(info);
}

bool terminal_asks_end(const struct terminal *terminal)
{
	char keys[64];
	const ssize_t n = read(terminal->keys, keys, sizeof(keys));

	/* It was readable, and there is nothing: the terminal is gone. */
	if (n <= 0)
		return true;
	return memchr(keys, 'q', n) || memchr(keys, 'Q', n);
}

/* The first one hides the cursor, and begins with an empty screen. */
void terminal_begin(struct terminal *terminal, FILE *out)
{
	fputs(terminal->shown ? "\033[H" : "\033[?25l\033[H\033[2J", out);
	terminal->shown = true;
}

void terminal_end(FILE *out)
{
	fputs("\033[J", out);
}

void terminal_leave(struct terminal *terminal, FILE *out)
{
	if (terminal->shown)
		fputs("\033[?25h", out);
	terminal->shown = false;
}
