// SPDX-License-Identifier: GPL-2.0-only
/* The regions of fpgabuf-share on a device that does not always work. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "share/listener.h"
#include "share/pool.h"

static const struct share_options usual = {
	.device = FAKE_DEVICE,
	.region_size = 5000,
	.regions = 3,
};

static void open_usual(struct pool *pool)
{
	fake_reset();
	CU_ASSERT_EQUAL_FATAL(pool_open(pool, &usual), 0);
}

static uint64_t queued_of(const struct pool *pool)
{
	struct fpgabuf_ring_counts counts;

	fpgabuf_ring_count(pool->capturing.ring, &counts);
	return counts.queued;
}

static void test_cycle(void)
{
	struct fpgabuf_capture c;
	struct pool pool;
	unsigned int i;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool.region_count, 3);
	CU_ASSERT_EQUAL(pool.region_size, 8192);
	/* Clients shall not write to what all of them read. */
	CU_ASSERT_EQUAL(fake.access, O_RDONLY);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 3);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.slot, i);
		CU_ASSERT_EQUAL(pool_sequence(&pool, c.slot), i);
	}
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(pool_held(&pool), 3);
	CU_ASSERT_FALSE(pool_waits(&pool));
	/* Two hold the first, nobody the second. */
	pool_hold(&pool, 0);
	for (i = 0; i < 3; i++)
		pool_drop(&pool, i);
	CU_ASSERT_EQUAL(pool_held(&pool), 1);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	CU_ASSERT_TRUE(pool_waits(&pool));
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(c.slot, 1);
	pool_drop(&pool, 0);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	CU_ASSERT_EQUAL(pool.capturing.counts.captures, 4);
	CU_ASSERT_EQUAL(pool.capturing.counts.bytes, 4 * 8192);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	pool_close(&pool);
	fake_reset();
}

static void refused(int alloc_errno, uint32_t alignment, int error)
{
	struct pool pool;

	fake_reset();
	fake.alloc_errno = alloc_errno;
	if (alignment)
		fake.alignment = alignment;
	CU_ASSERT_EQUAL(pool_open(&pool, &usual), error);
	fake_reset();
}

static void test_open_fails(void)
{
	refused(ENOMEM, 0, -ENOMEM);
	refused(EDQUOT, 0, -EDQUOT);
	refused(EINVAL, 0, -EINVAL);
	refused(EMFILE, 0, -EMFILE);
	refused(0, 10000, -EINVAL);
}

static void test_busy(void)
{
	const struct capturing_told *told;
	struct fpgabuf_capture c;
	unsigned int calls;
	struct pool pool;
	int64_t now;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	told = &pool.capturing.told[c.slot];
	fake.busy = UINT32_MAX;
	now = clock_ns();
	pool_drop(&pool, c.slot);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	CU_ASSERT(pool_retry_ns(&pool) >= now + NS_PER_MS);
	calls = fake.queue_calls;
	/* Unless the host has slept over it */
	if (pool_fill(&pool) || clock_ns() < pool_retry_ns(&pool))
		CU_ASSERT_EQUAL(fake.queue_calls, calls);
	/* For long: it is said once, and it goes on. */
	while (!told->busy_ns) {
		poll(NULL, 0, 10);
		CU_ASSERT_EQUAL_FATAL(pool_fill(&pool), 0);
	}
	CU_ASSERT(clock_ns() - now >= 10 * NS_PER_SEC);
	CU_ASSERT_EQUAL(told->kept_ns, 0);
	fake.busy = 0;
	while (queued_of(&pool) < 3) {
		poll(NULL, 0, 10);
		CU_ASSERT_EQUAL_FATAL(pool_fill(&pool), 0);
	}
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	CU_ASSERT(pool.capturing.counts.busy_retries > 100);
	pool_close(&pool);
	fake_reset();
}

static void queue_fails(int queue_errno)
{
	struct pool pool;

	open_usual(&pool);
	fake.queue_errno = queue_errno;
	CU_ASSERT_EQUAL(pool_fill(&pool), -queue_errno);
	CU_ASSERT_EQUAL(queued_of(&pool), 0);
	pool_close(&pool);
	fake_reset();
}

static void test_queue_fails(void)
{
	queue_fails(EUSERS);
	queue_fails(ENODEV);
	queue_fails(EIO);
	queue_fails(EMSGSIZE);
	/* With nothing queued there will not be more room later. */
	queue_fails(ENOBUFS);
}

static void test_depth(void)
{
	struct pool pool;

	fake_reset();
	fake.queue_depth = 2;
	CU_ASSERT_EQUAL_FATAL(pool_open(&pool, &usual), 0);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	pool_close(&pool);
	fake_reset();
}

