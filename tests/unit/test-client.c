// SPDX-License-Identifier: GPL-2.0-only
/* The client in the library, and servers that say all kinds of things. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "lib/wire.h"
#include "net.h"
#include "process.h"

#define REGIONS		3U
#define REGION_SIZE	8192U
#define MAX_LINES	8

/* What comes with a message */
enum attached {
	NOTHING, REGION_FD, SHORT_REGION_FD, PIPE_FD, STDIN_FD,
	TWO_FDS,	/* as many as the client's room for one has room for */
};

struct line {
	struct fpgabuf_wire_message message;
	enum attached attached;
	size_t more;	/* bytes behind its end */
};

/**
 * struct server - says what it is to say as soon as it has got a hello
 * @listener: where it listens
 * @path: the same as a path
 * @deaf: it does not listen before it closes the connection
 * @lines: what it says
 * @count: how many
 * @sock: the connection, which stays open
 * @hello: what it was told
 * @thread: it
 */
struct server {
	int listener;
	char path[64];
	bool deaf;
	struct line lines[MAX_LINES];
	unsigned int count;
	int sock;
	struct fpgabuf_wire_message hello;
	pthread_t thread;
};

static struct line welcome(void)
{
	return (struct line){
		.message = {
			.type = FPGABUF_WIRE_WELCOME,
			.welcome = {
				.version = FPGABUF_WIRE_VERSION,
				.regions = REGIONS,
				.credits = 2,
				.alignment = 8,
				.region_size = REGION_SIZE,
				.device = "fpgabuf7",
			},
		},
	};
}

static struct line region(uint32_t index)
{
	return (struct line){
		.message = {
			.type = FPGABUF_WIRE_REGION,
			.region = { .index = index, .size = REGION_SIZE },
		},
		.attached = REGION_FD,
	};
}

static struct line capture(uint32_t index)
{
	return (struct line){
		.message = {
			.type = FPGABUF_WIRE_CAPTURE,
			.capture = {
				.index = index,
				.flags = FPGABUF_CAPTURE_GAP,
				.bytes = 100 + index,
				.sequence = 1000 + index,
				.timestamp_ns = 123456789012345,
				.missed = 3,
			},
		},
	};
}

static struct line end(uint32_t reason)
{
	return (struct line){
		.message = {
			.type = FPGABUF_WIRE_END,
			.end = { .reason = reason },
		},
	};
}

static int make_attached(enum attached attached)
{
	size_t size = attached == SHORT_REGION_FD ? REGION_SIZE / 2 :
						    REGION_SIZE;
	int fd, fds[2];

	if (attached == STDIN_FD)
		return STDIN_FILENO;
	if (attached == PIPE_FD) {
		if (pipe2(fds, O_CLOEXEC))
			err(EXIT_FAILURE, "pipe");
		close(fds[1]);
		return fds[0];
	}
	fd = memfd_create("region", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, size))
		err(EXIT_FAILURE, "memfd");
	return fd;
}

static void say(int sock, const struct line *line)
{
	uint8_t data[2 * FPGABUF_WIRE_MAX_SIZE] = { 0 };
	struct iovec iov = {
		.iov_base = data,
		.iov_len = fpgabuf_wire_encode(&line->message, data) +
			   line->more,
	};
	size_t size = (line->attached == TWO_FDS ? 2 : 1) * sizeof(int);
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	int fd = -1;

	if (line->attached != NOTHING) {
		fd = make_attached(line->attached);
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(size);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
		if (line->attached == TWO_FDS)
			memcpy(CMSG_DATA(cmsg) + sizeof(fd), &fd, sizeof(fd));
	}
	sendmsg(sock, &msg, MSG_NOSIGNAL);
	if (fd > STDIN_FILENO)
		close(fd);
}

static int hear(int sock, struct fpgabuf_wire_message *message)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	ssize_t n;

	if (!wait_for(sock, POLLIN))
		return -ETIMEDOUT;
	n = recv(sock, data, sizeof(data), 0);
	return n > 0 ? fpgabuf_wire_decode(data, n, message) : -EPIPE;
}

static void *server_main(void *arg)
{
	struct server *s = arg;
	unsigned int i;

	s->sock = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (s->deaf)
		wait_for(s->sock, POLLIN);
	else if (hear(s->sock, &s->hello))
		s->hello.type = 0;
	for (i = 0; i < s->count; i++)
		say(s->sock, &s->lines[i]);
	if (s->deaf) {
		close(s->sock);
		s->sock = -1;
	}
	return NULL;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 1))
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

