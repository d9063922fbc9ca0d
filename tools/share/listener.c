// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/message.h"
#include "common/size.h"
#include "share/listener.h"

/* The first descriptor that systemd passes, see sd_listen_fds(3) */
#define PASSED_FD	3

static int option_of(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

static uint64_t number_from(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t number = 0;

	if (text)
		parse_number(text, 0, INT_MAX, &number);
	return number;
}

static int take_passed(struct listener *l)
{
	if (number_from("LISTEN_PID") != (uint64_t)getpid() ||
	    number_from("LISTEN_FDS") != 1 ||
	    option_of(PASSED_FD, SO_DOMAIN) != AF_UNIX ||
	    option_of(PASSED_FD, SO_TYPE) != SOCK_SEQPACKET ||
	    option_of(PASSED_FD, SO_ACCEPTCONN) != 1) {
		message("this process was not passed one listening Unix socket of type SEQPACKET");
		remedy("the socket unit needs ListenSequentialPacket= and Accept=no");
		return EXIT_FAILED;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	fcntl(PASSED_FD, F_SETFD, FD_CLOEXEC);
	fcntl(PASSED_FD, F_SETFL, O_NONBLOCK);
	l->fd = PASSED_FD;
	return 0;
}

static int explain_listen(const char *path, int err)
{
	message("cannot listen at %s: %s", path, strerror(-err));
	if (err == -EADDRINUSE)
		remedy("another server listens there, or the path is not a socket; choose another path");
	else if (err == -ENOENT)
		remedy("make the directory first");
	else if (err == -EACCES)
		remedy("choose a directory that this user may write to");
	else if (err == -EPERM)
		remedy("this user must be a member of the --group");
	else if (err == -ENAMETOOLONG)
		remedy("the path of a socket can have %zu bytes; use a shorter one",
		       sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	return EXIT_FAILED;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

/* Removes the socket that a server has left behind after a crash. */
static bool remove_stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	bool stale;

	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
		errno == ECONNREFUSED;
	close(fd);
	return stale && is_socket(addr->sun_path) && !unlink(addr->sun_path);
}

/* Sets group and mode before clients can connect. */
static int bind_private(int fd, const struct sockaddr_un *addr)
{
	mode_t mask = umask(0777);
	int err = 0;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		err = -errno;
	umask(mask);
	return err;
}

/* Where others may write, something else may have taken its place: no link. */
static int set_rights(const char *path, const struct share_options *o)
{
	if (o->rights.has_group &&
	    fchownat(AT_FDCWD, path, -1, o->rights.group, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (fchmodat(AT_FDCWD, path, o->mode, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return 0;
}

static int bind_and_listen(int fd, const struct sockaddr_un *addr,
			   const struct share_options *o)
{
	int err = bind_private(fd, addr);

	if (err == -EADDRINUSE && remove_stale(addr))
		err = bind_private(fd, addr);
	if (err)
		return err;
	err = set_rights(addr->sun_path, o);
	if (!err && listen(fd, SOMAXCONN))
		err = -errno;
	if (err)
		unlink(addr->sun_path);
	return err;
}

static int make_socket(struct listener *l, const struct share_options *o)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err, fd;

	if (!*o->path || strlen(o->path) >= sizeof(addr.sun_path))
		return explain_listen(o->path, *o->path ? -ENAMETOOLONG :
							  -EINVAL);
	strcpy(addr.sun_path, o->path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return explain_listen(o->path, -errno);
	err = bind_and_listen(fd, &addr, o);
	if (err) {
		close(fd);
		return explain_listen(o->path, err);
	}
	l->fd = fd;
	l->path = o->path;
	return 0;
}

int listener_open(struct listener *listener,
		  const struct share_options *options)
{
	*listener = (struct listener){ .fd = -1 };
	return options->path ? make_socket(listener, options) :
			       take_passed(listener);
}

void listener_close(struct listener *listener)
{
	if (listener->path)
		unlink(listener->path);
	close(listener->fd);
}

int listener_accept(const struct listener *listener, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);
	int err, fd;

	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool has_group(int fd, gid_t group)
{
	socklen_t len = NGROUPS_MAX * sizeof(gid_t);
	gid_t *groups = malloc(len);
	bool found = false;
	size_t i;

	if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		for (i = 0; i < len / sizeof(gid_t); i++)
			found |= groups[i] == group;
	free(groups);
	return found;
}

bool rights_allow(const struct share_rights *rights, int fd,
		  const struct ucred *peer)
{
	unsigned int i;

	if (!rights->user_count && !rights->has_group)
		return true;
	if (peer->uid == geteuid())
		return true;
	for (i = 0; i < rights->user_count; i++)
		if (rights->users[i] == peer->uid)
			return true;
	return rights->has_group && (peer->gid == rights->group ||
				     has_group(fd, rights->group));
}
