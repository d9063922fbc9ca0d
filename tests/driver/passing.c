// SPDX-License-Identifier: GPL-2.0-only
/* A descriptor, on its way to another process. */
#include <string.h>
#include <sys/socket.h>

#include "bed.h"

/* With it go @size bytes, at least one. */
void fd_pass(int sock, int fd, const void *data, size_t size)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	REQUIRE(sendmsg(sock, &msg, MSG_NOSIGNAL), size);
}

/* Returns -1 when there is no more. */
int fd_take(int sock, void *data, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { data, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	int fd;

	if (!got)
		return -1;
	REQUIRE(got, size);
	REQUIRE(!CMSG_FIRSTHDR(&msg), false);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}
