// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int connect_port(int port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void set_buffer(int fd, int option, int buffer)
{
	if (buffer &&
	    setsockopt(fd, SOL_SOCKET, option, &buffer, sizeof(buffer)))
		err(EXIT_FAILURE, "setsockopt");
}

struct pair pair_open(int send_buffer, int receive_buffer)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	struct pair p;
	int listener;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	set_buffer(listener, SO_RCVBUF, receive_buffer);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		err(EXIT_FAILURE, "listen");
	p.sender = connect_port(ntohs(addr.sin_port));
	p.peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (p.sender < 0 || p.peer < 0)
		err(EXIT_FAILURE, "connect");
	set_buffer(p.sender, SO_SNDBUF, send_buffer);
	close(listener);
	return p;
}

void pair_close(struct pair *pair)
{
	close(pair->sender);
	if (pair->peer >= 0)
		close(pair->peer);
}

void pair_reset(struct pair *pair)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(pair->peer, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(pair->peer);
	pair->peer = -1;
}

/* 1 is a connection that is established. */
static bool is_between(const char *line, int local, int remote, int *timer)
{
	int from, to, state;

	return sscanf(line, " %*d: %*x:%x %*x:%x %x %*x:%*x %x:", &from, &to,
		      &state, timer) == 4 && state == 1 &&
	       (!local || from == local) && (!remote || to == remote);
}

int tcp_timer(int local, int remote)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	int timer, found = -1;
	char line[256];

	if (!f)
		err(EXIT_FAILURE, "/proc/net/tcp");
	while (found < 0 && fgets(line, sizeof(line), f))
		if (is_between(line, local, remote, &timer))
			found = timer;
	fclose(f);
	return found;
}

short wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, PATIENCE_MS) > 0 ? p.revents : 0;
}

void fill_noise(uint8_t *data, size_t len)
{
	uint32_t x = 0x2545f491;
	size_t i;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = x;
	}
}
