// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TCP connection that leaves through one NIC and comes in by another, which
 * lives in the namespace "peer".  Both ends are in this process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "bed.h"
#include "net.h"

#define PEER_ADDRESS	"10.77.0.2"

static int namespace_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

/* A socket stays in the namespace it was made in. */
static int peer_socket(void)
{
	int ours = namespace_open("/proc/thread-self/ns/net");
	int peers = namespace_open("/run/netns/peer");
	int fd;

	REQUIRE(setns(peers, CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(setns(ours, CLONE_NEWNET), 0);
	REQUIRE(fd < 0, false);
	close(ours);
	close(peers);
	return fd;
}

static bool link_is_up(int sock, const char *nic)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", nic);
	REQUIRE(ioctl(sock, SIOCGIFFLAGS, &request) ? -errno : 0, 0);
	return request.ifr_flags & IFF_RUNNING;
}

static void link_wait(int sock, const char *nic)
{
	int i;

	for (i = 0; i < 6000 && !link_is_up(sock, nic); i++)
		usleep(10000);
	EXPECT(i < 6000, true);
	close(sock);
}

static int peer_listen(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	/* Small, so that a peer that does not read stalls soon. */
	int size = 64 * KIB, fd = peer_socket();

	*addr = (struct sockaddr_in){ .sin_family = AF_INET };
	inet_pton(AF_INET, PEER_ADDRESS, &addr->sin_addr);
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	EXPECT(bind(fd, (struct sockaddr *)addr, sizeof(*addr)), 0);
	EXPECT(listen(fd, 1), 0);
	EXPECT(getsockname(fd, (struct sockaddr *)addr, &len), 0);
	return fd;
}

static bool peer_is_reached(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr;
	int listener = peer_listen(&addr);
	bool reached = !connect(fd, (struct sockaddr *)&addr, sizeof(addr));

	close(fd);
	close(listener);
	return reached;
}

/* A link that says that it is up may carry nothing yet. */
void net_wait_for_peer(void)
{
	int i;

	link_wait(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "eth0");
	link_wait(peer_socket(), "eth1");
	/* Each waits some seconds until nobody has answered. */
	for (i = 0; i < 20 && !peer_is_reached(); i++)
		;
	EXPECT(i < 20, true);
}

/* For another program: "address:port". */
int net_listen(char *address, size_t size)
{
	struct sockaddr_in addr;
	int fd = peer_listen(&addr);

	snprintf(address, size, PEER_ADDRESS ":%d", ntohs(addr.sin_port));
	return fd;
}

int net_accept(int listener)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	int fd;

	REQUIRE(poll(&pfd, 1, 20000), 1);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

void net_connect(int *tx, int *rx)
{
	struct sockaddr_in addr;
	int listener = peer_listen(&addr);
	int size = 16 * MIB, one = 1;

	*tx = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Room for all that a test sends to a peer that does not read. */
	EXPECT(setsockopt(*tx, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)),
	       0);
	EXPECT(setsockopt(*tx, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), 0);
	REQUIRE(connect(*tx, (struct sockaddr *)&addr, sizeof(addr)) ?
		-errno : 0, 0);
	*rx = net_accept(listener);
	close(listener);
}

ssize_t send_zerocopy(int tx, const void *mem, size_t size)
{
	ssize_t n = send(tx, mem, size, MSG_ZEROCOPY);

	return n < 0 ? -errno : n;
}

/* Read one notification; how many sends it covers, or -errno. */
static int completion_read(int tx, unsigned int *copied)
{
	char control[128];
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *err;

	if (recvmsg(tx, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -errno;
	err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	if (err->ee_origin != SO_EE_ORIGIN_ZEROCOPY || err->ee_errno)
		return -EPROTO;
	if (err->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
		*copied += err->ee_data - err->ee_info + 1;
	return err->ee_data - err->ee_info + 1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Wait for the completion of so many sends; how many came in time. */
int net_completions(int tx, unsigned int sends, unsigned int *copied,
		    int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	unsigned int done = 0;

	*copied = 0;
	while (done < sends) {
		struct pollfd pfd = { .fd = tx };
		int64_t left = end - now_ms();
		int n = completion_read(tx, copied);

		if (n > 0)
			done += n;
		else if (n != -EAGAIN)
			return n;
		else if (left <= 0 || poll(&pfd, 1, left) <= 0)
			break;
	}
	return done;
}

struct reader {
	pthread_t thread;
	int fd;
	uint8_t *data;
	size_t size;
	size_t got;
};

static void *reader_main(void *arg)
{
	struct reader *reader = arg;
	struct pollfd pfd = { .fd = reader->fd, .events = POLLIN };

	/* A sender that has failed may leave the connection open. */
	while (reader->got < reader->size && poll(&pfd, 1, 60000) == 1) {
		ssize_t n = read(reader->fd, reader->data + reader->got,
				 reader->size - reader->got);

		if (n <= 0)
			break;
		reader->got += n;
	}
	return NULL;
}

/* Read so many bytes in the background. */
struct reader *reader_start(int fd, size_t size)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	REQUIRE(!reader, false);
	reader->fd = fd;
	reader->size = size;
	reader->data = malloc(size);
	REQUIRE(!reader->data, false);
	REQUIRE(pthread_create(&reader->thread, NULL, reader_main, reader), 0);
	return reader;
}

/* The data stay the reader's. */
const void *reader_wait(struct reader *reader, size_t *size)
{
	pthread_join(reader->thread, NULL);
	*size = reader->got;
	return reader->data;
}

void reader_free(struct reader *reader)
{
	free(reader->data);
	free(reader);
}

/* The first bytes of the pattern, sent to a peer that does not read. */
struct stalled stalled_send(int dev, size_t size)
{
	struct stalled st = { .dev = dev, .size = size };
	unsigned int copied;

	sim_source("pattern");
	st.fd = region_alloc(st.dev, size);
	st.mem = region_map(st.fd, size);
	EXPECT(capture_run(st.dev, st.fd, 0).bytes, size);
	net_connect(&st.tx, &st.rx);
	EXPECT(send_zerocopy(st.tx, st.mem, size), size);
	EXPECT(net_completions(st.tx, 1, &copied, 300), 0);
	return st;
}

/* Now it does read, and must find the bytes that were sent. */
void stalled_read(struct stalled *st)
{
	struct reader *reader = reader_start(st->rx, st->size);
	unsigned int copied;
	const void *data;
	size_t got;

	data = reader_wait(reader, &got);
	EXPECT(got, st->size);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	EXPECT(net_completions(st->tx, 1, &copied, 10000), 1);
	EXPECT(copied, 0);
}

/* Scatter-gather of the sending NIC on or off; TSO goes with it. */
void net_scatter_gather(bool on)
{
	struct ethtool_value value = { .cmd = ETHTOOL_SSG, .data = on };
	struct ifreq request = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, "eth0");
	REQUIRE(ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0, 0);
	value = (struct ethtool_value){ .cmd = ETHTOOL_STSO, .data = on };
	EXPECT(ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0, 0);
	close(fd);
}