static void server_start(struct server *s)
{
	snprintf(s->path, sizeof(s->path), "/tmp/fpgabuf-client-%d.sock",
		 getpid());
	fake.dmabufs = true;
	s->listener = listen_at(s->path);
	if (pthread_create(&s->thread, NULL, server_main, s))
		err(EXIT_FAILURE, "thread");
}

static void server_end(struct server *s)
{
	close(s->sock);
	close(s->listener);
	unlink(s->path);
	fake_reset();
}

static int connect_to(struct server *s, struct fpgabuf_client **client)
{
	int ret;

	server_start(s);
	ret = fpgabuf_client_connect(s->path, 7, O_NONBLOCK, client);
	pthread_join(s->thread, NULL);
	return ret;
}

/* Three regions, not in order, and then something */
static struct server good_server(const struct line *more, unsigned int count)
{
	struct server s = {
		.lines = { welcome(), region(2), region(0), region(1) },
		.count = 4 + count,
	};

	if (count)
		memcpy(&s.lines[4], more, count * sizeof(*more));
	return s;
}

static void test_geometry(void)
{
	struct server s = good_server(NULL, 0);
	struct fpgabuf_client_geometry g;
	struct fpgabuf_client *client;
	void *addr;

	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	CU_ASSERT_EQUAL(s.hello.type, FPGABUF_WIRE_HELLO);
	CU_ASSERT_EQUAL(s.hello.hello.credits, 7);
	fpgabuf_client_geometry(client, &g);
	CU_ASSERT_STRING_EQUAL(g.device, "fpgabuf7");
	CU_ASSERT_EQUAL(g.regions, REGIONS);
	CU_ASSERT_EQUAL(g.credits, 2);
	CU_ASSERT_EQUAL(g.region_size, REGION_SIZE);
	CU_ASSERT_EQUAL(g.alignment, 8);
	CU_ASSERT_PTR_NULL(fpgabuf_client_region(client, REGIONS));
	CU_ASSERT_EQUAL(fpgabuf_region_map(fpgabuf_client_region(client, 2),
					   PROT_READ, &addr), 0);
	CU_ASSERT(fpgabuf_client_fd(client) >= 0);
	fpgabuf_client_close(client);
	fpgabuf_client_close(NULL);
	server_end(&s);
}

static void test_captures(void)
{
	const struct line more[] = { capture(1), capture(2) };
	struct server s = good_server(more, 2);
	struct fpgabuf_wire_message said;
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;

	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	CU_ASSERT_EQUAL(wait_for(fpgabuf_client_fd(client), POLLIN), POLLIN);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_next(client, &c), 0);
	CU_ASSERT_EQUAL(c.index, 1);
	CU_ASSERT_EQUAL(c.flags, FPGABUF_CAPTURE_GAP);
	CU_ASSERT_EQUAL(c.error, 0);
	CU_ASSERT_EQUAL(c.bytes, 101);
	CU_ASSERT_EQUAL(c.sequence, 1001);
	CU_ASSERT_EQUAL(c.timestamp_ns, 123456789012345);
	CU_ASSERT_EQUAL(c.missed, 3);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), 0);
	CU_ASSERT_EQUAL(c.index, 2);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -EAGAIN);

	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, REGIONS), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), -EINVAL);
	CU_ASSERT_EQUAL(hear(s.sock, &said), 0);
	CU_ASSERT_EQUAL(said.type, FPGABUF_WIRE_RELEASE);
	CU_ASSERT_EQUAL(said.release.index, 1);
	/* It can come again. */
	say(s.sock, &more[0]);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), 0);

	shutdown(s.sock, SHUT_RDWR);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -ECONNRESET);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -ECONNRESET);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 2), -EPIPE);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void test_ends(void)
{
	static const int errors[] = {
		[FPGABUF_WIRE_SHUTDOWN] = -ESHUTDOWN,
		[FPGABUF_WIRE_GONE] = -ENODEV,
		[FPGABUF_WIRE_FAILED] = -EIO,
		[FPGABUF_WIRE_FORBIDDEN] = -EACCES,
		[FPGABUF_WIRE_FULL] = -EUSERS,
		[FPGABUF_WIRE_OTHER_VERSION] = -EPROTONOSUPPORT,
		[FPGABUF_WIRE_MALFORMED] = -EPROTO,
		[FPGABUF_WIRE_LATE] = -ETIMEDOUT,
	};
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	unsigned int i;

	for (i = 1; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct line last = end(i);
		struct server s = good_server(&last, 1);
		struct server refuses = { .lines = { last }, .count = 1 };

		CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
		CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), errors[i]);
		CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), errors[i]);
		fpgabuf_client_close(client);
		server_end(&s);
		CU_ASSERT_EQUAL(connect_to(&refuses, &client), errors[i]);
		server_end(&refuses);
		/* Also if that was said before the hello was read */
		refuses.deaf = true;
		CU_ASSERT_EQUAL(connect_to(&refuses, &client), errors[i]);
		server_end(&refuses);
		CU_ASSERT_PTR_NOT_NULL(fpgabuf_client_strerror(errors[i]));
	}
	CU_ASSERT_PTR_NULL(fpgabuf_client_strerror(-EINVAL));
}

