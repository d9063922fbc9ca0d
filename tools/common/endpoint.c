// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
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
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/message.h"
#include "common/resolve.h"
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

/* A host with a colon, or called "unix", gets brackets. */
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

bool endpoint_lacks_scope(const struct endpoint *endpoint)
{
	struct in6_addr addr;

	return inet_pton(AF_INET6, endpoint->host, &addr) == 1 &&
	       IN6_IS_ADDR_LINKLOCAL(&addr);
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

int endpoint_connect_start(const struct address *address)
{
	const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
	int err, fd;

	fd = open_socket(addr->sa_family);
	if (fd < 0 || !connect(fd, addr, address->len) ||
	    errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int connect_address(const struct address *address, int timeout_ms)
{
	int err, fd;

	fd = endpoint_connect_start(address);
	if (fd < 0)
		return fd;
	err = wait_connected(fd, timeout_ms);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* fpgabuf-recv with only a port listens for its own machine. */
static void explain_refused(const struct endpoint *endpoint)
{
	if (*endpoint->path)
		remedy("is fpgabuf-recv (or another receiver) listening there?");
	else
		remedy("is fpgabuf-recv (or another receiver) listening there?  For other machines start it with [::]:%s or 0.0.0.0:%s, not with %s alone",
		       endpoint->port, endpoint->port, endpoint->port);
}

static void explain_name(const struct endpoint *endpoint)
{
	const char *scope = strchr(endpoint->host, '%');

	if (scope)
		remedy("is %s an interface of this machine?  `ip link` shows them",
		       scope + 1);
	else
		remedy("check the name (`getent hosts %s`), or use an address",
		       endpoint->host);
}

void endpoint_explain(const struct endpoint *endpoint, int err)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, text);
	if (is_resolve_error(err)) {
		message("cannot resolve %s: %s", endpoint->host,
			resolve_strerror(err));
		explain_name(endpoint);
		return;
	}
	message("cannot connect to %s: %s", text, strerror(-err));
	if (err == -ECONNREFUSED || err == -ENOENT)
		explain_refused(endpoint);
	else if (err == -ETIMEDOUT)
		remedy("check the address and firewalls, or use --timeout");
	else if (err == -ENETUNREACH || err == -EHOSTUNREACH)
		remedy("is the network up? see `ip route get ADDRESS`");
	else if (err == -EAGAIN)
		remedy("the receiver does not accept connections at the moment; try again");
}

int endpoint_connect(const struct endpoint *endpoint, int timeout_ms)
{
	struct addresses addresses;
	unsigned int i;
	int fd;

	fd = resolve(endpoint, false, &addresses);
	if (fd)
		return fd;
	fd = -EADDRNOTAVAIL;
	for (i = 0; i < addresses.count && fd < 0; i++)
		fd = connect_address(&addresses.list[i], timeout_ms);
	return fd;
}

static int listen_address(const struct address *address)
{
	const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
	int one = 1;
	int err, fd;

	fd = open_socket(addr->sa_family);
	if (fd < 0)
		return fd;
	/* Otherwise the port of the last run is taken for a minute. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(fd, addr, address->len) && !listen(fd, SOMAXCONN))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

static void explain_path_in_use(const char *path)
{
	if (is_socket(path))
		remedy("another program listens there: choose another path");
	else
		remedy("this path exists and is not a socket: choose another path");
}

static void explain_listen(const struct endpoint *endpoint, int err)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(endpoint, text);
	message("cannot listen at %s: %s", text, resolve_strerror(err));
	if (is_resolve_error(err))
		explain_name(endpoint);
	else if (err == -EADDRINUSE && *endpoint->path)
		explain_path_in_use(endpoint->path);
	else if (err == -EADDRINUSE)
		remedy("choose another port; 0 takes any free one");
	else if (err == -EADDRNOTAVAIL)
		remedy("this machine does not have the address: `ip address` shows its addresses; 0.0.0.0 or [::] means all");
	else if (err == -EACCES && !*endpoint->path)
		remedy("ports below 1024 need CAP_NET_BIND_SERVICE");
	else if (err == -EACCES || err == -EROFS)
		remedy("choose a directory that this user may write to");
	else if (err == -ENOENT)
		remedy("make the directory first");
}

int endpoint_listen(const struct endpoint *endpoint)
{
	struct addresses addresses;
	unsigned int i;
	int fd;

	fd = resolve(endpoint, true, &addresses);
	if (!fd)
		fd = -EADDRNOTAVAIL;
	for (i = 0; i < addresses.count && fd < 0; i++)
		fd = listen_address(&addresses.list[i]);
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
