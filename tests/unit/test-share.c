// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-share as a program, on the fake device, with all kinds of clients. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "common/clock.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "lib/wire.h"
#include "net.h"
#include "process.h"
#include "recv/pattern.h"

#define MAX_ARGS	20
#define MALFORMED	100000

static char path[64];

/* Another one for each server: one that is left over is in nobody's way. */
static void choose_path(void)
{
	static unsigned int count;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-share-%d-%u.sock", getpid(),
		 count++);
}

static void check(char *const argv[], int code, const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
}

/* A server of 8 regions, one page each */
static void server_run(struct process *p, char *captures, char *const args[])
{
	char *argv[MAX_ARGS] = {
		"fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "4096", "-n",
		"8", "--json",
	};
	size_t i, n = 8;

	fake.dmabufs = true;
	for (i = 0; args[i]; i++)
		argv[n++] = args[i];
	argv[n] = path;
	setenv("FAKE_CAPTURES", captures, 1);
	process_start(p, argv);
	unsetenv("FAKE_CAPTURES");
}

/* When it returns it listens. */
static void server_start(struct process *p, char *captures, char *const args[])
{
	choose_path();
	server_run(p, captures, args);
	CU_ASSERT_TRUE_FATAL(process_expect(p, "sharing " FAKE_DEVICE));
}

/* It says nothing, so look for the socket. */
/* The socket is there before somebody listens at it: that is a flag of it. */
static bool is_listening(void)
{
	bool found = false;
	unsigned int flags;
	char line[256];
	FILE *f = fopen("/proc/net/unix", "r");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, path) &&
			sscanf(line, "%*s %*s %*s %x", &flags) == 1 &&
			flags & 0x10000;
	fclose(f);
	return found;
}

static void server_start_quiet(struct process *p, char *const args[])
{
	unsigned int i;

	choose_path();
	server_run(p, "0", args);
	for (i = 0; i < 2000 && !is_listening(); i++)
		usleep(10000);
	CU_ASSERT_FATAL(i < 2000);
}

/* Told to end, it leaves nothing; the summary is in the output. */
static void server_end(struct process *p)
{
	kill(p->pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p->output, "{\"ok\": true, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(p->output, "\"gaps_exact\": true, "));
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	fake_reset();
}