/* Nothing of it may stay behind. */
static void refused_handshake(struct server s, int error)
{
	unsigned int fds = open_fds(getpid());
	struct fpgabuf_client *client = NULL;

	CU_ASSERT_EQUAL(connect_to(&s, &client), error);
	CU_ASSERT_PTR_NULL(client);
	server_end(&s);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static void test_bad_handshakes(void)
{
	/* What follows would be good. */
	struct server s = { .lines = { region(0), region(0) }, .count = 2 };

	refused_handshake(s, -EPROTO);
	s.lines[0] = capture(0);
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[0].message.welcome.version = FPGABUF_WIRE_VERSION + 1;
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[0].attached = REGION_FD;
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[0].message.welcome.credits = REGIONS + 1;
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	memset(s.lines[0].message.welcome.device, 'x',
	       sizeof(s.lines[0].message.welcome.device));
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[0].more = 1;
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[1] = region(REGIONS);
	refused_handshake(s, -EPROTO);
	s.lines[0].message.welcome.regions = 2;
	s.lines[1] = region(2);
	refused_handshake(s, -EPROTO);
	s.lines[0] = welcome();
	s.lines[1] = region(0);
	s.lines[1].message.region.size *= 2;
	refused_handshake(s, -EPROTO);
	s.lines[1] = region(0);
	s.lines[1].attached = NOTHING;
	refused_handshake(s, -EPROTO);
	s.lines[1].attached = SHORT_REGION_FD;
	refused_handshake(s, -EPROTO);
	s.lines[1].attached = PIPE_FD;
	refused_handshake(s, -EPROTO);
	s.lines[1] = capture(0);
	refused_handshake(s, -EPROTO);
	s.lines[1] = region(1);
	s.lines[2] = region(1);
	s.count = 3;
	refused_handshake(s, -EPROTO);
}

/* One of the two, whichever is bad; the other one is not. */
static void bad_message(struct line first, struct line second)
{
	const struct line more[] = { first, second };
	struct server s = good_server(more, 2);
	unsigned int fds = open_fds(getpid());
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	int ret;

	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	ret = fpgabuf_client_next(client, &c);
	if (!ret)
		ret = fpgabuf_client_next(client, &c);
	CU_ASSERT_EQUAL(ret, -EPROTO);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -EPROTO);
	fpgabuf_client_close(client);
	server_end(&s);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static void test_bad_captures(void)
{
	struct line line = capture(0);

	bad_message(capture(0), line);
	bad_message(capture(REGIONS), line);
	line.message.capture.bytes = REGION_SIZE + 1;
	bad_message(line, capture(1));
	line = capture(0);
	line.message.capture.error = INT32_MIN;
	bad_message(line, capture(1));
	line.message.capture.error = 1;
	bad_message(line, capture(1));
	line = capture(0);
	line.more = 1;
	bad_message(line, capture(1));
	line = capture(0);
	line.attached = REGION_FD;
	bad_message(line, capture(1));
	line = region(0);
	bad_message(line, capture(1));
	line.message.type = 99;
	bad_message(line, capture(1));
	bad_message(welcome(), welcome());
}

static struct line with_two(struct line line)
{
	line.attached = TWO_FDS;
	return line;
}

/* While the client lives, too: a bad server must not use up what there is. */
static void not_kept(struct line line, int error)
{
	struct server s = good_server(NULL, 0);
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	unsigned int fds;

	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	fds = open_fds(getpid());
	say(s.sock, &line);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), error);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void test_descriptors(void)
{
	struct line senseless = region(0);
	struct server s = good_server(NULL, 0);
	unsigned int i, fds = open_fds(getpid());
	struct fpgabuf_client *client;

	senseless.message.type = 99;
	not_kept(with_two(capture(0)), -EPROTO);
	not_kept(with_two(end(FPGABUF_WIRE_SHUTDOWN)), -ESHUTDOWN);
	not_kept(with_two(region(0)), -EPROTO);
	not_kept(with_two(senseless), -EPROTO);
	not_kept(senseless, -EPROTO);
	/* A region with two is a region with one. */
	for (i = 1; i < s.count; i++)
		s.lines[i] = with_two(s.lines[i]);
	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	/* The regions, both ends of the connection, and the listener */
	CU_ASSERT_EQUAL(open_fds(getpid()), fds + REGIONS + 3);
	fpgabuf_client_close(client);
	server_end(&s);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

/* So many messages find a server that does not read. */
static unsigned int unread;

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	if (!unread)
		return __real_send(fd, data, len, flags);
	unread--;
	errno = EAGAIN;
	return -1;
}