/* The DMA controller has less room than the queue. */
static void test_room(void)
{
	struct fpgabuf_capture c;
	struct pool pool;

	open_usual(&pool);
	fake.room = 2;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	CU_ASSERT_EQUAL(fake.refused, 1);
	/* It is not asked again before there can be room. */
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(fake.refused, 1);
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 2);
	CU_ASSERT_EQUAL(fake.refused, 1);
	pool_close(&pool);
	fake_reset();
}

/* Captured into before, and kept from then on */
static int64_t open_kept(struct pool *pool)
{
	struct fpgabuf_capture c;

	CU_ASSERT_EQUAL(pool_fill(pool), 0);
	CU_ASSERT_EQUAL(pool_take(pool, &c), 1);
	CU_ASSERT_EQUAL(c.slot, 0);
	fake.kept = true;
	pool_drop(pool, c.slot);
	return clock_ns();
}

/* Until it fails, or something is said of the first region */
static int fill_until_told(struct pool *pool)
{
	int err = 0;

	while (!err && !pool->capturing.told[0].kept_ns) {
		poll(NULL, 0, 10);
		err = pool_fill(pool);
	}
	return err;
}

/* The FPGA may go on at any time, but a channel that is stuck does not. */
static void test_kept(void)
{
	struct pool pool;
	int64_t began;

	fake_reset();
	fake.capabilities = 0;
	CU_ASSERT_EQUAL_FATAL(pool_open(&pool, &usual), 0);
	began = open_kept(&pool);
	CU_ASSERT_EQUAL(fill_until_told(&pool), 0);
	CU_ASSERT(clock_ns() - began >= 2 * NS_PER_SEC);
	CU_ASSERT_EQUAL(pool.capturing.told[0].busy_ns, 0);
	fake.kept = false;
	while (queued_of(&pool) < 3) {
		poll(NULL, 0, 10);
		CU_ASSERT_EQUAL_FATAL(pool_fill(&pool), 0);
	}
	pool_close(&pool);

	open_usual(&pool);
	began = open_kept(&pool);
	CU_ASSERT_EQUAL(fill_until_told(&pool), -EIO);
	CU_ASSERT(clock_ns() - began >= 2 * NS_PER_SEC);
	pool_close(&pool);
	fake_reset();
}

/* Of a controller that takes less than a page more, and counts nothing */
static void test_plain(void)
{
	struct share_options options = usual;
	struct fpgabuf_capture c;
	struct pool pool;
	unsigned int i;

	fake_reset();
	fake_plain();
	fake.empty_every = 2;
	options.region_size = 0;
	CU_ASSERT_EQUAL_FATAL(pool_open(&pool, &options), 0);
	CU_ASSERT_EQUAL(pool.region_size, 16384);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.bytes, 16376);
	}
	CU_ASSERT_EQUAL(pool.capturing.counts.captures, 2);
	CU_ASSERT_TRUE(pool.capturing.lost_count);
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 0);
	pool_close(&pool);
	fake_reset();
}

/* One failure is said, and goes by; eight in a row are the end. */
static void test_failures(void)
{
	struct fpgabuf_capture c;
	struct pool pool;
	unsigned int i;

	open_usual(&pool);
	fake.fail_at = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.error, i ? 0 : -EIO);
	}
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 1);
	for (i = 0; i < 8; i++) {
		fake.fail_at = fake.captures + 1;
		pool_drop(&pool, 0);
		CU_ASSERT_EQUAL(pool_take(&pool, &c), i < 7 ? 1 : -EIO);
	}
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 9);
	pool_close(&pool);
	fake_reset();
}

static void test_suspend(void)
{
	struct fpgabuf_capture c;
	struct pool pool;

	open_usual(&pool);
	fake.fail_at = 1;
	fake.fail_errno = ESHUTDOWN;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(c.error, -ESHUTDOWN);
	CU_ASSERT_EQUAL(c.failures, 0);
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 0);
	pool_close(&pool);
	fake_reset();
}

static void test_counters(void)
{
	struct fpgabuf_capture c;
	struct pool pool;

	open_usual(&pool);
	fake.timeout_every = 1;
	fake.short_every = 1;
	fake.gap_every = 2;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	while (pool_take(&pool, &c) > 0)
		CU_ASSERT_EQUAL(c.error, -ETIMEDOUT);
	CU_ASSERT_EQUAL(pool.capturing.counts.captures, 3);
	CU_ASSERT_EQUAL(pool.capturing.counts.timeouts, 3);
	CU_ASSERT_EQUAL(pool.capturing.counts.partial, 3);
	CU_ASSERT_EQUAL(pool.capturing.counts.gaps, 1);
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 0);
	pool_close(&pool);
	fake_reset();
}

