// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The client of fpgabuf-share: regions by SCM_RIGHTS, captures by message
 *
 * The client does not trust the server's messages: the server could be any process
 * that was first to make the socket.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/internal.h"
#include "lib/wire.h"

#define CONNECT_TIMEOUT_MS	10000

/**
 * struct fpgabuf_client - a connection to a server
 * @fd: the socket
 * @wait: fpgabuf_client_next() waits
 * @geometry: what the server shares
 * @regions: regions that have arrived; the others are NULL
 * @arrived: how many have arrived
 * @held: by region, whether the client holds a capture there
 * @error: what ended the client, or 0
 */
struct fpgabuf_client {
	int fd;
	bool wait;
	struct fpgabuf_client_geometry geometry;
	struct fpgabuf_region **regions;
	uint32_t arrived;
	bool *held;
	int error;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Waits until it can read or send, or until @deadline. */
static int wait_until(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - now_ms();
		n = poll(&p, 1, left > 0 ? left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

static int errno_of(uint32_t reason)
{
	switch (reason) {
	case FPGABUF_WIRE_SHUTDOWN:
		return -ESHUTDOWN;
	case FPGABUF_WIRE_GONE:
		return -ENODEV;
	case FPGABUF_WIRE_FAILED:
		return -EIO;
	case FPGABUF_WIRE_FORBIDDEN:
		return -EACCES;
	case FPGABUF_WIRE_FULL:
		return -EUSERS;
	case FPGABUF_WIRE_OTHER_VERSION:
		return -EPROTONOSUPPORT;
	case FPGABUF_WIRE_LATE:
		return -ETIMEDOUT;
	default:
		return -EPROTO;
	}
}

/* The descriptor in a control message, or -1; any others are closed. */
static int take_fd(struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int fd = -1, other;
	size_t i;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= cmsg->cmsg_len;
		     i++) {
			memcpy(&other, CMSG_DATA(cmsg) + i * sizeof(int),
			       sizeof(int));
			if (fd < 0)
				fd = other;
			else
				close(other);
		}
	}
	return fd;
}

/*
 * If the server closes with unread data, the first receive returns ECONNRESET,
 * although its earlier messages can still be read.
 */
static ssize_t receive_raw(int fd, struct msghdr *msg, int flags)
{
	ssize_t n;

	n = recvmsg(fd, msg, MSG_CMSG_CLOEXEC | flags);
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(fd, msg, MSG_CMSG_CLOEXEC | flags);
	return n < 0 ? -errno : n;
}

/*
 * Receives one message; END becomes the error that it stands for.  Only REGION may
 * come with a descriptor; then @fd is set.
 */
static int receive(int sock, int flags, struct fpgabuf_wire_message *message,
		   int *fd)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = receive_raw(sock, &msg, flags);
	int err = 0;

	*fd = -1;
	if (n <= 0)
		return n ? n : -ECONNRESET;
	*fd = take_fd(&msg);
	if (msg.msg_flags & MSG_TRUNC ||
	    fpgabuf_wire_decode(data, n, message))
		err = -EPROTO;
	else if (message->type == FPGABUF_WIRE_END)
		err = errno_of(message->end.reason);
	else if (message->type == FPGABUF_WIRE_REGION)
		err = *fd >= 0 ? 0 :
		      msg.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
	else if (*fd >= 0)
		err = -EPROTO;
	if (err && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return err;
}

static int send_message(int sock, const struct fpgabuf_wire_message *message)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	size_t len = fpgabuf_wire_encode(message, data);