static void test_release_again(void)
{
	const struct line more[] = { capture(1) };
	struct server s = good_server(more, 1);
	struct fpgabuf_shared_capture c;
	struct fpgabuf_wire_message said;
	struct fpgabuf_client *client;

	CU_ASSERT_EQUAL_FATAL(connect_to(&s, &client), 0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_next(client, &c), 0);
	unread = 2;
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, 1), -EINVAL);
	CU_ASSERT_EQUAL(hear(s.sock, &said), 0);
	CU_ASSERT_EQUAL(said.release.index, 1);
	fpgabuf_client_close(client);
	server_end(&s);
}

static struct fpgabuf_source *open_source(struct server *s,
					   struct fpgabuf_client **client)
{
	struct fpgabuf_source *source;

	server_start(s);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_connect(s->path, 0, O_NONBLOCK,
						     client), 0);
	pthread_join(s->thread, NULL);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_source_of_client(*client, &source), 0);
	return source;
}

/* No event tells when it can. */
static void test_source_releases(void)
{
	const struct line more[] = { capture(2), capture(1) };
	struct server s = good_server(more, 2);
	struct fpgabuf_wire_message said;
	struct fpgabuf_client *client;
	struct fpgabuf_source *source = open_source(&s, &client);
	struct fpgabuf_capture c;
	unsigned int i;

	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(fpgabuf_source_next(source, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(source), FPGABUF_REASON_TAKEN);
	CU_ASSERT_STRING_EQUAL(fpgabuf_source_why(source),
			       "all 2 captures are taken");
	unread = 3;
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, 2), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, REGIONS), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, 1), 0);
	CU_ASSERT(fpgabuf_source_timeout_ms(source) >= 0);
	CU_ASSERT_EQUAL(unread, 1);
	while (fpgabuf_source_timeout_ms(source) >= 0) {
		poll(NULL, 0, 1);
		CU_ASSERT_EQUAL(fpgabuf_source_fill(source), 0);
	}
	CU_ASSERT_EQUAL(unread, 0);
	/* That of 1 found nobody once more, that of 2 did. */
	CU_ASSERT_EQUAL(hear(s.sock, &said), 0);
	CU_ASSERT_EQUAL(said.type, FPGABUF_WIRE_RELEASE);
	CU_ASSERT_EQUAL(said.release.index, 2);
	CU_ASSERT_EQUAL(hear(s.sock, &said), 0);
	CU_ASSERT_EQUAL(said.release.index, 1);
	fpgabuf_source_destroy(source);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void expect_status(struct fpgabuf_source *source, uint32_t status)
{
	struct fpgabuf_capture c;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_source_wait(source, &c, -1), 0);
	CU_ASSERT_EQUAL(c.status, status);
	CU_ASSERT_PTR_NOT_NULL(c.addr);
	CU_ASSERT_EQUAL(fpgabuf_source_release(source, c.slot), 0);
}