/* A number of the summary */
static unsigned long long count_of(const struct process *p, const char *key)
{
	char name[64];
	const char *at;

	snprintf(name, sizeof(name), "\"%s\": ", key);
	at = strstr(p->output, name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static struct fpgabuf_client *join(unsigned int credits)
{
	struct fpgabuf_client *client = NULL;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_connect(path, credits, 0,
						     &client), 0);
	return client;
}

static uint32_t credits_of(struct fpgabuf_client *client)
{
	struct fpgabuf_client_geometry g;

	fpgabuf_client_geometry(client, &g);
	return g.credits;
}

/* Is it there, and what it was captured as? */
static void expect_capture(struct fpgabuf_client *client,
			   struct fpgabuf_shared_capture *c)
{
	struct fpgabuf_region *region;
	uint8_t *data;

	CU_ASSERT_TRUE_FATAL(wait_for(fpgabuf_client_fd(client), POLLIN) &
			     POLLIN);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_client_next(client, c), 0);
	CU_ASSERT_EQUAL(c->bytes, 4096);
	region = fpgabuf_client_region(client, c->index);
	data = mmap(NULL, c->bytes, PROT_READ, MAP_SHARED,
		    fpgabuf_region_fd(region), 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(data, MAP_FAILED);
	CU_ASSERT_EQUAL(pattern_check(data, c->bytes, c->sequence * 4096),
			c->bytes);
	munmap(data, c->bytes);
}

static void test_usage(void)
{
	char *none[] = { "tools/fpgabuf-share", NULL };
	char *two[] = { "tools/fpgabuf-share", "a", "b", NULL };
	char *user[] = { "tools/fpgabuf-share", "-u", "no-such-one", "a",
			 NULL };
	char *group[] = { "tools/fpgabuf-share", "-g", "no-such-one", "a",
			  NULL };
	char *mode[] = { "tools/fpgabuf-share", "-m", "1777", "a", NULL };
	char *octal[] = { "tools/fpgabuf-share", "-m", "668", "a", NULL };
	char *regions[] = { "tools/fpgabuf-share", "-n", "2", "a", NULL };
	char *size[] = { "tools/fpgabuf-share", "-r", "0", "a", NULL };
	char *wait[] = { "tools/fpgabuf-share", "-w", "17", "a", NULL };
	char *few[] = { "tools/fpgabuf-share", "-n", "4", "-w", "3", "a",
			NULL };
	char *option[] = { "tools/fpgabuf-share", "--none", NULL };
	char *help[] = { "tools/fpgabuf-share", "--help", NULL };
	char *version[] = { "tools/fpgabuf-share", "--version", NULL };

	check(none, 2, "no SOCKET given");
	check(two, 2, "more than one SOCKET");
	check(user, 2, "nobody has this name");
	check(group, 2, "nobody has this name");
	check(mode, 2, "--mode: 1777: out of range");
	check(octal, 2, "--mode: 668: not a valid value");
	check(regions, 2, "--regions: 2: out of range");
	check(size, 2, "--region-size: 0: out of range");
	check(wait, 2, "--wait for more than --clients");
	check(few, 2, "more clients than there are credits");
	check(option, 2, "try --help");
	check(help, 0, "Usage: fpgabuf-share");
	check(version, 0, "fpgabuf-share ");
}

static void test_no_device(void)
{
	char *none[] = { "tools/fpgabuf-share", "-d", "/dev/fpgabuf-none",
			 "/tmp/unused", NULL };
	char *other[] = { "tools/fpgabuf-share", "-d", "/dev/null",
			  "/tmp/unused", NULL };

	check(none, 1, "cannot open /dev/fpgabuf-none: No such file");
	check(none, 1, "is the fpgabuf module loaded");
	check(other, 1, "it is not an fpgabuf device");
}

static mode_t mode_of(const char *file)
{
	struct stat st = { 0 };

	CU_ASSERT_EQUAL(stat(file, &st), 0);
	return st.st_mode & 07777;
}

static void test_socket(void)
{
	char *none[] = { NULL }, *mode[] = { "-m", "600", NULL };
	char *users[] = { "-u", "0", NULL };
	char name[200], group[16];
	char *again[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, path, NULL };
	char *file[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "/dev/null",
			 NULL };
	char *empty[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "", NULL };
	char *long_path[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, name,
			      NULL };
	char *groups[] = { "-g", group, NULL };
	char *folder[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE,
			   "/tmp/fpgabuf/none/socket", NULL };
	struct process p;

	server_start(&p, "1", none);
	CU_ASSERT_EQUAL(mode_of(path), 0660);
	check(again, 1, "another server listens there");
	kill(p.pid, SIGKILL);
	CU_ASSERT_EQUAL(process_finish(&p), -1);
	/* What a killed server leaves is in nobody's way. */
	server_run(&p, "1", mode);
	CU_ASSERT_TRUE(process_expect(&p, "sharing "));
	CU_ASSERT_EQUAL(mode_of(path), 0600);
	server_end(&p);
	server_start(&p, "1", users);
	CU_ASSERT_EQUAL(mode_of(path), 0666);
	server_end(&p);
	snprintf(group, sizeof(group), "%u", getegid());
	server_start(&p, "1", groups);
	CU_ASSERT_EQUAL(mode_of(path), 0660);
	server_end(&p);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	check(long_path, 1, "use a shorter one");
	check(empty, 1, "cannot listen at");
	check(file, 1, "cannot listen at /dev/null");
	check(folder, 1, "make the directory first");
}

/* Held or not: what both were told of, both have. */
static void test_two_clients(void)
{
	char *args[] = { "-w", "2", "-k", "3", NULL };
	struct fpgabuf_shared_capture a, b;
	struct fpgabuf_client *one, *two;
	struct process p;
	uint64_t i;

	server_start(&p, "3", args);
	one = join(0);
	two = join(0);
	CU_ASSERT_EQUAL(credits_of(one), 3);
	for (i = 0; i < 3; i++) {
		expect_capture(one, &a);
		expect_capture(two, &b);
		CU_ASSERT_EQUAL(a.sequence, i);
		CU_ASSERT_EQUAL(b.sequence, i);
		CU_ASSERT_EQUAL(a.index, b.index);
		CU_ASSERT_EQUAL(a.missed + b.missed, 0);
		CU_ASSERT_EQUAL(fpgabuf_client_release(one, a.index), 0);
	}
	fpgabuf_client_close(one);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(fpgabuf_client_next(two, &b), -ESHUTDOWN);
	fpgabuf_client_close(two);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "captures"), 3);
	CU_ASSERT_EQUAL(count_of(&p, "bytes"), 3 * 4096);
	CU_ASSERT_EQUAL(count_of(&p, "clients"), 2);
	CU_ASSERT_EQUAL(count_of(&p, "told"), 6);
	CU_ASSERT_EQUAL(count_of(&p, "missed"), 0);
	CU_ASSERT_EQUAL(count_of(&p, "released"), 3);
	CU_ASSERT_EQUAL(count_of(&p, "reclaimed"), 3);
}

