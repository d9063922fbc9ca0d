// SPDX-License-Identifier: GPL-2.0-only
/* The regions of fpgabuf-share on a device that does not always work. */
#include <errno.h>
#include <fcntl.h>
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

static void test_cycle(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;
	unsigned int i;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool.region_count, 3);
	CU_ASSERT_EQUAL(pool.region_size, 8192);
	/* Clients shall not write to what all of them read. */
	CU_ASSERT_EQUAL(fake.access, O_RDONLY);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 3);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.cookie, i);
	}
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(pool_held(&pool), 3);
	/* Two hold the first, nobody the second. */
	pool_hold(&pool, 0);
	for (i = 0; i < 3; i++)
		pool_drop(&pool, i);
	CU_ASSERT_EQUAL(pool_held(&pool), 1);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 2);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(c.cookie, 1);
	pool_drop(&pool, 0);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 2);
	CU_ASSERT_EQUAL(pool.captures, 4);
	CU_ASSERT_EQUAL(pool.bytes, 4 * 8192);
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
	struct fpgabuf_dequeue c;
	struct pool pool;
	int64_t first, now = clock_ns();

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	pool_drop(&pool, c.cookie);
	fake.busy = 3;
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 2);
	first = pool_retry_ns(&pool);
	CU_ASSERT(first >= now + NS_PER_MS);
	/* Not before its time, and then after a longer one */
	pool.regions[0].busy.retry_ns = clock_ns() + NS_PER_SEC;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.busy_retries, 1);
	pool.regions[0].busy.retry_ns = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.busy_retries, 2);
	CU_ASSERT_EQUAL(pool.regions[0].busy.pause_ns, 2 * NS_PER_MS);
	/* For long: it is said once, and it goes on. */
	pool.regions[0].busy.since_ns -= 11 * NS_PER_SEC;
	pool.regions[0].busy.retry_ns = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_TRUE(pool.regions[0].complained);
	pool.regions[0].busy.retry_ns = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 3);
	CU_ASSERT_FALSE(pool.regions[0].complained);
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	pool_close(&pool);
	fake_reset();
}

static void queue_fails(int queue_errno)
{
	struct pool pool;

	open_usual(&pool);
	fake.queue_errno = queue_errno;
	CU_ASSERT_EQUAL(pool_fill(&pool), -queue_errno);
	CU_ASSERT_EQUAL(pool.queued, 0);
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
	CU_ASSERT_EQUAL(pool.queued, 2);
	pool_close(&pool);
	fake_reset();
}

/* The DMA controller has less room than the queue. */
static void test_room(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;

	open_usual(&pool);
	fake.room = 2;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 2);
	CU_ASSERT_EQUAL(fake.refused, 1);
	/* It is not asked again before there can be room. */
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(fake.refused, 1);
	CU_ASSERT_EQUAL(pool_retry_ns(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 2);
	CU_ASSERT_EQUAL(fake.refused, 1);
	pool_close(&pool);
	fake_reset();
}

/* Captured into before, and by now kept for more than 2 s */
static void open_kept(struct pool *pool)
{
	struct fpgabuf_dequeue c;

	CU_ASSERT_EQUAL(pool_fill(pool), 0);
	CU_ASSERT_EQUAL(pool_take(pool, &c), 1);
	pool_drop(pool, c.cookie);
	fake.kept = true;
	CU_ASSERT_EQUAL(pool_fill(pool), 0);
	pool->regions[0].busy.since_ns -= 2 * NS_PER_SEC;
	pool->regions[0].busy.retry_ns = 1;
}

/* The FPGA may go on at any time, but a channel that is stuck does not. */
static void test_kept(void)
{
	struct pool pool;

	fake_reset();
	fake.capabilities = 0;
	CU_ASSERT_EQUAL_FATAL(pool_open(&pool, &usual), 0);
	open_kept(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_TRUE(pool.regions[0].busy.told);
	pool.regions[0].busy.since_ns -= 20 * NS_PER_SEC;
	pool.regions[0].busy.retry_ns = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_FALSE(pool.regions[0].complained);
	fake.kept = false;
	pool.regions[0].busy.retry_ns = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool.queued, 3);
	pool_close(&pool);

	open_usual(&pool);
	open_kept(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), -EIO);
	pool_close(&pool);
	fake_reset();
}