	if (send(sock, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/*
 * If the server does not accept, and other clients wait, connect() blocks.  With a
 * deadline of 0 it does not.
 */
static int try_connect(int fd, const struct sockaddr_un *addr,
		       int64_t deadline)
{
	struct timeval patience = { .tv_sec = CONNECT_TIMEOUT_MS / 1000 };
	int err;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	do {
		err = 0;
		if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
			err = -errno;
	} while (err == -EINTR && now_ms() < deadline);
	/* The error of a connect() whose time is over */
	if (deadline)
		return err == -EAGAIN ? -ETIMEDOUT : err;
	if (!err && fcntl(fd, F_SETFL, 0))
		err = -errno;
	return err;
}

static int connect_socket(const char *path, int64_t deadline)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, deadline ? type : type | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = try_connect(fd, &addr, deadline);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* If the server refused us before it read this, its END says why. */
static int say_hello(struct fpgabuf_client *client, uint32_t credits)
{
	const struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = {
			.oldest = FPGABUF_WIRE_VERSION,
			.newest = FPGABUF_WIRE_VERSION,
			.credits = credits,
		},
	};
	int err = send_message(client->fd, &hello);

	return err == -EPIPE || err == -ECONNRESET ? 0 : err;
}

static int set_geometry(struct fpgabuf_client *client,
			const struct fpgabuf_wire_welcome *welcome)
{
	if (welcome->version != FPGABUF_WIRE_VERSION)
		return -EPROTO;
	client->regions = calloc(welcome->regions, sizeof(*client->regions));
	client->held = calloc(welcome->regions, sizeof(*client->held));
	if (!client->regions || !client->held)
		return -ENOMEM;
	client->geometry = (struct fpgabuf_client_geometry){
		.regions = welcome->regions,
		.credits = welcome->credits,
		.region_size = welcome->region_size,
		.alignment = welcome->alignment,
	};
	memcpy(client->geometry.device, welcome->device,
	       sizeof(client->geometry.device));
	return 0;
}

static int check_region(const struct fpgabuf_client *client,
			const struct fpgabuf_wire_region *region)
{
	if (region->index >= client->geometry.regions ||
	    region->size != client->geometry.region_size ||
	    client->regions[region->index])
		return -EPROTO;
	return 0;
}

/* The descriptor goes to the region, or is closed. */
static int add_region(struct fpgabuf_client *client,
		      const struct fpgabuf_wire_region *wire, int fd)
{
	struct fpgabuf_region *region;
	int err;

	err = check_region(client, wire);
	if (!err)
		err = fpgabuf_region_import(fd, &region);
	if (err) {
		close(fd);
		return err == -ENOTTY ? -EPROTO : err;
	}
	client->regions[wire->index] = region;
	return fpgabuf_region_size(region) == wire->size ? 0 : -EPROTO;
}

static bool is_complete(const struct fpgabuf_client *client)
{
	return client->regions && client->arrived == client->geometry.regions;
}

/* Handles the first messages: the geometry, and then the regions. */
static int take_greeting(struct fpgabuf_client *client)
{
	struct fpgabuf_wire_message message;
	int err, fd;

	err = receive(client->fd, MSG_DONTWAIT, &message, &fd);
	if (err)
		return err;
	if (client->regions && message.type == FPGABUF_WIRE_REGION) {
		err = add_region(client, &message.region, fd);
		client->arrived += !err;
		return err;
	}
	if (fd >= 0)
		close(fd);
	if (client->regions || message.type != FPGABUF_WIRE_WELCOME)
		return -EPROTO;
	return set_geometry(client, &message.welcome);
}

/* Waits for the greeting to be complete. */
static int shake_hands(struct fpgabuf_client *client, int64_t deadline)
{
	int err;

	while ((err = fpgabuf_client_connect_finish(client)) == -EAGAIN) {
		err = wait_until(client->fd, POLLIN, deadline);
		if (err)
			break;
	}
	return err;
}

/* With a deadline of 0 it does not wait */
static int client_start(const char *path, unsigned int credits, int flags,
			int64_t deadline, struct fpgabuf_client **client)
{
	struct fpgabuf_client *new;
	int err;

	if (flags & ~O_NONBLOCK)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->wait = !(flags & O_NONBLOCK);
	new->fd = connect_socket(path ? path : FPGABUF_DEFAULT_SHARE,
				 deadline);
	if (new->fd < 0) {
		err = new->fd;
		free(new);
		return err;
	}
	err = say_hello(new, credits);
	if (err)
		fpgabuf_client_close(new);
	else
		*client = new;
	return err;
}

int fpgabuf_client_connect(const char *path, unsigned int credits, int flags,
			   struct fpgabuf_client **client)
{
	int64_t deadline = now_ms() + CONNECT_TIMEOUT_MS;
	struct fpgabuf_client *new;
	int err;

	err = client_start(path, credits, flags, deadline, &new);
	if (err)
		return err;
	err = shake_hands(new, deadline);
	if (err)
		fpgabuf_client_close(new);
	else
		*client = new;
	return err;
}

int fpgabuf_client_connect_start(const char *path, unsigned int credits,
				 int flags, struct fpgabuf_client **client)
{
	return client_start(path, credits, flags, 0, client);
}

int fpgabuf_client_connect_finish(struct fpgabuf_client *client)
{
	int err = client->error;

	while (!err && !is_complete(client)) {
		err = take_greeting(client);
		if (err == -EINTR)
			err = 0;
	}
	if (err != -EAGAIN)
		client->error = err;
	return err;
}

void fpgabuf_client_close(struct fpgabuf_client *client)
{
	uint32_t i;

	if (!client)
		return;
	if (client->regions)
		for (i = 0; i < client->geometry.regions; i++)
			fpgabuf_region_close(client->regions[i]);
	free(client->regions);
	free(client->held);
	close(client->fd);
	free(client);
}

int fpgabuf_client_fd(const struct fpgabuf_client *client)
{
	return client->fd;
}

void fpgabuf_client_geometry(const struct fpgabuf_client *client,
			     struct fpgabuf_client_geometry *geometry)
{
	*geometry = client->geometry;
}

struct fpgabuf_region *
fpgabuf_client_region(const struct fpgabuf_client *client, uint32_t index)
{
	return index < client->geometry.regions ? client->regions[index] :
						  NULL;
}

static int take_capture(struct fpgabuf_client *client,
			const struct fpgabuf_wire_capture *wire,
			struct fpgabuf_shared_capture *capture)
{
	if (wire->index >= client->geometry.regions ||
	    wire->bytes > client->geometry.region_size ||
	    client->held[wire->index])
		return -EPROTO;
	client->held[wire->index] = true;
	*capture = (struct fpgabuf_shared_capture){
		.index = wire->index,
		.flags = wire->flags,
		.error = wire->error,
		.bytes = wire->bytes,
		.sequence = wire->sequence,
		.timestamp_ns = wire->timestamp_ns,
		.missed = wire->missed,
	};
	return 0;
}

int fpgabuf_client_next(struct fpgabuf_client *client,
			struct fpgabuf_shared_capture *capture)
{
	struct fpgabuf_wire_message message;
	int err, fd;

	if (client->error)
		return client->error;
	if (!is_complete(client))
		return -ENOTCONN;
	err = receive(client->fd, client->wait ? 0 : MSG_DONTWAIT, &message,
		      &fd);
	if (err == -EAGAIN || err == -EINTR)
		return err;
	if (fd >= 0)
		close(fd);
	if (!err)
		err = message.type == FPGABUF_WIRE_CAPTURE ?
		      take_capture(client, &message.capture, capture) :
		      -EPROTO;
	client->error = err;
	return err;
}

bool fpgabuf_client_holds(const struct fpgabuf_client *client, uint32_t index)
{
	return index < client->geometry.regions && client->held[index];
}

int fpgabuf_client_release(struct fpgabuf_client *client, uint32_t index)
{
	const struct fpgabuf_wire_message release = {
		.type = FPGABUF_WIRE_RELEASE,
		.release = { .index = index },
	};
	int err;

	if (!fpgabuf_client_holds(client, index))
		return -EINVAL;
	err = send_message(client->fd, &release);
	if (err == -ECONNRESET)
		err = -EPIPE;
	if (!err)
		client->held[index] = false;
	return err;
}

const char *fpgabuf_client_strerror(int error)
{
	switch (error) {
	case -EACCES:
		return "the socket or the server does not admit this user";
	case -EUSERS:
		return "the server has no place or no credit for another client";
	case -EPROTONOSUPPORT:
		return "the server speaks other versions of the protocol";
	case -EPROTO:
		return "an invalid message came; is this an fpgabuf-share?";
	case -ENODEV:
		return "the shared device has gone";
	case -ESHUTDOWN:
		return "the server was told to end";
	case -ECONNRESET:
	case -EPIPE:
		return "the server has ended without giving a reason";
	case -EIO:
		return "the server can no longer capture";
	case -ETIMEDOUT:
		return "the server does not answer";
	case -ENOENT:
	case -ECONNREFUSED:
		return "no server listens there";
	case -EMFILE:
		return "this process has no descriptors left for the regions";
	default:
		return NULL;
	}
}