/* The slow one keeps what it was told of, while the other sees many more. */
static void test_slow_client(void)
{
	char *args[] = { "-w", "2", NULL };
	struct fpgabuf_shared_capture c, last, kept[2];
	struct fpgabuf_client *slow, *fast;
	unsigned int i;
	struct process p;

	server_start(&p, "0", args);
	slow = join(2);
	fast = join(4);
	expect_capture(slow, &kept[0]);
	expect_capture(slow, &kept[1]);
	for (i = 0; i < 1000; i++) {
		expect_capture(fast, &c);
		CU_ASSERT_EQUAL(fpgabuf_client_release(fast, c.index), 0);
	}
	CU_ASSERT(c.sequence >= 999);
	CU_ASSERT_NOT_EQUAL(c.index, kept[0].index);
	/* Now it gives one back: it learns what it has missed. */
	CU_ASSERT_EQUAL(fpgabuf_client_release(slow, kept[0].index), 0);
	expect_capture(slow, &c);
	CU_ASSERT(c.missed >= 990);
	CU_ASSERT_EQUAL(c.sequence - kept[1].sequence, c.missed + 1);
	/* That is told once. */
	last = c;
	CU_ASSERT_EQUAL(fpgabuf_client_release(slow, last.index), 0);
	for (i = 0; i < 10; i++) {
		expect_capture(fast, &c);
		CU_ASSERT_EQUAL(fpgabuf_client_release(fast, c.index), 0);
	}
	expect_capture(slow, &c);
	CU_ASSERT_EQUAL(c.sequence - last.sequence, c.missed + 1);
	/* What it holds when it goes is free again. */
	fpgabuf_client_close(slow);
	fpgabuf_client_close(fast);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "held"), 0);
}

/* 8 regions, 2 of them for the FPGA: so 6 credits, whoever asks for more. */
static void test_credits(void)
{
	char *args[] = { "-k", "4", "-v", NULL };
	struct fpgabuf_client *one, *two, *three = NULL;
	struct process p;

	server_start(&p, "1", args);
	one = join(1000);
	two = join(0);
	CU_ASSERT_EQUAL(credits_of(one), 4);
	CU_ASSERT_EQUAL(credits_of(two), 2);
	CU_ASSERT_EQUAL(fpgabuf_client_connect(path, 1, 0, &three), -EUSERS);
	CU_ASSERT_TRUE(process_expect(&p, "no credit is left"));
	fpgabuf_client_close(one);
	CU_ASSERT_TRUE(process_expect(&p, "has left"));
	CU_ASSERT_TRUE(process_expect(&p, "user 0 has left") || geteuid());
	three = join(3);
	CU_ASSERT_EQUAL(credits_of(three), 3);
	fpgabuf_client_close(three);
	fpgabuf_client_close(two);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "refused"), 1);
	CU_ASSERT_EQUAL(count_of(&p, "clients"), 3);
}

static int raw_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(EXIT_FAILURE, "connect");
	return fd;
}

