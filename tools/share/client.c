// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "share/client.h"

/* A client that connects and sends nothing must not keep others out. */
#define HANDSHAKE_NS	(5 * NS_PER_SEC)

struct client *client_new(int fd, const struct ucred *peer,
			  unsigned int regions)
{
	struct client *new = calloc(1, sizeof(*new));
	bool *held = calloc(regions, sizeof(*held));

	if (!new || !held) {
		free(new);
		free(held);
		return NULL;
	}
	new->fd = fd;
	new->held = held;
	new->deadline_ns = clock_ns() + HANDSHAKE_NS;
	snprintf(new->name, sizeof(new->name), "client of process %d, user %u",
		 peer->pid, peer->uid);
	return new;
}

void client_free(struct client *client)
{
	close(client->fd);
	free(client->held);
	free(client);
}

/*
 * There is no room for control data, so the kernel closes descriptors that a client
 * sends.
 */
int client_receive(const struct client *client,
		   struct fpgabuf_wire_message *message)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(client->fd, &msg, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return -errno;
	/* An empty message looks the same, and is invalid as well. */
	if (n == 0)
		return -ECONNRESET;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	return fpgabuf_wire_decode(data, n, message) ? -EPROTO : 1;
}

static ssize_t send_raw(int sock, const struct fpgabuf_wire_message *message,
			int fd)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct iovec iov = {
		.iov_base = data,
		.iov_len = fpgabuf_wire_encode(message, data),
	};
	union {
		struct cmsghdr head;
		char data[CMSG_SPACE(sizeof(int))];
	} control = {
		.head = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	return sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int client_send(const struct client *client,
		const struct fpgabuf_wire_message *message, int fd)
{
	return send_raw(client->fd, message, fd) < 0 ? -errno : 0;
}

void client_send_end(int fd, enum fpgabuf_wire_reason reason)
{
	const struct fpgabuf_wire_message message = {
		.type = FPGABUF_WIRE_END,
		.end = { .reason = reason },
	};

	send_raw(fd, &message, -1);
}
