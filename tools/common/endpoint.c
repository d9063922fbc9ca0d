// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/message.h"
#include "common/size.h"

#define MAX_PORT	65535

static int set_host(struct endpoint *endpoint, const char *host, size_t len)
{
	if (!len || len >= sizeof(endpoint->host))
		return -EINVAL;
	memcpy(endpoint->host, host, len);
	endpoint->host[len] = '\0';
	return 0;
}

static int set_port(struct endpoint *endpoint, const char *text)
{
	uint64_t port;

	if (parse_number(text, 0, MAX_PORT, &port))
		return -EINVAL;
	snprintf(endpoint->port, sizeof(endpoint->port), "%u",
		 (unsigned int)port);
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	endpoint->host[0] = '\0';
	if (!colon)
		return set_port(endpoint, text);
	len = colon - text;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return -EINVAL;
	}
	if (set_host(endpoint, text, len))
		return -EINVAL;
	return set_port(endpoint, colon + 1);
}

static struct addrinfo *resolve(const struct endpoint *endpoint, int flags)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV | flags,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	int err;

	err = getaddrinfo(endpoint->host, endpoint->port, &hints, &list);
	if (!err)
		return list;
	message("cannot resolve %s: %s", endpoint->host,
		err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
	return NULL;
}

/* Waits for a connect() under way; returns 0 or a negative errno. */
static int wait_connected(int fd, int timeout_ms)
{
	int64_t deadline = clock_ns() + timeout_ms * NS_PER_MS;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int n, err;

	do {
		n = poll(&p, 1, clock_left_ms(deadline));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

static int open_socket(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			ai->ai_protocol);

	return fd < 0 ? -errno : fd;
}

static int connect_address(const struct addrinfo *ai, int timeout_ms)
{
	int err = 0;
	int fd;

	fd = open_socket(ai);
	if (fd < 0)
		return fd;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		err = -errno;
	if (err == -EINPROGRESS)
		err = wait_connected(fd, timeout_ms);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void explain_connect(const struct endpoint *endpoint, int err)
{
	message("cannot connect to %s port %s: %s", endpoint->host,
		endpoint->port, strerror(-err));
	if (err == -ECONNREFUSED)
		remedy("is fpgabuf-recv (or another receiver) listening there?");
	else if (err == -ETIMEDOUT)
		remedy("check the address and firewalls, or use --timeout");
}

int endpoint_connect(const struct endpoint *endpoint, int timeout_ms)
{
	struct addrinfo *list, *ai;
	int fd = -EADDRNOTAVAIL;

	list = resolve(endpoint, 0);
	if (!list)
		return -1;
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = connect_address(ai, timeout_ms);
	freeaddrinfo(list);
	if (fd >= 0)
		return fd;
	explain_connect(endpoint, fd);
	return -1;
}

static int listen_address(const struct addrinfo *ai)
{
	int one = 1;
	int err, fd;

	fd = open_socket(ai);
	if (fd < 0)
		return fd;
	/* Otherwise the port of the last run is taken for a minute. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int endpoint_listen(const struct endpoint *endpoint)
{
	struct addrinfo *list, *ai;
	int fd = -EADDRNOTAVAIL;

	list = resolve(endpoint, AI_PASSIVE);
	if (!list)
		return -1;
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = listen_address(ai);
	freeaddrinfo(list);
	if (fd >= 0)
		return fd;
	message("cannot listen at %s port %s: %s", endpoint->host,
		endpoint->port, strerror(-fd));
	if (fd == -EADDRINUSE)
		remedy("choose another port; 0 takes any free one");
	else if (fd == -EACCES)
		remedy("ports below 1024 need CAP_NET_BIND_SERVICE");
	return -1;
}

void endpoint_name(const struct sockaddr *addr, socklen_t len,
		   char name[ENDPOINT_NAME_SIZE])
{
	bool v6 = addr->sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE];
	char port[6];

	if (getnameinfo(addr, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV)) {
		snprintf(name, ENDPOINT_NAME_SIZE, "unknown");
		return;
	}
	snprintf(name, ENDPOINT_NAME_SIZE, v6 ? "[%s]:%s" : "%s:%s", host,
		 port);
}