/* Reads to the last message of the server; 0 if there was none. */
static uint32_t end_reason(int fd)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct fpgabuf_wire_message m = { 0 };
	ssize_t n;

	do {
		n = wait_for(fd, POLLIN) ? recv(fd, data, sizeof(data), 0) : 0;
		/* The reset comes first, see the client of the library. */
		if (n < 0 && errno == ECONNRESET)
			n = recv(fd, data, sizeof(data), 0);
		if (n > 0)
			CU_ASSERT_EQUAL(fpgabuf_wire_decode(data, n, &m), 0);
	} while (n > 0);
	return m.type == FPGABUF_WIRE_END ? m.end.reason : 0;
}

static void say(int fd, const struct fpgabuf_wire_message *m)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];

	send(fd, data, fpgabuf_wire_encode(m, data), MSG_NOSIGNAL);
}

static void test_limit(void)
{
	const struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = { .oldest = 1, .newest = 1, .credits = 1 },
	};
	char *args[] = { "-c", "1", NULL };
	struct fpgabuf_client *one, *two;
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct process p;
	unsigned int fds;
	siginfo_t stopped;
	int fd;

	server_start(&p, "1", args);
	one = join(1);
	fds = open_fds(p.pid);
	CU_ASSERT_EQUAL(fpgabuf_client_connect(path, 1, 0, &two), -EUSERS);
	CU_ASSERT_TRUE(process_expect(&p, "there are --clients already"));
	/* Whatever it has said before, it is told why, and not reset. */
	kill(p.pid, SIGSTOP);
	CU_ASSERT_EQUAL(waitid(P_PID, p.pid, &stopped, WSTOPPED), 0);
	fd = raw_connect();
	say(fd, &hello);
	kill(p.pid, SIGCONT);
	CU_ASSERT_EQUAL(wait_for(fd, POLLIN) & POLLIN, POLLIN);
	CU_ASSERT_EQUAL(recv(fd, data, sizeof(data), 0), 8);
	close(fd);
	CU_ASSERT_EQUAL(open_fds_settled(p.pid, fds), fds);
	/* One that leaves makes room for one. */
	fpgabuf_client_close(one);
	fpgabuf_client_close(join(1));
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "most_clients"), 1);
}

static void say_with(int sock, const struct fpgabuf_wire_message *m, int fd)
{
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	union {
		struct cmsghdr head;
		char data[CMSG_SPACE(sizeof(int))];
	} control = {
		.head = {
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		},
	};
	struct iovec iov = {
		.iov_base = data,
		.iov_len = fpgabuf_wire_encode(m, data),
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	CU_ASSERT(sendmsg(sock, &msg, MSG_NOSIGNAL) > 0);
}

static void test_versions(void)
{
	struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = { .oldest = FPGABUF_WIRE_VERSION + 1, .newest = 9 },
	};
	char *args[] = { NULL };
	struct fpgabuf_wire_message m = { 0 };
	uint8_t data[FPGABUF_WIRE_MAX_SIZE];
	struct process p;
	int fd;

	server_start(&p, "1", args);
	fd = raw_connect();
	say(fd, &hello);
	CU_ASSERT_EQUAL(end_reason(fd), FPGABUF_WIRE_OTHER_VERSION);
	close(fd);
	fd = raw_connect();
	hello.hello.oldest = FPGABUF_WIRE_VERSION;
	say(fd, &hello);
	CU_ASSERT(recv(fd, data, sizeof(data), 0) == 64);
	CU_ASSERT_EQUAL(fpgabuf_wire_decode(data, 64, &m), 0);
	CU_ASSERT_EQUAL(m.welcome.version, FPGABUF_WIRE_VERSION);
	close(fd);
	server_end(&p);
}

/* With no client, and all open that it needs itself */
static unsigned int open_fds_alone(pid_t pid)
{
	const struct fpgabuf_wire_message nonsense = {
		.type = FPGABUF_WIRE_END,
	};
	int fd = raw_connect();

	say(fd, &nonsense);
	CU_ASSERT_EQUAL(end_reason(fd), FPGABUF_WIRE_MALFORMED);
	close(fd);
	return open_fds(pid);
}

