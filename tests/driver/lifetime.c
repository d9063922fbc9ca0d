// SPDX-License-Identifier: GPL-2.0-only
/* Who goes first does not matter: in the end nothing is left. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

enum { CLOSE_REGION, UNMAP, CLOSE_DEVICE, END_CHILD, STEPS };

struct holders {
	int dev, fd, wait_fd;
	void *mem;
	pid_t child;
};

/* A child that has everything its parent has, and a mapping of its own. */
static pid_t child_start(const struct holders *h, int *wait_fd)
{
	int pipes[2];
	char byte;
	pid_t pid;

	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		volatile char *mem = region_map(h->fd, 64 * KIB);

		close(pipes[1]);
		byte = mem[0];
		_exit(read(pipes[0], &byte, 1) != 0);
	}
	close(pipes[0]);
	*wait_fd = pipes[1];
	return pid;
}

static void child_end(struct holders *h)
{
	int status;

	close(h->wait_fd);
	REQUIRE(waitpid(h->child, &status, 0), h->child);
	EXPECT(status, 0);
}

static void step(struct holders *h, int what)
{
	switch (what) {
	case CLOSE_REGION:
		close(h->fd);
		break;
	case UNMAP:
		munmap(h->mem, 64 * KIB);
		break;
	case CLOSE_DEVICE:
		close(h->dev);
		break;
	case END_CHILD:
		child_end(h);
		break;
	}
}

static void end_in_order(const int *order, bool queued, int watch)
{
	struct holders h = { .dev = device_open(0) };
	int i;

	h.fd = region_alloc(h.dev, 64 * KIB);
	h.mem = region_map(h.fd, 64 * KIB);
	memset(h.mem, 1, 64 * KIB);
	if (queued)
		REQUIRE(region_queue(h.dev, h.fd, 0, 0), 0);
	h.child = child_start(&h, &h.wait_fd);
	for (i = 0; i < STEPS; i++)
		step(&h, order[i]);
	EXPECT(device_used(watch), 0);
	EXPECT(device_info(watch).queued, 0);
	CU_ASSERT(!dmabufs_left());
}

static void permute(int *order, int n, bool queued, int watch)
{
	int i, tmp;

	if (n == STEPS) {
		end_in_order(order, queued, watch);
		return;
	}
	for (i = n; i < STEPS; i++) {
		tmp = order[n], order[n] = order[i], order[i] = tmp;
		permute(order, n + 1, queued, watch);
		tmp = order[n], order[n] = order[i], order[i] = tmp;
	}
}

static void every_order(bool queued)
{
	int order[STEPS] = { CLOSE_REGION, UNMAP, CLOSE_DEVICE, END_CHILD };
	int watch = device_open(0);

	/* A feed nobody writes to: what is queued stays queued. */
	sim_source("feed");
	permute(order, 0, queued, watch);
	close(watch);
}

static void idle_in_every_order(void)
{
	every_order(false);
}

static void queued_in_every_order(void)
{
	every_order(true);
}

static pid_t sender_start(const char *address)
{
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("fpgabuf-send", "fpgabuf-send", "-q", "-r", "1M", "-n",
		       "4", address, NULL);
		_exit(127);
	}
	return pid;
}