static void test_pause(void)
{
	struct fpgabuf_capture c;
	struct pool pool;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_pause(&pool), 0);
	fake.never = true;
	fake.canceled_bytes = 4096;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(pool_pause(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(c.error, -ECANCELED);
	CU_ASSERT_EQUAL(c.bytes, 4096);
	pool_drop(&pool, c.slot);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 0);
	CU_ASSERT_EQUAL(pool.capturing.counts.failures, 0);
	CU_ASSERT_EQUAL(pool.capturing.counts.captures, 1);
	/* And it goes on. */
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(queued_of(&pool), 3);
	pool_close(&pool);
	fake_reset();
}

/* What a device must not do, nor we believe */
static void test_nonsense(void)
{
	struct fpgabuf_capture c;
	struct pool pool;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	fake.more_bytes = 1;
	CU_ASSERT_EQUAL(pool_take(&pool, &c), -EPROTO);
	pool_close(&pool);
	fake_reset();
}

int __real_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);

/* The rights of the last Unix socket, when it came into being */
static mode_t first_mode;

int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int ret = __real_bind(fd, addr, len);
	struct stat st;

	if (!ret && addr->sa_family == AF_UNIX &&
	    !stat(((const struct sockaddr_un *)addr)->sun_path, &st))
		first_mode = st.st_mode & 07777;
	return ret;
}

/* Who may not connect may not do so a moment before that is said, either. */
static void test_private(void)
{
	char path[64];
	const struct share_options options = { .path = path, .mode = 0640 };
	struct listener listener;
	mode_t mask = umask(0);
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/fpgabuf-pool-%d.sock", getpid());
	first_mode = 07777;
	CU_ASSERT_EQUAL_FATAL(listener_open(&listener, &options), 0);
	CU_ASSERT_EQUAL(first_mode, 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(umask(mask), 0);
	listener_close(&listener);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
}

/* The peer is this process, under whatever name. */
static void test_rights(void)
{
	struct ucred peer = { .uid = geteuid() + 1, .gid = getgid() + 1 };
	struct share_rights rights = { .user_count = 0 };
	gid_t groups[64];
	int pair[2], n;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CU_ASSERT_TRUE(rights_allow(&rights, pair[0], &peer));
	rights.users[rights.user_count++] = peer.uid + 1;
	CU_ASSERT_FALSE(rights_allow(&rights, pair[0], &peer));
	rights.users[rights.user_count++] = peer.uid;
	CU_ASSERT_TRUE(rights_allow(&rights, pair[0], &peer));
	rights.user_count = 0;
	rights.has_group = true;
	rights.group = peer.gid;
	CU_ASSERT_TRUE(rights_allow(&rights, pair[0], &peer));
	rights.group = (gid_t)-2;
	CU_ASSERT_FALSE(rights_allow(&rights, pair[0], &peer));
	n = getgroups(64, groups);
	if (n > 0) {
		rights.group = groups[n - 1];
		CU_ASSERT_TRUE(rights_allow(&rights, pair[0], &peer));
	}
	rights.group = (gid_t)-2;
	peer.uid = geteuid();
	CU_ASSERT_TRUE(rights_allow(&rights, pair[0], &peer));
	close(pair[0]);
	close(pair[1]);
}

static const struct test tests[] = {
	{ "a region is captured into when nobody holds it", test_cycle },
	{ "a device without memory, or with long captures, is refused",
	  test_open_fails },
	{ "a busy region is tried again, for ever, and told of once",
	  test_busy },
	{ "no more is queued than the device takes", test_depth },
	{ "no more is queued than the DMA controller has room for",
	  test_room },
	{ "a region that the channel keeps is waited for, unless that is stuck",
	  test_kept },
	{ "a controller that takes little, and counts nothing, is enough",
	  test_plain },
	{ "a device that takes no region ends it", test_queue_fails },
	{ "one failed capture goes by, many in a row do not", test_failures },
	{ "that the system slept is no failure", test_suspend },
	{ "timeouts, gaps and short captures are counted", test_counters },
	{ "canceled captures come back with what they have, and others follow",
	  test_pause },
	{ "what the device returns is checked", test_nonsense },
	{ "nobody can connect before the socket has its rights", test_private },
	{ "user, group, further groups, or the server itself are served",
	  test_rights },
	{ }
};

SUITE(pool, .title = "shared regions", .tests = tests)