/* A good hello, but for what comes with it */
static void test_hello_with_descriptor(void)
{
	const struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = { .oldest = 1, .newest = 1, .credits = 1 },
	};
	char *args[] = { NULL };
	struct process p;
	int fd;

	server_start(&p, "1", args);
	fd = raw_connect();
	say_with(fd, &hello, STDERR_FILENO);
	CU_ASSERT_EQUAL(end_reason(fd), FPGABUF_WIRE_MALFORMED);
	close(fd);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "clients"), 0);
}

/* After a good hello */
static uint32_t answer_to(const struct fpgabuf_wire_message *m)
{
	const struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = { .oldest = 1, .newest = 1, .credits = 1 },
	};
	int fd = raw_connect();
	uint32_t reason;

	say(fd, &hello);
	say(fd, m);
	reason = end_reason(fd);
	close(fd);
	return reason;
}

static void test_out_of_place(void)
{
	struct fpgabuf_wire_message m = {
		.type = FPGABUF_WIRE_RELEASE,
		.release = { .index = 7 },
	};
	char *args[] = { NULL };
	struct process p;
	unsigned int fds;

	server_start(&p, "1", args);
	fds = open_fds_alone(p.pid);
	CU_ASSERT_EQUAL(answer_to(&m), FPGABUF_WIRE_MALFORMED);
	m.release.index = 8;
	CU_ASSERT_EQUAL(answer_to(&m), FPGABUF_WIRE_MALFORMED);
	m.type = FPGABUF_WIRE_HELLO;
	m.hello.oldest = 1;
	m.hello.newest = 1;
	CU_ASSERT_EQUAL(answer_to(&m), FPGABUF_WIRE_MALFORMED);
	m.type = FPGABUF_WIRE_CAPTURE;
	m.capture.bytes = 1;
	CU_ASSERT_EQUAL(answer_to(&m), FPGABUF_WIRE_MALFORMED);
	CU_ASSERT_EQUAL(open_fds_settled(p.pid, fds), fds);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "malformed"), 5);
	CU_ASSERT_EQUAL(count_of(&p, "released"), 0);
	CU_ASSERT_EQUAL(count_of(&p, "held"), 0);
}

static void test_late(void)
{
	char *args[] = { NULL };
	struct process p;
	int fd;

	server_start(&p, "1", args);
	fd = raw_connect();
	CU_ASSERT_EQUAL(end_reason(fd), FPGABUF_WIRE_LATE);
	close(fd);
	server_end(&p);
	CU_ASSERT_EQUAL(count_of(&p, "late"), 1);
}

/* As systemd does it */
static void __attribute__((noreturn)) activate(int listener, int out)
{
	char number[16];

	dup2(out, STDERR_FILENO);
	dup2(listener, 3);
	/* Which it may have been already */
	fcntl(3, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDS", "1", 1);
	execl(BUILD_DIR "/fpgabuf-share-fake", "fpgabuf-share", "-d",
	      FAKE_DEVICE, NULL);
	_exit(127);
}

static int activate_with(int listener, struct process *p)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe");
	*p = (struct process){ .fd = fds[0], .pid = fork() };
	if (!p->pid)
		activate(listener, fds[1]);
	close(fds[1]);
	return p->pid > 0 ? 0 : -1;
}

static void test_activation(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct fpgabuf_client *client;
	struct process p;

	fake.dmabufs = true;
	choose_path();
	strcpy(addr.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&addr,
				   sizeof(addr)), 0);
	/* Not yet one that listens */
	CU_ASSERT_EQUAL(activate_with(listener, &p), 0);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "not passed one listening Unix"));

	CU_ASSERT_EQUAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL(activate_with(listener, &p), 0);
	client = join(1);
	fpgabuf_client_close(client);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	/* It is systemd's, who listens on. */
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
	close(listener);
	fake_reset();
}

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

/* It may have inherited others with higher numbers. */
static int lowest_free_fd(pid_t pid)
{
	char name[64], target[64];
	int fd = -1;

	do {
		snprintf(name, sizeof(name), "/proc/%d/fd/%d", pid, ++fd);
	} while (readlink(name, target, sizeof(target)) >= 0);
	return fd;
}

