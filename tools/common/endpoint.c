// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/message.h"
#include "common/size.h"

#define MAX_PORT	65535

/* Brackets are not part of any name or address. */
static int set_host(struct endpoint *endpoint, const char *host, size_t len)
{
	if (!len || len >= sizeof(endpoint->host) || strcspn(host, "[]") < len)
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

#define UNIX_PREFIX	"unix:"

static int set_path(struct endpoint *endpoint, const char *path)
{
	size_t len = strlen(path);

	if (!len || len >= sizeof(endpoint->path))
		return -EINVAL;
	endpoint->port[0] = '\0';
	memcpy(endpoint->path, path, len + 1);
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	endpoint->host[0] = '\0';
	endpoint->path[0] = '\0';
	if (!strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)))
		return set_path(endpoint, text + strlen(UNIX_PREFIX));
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

/* In brackets is what could be taken for something else. */
void endpoint_text(const struct endpoint *endpoint,
		   char text[ENDPOINT_TEXT_SIZE])
{
	bool plain = !strchr(endpoint->host, ':') &&
		     strcmp(endpoint->host, "unix");

	if (*endpoint->path)
		snprintf(text, ENDPOINT_TEXT_SIZE, UNIX_PREFIX "%s",
			 endpoint->path);
	else
		snprintf(text, ENDPOINT_TEXT_SIZE,
			 plain ? "%s:%s" : "[%s]:%s",
			 endpoint->host, endpoint->port);
}

static struct sockaddr_un unix_address(const struct endpoint *endpoint)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, endpoint->path, sizeof(addr.sun_path));
	return addr;
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

static int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int endpoint_connect_start(const struct sockaddr *addr, socklen_t len)
{
	int err, fd;

	fd = open_socket(addr->sa_family);
	if (fd < 0 || !connect(fd, addr, len) || errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int connect_address(const struct sockaddr *addr, socklen_t len,
			   int timeout_ms)
{
	int err, fd;

	fd = endpoint_connect_start(addr, len);
	if (fd < 0)
		return fd;
	err = wait_connected(fd, timeout_ms);
	if (!err)
		return fd;
	close(fd);
	return err;
}

void endpoint_explain(const char *text, int err)
{
	message("cannot connect to %s: %s", text, strerror(-err));
	if (err == -ECONNREFUSED || err == -ENOENT)
		remedy("is fpgabuf-recv (or another receiver) listening there?");
	else if (err == -ETIMEDOUT)
		remedy("check the address and firewalls, or use --timeout");
	else if (err == -ENETUNREACH || err == -EHOSTUNREACH)
		remedy("is the network up? see `ip route get ADDRESS`");
	else if (err == -EAGAIN)
		remedy("the receiver does not accept connections at the moment; try again");
}

static int connect_host(const struct endpoint *endpoint, int timeout_ms,
			int *result)
{
	struct addrinfo *list, *ai;
	int fd = -EADDRNOTAVAIL;

	list = resolve(endpoint, 0);
	if (!list)
		return -1;
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = connect_address(ai->ai_addr, ai->ai_addrlen, timeout_ms);
	freeaddrinfo(list);
	*result = fd;
	return 0;
}

int endpoint_connect(const struct endpoint *endpoint, int timeout_ms)
{
	struct sockaddr_un addr = unix_address(endpoint);
	char text[ENDPOINT_TEXT_SIZE];
	int fd;

	if (*endpoint->path)
		fd = connect_address((struct sockaddr *)&addr, sizeof(addr),
				     timeout_ms);
	else if (connect_host(endpoint, timeout_ms, &fd))
		return -1;
	if (fd >= 0)
		return fd;
	endpoint_text(endpoint, text);
	endpoint_explain(text, fd);
	return -1;
}

static int listen_address(const struct sockaddr *addr, socklen_t len)
{
	int one = 1;
	int err, fd;

	fd = open_socket(addr->sa_family);
	if (fd < 0)
		return fd;
	/* Otherwise the port of the last run is taken for a minute. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(fd, addr, len) && !listen(fd, SOMAXCONN))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int listen_host(const struct endpoint *endpoint, int *result)
{
	struct addrinfo *list, *ai;
	int fd = -EADDRNOTAVAIL;

	list = resolve(endpoint, AI_PASSIVE);
	if (!list)
		return -1;
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = listen_address(ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(list);
	*result = fd;
	return 0;
}

static void explain_listen(const struct endpoint *endpoint, int err)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, text);
	message("cannot listen at %s: %s", text, strerror(-err));
	if (err == -EADDRINUSE && *endpoint->path)
		remedy("if no program listens there any more, remove the file");
	else if (err == -EADDRINUSE)
		remedy("choose another port; 0 takes any free one");
	else if (err == -EACCES && !*endpoint->path)
		remedy("ports below 1024 need CAP_NET_BIND_SERVICE");
}

int endpoint_listen(const struct endpoint *endpoint)
{
	struct sockaddr_un addr = unix_address(endpoint);
	int fd;

	if (*endpoint->path)
		fd = listen_address((struct sockaddr *)&addr, sizeof(addr));
	else if (listen_host(endpoint, &fd))
		return -1;
	if (fd >= 0)
		return fd;
	explain_listen(endpoint, fd);
	return -1;
}

/* The path may fill all of its room, without a NUL. */
static void unix_name(const struct sockaddr *addr, socklen_t len,
		      char name[ENDPOINT_NAME_SIZE])
{
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un un = { 0 };

	memcpy(&un, addr, len < sizeof(un) ? len : sizeof(un));
	snprintf(name, ENDPOINT_NAME_SIZE, UNIX_PREFIX "%.*s",
		 (int)(len > offset ? len - offset : 0), un.sun_path);
}

void endpoint_name(const struct sockaddr *addr, socklen_t len,
		   char name[ENDPOINT_NAME_SIZE])
{
	bool v6 = addr->sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE];
	char port[6];

	if (addr->sa_family == AF_UNIX) {
		unix_name(addr, len, name);
		return;
	}
	if (getnameinfo(addr, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV)) {
		snprintf(name, ENDPOINT_NAME_SIZE, "unknown");
		return;
	}
	snprintf(name, ENDPOINT_NAME_SIZE, v6 ? "[%s]:%s" : "%s:%s", host,
		 port);
}