/* Of a controller that takes less than a page more, and counts nothing */
static void test_plain(void)
{
	struct share_options options = usual;
	struct fpgabuf_dequeue c;
	struct pool pool;
	unsigned int i;

	fake_reset();
	fake_plain();
	fake.empty_every = 2;
	options.region_size = 0;
	CU_ASSERT_EQUAL_FATAL(pool_open(&pool, &options), 0);
	CU_ASSERT_EQUAL(pool.region_size, 16384);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.bytes, i == 1 ? 0 : 16376);
	}
	CU_ASSERT_EQUAL(pool.captures, 2);
	CU_ASSERT_TRUE(pool.lost_count);
	CU_ASSERT_EQUAL(pool.failures.in_a_row, 0);
	pool_close(&pool);
	fake_reset();
}

/* One failure is said, and goes by; eight in a row are the end. */
static void test_failures(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;
	unsigned int i;

	open_usual(&pool);
	fake.fail_at = 1;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
		CU_ASSERT_EQUAL(c.error, i ? 0 : -EIO);
	}
	CU_ASSERT_EQUAL(pool.failures.total, 1);
	CU_ASSERT_EQUAL(pool.failures.in_a_row, 0);
	for (i = 0; i < 8; i++) {
		fake.fail_at = fake.captures + 1;
		pool_drop(&pool, 0);
		CU_ASSERT_EQUAL(pool_fill(&pool), 0);
		CU_ASSERT_EQUAL(pool_take(&pool, &c), i < 7 ? 1 : -EIO);
	}
	pool_close(&pool);
	fake_reset();
}

static void test_suspend(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;

	open_usual(&pool);
	fake.fail_at = 1;
	fake.fail_errno = ESHUTDOWN;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 1);
	CU_ASSERT_EQUAL(c.error, -ESHUTDOWN);
	CU_ASSERT_EQUAL(pool.failures.total, 0);
	CU_ASSERT_EQUAL(pool.failures.in_a_row, 0);
	pool_close(&pool);
	fake_reset();
}

static void test_counters(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;

	open_usual(&pool);
	fake.timeout_every = 1;
	fake.short_every = 1;
	fake.gap_every = 2;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	while (pool_take(&pool, &c) > 0)
		CU_ASSERT_EQUAL(c.error, -ETIMEDOUT);
	CU_ASSERT_EQUAL(pool.captures, 3);
	CU_ASSERT_EQUAL(pool.timeouts, 3);
	CU_ASSERT_EQUAL(pool.partial, 3);
	CU_ASSERT_EQUAL(pool.gaps, 1);
	CU_ASSERT_EQUAL(pool.failures.total, 0);
	pool_close(&pool);
	fake_reset();
}

static void test_cancel(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;
	unsigned int n = 0;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_cancel(&pool), 0);
	fake.never = true;
	fake.canceled_bytes = 4096;
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	CU_ASSERT_EQUAL(pool_take(&pool, &c), 0);
	CU_ASSERT_EQUAL(pool_cancel(&pool), 0);
	while (pool_take(&pool, &c) > 0) {
		CU_ASSERT_EQUAL(c.error, -ECANCELED);
		CU_ASSERT_EQUAL(c.bytes, n++ ? 0 : 4096);
	}
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(pool.failures.total, 0);
	CU_ASSERT_EQUAL(pool.captures, 1);
	pool_close(&pool);
	fake_reset();
}

/* What a device must not do, nor we believe */
static void test_nonsense(void)
{
	struct fpgabuf_dequeue c;
	struct pool pool;

	open_usual(&pool);
	CU_ASSERT_EQUAL(pool_fill(&pool), 0);
	pool.regions[0].state = REGION_IDLE;
	CU_ASSERT_EQUAL(pool_take(&pool, &c), -EPROTO);
	pool.length = 100;
	CU_ASSERT_EQUAL(pool_take(&pool, &c), -EPROTO);
	pool.region_count = 2;
	CU_ASSERT_EQUAL(pool_take(&pool, &c), -EPROTO);
	pool.region_count = 3;
	CU_ASSERT_EQUAL(pool_take(&pool, &c), -EPIPE);
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
	{ "canceled captures come back with what they have", test_cancel },
	{ "what the device returns is checked", test_nonsense },
	{ "nobody can connect before the socket has its rights", test_private },
	{ "user, group, further groups, or the server itself are served",
	  test_rights },
	{ }
};

SUITE(pool, .title = "shared regions", .tests = tests)
