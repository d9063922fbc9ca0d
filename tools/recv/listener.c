// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/message.h"
#include "recv/listener.h"

/* How often to look for a reader of the FIFO; there is no event for it. */
#define READER_MS		100

/* Probes that may stay without an answer. */
#define KEEPALIVE_PROBES	3

static int local_port(int sock)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(sock, &addr.any, &len) < 0)
		return -errno;
	/* The port stands at the same place in both. */
	return ntohs(addr.v4.sin_port);
}

static int port_of(const struct listener *l)
{
	if (l->rdma.id)
		return by_rdma_port(&l->rdma);
	return local_port(l->fd);
}

static int write_number(const char *path, int number)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	fprintf(f, "%d\n", number);
	if (ferror(f))
		err = -EIO;
	if (fclose(f))
		err = -errno;
	return err;
}

/* The file never has a part of the number only. */
static int replace_by_number(const char *path, int number)
{
	char temp[4096];
	int err;

	if (snprintf(temp, sizeof(temp), "%s.%d", path, getpid()) >=
	    (int)sizeof(temp))
		return -ENAMETOOLONG;
	err = write_number(temp, number);
	if (!err && rename(temp, path) < 0) {
		err = -errno;
		unlink(temp);
	}
	return err;
}

/* False if a signal came before. */
static bool pause_for_reader(int sigfd)
{
	struct pollfd p = { .fd = sigfd, .events = POLLIN };

	return poll(&p, 1, READER_MS) <= 0;
}

/* It may take a while until somebody reads it. */
static int write_to_reader(const char *path, int number, int sigfd)
{
	int fd;

	do {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	} while (fd < 0 && errno == ENXIO && pause_for_reader(sigfd));
	if (fd < 0)
		return errno == ENXIO ? -EINTR : -errno;
	if (dprintf(fd, "%d\n", number) < 0) {
		number = -errno;
		close(fd);
		return number;
	}
	return close(fd) < 0 ? -errno : 0;
}

static int write_port_file(const char *path, int port, int sigfd)
{
	struct stat st;
	int err;

	/* A FIFO, or a device, is not to be replaced by a file. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		err = write_to_reader(path, port, sigfd);
	else
		err = replace_by_number(path, port);
	if (err)
		message("cannot write %s: %s", path, strerror(-err));
	return err;
}

static int announce_port(const struct listener *l, const struct recv_options *o,
			 int sigfd)
{
	int port = port_of(l);

	if (port < 0) {
		message("cannot find out the port: %s", strerror(-port));
		return port;
	}
	if (o->port_file && write_port_file(o->port_file, port, sigfd))
		return -1;
	if (o->quiet)
		return 0;
	inform("listening at %s port %d", o->listen.host, port);
	if (o->port_alone)
		remedy("only this machine can connect; for other machines use [::]:%d or 0.0.0.0:%d",
		       port, port);
	return 0;
}

/*
 * Nobody listens there any more.  A socket of another type tells that without
 * being taken for a peer.
 */
static bool is_stale(const struct endpoint *endpoint)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool stale = false;

	if (fd < 0)
		return false;
	memcpy(addr.sun_path, endpoint->path, sizeof(addr.sun_path));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		stale = errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* Removes the socket of a program that was killed. */
static void remove_stale(const struct endpoint *endpoint)
{
	struct stat st;

	if (!lstat(endpoint->path, &st) && S_ISSOCK(st.st_mode) &&
	    is_stale(endpoint))
		unlink(endpoint->path);
}

int listener_announce(const struct listener *l, const struct recv_options *o,
		      int sigfd)
{
	if (!l->path)
		return announce_port(l, o, sigfd);
	if (!o->quiet)
		inform("listening at unix:%s", l->path);
	return 0;
}

static int open_rdma(struct listener *l, const struct recv_options *o)
{
	*l = (struct listener){ 0 };
	l->fd = by_rdma_listen(&l->rdma, &o->listen);
	return l->fd < 0 ? -1 : 0;
}

int listener_open(struct listener *l, const struct recv_options *o)
{
	const char *path = *o->listen.path ? o->listen.path : NULL;

	if (o->rdma)
		return open_rdma(l, o);
	if (path)
		remove_stale(&o->listen);
	*l = (struct listener){ .fd = endpoint_listen(&o->listen) };
	if (l->fd < 0)
		return -1;
	l->path = path;
	return 0;
}

void listener_close(struct listener *l)
{
	if (l->rdma.id)
		l->fd = -1;
	by_rdma_close(&l->rdma);
	if (l->fd >= 0)
		close(l->fd);
	if (l->path)
		unlink(l->path);
	*l = (struct listener){ .fd = -1 };
}

/* At the other end of a Unix socket is a process, not an address. */
static void name_peer(int sock, char peer[ENDPOINT_NAME_SIZE])
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		snprintf(peer, ENDPOINT_NAME_SIZE, "unix");
	else
		snprintf(peer, ENDPOINT_NAME_SIZE, "process %d", cred.pid);
}

static void set_option(int sock, int level, int option, int value)
{
	/* It takes all values that get here. */
	setsockopt(sock, level, option, &value, sizeof(value));
}

/* A board that has lost its power would keep its connection for ever. */
static void keep_alive(int sock, int seconds)
{
	if (!seconds)
		return;
	set_option(sock, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(sock, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
	set_option(sock, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
	set_option(sock, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

int listener_accept(const struct listener *l, const struct recv_options *o,
		    struct inlet *inlet, char peer[ENDPOINT_NAME_SIZE])
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int sock;

	if (l->rdma.id)
		return by_rdma_accept(&l->rdma, o->keepalive_s, inlet, peer);
	sock = accept4(l->fd, (struct sockaddr *)&addr, &len,
		       SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (sock < 0)
		return -errno;
	if (l->path) {
		name_peer(sock, peer);
	} else {
		endpoint_name((struct sockaddr *)&addr, len, peer);
		keep_alive(sock, o->keepalive_s);
	}
	*inlet = (struct inlet){ .kind = &inlet_socket, .fd = sock };
	return 0;
}

bool listener_goes_on(int err)
{
	return err != -EBADF && err != -EFAULT && err != -EINVAL &&
	       err != -ENOTSOCK;
}