static void kill_once(int watch, int listener, const char *address, int round)
{
	uint64_t captures = device_info(watch).captures;
	pid_t pid = sender_start(address);
	int rx = net_accept(listener), status;

	wait_for_captures(watch, captures + 1 + round % 4);
	kill(pid, SIGKILL);
	REQUIRE(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT(device_info(watch).queued, 0);
	/* Until now its last packets were waiting for us. */
	close(rx);
	EXPECT(device_used(watch), 0);
	CU_ASSERT(!dmabufs_left());
}

static void killed_sender(void)
{
	int watch = device_open(0), listener, i;
	char address[32];
	long before = 0;

	sim_source("pattern");
	listener = net_listen(address, sizeof(address));
	for (i = 0; i < 12; i++) {
		/* The first rounds fill caches that stay. */
		if (i == 2)
			before = free_kib();
		kill_once(watch, listener, address, i);
	}
	/* Forgotten pages would be 1 MiB a round at least. */
	for (i = 0; i < 500 && before - free_kib() > 4096; i++)
		usleep(10000);
	printf("\n    %ld KiB less free after 10 kills", before - free_kib());
	CU_ASSERT(before - free_kib() <= 4096);
	close(listener);
	close(watch);
}

static void unbind(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB);
	int fd2 = region_alloc(dev, 64 * KIB), again, tx, rx;
	void *mem = region_map(fd, 64 * KIB);
	struct pollfd pfd = { .fd = dev };
	struct fpgabuf_dequeue done;
	struct fpgabuf_alloc alloc;
	unsigned int copied;

	sim_source("pattern");
	capture_run(dev, fd, 0);
	sim_source("feed");
	REQUIRE(region_queue(dev, fd2, 0, 3), 0);
	file_write(DRIVER "unbind", "fpgabuf.0");

	EXPECT(poll(&pfd, 1, 0), 1);
	CU_ASSERT(pfd.revents & POLLHUP);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 3);
	EXPECT(done.error, -ENODEV);
	EXPECT(capture_get(dev, &done), -ENODEV);
	EXPECT(region_queue(dev, fd, 0, 0), -ENODEV);
	EXPECT(region_try_alloc(dev, 4096, &alloc), -ENODEV);
	EXPECT(capture_cancel(dev), -ENODEV);

	/* The memory is as good as before. */
	CU_ASSERT(is_pattern(mem, 64 * KIB, 0));
	sync_access(fd, true);
	sync_access(fd, false);
	net_connect(&tx, &rx);
	EXPECT(send_zerocopy(tx, mem, 64 * KIB), 64 * KIB);
	close(rx);
	EXPECT(net_completions(tx, 1, &copied, 10000), 1);
	close(tx);

	/* It comes back as the node it was, whoever holds what is past. */
	file_write(DRIVER "bind", "fpgabuf.0");
	again = device_open(0);
	EXPECT(capture_get(dev, &done), -ENODEV);
	munmap(mem, 64 * KIB);
	close(fd);
	close(fd2);
	EXPECT(device_used(dev), 0);
	CU_ASSERT(!dmabufs_left());
	close(dev);

	dev = again;
	fd = region_alloc(dev, 64 * KIB);
	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, 64 * KIB);
	close(fd);
	close(dev);
}

/* The peer of the sends below reads until the connection ends. */
static pid_t sink_start(int rx, int tx)
{
	char sink[65536];
	pid_t pid = fork();

	if (!pid) {
		close(tx);
		while (recv(rx, sink, sizeof(sink), 0) > 0)
			continue;
		_exit(0);
	}
	return pid;
}

/*
 * In a process of its own: capture, map, send, until the device has gone.
 * Whatever comes first, an end that is not ENODEV is an error.
 */
static void use_until_gone(int tx)
{
	struct fpgabuf_dequeue done;
	struct fpgabuf_alloc alloc;
	int i, ret = 0, dev;
	void *mem[4];
	int fds[4];

	dev = open("/dev/fpgabuf0", O_RDWR | O_CLOEXEC);
	for (i = 0; i < 4 && !ret; i++) {
		ret = region_try_alloc(dev, 256 * KIB, &alloc);
		fds[i] = alloc.fd;
		mem[i] = mmap(NULL, 256 * KIB, PROT_READ, MAP_SHARED, fds[i],
			      0);
		if (!ret)
			ret = region_queue(dev, fds[i], 0, i);
	}
	while (!ret) {
		ret = capture_get(dev, &done);
		if (!ret)
			ret = done.error;
		if (ret)
			break;
		send(tx, mem[done.cookie], 64 * KIB,
		     MSG_ZEROCOPY | MSG_DONTWAIT);
		ret = region_queue_wait(dev, fds[done.cookie], 0, done.cookie);
	}
	_exit(ret == -ENODEV ? 0 : -ret);
}

static void unbind_once(int tx, int round)
{
	int watch = device_open(0), status;
	uint64_t captures = device_info(watch).captures;
	pid_t pid = fork();

	if (!pid)
		use_until_gone(tx);
	wait_for_captures(watch, captures + 1 + round % 7);
	close(watch);
	file_write(DRIVER "unbind", "fpgabuf.0");
	REQUIRE(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
	file_write(DRIVER "bind", "fpgabuf.0");
}

static void unbind_under_load(void)
{
	int round, last = rounds(100), tx, rx, watch;
	pid_t sink;

	sim_source("pattern");
	net_connect(&tx, &rx);
	sink = sink_start(rx, tx);
	close(rx);
	for (round = 0; round < last; round++)
		unbind_once(tx, round);
	close(tx);
	REQUIRE(waitpid(sink, NULL, 0), sink);
	watch = device_open(0);
	EXPECT(device_used(watch), 0);
	CU_ASSERT(!dmabufs_left());
	close(watch);
}

static const struct test tests[] = {
	{ "close, munmap and fork in every order leave nothing behind",
	  idle_in_every_order },
	{ "the same with a capture queued leaves nothing behind",
	  queued_in_every_order },
	{ "a sender killed in mid-send leaves nothing behind", killed_sender },
	{ "unbinding ends captures, keeps the data, and can be undone",
	  unbind },
	{ "unbinding under load 100 times leaves nothing behind",
	  unbind_under_load },
	{ }
};

SUITE(lifetime,
	.title = "lifetimes",
	.init = modules_load,
	.tests = tests)