/* Whoever gets the stream is told that there is something missing. */
static void test_source_missed(void)
{
	struct line more[] = { capture(0), capture(1), capture(2) };
	struct fpgabuf_source_counts n;
	struct fpgabuf_client *client;
	struct fpgabuf_source *source;
	struct server s;

	more[0].message.capture.flags = 0;
	more[0].message.capture.missed = 0;
	more[1].message.capture.flags = 0;
	more[2].message.capture.missed = 0;
	s = good_server(more, 3);
	source = open_source(&s, &client);
	expect_status(source, 0);
	expect_status(source, FPGABUF_CAPTURE_GAP);
	expect_status(source, FPGABUF_CAPTURE_GAP);
	fpgabuf_source_count(source, &n);
	CU_ASSERT_EQUAL(n.missed, 3);
	CU_ASSERT_EQUAL(n.gaps, 2);
	CU_ASSERT_EQUAL(n.captures, 3);
	CU_ASSERT_EQUAL(n.bytes, 100 + 101 + 102);
	fpgabuf_source_destroy(source);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void test_source_limit(void)
{
	struct line more[] = { capture(0), capture(1), capture(2) };
	struct server s = good_server(more, 3);
	struct fpgabuf_client *client;
	struct fpgabuf_source *source = open_source(&s, &client);
	struct fpgabuf_capture c;

	fpgabuf_source_limit(source, 0, 150);
	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, -1), 0);
	CU_ASSERT_EQUAL(c.sequence, 0);
	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, -1), 0);
	CU_ASSERT_EQUAL(c.bytes, 50);
	CU_ASSERT_EQUAL(c.sequence, 1);
	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, -1), -ENODATA);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(source), FPGABUF_REASON_END);
	fpgabuf_source_limit(source, 0, 0);
	CU_ASSERT_EQUAL(fpgabuf_source_stop(source), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, -1), -ENODATA);
	fpgabuf_source_destroy(source);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void test_source_ends(void)
{
	struct line more[] = { end(FPGABUF_WIRE_GONE) };
	struct server s = good_server(more, 1);
	struct fpgabuf_client *client;
	struct fpgabuf_source *source = open_source(&s, &client);
	struct fpgabuf_capture c;

	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, -1), -ENODEV);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(source), FPGABUF_REASON_SERVER);
	CU_ASSERT_STRING_EQUAL(fpgabuf_source_why(source),
			       "the shared device has gone");
	fpgabuf_source_destroy(source);
	fpgabuf_client_close(client);
	server_end(&s);
}

/* Nothing comes, which takes as long as it was given. */
static void test_source_waits(void)
{
	struct server s = good_server(NULL, 0);
	struct fpgabuf_client *client;
	struct fpgabuf_source *source = open_source(&s, &client);
	struct fpgabuf_capture c;

	CU_ASSERT_EQUAL(fpgabuf_source_next(source, &c), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_source_wait(source, &c, 20), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(source), FPGABUF_REASON_CAPTURE);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_source_why(source),
				      "nothing has come from the server"));
	fpgabuf_source_destroy(source);
	fpgabuf_client_close(client);
	server_end(&s);
}

