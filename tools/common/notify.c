// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/notify.h"

#define MAX_STATUS	512

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

void notify_ready(const char *format, ...)
{
	va_list args;

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
