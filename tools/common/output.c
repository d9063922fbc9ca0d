// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/output.h"

/* The same pipe or terminal, with flags of our own; or -1. */
static int open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void output_take(struct output *o, int fd)
{
	int flags = fcntl(fd, F_GETFL), own;
	struct stat st;

	*o = (struct output){ .fd = fd, .given = fd, .kind = OUTPUT_FILE };
	if (flags < 0 || fstat(fd, &st) < 0)
		return;
	if (S_ISSOCK(st.st_mode)) {
		o->kind = OUTPUT_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || isatty(fd)) {
		o->kind = flags & O_NONBLOCK ? OUTPUT_OWN : OUTPUT_SHARED;
		own = flags & O_NONBLOCK ? -1 : open_again(fd);
		if (own >= 0) {
			o->fd = own;
			o->kind = OUTPUT_OWN;
		}
	}
}

int output_close(struct output *o)
{
	int ret = 0;

	if (o->given != o->fd)
		close(o->given);
	if (o->fd >= 0)
		ret = close(o->fd);
	o->given = -1;
	o->fd = -1;
	return ret;
}

int output_wait(const struct output *o, int timeout_ms)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	int n = poll(&p, 1, timeout_ms);

	if (n < 0)
		return -errno;
	return n ? 0 : -EAGAIN;
}

static ssize_t write_once(const struct output *o, const void *data, size_t len)
{
	ssize_t n;

	if (o->kind == OUTPUT_SHARED) {
		n = output_wait(o, 0);
		if (n)
			return n;
		/* There is room for this much, unless another writer is faster. */
		n = write(o->fd, data, len < PIPE_BUF ? len : PIPE_BUF);
	} else if (o->kind == OUTPUT_SOCKET) {
		n = send(o->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else {
		n = write(o->fd, data, len);
	}
	return n < 0 ? -errno : n;
}

ssize_t output_write(const struct output *o, const void *data, size_t len)
{
	ssize_t n;

	do {
		n = write_once(o, data, len);
	} while (n == -EINTR);
	return n ? n : -EIO;
}