static void test_no_descriptors(void)
{
	struct server s = { .lines = { welcome(), region(0) }, .count = 2 };
	struct fpgabuf_client *client = NULL;
	struct rlimit limit, few;
	int first_free;

	s.lines[1].attached = STDIN_FD;
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
	/*
	 * For the listener, the ends of the connection, and nothing that is
	 * passed.  Before the server starts: accept() takes its descriptor
	 * before it waits.
	 */
	first_free = dup(STDIN_FILENO);
	close(first_free);
	few = limit;
	few.rlim_cur = first_free + 3;
	setrlimit(RLIMIT_NOFILE, &few);
	server_start(&s);
	CU_ASSERT_EQUAL(fpgabuf_client_connect(s.path, 0, 0, &client),
			-EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	pthread_join(s.thread, NULL);
	server_end(&s);
}

static void test_no_server(void)
{
	struct fpgabuf_client *client;
	char path[200];
	int fd;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	CU_ASSERT_EQUAL(fpgabuf_client_connect("/tmp/none", 0, O_APPEND,
					       &client), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_client_connect(path, 0, 0, &client),
			-ENAMETOOLONG);
	CU_ASSERT_EQUAL(fpgabuf_client_connect("/tmp/fpgabuf/none", 0, 0,
					       &client), -ENOENT);
	snprintf(path, sizeof(path), "/tmp/fpgabuf-client-%d.sock", getpid());
	fd = listen_at(path);
	close(fd);
	CU_ASSERT_EQUAL(fpgabuf_client_connect(path, 0, 0, &client),
			-ECONNREFUSED);
	unlink(path);
}

/* Nobody speaks before it is asked to; then nothing is waited for. */
static void test_start(void)
{
	const struct line lines[] = { welcome(), region(2), region(0),
				      region(1), capture(1) };
	struct server s = { .lines = { welcome() } };
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	unsigned int i;

	server_start(&s);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_connect_start(s.path, 7,
							   O_NONBLOCK,
							   &client), 0);
	pthread_join(s.thread, NULL);
	CU_ASSERT_EQUAL(s.hello.hello.credits, 7);
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), -EAGAIN);
		CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -ENOTCONN);
		CU_ASSERT_EQUAL(fpgabuf_client_release(client, 0), -EINVAL);
		say(s.sock, &lines[i]);
		CU_ASSERT_EQUAL(wait_for(fpgabuf_client_fd(client), POLLIN),
				POLLIN);
	}
	CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), 0);
	CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), 0);
	CU_ASSERT_PTR_NOT_NULL(fpgabuf_client_region(client, 1));
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), -EAGAIN);
	say(s.sock, &lines[4]);
	CU_ASSERT_EQUAL(fpgabuf_client_next(client, &c), 0);
	CU_ASSERT_EQUAL(c.index, 1);
	fpgabuf_client_close(client);
	server_end(&s);
}

/* What ends it stays, and who has begun can stop. */
static void test_start_errors(void)
{
	const struct line refusal = end(FPGABUF_WIRE_FULL);
	struct server s = { .lines = { refusal }, .count = 1 };
	struct server bad = { .lines = { capture(0) }, .count = 1 };
	unsigned int fds = open_fds(getpid());
	struct fpgabuf_client *client;

	server_start(&s);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_connect_start(s.path, 0, 0,
							   &client), 0);
	pthread_join(s.thread, NULL);
	CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), -EUSERS);
	CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), -EUSERS);
	fpgabuf_client_close(client);
	server_end(&s);
	server_start(&bad);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_connect_start(bad.path, 0, 0,
							   &client), 0);
	pthread_join(bad.thread, NULL);
	CU_ASSERT_EQUAL(fpgabuf_client_connect_finish(client), -EPROTO);
	fpgabuf_client_close(client);
	server_end(&bad);
	CU_ASSERT_EQUAL(fpgabuf_client_connect_start("/tmp/fpgabuf/none", 0, 0,
						     &client), -ENOENT);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

/* A server that accepts nobody has room for some; the next one is told at once. */
static void test_start_full(void)
{
	struct fpgabuf_client *clients[8];
	unsigned int n = 0, fds = open_fds(getpid());
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-client-%d.sock", getpid());
	fd = listen_at(path);
	do {
		ret = fpgabuf_client_connect_start(path, 0, 0, &clients[n]);
	} while (!ret && ++n < 8);
	CU_ASSERT_EQUAL(ret, -EAGAIN);
	while (n)
		fpgabuf_client_close(clients[--n]);
	close(fd);
	unlink(path);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static const struct test tests[] = {
	{ "it knows the geometry, and has the regions by number",
	  test_geometry },
	{ "captures come, are held, and are given back once", test_captures },
	{ "every reason of an end has its error, and it stays",
	  test_ends },
	{ "a handshake that makes no sense fails, and leaves no descriptor",
	  test_bad_handshakes },
	{ "so does what makes no sense later", test_bad_captures },
	{ "descriptors that nobody asked for are closed at once",
	  test_descriptors },
	{ "a capture that could not be given back is still held",
	  test_release_again },
	{ "a source gives it back later", test_source_releases },
	{ "what a source was not told of in time is a gap",
	  test_source_missed },
	{ "a source has no more than was asked for", test_source_limit },
	{ "a source ends when the server does, and says why",
	  test_source_ends },
	{ "a source waits no longer than it shall", test_source_waits },
	{ "without descriptors for the regions it says so",
	  test_no_descriptors },
	{ "without a server it says so", test_no_server },
	{ "it can be connected without waiting", test_start },
	{ "what goes wrong with that is told", test_start_errors },
	{ "a server that accepts nobody is not waited for", test_start_full },
	{ }
};

SUITE(client, .title = "client", .tests = tests)
