// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recv/inlet.h"

ssize_t inlet_read(const struct inlet *inlet, void *at, size_t len)
{
	return inlet->kind->read(inlet, at, len);
}

int inlet_peek(const struct inlet *inlet)
{
	return inlet->kind->peek(inlet);
}

void inlet_say(const struct inlet *inlet, const void *bytes, size_t len)
{
	inlet->kind->say(inlet, bytes, len);
}

void inlet_close(struct inlet *inlet)
{
	inlet->kind->close(inlet);
	inlet->going = inlet->kind->gone ? inlet->fd : -1;
	inlet->fd = -1;
}

bool inlet_gone(const struct inlet *inlet)
{
	return inlet->kind->gone(inlet);
}

void inlet_reset(struct inlet *inlet)
{
	inlet->kind->reset(inlet);
	inlet->fd = -1;
	inlet->going = -1;
}

static ssize_t result(ssize_t n)
{
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

static ssize_t socket_read(const struct inlet *inlet, void *at, size_t len)
{
	return result(recv(inlet->fd, at, len, 0));
}

static int socket_peek(const struct inlet *inlet)
{
	char byte;

	return result(recv(inlet->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT));
}

static void socket_say(const struct inlet *inlet, const void *bytes, size_t len)
{
	send(inlet->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void socket_close(struct inlet *inlet)
{
	close(inlet->fd);
}

static void socket_reset(struct inlet *inlet)
{
	const struct linger reset = { .l_onoff = 1 };

	setsockopt(inlet->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(inlet->fd);
}

const struct inlet_kind inlet_socket = {
	.read = socket_read,
	.peek = socket_peek,
	.say = socket_say,
	.close = socket_close,
	.reset = socket_reset,
};
