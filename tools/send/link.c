// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "send/link.h"

/* Probes that may stay without an answer. */
#define KEEPALIVE_PROBES	3

static void set_option(int sock, int level, int option, int value)
{
	/* Only TCP knows them, and it takes all values that get here. */
	setsockopt(sock, level, option, &value, sizeof(value));
}

static void configure(int sock, const struct send_options *o)
{
	set_option(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, o->timeout_ms);
	if (!o->keepalive_s)
		return;
	set_option(sock, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(sock, IPPROTO_TCP, TCP_KEEPIDLE, o->keepalive_s);
	set_option(sock, IPPROTO_TCP, TCP_KEEPINTVL, o->keepalive_s);
	set_option(sock, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

int link_connect(const struct endpoint *peer, const struct send_options *o)
{
	int sock = endpoint_connect(peer, o->timeout_ms);

	if (sock >= 0)
		configure(sock, o);
	return sock;
}

/* A socket for datagrams has no handshake. */
static int way_obstacle(const struct address *address, char *text, size_t size)
{
	const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
	int err = 0, sock = socket(addr->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return -errno;
	if (connect(sock, addr, address->len) < 0)
		err = -errno;
	else
		fpgabuf_sender_obstacle_of(sock, text, size);
	close(sock);
	return err;
}

int link_obstacle(const struct endpoint *peer, char *text, size_t size)
{
	struct addresses addresses;
	int err = resolve(peer, false, &addresses);
	unsigned int i;

	if (err)
		return err;
	err = -EADDRNOTAVAIL;
	for (i = 0; i < addresses.count && err; i++)
		err = way_obstacle(&addresses.list[i], text, size);
	return err;
}

int link_reconnect(const struct address *address, const struct send_options *o)
{
	int sock = endpoint_connect_start(address);

	if (sock >= 0)
		configure(sock, o);
	return sock;
}

void link_name(int sock, char name[ENDPOINT_NAME_SIZE])
{
	struct address peer = { .len = sizeof(peer.addr) };

	if (!getpeername(sock, (struct sockaddr *)&peer.addr, &peer.len))
		endpoint_name((struct sockaddr *)&peer.addr, peer.len, name);
}

int link_error(int sock)
{
	socklen_t len = sizeof(int);
	int err;

	if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

int link_unacknowledged(int sock)
{
	int bytes;

	return ioctl(sock, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

static void understand(struct link_inbox *inbox)
{
	inbox->have = 0;
	if (fpgabuf_frame_decode_receipt(inbox->bytes, &inbox->receipt))
		inbox->other = true;
	else
		inbox->answered = true;
}

void link_got(struct link_inbox *inbox, size_t n)
{
	if (!inbox->other)
		inbox->have += n;
	if (inbox->have == FPGABUF_FRAME_RECEIPT_SIZE)
		understand(inbox);
}

int link_closed(int sock, struct link_inbox *inbox)
{
	ssize_t n;

	do {
		n = recv(sock, inbox->bytes + inbox->have,
			 FPGABUF_FRAME_RECEIPT_SIZE - inbox->have, MSG_DONTWAIT);
		if (n <= 0)
			break;
		link_got(inbox, n);
	} while (n > 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return 1;
}

void link_reset(int sock)
{
	const struct linger reset = { .l_onoff = 1 };

	setsockopt(sock, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(sock);
}
