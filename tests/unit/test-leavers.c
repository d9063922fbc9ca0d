// SPDX-License-Identifier: GPL-2.0-only
/* Connections that take a while to close; here they go when the test says so. */
#include <sys/eventfd.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "lib/suite.h"
#include "recv/leavers.h"

/* A connection is gone when its descriptor is readable.  So many were reset. */
static unsigned int resets;

static void fake_close(struct inlet *inlet)
{
	(void)inlet;
}

static bool fake_gone(const struct inlet *inlet)
{
	struct pollfd fd = { inlet->going, POLLIN, 0 };

	return poll(&fd, 1, 0) > 0;
}

static void fake_reset(struct inlet *inlet)
{
	close(inlet->going);
	resets++;
}

static const struct inlet_kind slow = {
	.close = fake_close,
	.gone = fake_gone,
	.reset = fake_reset,
};

/* One that was closed: what makes it go */
static int leave(struct leavers *l)
{
	struct inlet inlet = {
		.kind = &slow,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	const int fd = inlet.fd;

	CU_ASSERT_FATAL(fd >= 0);
	inlet_close(&inlet);
	CU_ASSERT_EQUAL(inlet.fd, -1);
	leavers_add(l, &inlet);
	return fd;
}

static void go(int fd)
{
	const uint64_t one = 1;

	CU_ASSERT_EQUAL(write(fd, &one, sizeof(one)), sizeof(one));
}

/* A look takes no time, and those behind it are not held up. */
static void test_look(void)
{
	struct pollfd polls[MOST_LEAVERS];
	struct leavers l = { .count = 0 };
	int fds[3], i;

	resets = 0;
	leavers_look(&l);
	CU_ASSERT_EQUAL(leavers_due_ns(&l), 0);
	for (i = 0; i < 3; i++)
		fds[i] = leave(&l);
	leavers_look(&l);
	CU_ASSERT_EQUAL(l.count, 3);
	CU_ASSERT_TRUE(leavers_due_ns(&l) > 0);
	leavers_fill(&l, polls);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(polls[i].fd, fds[i]);
	go(fds[1]);
	CU_ASSERT_EQUAL(poll(polls, 3, 0), 1);
	leavers_look(&l);
	CU_ASSERT_EQUAL(l.count, 2);
	CU_ASSERT_EQUAL(resets, 1);
	CU_ASSERT_EQUAL(l.list[0].inlet.going, fds[0]);
	CU_ASSERT_EQUAL(l.list[1].inlet.going, fds[2]);
	go(fds[0]);
	go(fds[2]);
	leavers_wait(&l);
	CU_ASSERT_EQUAL(resets, 3);
}

/* Nobody waits for ever: of two, one is never gone. */
static void test_due(void)
{
	struct leavers l = { .count = 0 };

	resets = 0;
	leave(&l);
	leave(&l);
	l.list[0].due_ns = clock_ns();
	leavers_look(&l);
	CU_ASSERT_EQUAL(l.count, 1);
	CU_ASSERT_EQUAL(resets, 1);
	l.list[0].due_ns = clock_ns() + NS_PER_MS;
	leavers_wait(&l);
	CU_ASSERT_EQUAL(l.count, 0);
	CU_ASSERT_EQUAL(resets, 2);
}

static void test_many(void)
{
	struct leavers l = { .count = 0 };
	int fds[MOST_LEAVERS + 1];
	unsigned int i;

	resets = 0;
	for (i = 0; i <= MOST_LEAVERS; i++)
		fds[i] = leave(&l);
	CU_ASSERT_EQUAL(l.count, MOST_LEAVERS);
	CU_ASSERT_EQUAL(resets, 1);
	for (i = 1; i <= MOST_LEAVERS; i++)
		go(fds[i]);
	leavers_wait(&l);
	CU_ASSERT_EQUAL(resets, MOST_LEAVERS + 1);
}

/* A socket is closed at once. */
static void test_socket(void)
{
	struct leavers l = { .count = 0 };
	struct inlet inlet = {
		.kind = &inlet_socket,
		.fd = eventfd(0, EFD_CLOEXEC),
	};

	inlet_close(&inlet);
	leavers_add(&l, &inlet);
	CU_ASSERT_EQUAL(l.count, 0);
}

static const struct test tests[] = {
	{ "one that is gone is forgotten, the others stay", test_look },
	{ "none stays for ever", test_due },
	{ "if there are too many, the oldest goes", test_many },
	{ "a socket needs no time", test_socket },
	{ }
};

SUITE(leavers, .title = "connections that close", .tests = tests)
