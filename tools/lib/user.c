// SPDX-License-Identifier: LGPL-2.1-or-later
/* The program's side of fpgabuf-user: a thin layer over reads and writes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fpgabuf/user.h>

#include "internal.h"

/* @message: what is being said, with the data behind it, as one write takes it */
struct fpgabuf_user {
	int fd;
	struct {
		struct fpgabuf_user_command command;
		char data[FPGABUF_USER_MAX_DATA];
	} message;
};

int fpgabuf_user_open(const char *path, int flags, struct fpgabuf_user **user)
{
	struct fpgabuf_user *new;
	int err = 0;

	if (flags & ~O_NONBLOCK)
		return -EINVAL;
	new = malloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = open(path ? path : FPGABUF_DEFAULT_USER,
		       O_RDWR | O_CLOEXEC | flags);
	if (new->fd < 0) {
		err = -errno;
		free(new);
		return err;
	}
	*user = new;
	return 0;
}

void fpgabuf_user_close(struct fpgabuf_user *user)
{
	if (!user)
		return;
	close(user->fd);
	free(user);
}

int fpgabuf_user_fd(const struct fpgabuf_user *user)
{
	return user->fd;
}

int fpgabuf_user_next(struct fpgabuf_user *user,
		      struct fpgabuf_user_event *event)
{
	struct fpgabuf_user_event new;
	ssize_t n = read(user->fd, &new, sizeof(new));

	if (n < 0)
		return -errno;
	if (n != sizeof(new))
		return -EIO;
	*event = new;
	return 0;
}

/* @size: bytes of data behind the command */
static int say_with(struct fpgabuf_user *user,
		    const struct fpgabuf_user_command *command, size_t size)
{
	size_t all = sizeof(*command) + size;
	ssize_t n;

	user->message.command = *command;
	do {
		n = write(user->fd, &user->message, all);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == all ? 0 : -EIO;
}

static int say(struct fpgabuf_user *user,
	       const struct fpgabuf_user_command *command)
{
	return say_with(user, command, 0);
}

int fpgabuf_user_hello(struct fpgabuf_user *user, uint32_t depth,
		       uint32_t flags)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_HELLO,
		.flags = flags,
		.value = depth,
	};

	return say(user, &command);
}

int fpgabuf_user_done(struct fpgabuf_user *user, uint64_t id, uint32_t bytes,
		      int error)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_DONE,
		.id = id,
		.value = bytes,
		.result = error,
	};

	return say(user, &command);
}

int fpgabuf_user_progress(struct fpgabuf_user *user, uint64_t id,
			  uint32_t bytes)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_PROGRESS,
		.id = id,
		.value = bytes,
	};

	return say(user, &command);
}

int fpgabuf_user_quiet(struct fpgabuf_user *user)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_QUIET,
	};

	return say(user, &command);
}

int fpgabuf_user_data(struct fpgabuf_user *user, uint64_t id, uint32_t offset,
		      const void *data, size_t size)
{
	struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_DATA,
		.id = id,
		.value = offset,
	};
	const char *from = data;
	size_t part;
	int err;

	if (!size || size > UINT32_MAX - offset)
		return -EINVAL;
	for (err = 0; size && !err; size -= part) {
		part = size < FPGABUF_USER_MAX_DATA ? size :
						      FPGABUF_USER_MAX_DATA;
		memcpy(user->message.data, from, part);
		err = say_with(user, &command, part);
		command.value += part;
		from += part;
	}
	return err;
}
