// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/notify.h"
#include "common/size.h"

#define MAX_STATUS	512

/* It hears from the program so often in the time that it grants. */
#define WATCH_TIMES	3

/*
 * The watchdog: how often it hears from the program, or 0; when the next time is; the
 * program has waited since the last time; what was done until then
 */
static struct {
	int64_t period_ns;
	int64_t due_ns;
	bool waited;
	uint64_t done;
} watchdog;

/* A name that begins with @ is an abstract one. */
static socklen_t manager_address(struct sockaddr_un *addr)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(addr->sun_path))
		return 0;
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, path, len);
	if (*path == '@')
		addr->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + len;
}

static void tell(const char *text)
{
	struct sockaddr_un addr;
	socklen_t len = manager_address(&addr);
	int fd;

	if (!len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
	       (struct sockaddr *)&addr, len);
	close(fd);
}

static void tell_status(const char *head, const char *format, va_list args)
{
	char status[MAX_STATUS], text[MAX_STATUS + 32];

	vsnprintf(status, sizeof(status), format, args);
	snprintf(text, sizeof(text), "%sSTATUS=%s", head, status);
	tell(text);
}

/* It may be meant for another process. */
static bool is_for_us(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t number;

	return !pid || (!parse_number(pid, 1, INT32_MAX, &number) &&
			(pid_t)number == getpid());
}

static void start_watch(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t us = 0;

	if (!text || !is_for_us() ||
	    parse_number(text, 1, INT64_MAX / 1000, &us))
		us = 0;
	watchdog.period_ns = us * 1000 / WATCH_TIMES;
	watchdog.due_ns = us ? clock_ns() + watchdog.period_ns : 0;
}

int64_t notify_watch_ns(void)
{
	return watchdog.due_ns;
}

void notify_watch(bool waits, uint64_t done)
{
	if (!watchdog.due_ns)
		return;
	watchdog.waited |= waits;
	if (clock_ns() < watchdog.due_ns)
		return;
	if (watchdog.waited || done != watchdog.done)
		tell("WATCHDOG=1");
	watchdog.waited = false;
	watchdog.done = done;
	watchdog.due_ns = clock_ns() + watchdog.period_ns;
}

void notify_ready(const char *format, ...)
{
	va_list args;

	start_watch();
	va_start(args, format);
	tell_status("READY=1\n", format, args);
	va_end(args);
}

void notify_status(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_status("", format, args);
	va_end(args);
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}