/* Nobody is lost when there are none for a while, and nothing spins. */
static void test_no_descriptors(void)
{
	const struct fpgabuf_wire_message nonsense = {
		.type = FPGABUF_WIRE_END,
	};
	/* poll() refuses more entries than there may be descriptors. */
	char *args[] = { "-c", "2", NULL };
	struct rlimit limit, few;
	struct process p;
	int64_t start;
	int fd;

	server_start(&p, "1", args);
	CU_ASSERT_EQUAL(prlimit(p.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	few = limit;
	open_fds_alone(p.pid);
	few.rlim_cur = lowest_free_fd(p.pid);
	CU_ASSERT_EQUAL(prlimit(p.pid, RLIMIT_NOFILE, &few, NULL), 0);
	fd = raw_connect();
	say(fd, &nonsense);
	CU_ASSERT_TRUE(process_expect(&p, "cannot accept a connection: "
					  "Too many open files"));
	/* Not until a second later again, and so on */
	p.output[p.len = 0] = '\0';
	start = clock_ns();
	CU_ASSERT_TRUE(process_expect(&p, "cannot accept a connection: "));
	CU_ASSERT(clock_ns() - start >= 500 * NS_PER_MS);
	CU_ASSERT_EQUAL(prlimit(p.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	CU_ASSERT_EQUAL(end_reason(fd), FPGABUF_WIRE_MALFORMED);
	close(fd);
	server_end(&p);
}

/*
 * A message that is nearly right: a type that there is, with a body that may be
 * right, or be shortened, lengthened, or have a few bytes changed.
 */
static size_t draw_message(uint8_t data[512])
{
	static const uint32_t types[] = {
		FPGABUF_WIRE_HELLO, FPGABUF_WIRE_HELLO, FPGABUF_WIRE_RELEASE,
		FPGABUF_WIRE_WELCOME, FPGABUF_WIRE_REGION,
		FPGABUF_WIRE_CAPTURE, FPGABUF_WIRE_END,
	};
	struct fpgabuf_wire_message m = { .type = types[draw(7)] };
	size_t len, i;

	if (m.type == FPGABUF_WIRE_HELLO) {
		m.hello.oldest = 1;
		m.hello.newest = 1 + draw(3);
		m.hello.credits = draw(10);
	} else if (m.type == FPGABUF_WIRE_RELEASE) {
		m.release.index = draw(10);
	}
	for (i = 0; i < 512; i++)
		data[i] = draw(256);
	len = fpgabuf_wire_encode(&m, data);
	if (!draw(3))
		len = draw(512);
	for (i = draw(4); i < 2; i++)
		data[draw(FPGABUF_WIRE_MAX_SIZE)] = draw(256);
	return len;
}

#define MOST_FDS	5

/* Some of them with descriptors, or with other control messages */
static bool send_malformed(int sock)
{
	uint8_t data[512];
	union {
		struct cmsghdr head;
		char data[CMSG_SPACE(MOST_FDS * sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET } };
	struct iovec iov = { .iov_base = data, .iov_len = draw_message(data) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned int i, n = draw(4) ? 0 : 1 + draw(MOST_FDS);
	int fd = STDERR_FILENO;

	if (n) {
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		for (i = 0; i < n; i++)
			memcpy(CMSG_DATA(&control.head) + i * sizeof(int), &fd,
			       sizeof(fd));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* A connection with a few messages; -1: now and then it just goes. */
static int malformed_client(void)
{
	const struct fpgabuf_wire_message hello = {
		.type = FPGABUF_WIRE_HELLO,
		.hello = { .oldest = 1, .newest = 1, .credits = 1 },
	};
	unsigned int i, n = 1 + draw(3);
	int fd = raw_connect();

	if (!draw(4))
		say(fd, &hello);
	for (i = 0; i < n; i++)
		if (!send_malformed(fd))
			break;
	if (draw(16)) {
		shutdown(fd, SHUT_WR);
		return fd;
	}
	close(fd);
	return -1;
}

/*
 * Several at once.  When this returns the server has read it all; so many were
 * sent away for what they said.
 */
static unsigned int malformed_clients(void)
{
	unsigned int i, away = 0;
	int fds[16];

	for (i = 0; i < 16; i++)
		fds[i] = malformed_client();
	for (i = 0; i < 16; i++) {
		if (fds[i] < 0)
			continue;
		away += end_reason(fds[i]) == FPGABUF_WIRE_MALFORMED;
		close(fds[i]);
	}
	return away;
}

static void test_malformed(void)
{
	char *args[] = { "-q", "-c", "64", NULL };
	uint64_t seed = time(NULL) * 1000003ULL + getpid();
	struct fpgabuf_shared_capture c;
	const char *given = getenv("FPGABUF_SEED");
	struct fpgabuf_client *client;
	unsigned int fds, clients, away = 0;
	struct process p;

	if (given && *given)
		seed = strtoull(given, NULL, 10);
	printf("FPGABUF_SEED=%llu ", (unsigned long long)seed);
	random_state = seed * 2 + 1;
	server_start_quiet(&p, args);
	fds = open_fds_alone(p.pid);
	/* No more can be open than it has clients, unless it loses some. */
	for (clients = 0; away < MALFORMED && clients < 2 * MALFORMED &&
	     open_fds(p.pid) <= fds + 64; clients += 16)
		away += malformed_clients();
	CU_ASSERT_EQUAL(open_fds_settled(p.pid, fds), fds);
	/* And it still does what it is for. */
	client = join(1);
	expect_capture(client, &c);
	CU_ASSERT_EQUAL(fpgabuf_client_release(client, c.index), 0);
	expect_capture(client, &c);
	fpgabuf_client_close(client);
	server_end(&p);
	printf("%u of %u clients sent away ", away, clients);
	CU_ASSERT(away >= MALFORMED);
	CU_ASSERT(count_of(&p, "malformed") >= MALFORMED);
	CU_ASSERT_EQUAL(count_of(&p, "held"), 0);
}

/* What nobody is told of tells that samples may be missing. */
static void test_gap_of_empty(void)
{
	char *args[] = { "--wait", "1", NULL };
	struct fpgabuf_shared_capture c;
	struct fpgabuf_client *client;
	struct process server;
	unsigned int i;

	setenv("FAKE_EMPTY_GAPS", "", 1);
	server_start(&server, "5", args);
	unsetenv("FAKE_EMPTY_GAPS");
	client = join(8);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_TRUE_FATAL(wait_for(fpgabuf_client_fd(client),
					      POLLIN));
		CU_ASSERT_EQUAL_FATAL(fpgabuf_client_next(client, &c), 0);
		CU_ASSERT_EQUAL(c.sequence, 2 * i);
		CU_ASSERT_EQUAL(c.flags, i ? FPGABUF_CAPTURE_GAP : 0);
	}
	fpgabuf_client_close(client);
	server_end(&server);
}

static const struct test tests[] = {
	{ "a gap before a capture without bytes is told with the next",
	  test_gap_of_empty },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "without a device it says what to do", test_no_device },
	{ "the socket has its mode, and no other server is pushed aside",
	  test_socket },
	{ "two clients share each capture and both get every byte",
	  test_two_clients },
	{ "a slow client loses its own credits only, and learns how much",
	  test_slow_client },
	{ "all credits together leave regions for the FPGA", test_credits },
	{ "more clients than allowed are refused", test_limit },
	{ "a client of another version is refused, a newer one is answered",
	  test_versions },
	{ "a hello with a descriptor makes no sense",
	  test_hello_with_descriptor },
	{ "what is right, but not at that time, ends the client",
	  test_out_of_place },
	{ "who does not say hello is sent away", test_late },
	{ "a socket that systemd has passed is taken", test_activation },
	{ "without descriptors it waits until there are some again",
	  test_no_descriptors },
	{ "100000 malformed messages: no crash, no descriptor lost",
	  test_malformed },
	{ }
};

SUITE(share, .title = "fpgabuf-share", .tests = tests)
