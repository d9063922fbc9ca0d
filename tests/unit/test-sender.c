// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/tcp.h>

#include "fake-device.h"
#include "lib/sender.h"
#include "lib/suite.h"
#include "net.h"

#define DEPTH		4U
#define TINY_BUFFER	8192
#define NOBODY		65534

/**
 * struct job - data on its way through a sender
 * @data: the bytes
 * @len: how many
 * @submitted: bytes submitted
 * @tokens: buffers submitted; the token is the number of the buffer
 * @reaped: buffers that came back
 * @received: bytes the peer has, all of them right
 * @largest: most bytes of a buffer, or 0
 * @header: the first bytes of each buffer are submitted as its header; or 0
 * @read_size: most bytes the peer reads at a time
 * @starved: times the sender waited for a completion and nothing else
 * @ok: nothing was wrong yet
 */
struct job {
	uint8_t *data;
	size_t len;
	size_t submitted;
	uint64_t tokens;
	uint64_t reaped;
	size_t received;
	size_t largest;
	size_t header;
	size_t read_size;
	unsigned int starved;
	bool ok;
};

static void job_init(struct job *job, size_t len)
{
	memset(job, 0, sizeof(*job));
	job->data = malloc(len);
	if (!job->data)
		abort();
	fill_noise(job->data, len);
	job->len = len;
	job->read_size = 65536;
	job->ok = true;
}

/* Sizes from one byte to more than a send takes. */
static size_t next_size(const struct job *job)
{
	static const size_t sizes[] = { 1, 70000, 4095, 3, 1 << 20, 65536, 8 };
	size_t size = sizes[job->tokens % (sizeof(sizes) / sizeof(sizes[0]))];

	if (job->largest && size > job->largest)
		size = job->largest;
	return size < job->len - job->submitted ? size :
						  job->len - job->submitted;
}

static int job_submit_one(const struct job *job, struct fpgabuf_sender *s,
			  size_t size)
{
	const uint8_t *data = job->data + job->submitted;
	uint8_t header[FPGABUF_SENDER_HEADER];
	int err;

	if (!job->header || size <= job->header)
		return fpgabuf_sender_submit(s, data, size, job->tokens);
	memcpy(header, data, job->header);
	err = fpgabuf_sender_submit_with_header(s, header, job->header,
						data + job->header,
						size - job->header,
						job->tokens);
	/* It is ours again. */
	memset(header, 0, sizeof(header));
	return err;
}

static void job_submit(struct job *job, struct fpgabuf_sender *s)
{
	while (job->submitted < job->len) {
		size_t size = next_size(job);
		int err = job_submit_one(job, s, size);

		if (err == -EAGAIN && job->tokens - job->reaped == DEPTH)
			return;
		if (err) {
			job->ok = false;
			return;
		}
		job->submitted += size;
		job->tokens++;
	}
}

/* Returns whether there was one. */
static bool job_reap(struct job *job, struct fpgabuf_sender *s)
{
	uint64_t before = job->reaped;
	uint64_t token;

	while (fpgabuf_sender_reap(s, &token))
		if (token != job->reaped++)
			job->ok = false;
	return job->reaped != before;
}

static void job_receive(struct job *job, int fd)
{
	static uint8_t buffer[65536];
	ssize_t n = recv(fd, buffer, job->read_size, MSG_DONTWAIT);

	if (n <= 0)
		return;
	if (job->received + n > job->len ||
	    memcmp(buffer, job->data + job->received, n))
		job->ok = false;
	job->received += n;
}

/* Waits for something to do; the peer does it. */
static void job_turn(struct job *job, struct fpgabuf_sender *s,
		     const struct pair *p)
{
	struct pollfd fds[2] = {
		{ .fd = fpgabuf_sender_fd(s), .events = POLLIN },
		{ .fd = p->peer, .events = POLLIN },
	};

	if (s->starved)
		job->starved++;
	if (poll(fds, 2, PATIENCE_MS) <= 0)
		job->ok = false;
	if (fds[1].revents)
		job_receive(job, p->peer);
}

static bool job_done(const struct job *job)
{
	return job->received == job->len && job->reaped == job->tokens;
}

static void job_run_with(struct job *job, enum fpgabuf_engine engine,
			 unsigned int flags, const struct pair *p,
			 struct fpgabuf_sender_stats *stats)
{
	struct fpgabuf_sender *s;

	if (fpgabuf_sender_create_with(p->sender, engine, DEPTH, flags, &s)) {
		job->ok = false;
		return;
	}
	while (job->ok && !job_done(job)) {
		job_submit(job, s);
		if (fpgabuf_sender_run(s))
			job->ok = false;
		if (!job_reap(job, s))
			job_turn(job, s, p);
	}
	fpgabuf_sender_stats(s, stats);
	fpgabuf_sender_destroy(s);
}

static void job_run(struct job *job, enum fpgabuf_engine engine,
		    const struct pair *p, struct fpgabuf_sender_stats *stats)
{
	job_run_with(job, engine, 0, p, stats);
}

static void check_stream_with(enum fpgabuf_engine engine, unsigned int flags,
			      int buffer, size_t read_size, size_t len,
			      struct fpgabuf_sender_stats *stats)
{
	struct pair p = pair_open(buffer, buffer);
	struct job job;

	job_init(&job, len);
	job.read_size = read_size;
	memset(stats, 0, sizeof(*stats));
	job_run_with(&job, engine, flags, &p, stats);
	CU_ASSERT_TRUE(job.ok);
	CU_ASSERT_EQUAL(job.received, len);
	CU_ASSERT_EQUAL(job.reaped, job.tokens);
	CU_ASSERT_EQUAL(stats->bytes, len);
	CU_ASSERT(stats->sends > 0);
	free(job.data);
	pair_close(&p);
}

static void check_stream(enum fpgabuf_engine engine, int buffer,
			 size_t read_size, size_t len,
			 struct fpgabuf_sender_stats *stats)
{
	check_stream_with(engine, 0, buffer, read_size, len, stats);
}

/* Nothing to do, nor anything that would wake a poll(2). */
static bool is_idle(const struct fpgabuf_sender *s)
{
	struct pollfd pfd = { .fd = fpgabuf_sender_fd(s), .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

static void check_zerocopy_stats(const struct fpgabuf_sender_stats *stats)
{
	CU_ASSERT_EQUAL(stats->zerocopy_sends, stats->sends);
	CU_ASSERT_EQUAL(stats->completions, stats->sends);
	CU_ASSERT_EQUAL(stats->fallback_copies, 0);
	/* Loopback always copies. */
	CU_ASSERT_EQUAL(stats->copied, stats->completions);
}

static void test_zerocopy(void)
{
	struct fpgabuf_sender_stats stats;

	check_stream(FPGABUF_ENGINE_ZEROCOPY, 0, 65536, (8 << 20) + 3, &stats);
	check_zerocopy_stats(&stats);
	CU_ASSERT_EQUAL(stats.copied_exact, 0);
}

static void test_zerocopy_slow(void)
{
	struct fpgabuf_sender_stats stats;

	check_stream(FPGABUF_ENGINE_ZEROCOPY, TINY_BUFFER, 701, 500001, &stats);
	check_zerocopy_stats(&stats);
}

static void test_uring(void)
{
	struct fpgabuf_sender_stats stats;

	check_stream(FPGABUF_ENGINE_URING, 0, 65536, (8 << 20) + 3, &stats);
	check_zerocopy_stats(&stats);
	CU_ASSERT_EQUAL(stats.registered_sends, 0);
	CU_ASSERT_EQUAL(stats.copied_exact, 1);
	check_stream(FPGABUF_ENGINE_URING, TINY_BUFFER, 701, 500001, &stats);
	check_zerocopy_stats(&stats);
}

static void test_uring_one_thread(void)
{
	const unsigned int flags = FPGABUF_SENDER_ONE_THREAD;
	struct fpgabuf_sender_stats stats;

	check_stream_with(FPGABUF_ENGINE_URING, flags, 0, 65536, (8 << 20) + 3,
			  &stats);
	check_zerocopy_stats(&stats);
	CU_ASSERT_EQUAL(stats.copied_exact, 1);
	check_stream_with(FPGABUF_ENGINE_URING, flags, TINY_BUFFER, 701, 500001,
			  &stats);
	check_zerocopy_stats(&stats);
}

/* One that waits for something else while its sends complete */
#define EINTR_BYTES	(512 << 10)

/**
 * struct other_end - the reader, and who waits for it
 * @epfd: what the sender is told by
 * @peer: the reader's end of the connection
 * @event: readable when all has been read
 * @tid: the thread that waits
 * @waiting: all it will do now is to wait
 */
struct other_end {
	int epfd;
	int peer;
	int event;
	pid_t tid;
	bool waiting;
};

/* Is it in the kernel, waiting? */
static bool sleeps(const struct other_end *end)
{
	char path[64], state = 0;
	FILE *f;

	if (!__atomic_load_n(&end->waiting, __ATOMIC_ACQUIRE))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", end->tid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		abort();
	fclose(f);
	return state == 'S';
}

/* Waits until io_uring has something to tell, by whatever it tells that with. */
static void wait_for_engine(int epfd)
{
	struct epoll_event event = { .data.u32 = FPGABUF_WATCH_SOCKET };

	while (event.data.u32 != FPGABUF_WATCH_ENGINE)
		if (epoll_wait(epfd, &event, 1, PATIENCE_MS) <= 0)
			abort();
}

/* What is read here makes the kernel let go of it there. */
static void *read_and_tell(void *arg)
{
	const struct other_end *end = arg;
	static uint8_t buffer[65536];
	size_t left = EINTR_BYTES;
	ssize_t n = 1;

	while (!sleeps(end))
		poll(NULL, 0, 1);
	while (left && n > 0) {
		n = recv(end->peer, buffer, sizeof(buffer), 0);
		left -= n > 0 ? n : 0;
	}
	wait_for_engine(end->epfd);
	eventfd_write(end->event, 1);
	return NULL;
}

/* What epoll_wait() for an event of the reader, and nothing else, returns */
static int wait_for_reader(struct other_end *end)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	pthread_t thread;
	int ret;

	epoll_ctl(epfd, EPOLL_CTL_ADD, end->event, &event);
	if (pthread_create(&thread, NULL, read_and_tell, end))
		abort();
	__atomic_store_n(&end->waiting, true, __ATOMIC_RELEASE);
	ret = epoll_wait(epfd, &event, 1, PATIENCE_MS);
	if (ret < 0)
		ret = -errno;
	pthread_join(thread, NULL);
	close(epfd);
	return ret;
}

static void *send_while_waiting(void *arg)
{
	static uint8_t data[EINTR_BYTES];
	struct pair p = pair_open(2 * EINTR_BYTES, TINY_BUFFER);
	struct other_end end = {
		.peer = p.peer,
		.event = eventfd(0, EFD_CLOEXEC),
		.tid = syscall(SYS_gettid),
	};
	struct fpgabuf_sender *s;
	uint64_t token = 0;

	if (fpgabuf_sender_create_with(p.sender, FPGABUF_ENGINE_URING, DEPTH,
				       FPGABUF_SENDER_ONE_THREAD, &s))
		abort();
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 5), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	/* All is with the socket, and nothing of it has completed. */
	CU_ASSERT_EQUAL(s->stats.bytes, sizeof(data));
	CU_ASSERT(s->outstanding > 0);
	end.epfd = s->epfd;
	CU_ASSERT_EQUAL(wait_for_reader(&end), 1);
	CU_ASSERT_EQUAL(wait_for(fpgabuf_sender_fd(s), POLLIN), POLLIN);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 5);
	fpgabuf_sender_destroy(s);
	close(end.event);
	pair_close(&p);
	return arg;
}

/* In a thread of its own: the end of a ring interrupts, and others have ended. */
static void test_no_eintr(void)
{
	pthread_t thread;

	CU_ASSERT_FATAL(!pthread_create(&thread, NULL, send_while_waiting,
					NULL));
	pthread_join(thread, NULL);
}

static void *run_elsewhere(void *arg)
{
	char byte = 0;

	CU_ASSERT_EQUAL(fpgabuf_sender_run(arg), -EPERM);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(arg, 0), -EPERM);
	if (fpgabuf_sender_engine(arg, NULL) == FPGABUF_ENGINE_URING)
		CU_ASSERT_EQUAL(fpgabuf_sender_register(arg, &byte, 1), -EPERM);
	return NULL;
}

/* It says so, and its own thread goes on. */
static void check_other_thread(enum fpgabuf_engine engine)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	pthread_t thread;
	uint64_t token;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create_with(p.sender, engine,
			DEPTH, FPGABUF_SENDER_ONE_THREAD, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, "12345", 5, 7), 0);
	CU_ASSERT_FATAL(!pthread_create(&thread, NULL, run_elsewhere, s));
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	fpgabuf_sender_destroy(s);
	CU_ASSERT_EQUAL(fpgabuf_sender_create_with(p.sender, engine, DEPTH, 2,
						   &s), -EINVAL);
	pair_close(&p);
}

static void test_other_thread(void)
{
	check_other_thread(FPGABUF_ENGINE_COPY);
	check_other_thread(FPGABUF_ENGINE_URING);
}

static void test_copy(void)
{
	struct fpgabuf_sender_stats stats;

	check_stream(FPGABUF_ENGINE_COPY, 0, 65536, (8 << 20) + 3, &stats);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, 0);
	CU_ASSERT_EQUAL(stats.completions, 0);
	check_stream(FPGABUF_ENGINE_COPY, TINY_BUFFER, 701, 500001, &stats);
}

static void test_one_byte(void)
{
	struct fpgabuf_sender_stats stats;

	check_stream(FPGABUF_ENGINE_ZEROCOPY, 0, 65536, 1, &stats);
	CU_ASSERT_EQUAL(stats.sends, 1);
	check_zerocopy_stats(&stats);
	check_stream(FPGABUF_ENGINE_URING, 0, 65536, 1, &stats);
	CU_ASSERT_EQUAL(stats.sends, 1);
	check_zerocopy_stats(&stats);
}

/* A sender whose socket is full, with @count buffers of @len bytes. */
static struct fpgabuf_sender *stalled_sender(const struct pair *p,
					     enum fpgabuf_engine engine,
					     const uint8_t *data, size_t len,
					     unsigned int count)
{
	struct fpgabuf_sender *s;
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p->sender, engine, DEPTH,
						    &s), 0);
	for (i = 0; i < count; i++)
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, len, i), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	return s;
}

/* Calls of sendmsg(2) that a full socket has refused */
static unsigned int refused;

/* Most bytes that one of them was offered */
static size_t largest_call;

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t n = __real_sendmsg(fd, msg, flags);
	size_t i, call = 0;

	refused += n < 0 && errno == EAGAIN;
	for (i = 0; i < msg->msg_iovlen; i++)
		call += msg->msg_iov[i].iov_len;
	if (call > largest_call)
		largest_call = call;
	return n;
}

static void check_not_asked(int send_buffer, size_t read_size, size_t len)
{
	struct fpgabuf_sender_stats stats;

	refused = 0;
	check_stream_with(FPGABUF_ENGINE_ZEROCOPY, 0, send_buffer, read_size,
			  len, &stats);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, stats.sends);
	CU_ASSERT(stats.sends > 10);
	CU_ASSERT_EQUAL(refused, 0);
}

/* Neither after it has taken a part, nor when completions come. */
static void test_full_is_not_asked(void)
{
	check_not_asked(TINY_BUFFER, 701, 500001);
	check_not_asked(256 << 10, 65536, (8 << 20) + 3);
}

static void check_stalled(enum fpgabuf_engine engine)
{
	static uint8_t data[4 << 20];
	struct pair p = pair_open(TINY_BUFFER, TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token;

	s = stalled_sender(&p, engine, data, sizeof(data), 1);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, 100), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.bytes > 0 && stats.bytes < sizeof(data));
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_stalled(void)
{
	check_stalled(FPGABUF_ENGINE_ZEROCOPY);
	check_stalled(FPGABUF_ENGINE_URING);
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*
 * All accepted, the peer's window closed: only the completions are missing.
 * The socket is writable all the time, which must not keep drain awake.
 */
static void check_accepted_is_not_enough(enum fpgabuf_engine engine)
{
	static uint8_t data[100000];
	struct pair p = pair_open(2 * sizeof(data), TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token;
	double cpu;

	s = stalled_sender(&p, engine, data, sizeof(data), 1);
	cpu = cpu_seconds();
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, 500), -ETIMEDOUT);
	CU_ASSERT(cpu_seconds() - cpu < 0.05);
	CU_ASSERT(wait_for(p.sender, POLLOUT) & POLLOUT);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.bytes, sizeof(data));
	CU_ASSERT_TRUE(is_idle(s));
	CU_ASSERT(stats.completions < stats.sends);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_accepted_is_not_enough(void)
{
	check_accepted_is_not_enough(FPGABUF_ENGINE_ZEROCOPY);
	check_accepted_is_not_enough(FPGABUF_ENGINE_URING);
}

/* Reads @len bytes, running the sender meanwhile. */
static void read_and_run(const struct pair *p, struct fpgabuf_sender *s,
			 size_t len)
{
	static char buffer[65536];
	ssize_t n;

	while (len && wait_for(p->peer, POLLIN)) {
		n = recv(p->peer, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n <= 0)
			break;
		len -= n;
		CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	}
	CU_ASSERT_EQUAL(len, 0);
}

/* More sends than the sender can follow: it has to wait for the oldest. */
static void check_many_in_flight(enum fpgabuf_engine engine)
{
	const unsigned int singles = 6000;
	static uint8_t data[100000];
	struct pair p = pair_open(0, TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	int buffer = 64 << 20;
	struct fpgabuf_sender *s;
	uint64_t token, count = 0;
	unsigned int i;
	bool large;

	large = !setsockopt(p.sender, SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
			    sizeof(buffer));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    engine,
						    singles + 1, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 0), 0);
	/* Of what is ready one call would do. */
	for (i = 0; i < singles; i++) {
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data + i, 1, i + 1),
				0);
		CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	}
	if (large) {
		/* All followed that can be; and some are left to be sent. */
		CU_ASSERT_TRUE(s->starved);
	} else {
		printf("(fewer: no CAP_NET_ADMIN for a large buffer) ");
	}
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.bytes < sizeof(data) + singles);
	read_and_run(&p, s, sizeof(data) + singles);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	while (fpgabuf_sender_reap(s, &token))
		CU_ASSERT_EQUAL(token, count++);
	CU_ASSERT_EQUAL(count, singles + 1);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.completions, stats.zerocopy_sends);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_many_in_flight(void)
{
	check_many_in_flight(FPGABUF_ENGINE_ZEROCOPY);
	check_many_in_flight(FPGABUF_ENGINE_URING);
}

static void check_reset(enum fpgabuf_engine engine)
{
	static uint8_t data[4 << 20];
	struct pair p = pair_open(TINY_BUFFER, TINY_BUFFER);
	struct fpgabuf_sender *s;
	uint64_t token, count = 0;
	int err;

	s = stalled_sender(&p, engine, data, sizeof(data), DEPTH);
	CU_ASSERT_TRUE(s->blocked);
	pair_reset(&p);
	err = fpgabuf_sender_drain(s, PATIENCE_MS);
	CU_ASSERT(err == -ECONNRESET || err == -EPIPE);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), err);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, 1, 99), err);
	CU_ASSERT_TRUE(is_idle(s));
	while (fpgabuf_sender_reap(s, &token))
		CU_ASSERT_EQUAL(token, count++);
	CU_ASSERT_EQUAL(count, DEPTH);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_reset(void)
{
	check_reset(FPGABUF_ENGINE_ZEROCOPY);
	check_reset(FPGABUF_ENGINE_URING);
	check_reset(FPGABUF_ENGINE_COPY);
}

static void check_idle_reset(enum fpgabuf_engine engine)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	CU_ASSERT_TRUE(is_idle(s));
	pair_reset(&p);
	CU_ASSERT_EQUAL(wait_for(fpgabuf_sender_fd(s), POLLIN), POLLIN);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), -ECONNRESET);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_idle_reset(void)
{
	check_idle_reset(FPGABUF_ENGINE_ZEROCOPY);
	check_idle_reset(FPGABUF_ENGINE_URING);
	check_idle_reset(FPGABUF_ENGINE_COPY);
}

static void test_drain(void)
{
	static uint8_t data[20000];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	uint64_t token;

	s = stalled_sender(&p, FPGABUF_ENGINE_ZEROCOPY, data, sizeof(data), 2);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, -1), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 1);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, 0), 0);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* What a child without privileges found. */
struct limited {
	struct job job;
	struct fpgabuf_sender_stats stats;
};

/*
 * Locked memory is counted by user, over all processes.  So a child of root's
 * becomes a user whom nobody else is: what others pin at the same time, the tests
 * of another build included, then does not matter.  Where numbers of users are few,
 * as in a container, it becomes nobody, and one that is not root remains who it is:
 * then main() has seen to it that it is the only one.
 */
static bool become_limited(void)
{
	unsigned int number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return false;
	/* Above what systems give to people and to containers */
	return !setuid(0x70000000 | number >> 4) || !setuid(NOBODY) ||
	       geteuid();
}

/*
 * Runs a job of buffers of up to @largest bytes, or 0, with a @header or 0, where no
 * more than @pages pages may be pinned.  Returns 0 if the child could.
 * The peer's buffer is smaller than a send: on loopback that is in flight only as
 * long as the peer has no room for it.  It is larger than a packet of loopback, or
 * TCP would now and then wait 0.2 s before it fills what room there is.
 */
static int run_limited(struct limited *shared, enum fpgabuf_engine engine,
		       size_t len, size_t largest, size_t header,
		       unsigned int pages)
{
	struct rlimit limit;
	int status;
	pid_t pid;

	limit.rlim_cur = limit.rlim_max = pages * sysconf(_SC_PAGESIZE);
	job_init(&shared->job, len);
	shared->job.largest = largest;
	shared->job.header = header;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct pair p = pair_open(0, 256 << 10);

		alarm(PATIENCE_MS / 1000);
		if (setrlimit(RLIMIT_MEMLOCK, &limit) || !become_limited())
			_exit(1);
		job_run(&shared->job, engine, &p, &shared->stats);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static struct limited *limited_new(void)
{
	struct limited *shared;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(shared != MAP_FAILED);
	return shared;
}

static void limited_free(struct limited *shared)
{
	free(shared->job.data);
	munmap(shared, sizeof(*shared));
}

static void test_nothing_pinnable(void)
{
	struct limited *l = limited_new();

	CU_ASSERT_EQUAL(run_limited(l, FPGABUF_ENGINE_ZEROCOPY, 3000001,
				    0, 0, 0), 0);
	CU_ASSERT_TRUE(l->job.ok);
	CU_ASSERT_EQUAL(l->job.received, l->job.len);
	CU_ASSERT_EQUAL(l->job.reaped, l->job.tokens);
	CU_ASSERT_EQUAL(l->stats.zerocopy_sends, 0);
	CU_ASSERT_EQUAL(l->stats.completions, 0);
	CU_ASSERT(l->stats.sends > 0);
	CU_ASSERT_EQUAL(l->stats.fallback_copies, l->stats.sends);
	limited_free(l);
}

/* Room for the largest send, 1 MiB, a ring, and hardly anything besides. */
static void check_little_pinnable(enum fpgabuf_engine engine)
{
	struct limited *l = limited_new();

	CU_ASSERT_EQUAL(run_limited(l, engine, 3000001, 0, 0, 270), 0);
	CU_ASSERT_TRUE(l->job.ok);
	CU_ASSERT_EQUAL(l->job.received, l->job.len);
	CU_ASSERT_EQUAL(l->job.reaped, l->job.tokens);
	CU_ASSERT_EQUAL(l->stats.fallback_copies, 0);
	CU_ASSERT_EQUAL(l->stats.completions, l->stats.sends);
	CU_ASSERT(l->job.starved > 0);
	limited_free(l);
}

static void test_little_pinnable(void)
{
	check_little_pinnable(FPGABUF_ENGINE_ZEROCOPY);
	check_little_pinnable(FPGABUF_ENGINE_URING);
}

/* A buffer may be pinned, and the kernel counts two pages more: but not two. */
static void check_one_pinnable(size_t header)
{
	struct limited *l = limited_new();

	CU_ASSERT_EQUAL(run_limited(l, FPGABUF_ENGINE_ZEROCOPY, 3000001, 32768,
				    header, 11), 0);
	CU_ASSERT_TRUE(l->job.ok);
	CU_ASSERT_EQUAL(l->job.received, l->job.len);
	CU_ASSERT_EQUAL(l->job.reaped, l->job.tokens);
	CU_ASSERT_EQUAL(l->stats.fallback_copies, 0);
	CU_ASSERT_EQUAL(l->stats.zerocopy_sends, l->stats.sends);
	limited_free(l);
}

static void test_one_pinnable(void)
{
	check_one_pinnable(0);
	/* With its header */
	check_one_pinnable(72);
}

static int try_create(int fd, int engine, unsigned int depth)
{
	struct fpgabuf_sender *s;
	int err = fpgabuf_sender_create(fd, engine, depth, &s);

	if (!err)
		fpgabuf_sender_destroy(s);
	return err;
}

static void test_create_errors(void)
{
	struct pair p = pair_open(0, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int unix_pair[2], pipe_pair[2];

	CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, unix_pair));
	CU_ASSERT_FATAL(!pipe(pipe_pair));
	CU_ASSERT_EQUAL(try_create(p.sender, 0, 1), -EINVAL);
	CU_ASSERT_EQUAL(try_create(p.sender, 5, 1), -EINVAL);
	CU_ASSERT_EQUAL(try_create(p.sender, FPGABUF_ENGINE_COPY, 0), -EINVAL);
	CU_ASSERT_EQUAL(try_create(p.sender, FPGABUF_ENGINE_COPY,
				   FPGABUF_SENDER_MAX_DEPTH + 1), -EINVAL);
	CU_ASSERT_EQUAL(try_create(p.sender, FPGABUF_ENGINE_COPY,
				   FPGABUF_SENDER_MAX_DEPTH), 0);
	CU_ASSERT_EQUAL(try_create(tcp, FPGABUF_ENGINE_ZEROCOPY, 1), -ENOTCONN);
	CU_ASSERT_EQUAL(try_create(udp, FPGABUF_ENGINE_COPY, 1), -EPROTOTYPE);
	CU_ASSERT_EQUAL(try_create(pipe_pair[1], FPGABUF_ENGINE_COPY, 1),
			-ENOTSOCK);
	CU_ASSERT_EQUAL(try_create(-1, FPGABUF_ENGINE_COPY, 1), -EBADF);
	CU_ASSERT_EQUAL(try_create(unix_pair[0], FPGABUF_ENGINE_ZEROCOPY, 1),
			-EOPNOTSUPP);
	CU_ASSERT_EQUAL(try_create(unix_pair[0], FPGABUF_ENGINE_URING, 1),
			-EOPNOTSUPP);
	CU_ASSERT_EQUAL(try_create(unix_pair[0], FPGABUF_ENGINE_COPY, 1), 0);
	CU_ASSERT_EQUAL(try_create(unix_pair[0], FPGABUF_ENGINE_AUTO, 1), 0);
	close(tcp);
	close(udp);
	close(unix_pair[0]);
	close(unix_pair[1]);
	close(pipe_pair[0]);
	close(pipe_pair[1]);
	pair_close(&p);
}

/* A header and what it is of are one thing to whoever submits them. */
static void check_pieces(enum fpgabuf_engine engine)
{
	static uint8_t data[50000], got[50048];
	struct iovec iov[2] = { { data, 48 }, { data + 10, sizeof(data) - 10 } };
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token, i;

	fill_noise(data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, 2, 40), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_copy(s, data, 10, 41), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 2);
	/* All or nothing */
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, 2, 42), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 2);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	for (i = 40; fpgabuf_sender_reap(s, &token); i++)
		CU_ASSERT_EQUAL(token, i);
	CU_ASSERT_EQUAL(i, 42);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 0);
	CU_ASSERT_EQUAL(recv(p.peer, got, sizeof(got), MSG_WAITALL),
			(ssize_t)sizeof(got));
	CU_ASSERT_EQUAL(memcmp(got, data, 48), 0);
	CU_ASSERT_EQUAL(memcmp(got + 48, data + 10, sizeof(data) - 10), 0);
	CU_ASSERT_EQUAL(memcmp(got + 50038, data, 10), 0);
	fpgabuf_sender_stats(s, &stats);
	if (engine != FPGABUF_ENGINE_COPY)
		CU_ASSERT_EQUAL(stats.zerocopy_sends, stats.sends - 2);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_pieces(void)
{
	check_pieces(FPGABUF_ENGINE_COPY);
	check_pieces(FPGABUF_ENGINE_ZEROCOPY);
	check_pieces(FPGABUF_ENGINE_URING);
}

static void test_pieces_errors(void)
{
	struct iovec iov[DEPTH + 1] = { 0 };
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	uint64_t token = 0;
	char byte = 0;
	unsigned int i;

	for (i = 0; i <= DEPTH; i++)
		iov[i] = (struct iovec){ &byte, 1 };
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_COPY, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, DEPTH + 1, 0), -EINVAL);
	iov[1].iov_len = 0;
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, 2, 0), -EINVAL);
	iov[1] = (struct iovec){ NULL, 1 };
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, 2, 0), -EINVAL);
	iov[1] = iov[0];
	CU_ASSERT_EQUAL(fpgabuf_sender_submitv(s, iov, DEPTH, 9), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 1);
	/* What was not sent comes back as one, too. */
	pair_reset(&p);
	CU_ASSERT_EQUAL(fpgabuf_sender_abort(s), 0);
	CU_ASSERT(fpgabuf_sender_drain(s, PATIENCE_MS) < 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 9);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_submit_errors(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	unsigned int i;
	char byte = 0;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_COPY, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, NULL, 1, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, &byte, 0, 0), -EINVAL);
	for (i = 0; i < DEPTH; i++)
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, &byte, 1, i), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, &byte, 1, i), -EAGAIN);
	fpgabuf_sender_destroy(s);
	fpgabuf_sender_destroy(NULL);
	pair_close(&p);
}

static void check_bad_memory(enum fpgabuf_engine engine)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	uint64_t token = 0;
	void *hole;

	hole = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(hole != MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    engine,
						    DEPTH, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, hole, page, 7), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), -EFAULT);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 7);
	fpgabuf_sender_destroy(s);
	munmap(hole, page);
	pair_close(&p);
}

static void test_bad_memory(void)
{
	check_bad_memory(FPGABUF_ENGINE_ZEROCOPY);
	check_bad_memory(FPGABUF_ENGINE_URING);
}

/* Reads @len bytes, whatever they are. */
static void read_bytes(const struct pair *p, size_t len)
{
	static char buffer[65536];
	ssize_t n = 1;

	while (len && n > 0 && wait_for(p->peer, POLLIN)) {
		n = recv(p->peer, buffer, sizeof(buffer), MSG_DONTWAIT);
		len -= n > 0 ? n : 0;
	}
	CU_ASSERT_EQUAL(len, 0);
}

/*
 * The socket takes the first packets, and is not full.  They stay in it until the
 * peer reads, so a completion is still to come.
 */
static void check_bad_end(enum fpgabuf_engine engine)
{
	const size_t good = 256 << 10, bad = sysconf(_SC_PAGESIZE);
	struct pair p = pair_open(1 << 20, TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token = 0;
	char *data;

	data = mmap(NULL, good + bad, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CU_ASSERT_FATAL(data != MAP_FAILED);
	CU_ASSERT_FATAL(!mprotect(data + good, bad, PROT_NONE));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, good + bad, 7), 0);
	fpgabuf_sender_run(s);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.bytes > 0 && stats.bytes <= good);
	read_bytes(&p, stats.bytes);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), -EFAULT);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 7);
	fpgabuf_sender_destroy(s);
	munmap(data, good + bad);
	pair_close(&p);
}

static void test_bad_end(void)
{
	check_bad_end(FPGABUF_ENGINE_ZEROCOPY);
	check_bad_end(FPGABUF_ENGINE_URING);
	check_bad_end(FPGABUF_ENGINE_COPY);
}

/*
 * No socket can be told where to begin to count: instead, what the kernel
 * reports is shifted.
 */
static uint32_t id_shift;

ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);

static void shift_ids(struct msghdr *msg)
{
	struct sock_extended_err e;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_IP || c->cmsg_type != IP_RECVERR)
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		e.ee_info += id_shift;
		e.ee_data += id_shift;
		memcpy(CMSG_DATA(c), &e, sizeof(e));
	}
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = __real_recvmsg(fd, msg, flags);

	if (n >= 0 && flags & MSG_ERRQUEUE && id_shift)
		shift_ids(msg);
	return n;
}

/* All in flight at once, so that one report can cover the wrap. */
static void test_wrap(void)
{
	static uint8_t data[100000];
	struct pair p = pair_open(2 * sizeof(data), TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token, count = 0;
	unsigned int i;

	id_shift = UINT32_MAX - 9;
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_new(p.sender,
						 FPGABUF_ENGINE_ZEROCOPY, 20,
						 0, id_shift, &s), 0);
	for (i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data + i * 5000, 5000,
						      i), 0);
		CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	}
	read_and_run(&p, s, sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	while (fpgabuf_sender_reap(s, &token))
		CU_ASSERT_EQUAL(token, count++);
	CU_ASSERT_EQUAL(count, 20);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.zerocopy_sends >= 20);
	CU_ASSERT_EQUAL(stats.completions, stats.zerocopy_sends);
	id_shift = 0;
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_header_errors(void)
{
	static const char header[FPGABUF_SENDER_HEADER + 1];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	char byte = 0;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_COPY, 1,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, NULL, 1, &byte, 1,
							  0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header, 0, &byte,
							  1, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header,
							  sizeof(header), &byte,
							  1, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header, 1, NULL, 1,
							  0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header, 1, &byte,
							  0, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header, 128, &byte,
							  1, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, header, 1, &byte,
							  1, 0), -EAGAIN);
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), 1);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* One of 1 MiB, the most that goes in a call */
static void test_header_room(void)
{
	static uint8_t data[1 << 20];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_COPY, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, data, 72, data,
							  sizeof(data), 0), 0);
	largest_call = 0;
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	CU_ASSERT_EQUAL(largest_call, 72 + sizeof(data));
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* It is no part of that memory, and would be pinned for itself. */
static void test_header_registered(void)
{
	static uint8_t data[90000];
	struct pair p = pair_open(2 * sizeof(data), 0);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_URING, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, data, sizeof(data)), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(s, "header", 6, data,
							  sizeof(data), 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	read_and_run(&p, s, 6 + sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.registered_sends > 0);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, stats.registered_sends);
	CU_ASSERT_EQUAL(stats.sends, stats.registered_sends + 1);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* What is registered is held by the completions alone. */
static void test_registered(void)
{
	static uint8_t data[100000];
	struct pair p = pair_open(2 * sizeof(data), TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_URING, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, NULL, 1), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, data, 0), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, data, 90000), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, data, 90000), -EBUSY);
	fill_noise(data, sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, 90000, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, 200), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.bytes, 90000);
	CU_ASSERT_EQUAL(stats.registered_sends, stats.sends);
	/* Half in it is not in it. */
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data + 85000, 10000, 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	read_and_run(&p, s, 100000);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	CU_ASSERT_EQUAL(token, 2);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT(stats.registered_sends < stats.sends);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_register_errors(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	char byte;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_ZEROCOPY,
						    DEPTH, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_register(s, &byte, 1), -EOPNOTSUPP);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_submit_copy(void)
{
	static uint8_t data[50000];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token, count = 0;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_ZEROCOPY,
						    DEPTH, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_copy(s, data, 48, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_copy(s, data, 48, 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	while (fpgabuf_sender_reap(s, &token))
		CU_ASSERT_EQUAL(token, count++);
	CU_ASSERT_EQUAL(count, 3);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.bytes, sizeof(data) + 96);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, stats.sends - 2);
	CU_ASSERT_EQUAL(stats.fallback_copies, 0);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void check_abort(enum fpgabuf_engine engine)
{
	static uint8_t data[4 << 20];
	struct pair p = pair_open(TINY_BUFFER, TINY_BUFFER);
	struct fpgabuf_sender *s;
	uint64_t token, count = 0;

	s = stalled_sender(&p, engine, data, sizeof(data), DEPTH);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_abort(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), -ECONNABORTED);
	while (fpgabuf_sender_reap(s, &token))
		CU_ASSERT_EQUAL(token, count++);
	CU_ASSERT_EQUAL(count, DEPTH);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_abort(void)
{
	check_abort(FPGABUF_ENGINE_ZEROCOPY);
	check_abort(FPGABUF_ENGINE_URING);
	check_abort(FPGABUF_ENGINE_COPY);
}

static void test_abort_unix(void)
{
	struct fpgabuf_sender *s;
	int fds[2];
	char byte;

	CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(fds[0],
						    FPGABUF_ENGINE_AUTO, DEPTH,
						    &s), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_sender_obstacle(s), "Unix"));
	CU_ASSERT_EQUAL(fpgabuf_sender_abort(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), -ECONNABORTED);
	CU_ASSERT_EQUAL(recv(fds[1], &byte, 1, MSG_DONTWAIT), 0);
	fpgabuf_sender_destroy(s);
	close(fds[0]);
	close(fds[1]);
}

static void test_auto(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;
	const char *why;
	char text[96];

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_AUTO, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_engine(s, &why), FPGABUF_ENGINE_COPY);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "on this machine"));
	CU_ASSERT_STRING_EQUAL(fpgabuf_sender_obstacle(s), why);
	fpgabuf_sender_obstacle_of(p.sender, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, why);
	fpgabuf_sender_destroy(s);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_URING, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_engine(s, &why), FPGABUF_ENGINE_URING);
	CU_ASSERT_STRING_EQUAL(why, "it was asked for");
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* Where the other end is said to be, "" = where it is. */
static const char *peer_address = "";
/* The interface that loopback is said to be, "" = what it is. */
static char interface_name[16];

static const char *fake_driver = "e1000e";
static uint32_t fake_lacks;

static int answer_ethtool(void *command)
{
	struct ethtool_drvinfo *info = command;
	struct ethtool_value *value = command;

	if (value->cmd == ETHTOOL_GDRVINFO)
		strcpy(info->driver, fake_driver);
	else
		value->data = value->cmd != fake_lacks;
	return 0;
}

void net_pretend(const char *address)
{
	peer_address = address;
	strcpy(interface_name, *address ? "dma0" : "");
	fake.ethtool = *address ? answer_ethtool : NULL;
}

int __real_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int __real_getifaddrs(struct ifaddrs **list);
int __wrap_getifaddrs(struct ifaddrs **list);

/* IPv4 as IPv6 if it has colons. */
int __wrap_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, peer_address, &v4.sin_addr) == 1) {
		memcpy(addr, &v4, sizeof(v4));
		return 0;
	}
	if (inet_pton(AF_INET6, peer_address, &v6.sin6_addr) == 1) {
		memcpy(addr, &v6, sizeof(v6));
		return 0;
	}
	return __real_getpeername(fd, addr, len);
}

int __wrap_getifaddrs(struct ifaddrs **list)
{
	int ret = __real_getifaddrs(list);
	struct ifaddrs *i;

	for (i = *list; !ret && *interface_name && i; i = i->ifa_next) {
		if (!(i->ifa_flags & IFF_LOOPBACK))
			continue;
		i->ifa_flags &= ~IFF_LOOPBACK;
		i->ifa_name = interface_name;
	}
	return ret;
}

/* What is said about the way to an address; NULL = nothing. */
static void check_route(const char *address, const char *text)
{
	struct pair p = pair_open(0, 0);
	enum fpgabuf_engine engine;
	struct fpgabuf_sender *s;
	const char *why;

	peer_address = address;
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_AUTO, DEPTH,
						    &s), 0);
	engine = fpgabuf_sender_engine(s, &why);
	if (text) {
		CU_ASSERT_EQUAL(engine, FPGABUF_ENGINE_COPY);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, text));
	} else {
		CU_ASSERT_EQUAL(engine, FPGABUF_ENGINE_URING);
		CU_ASSERT_PTR_NULL(fpgabuf_sender_obstacle(s));
	}
	fpgabuf_sender_destroy(s);
	peer_address = "";
	pair_close(&p);
}

static void test_routes(void)
{
	check_route("127.0.0.2", "on this machine");
	check_route("::ffff:127.0.0.1", "on this machine");
	strcpy(interface_name, "dma0");
	fake.ethtool = answer_ethtool;
	check_route("192.0.2.1", NULL);
	check_route("2001:db8::1", NULL);
	/* Another address of this machine, whatever the interface. */
	check_route("127.0.0.1", "on this machine");
	fake_driver = "veth";
	check_route("192.0.2.1", "dma0 is a virtual network");
	fake_driver = "tun";
	check_route("192.0.2.1", "dma0 is a virtual network");
	fake_driver = "e1000e";
	fake_lacks = ETHTOOL_GSG;
	check_route("192.0.2.1", "dma0 has no scatter-gather");
	fake_lacks = ETHTOOL_GTXCSUM;
	check_route("192.0.2.1", "dma0 does not compute checksums");
	fake_lacks = 0;
	interface_name[0] = '\0';
	fake_reset();
}

/* Of this thread; the others, and who comes after it, do not notice. */
static void forbid_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code,
	};

	CU_ASSERT_FATAL(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CU_ASSERT_FATAL(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

static void *auto_without_uring(void *arg)
{
	struct pair *p = arg;
	struct fpgabuf_sender *s;
	const char *why;

	forbid_uring();
	CU_ASSERT_EQUAL(fpgabuf_sender_create(p->sender, FPGABUF_ENGINE_URING,
					      DEPTH, &s), -EPERM);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p->sender,
						    FPGABUF_ENGINE_AUTO, DEPTH,
						    &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_engine(s, &why),
			FPGABUF_ENGINE_ZEROCOPY);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no io_uring"));
	fpgabuf_sender_destroy(s);
	return NULL;
}

static void test_auto_without_uring(void)
{
	struct pair p = pair_open(0, 0);
	pthread_t thread;

	strcpy(interface_name, "dma0");
	fake.ethtool = answer_ethtool;
	peer_address = "192.0.2.1";
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, auto_without_uring,
					     &p), 0);
	pthread_join(thread, NULL);
	peer_address = "";
	interface_name[0] = '\0';
	fake_reset();
	pair_close(&p);
}

/* How many buffers it takes until one is sent without a copy. */
static unsigned int send_until_pinned(struct pair *p, struct fpgabuf_sender *s,
				      uint8_t *data, size_t len)
{
	struct fpgabuf_sender_stats before, stats;
	unsigned int count = 0;
	uint64_t token;

	fpgabuf_sender_stats(s, &before);
	do {
		while (fpgabuf_sender_reap(s, &token))
			;
		CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_submit(s, data, len, 3), 0);
		CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_run(s), 0);
		read_and_run(p, s, len);
		CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
		fpgabuf_sender_stats(s, &stats);
		count++;
	} while (stats.zerocopy_sends == before.zerocopy_sends && count < 1000);
	return count;
}

/* A sender of the engine auto on loopback, as if nobody had seen that it is one */
static struct fpgabuf_sender *auto_sender_of(const struct pair *p,
					     unsigned int depth)
{
	struct fpgabuf_sender *s;

	strcpy(interface_name, "dma0");
	fake.ethtool = answer_ethtool;
	peer_address = "192.0.2.1";
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p->sender,
						    FPGABUF_ENGINE_AUTO, depth,
						    &s), 0);
	peer_address = "";
	interface_name[0] = '\0';
	fake_reset();
	return s;
}

static struct fpgabuf_sender *auto_sender(const struct pair *p)
{
	return auto_sender_of(p, DEPTH);
}

static void test_auto_learns(void)
{
	static uint8_t data[65536];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	const char *why;
	unsigned int count;
	uint64_t token;

	s = auto_sender(&p);
	/* One below the break-even, one above */
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, 32767, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, 32768, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	read_and_run(&p, s, 65535);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, 1);
	CU_ASSERT_EQUAL(stats.copied, 1);
	while (fpgabuf_sender_reap(s, &token))
		;
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, 1);
	fpgabuf_sender_engine(s, &why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "copied after all"));
	read_and_run(&p, s, sizeof(data));
	/* 16 MiB later it tries again, is told the same, and copies again. */
	count = send_until_pinned(&p, s, data, sizeof(data));
	CU_ASSERT(count >= 255 && count <= 258);
	fpgabuf_sender_engine(s, &why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "copied after all"));
	count = send_until_pinned(&p, s, data, sizeof(data));
	CU_ASSERT(count >= 511 && count <= 515);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* Sends a buffer, and returns how many calls did so without a copy. */
static uint64_t pinned(const struct pair *p, struct fpgabuf_sender *s)
{
	static uint8_t data[65536];
	struct fpgabuf_sender_stats before, after;
	uint64_t token;

	fpgabuf_sender_stats(s, &before);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_submit(s, data, sizeof(data), 0),
			      0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	read_and_run(p, s, sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), 1);
	fpgabuf_sender_stats(s, &after);
	return after.zerocopy_sends - before.zerocopy_sends;
}

/* As if the socket had done so several times */
static void take_of(struct fpgabuf_sender *s, size_t offered, size_t taken)
{
	int i;

	for (i = 0; i < 20; i++)
		fpgabuf_engine_note(s, offered, taken);
}

static void test_auto_little_room(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s = auto_sender(&p);
	const char *why, *chosen;

	fpgabuf_sender_engine(s, &chosen);
	/* Once is no rule. */
	fpgabuf_engine_note(s, 1 << 20, 20000);
	CU_ASSERT_FALSE(fpgabuf_engine_copies(s));
	/* What is short, and taken, tells nothing of the room. */
	take_of(s, 1000, 1000);
	CU_ASSERT_FALSE(fpgabuf_engine_copies(s));
	take_of(s, 1 << 20, 40000);
	CU_ASSERT_FALSE(fpgabuf_engine_copies(s));
	take_of(s, 1 << 20, 20000);
	CU_ASSERT_EQUAL(pinned(&p, s), 0);
	fpgabuf_sender_engine(s, &why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "little at a time"));
	/* That it took was 64 KiB each time, so there is room again. */
	take_of(s, 65536, 65536);
	fpgabuf_sender_engine(s, &why);
	CU_ASSERT_STRING_EQUAL(why, chosen);
	CU_ASSERT_EQUAL(pinned(&p, s), 1);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* Each rest that is copied is a call more, and one less for what follows. */
static void test_auto_rest(void)
{
	static uint8_t data[65536];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s = auto_sender(&p);
	struct fpgabuf_sender_stats stats;
	const size_t rest = 1000;

	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 1), 0);
	/* As if the socket had taken all else of the first */
	s->ring[0].accepted = sizeof(data) - rest;
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.sends, 1);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, 1);
	CU_ASSERT_EQUAL(stats.bytes, sizeof(data) + rest);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static unsigned int pinned_together(struct fpgabuf_sender *s,
				    unsigned int count, size_t size)
{
	static uint8_t data[65536];
	struct fpgabuf_sender_stats stats;
	unsigned int i, before;
	uint64_t token;

	fpgabuf_sender_stats(s, &stats);
	before = stats.zerocopy_sends;
	for (i = 0; i < count; i++)
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, size, i), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	while (fpgabuf_sender_reap(s, &token))
		;
	fpgabuf_sender_stats(s, &stats);
	return stats.zerocopy_sends - before;
}

/* What a call costs counts once, however many buffers it is for. */
static void test_auto_together(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s = auto_sender_of(&p, 8);

	CU_ASSERT_EQUAL(pinned_together(s, 3, 8192), 0);
	CU_ASSERT_EQUAL(pinned_together(s, 8, 8191), 0);
	CU_ASSERT_EQUAL(pinned_together(s, 4, 8192), 1);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* One that was asked for does as it was told. */
static void test_zerocopy_little_room(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_ZEROCOPY,
						    DEPTH, &s), 0);
	take_of(s, 1 << 20, 1000);
	CU_ASSERT_EQUAL(pinned(&p, s), 1);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static unsigned int segments_sent(const struct pair *p)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	CU_ASSERT_EQUAL_FATAL(getsockopt(p->sender, IPPROTO_TCP, TCP_INFO, &info,
					 &len), 0);
	return info.tcpi_data_segs_out;
}

/* A header, what it is for, and what nothing follows */
static void one_packet(enum fpgabuf_engine engine)
{
	static uint8_t data[1024];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, DEPTH, &s),
			      0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_copy(s, data, 64, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data, sizeof(data), 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(segments_sent(&p), 1);
	read_and_run(&p, s, 64 + sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_copy(s, data, 64, 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	CU_ASSERT_EQUAL(segments_sent(&p), 2);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* Pieces of a buffer that the peer does not read, in as few calls as there can be */
static void gathered(enum fpgabuf_engine engine, unsigned int zerocopy)
{
	enum { PIECES = 40, PIECE = 2500 };
	static uint8_t data[PIECES * PIECE];
	struct pair p = pair_open(2 * sizeof(data), TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	struct fpgabuf_sender *s;
	uint64_t token, i;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, PIECES, &s),
			      0);
	for (i = 0; i < PIECES; i++)
		CU_ASSERT_EQUAL(fpgabuf_sender_submit(s, data + i * PIECE, PIECE,
						      i), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.bytes, sizeof(data));
	CU_ASSERT_EQUAL(stats.sends, 2);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, zerocopy);
	/* None is back before the call that began with it, or before, is over. */
	CU_ASSERT_EQUAL(fpgabuf_sender_reap(s, &token), zerocopy ? 0 : 1);
	read_and_run(&p, s, sizeof(data));
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	for (i = zerocopy ? 0 : 1; fpgabuf_sender_reap(s, &token); i++)
		CU_ASSERT_EQUAL(token, i);
	CU_ASSERT_EQUAL(i, PIECES);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* Headers that differ, from memory that is used for the next one at once */
static void headers_gathered(enum fpgabuf_engine engine, unsigned int zerocopy)
{
	enum { WHOLES = 16, WHOLE = 5000, HEADER = 72 };
	static uint8_t data[WHOLES * WHOLE], got[WHOLES * WHOLE];
	struct pair p = pair_open(2 * sizeof(data), TINY_BUFFER);
	struct fpgabuf_sender_stats stats;
	uint8_t header[HEADER];
	struct fpgabuf_sender *s;
	uint64_t token, i;

	fill_noise(data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender, engine, WHOLES, &s),
			      0);
	for (i = 0; i < WHOLES; i++) {
		const uint8_t *at = data + i * WHOLE;

		memcpy(header, at, HEADER);
		CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(
					s, header, HEADER, at + HEADER,
					WHOLE - HEADER, i), 0);
	}
	CU_ASSERT_EQUAL(fpgabuf_sender_in_flight(s), WHOLES);
	CU_ASSERT_EQUAL(fpgabuf_sender_run(s), 0);
	fpgabuf_sender_stats(s, &stats);
	CU_ASSERT_EQUAL(stats.bytes, sizeof(data));
	CU_ASSERT_EQUAL(stats.sends, 1);
	CU_ASSERT_EQUAL(stats.zerocopy_sends, zerocopy);
	CU_ASSERT_EQUAL(recv(p.peer, got, sizeof(got), MSG_WAITALL),
			(ssize_t)sizeof(got));
	CU_ASSERT_EQUAL(memcmp(got, data, sizeof(got)), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	for (i = 0; fpgabuf_sender_reap(s, &token); i++)
		CU_ASSERT_EQUAL(token, i);
	CU_ASSERT_EQUAL(i, WHOLES);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

/* As if the socket had taken so much of a header and what is behind it */
static void taken_in_part(size_t taken)
{
	enum { HEADER = 72, WHOLE = 10000 };
	static uint8_t data[WHOLE], got[WHOLE];
	struct pair p = pair_open(0, 0);
	struct fpgabuf_sender *s;

	fill_noise(data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(fpgabuf_sender_create(p.sender,
						    FPGABUF_ENGINE_ZEROCOPY,
						    DEPTH, &s), 0);
	CU_ASSERT_EQUAL(fpgabuf_sender_submit_with_header(
				s, data, HEADER, data + HEADER, WHOLE - HEADER,
				0), 0);
	s->ring[0].accepted = taken;
	CU_ASSERT_EQUAL(fpgabuf_sender_drain(s, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(shutdown(p.sender, SHUT_WR), 0);
	CU_ASSERT_EQUAL(recv(p.peer, got, sizeof(got), MSG_WAITALL),
			(ssize_t)(WHOLE - taken));
	CU_ASSERT_EQUAL(memcmp(got, data + taken, WHOLE - taken), 0);
	fpgabuf_sender_destroy(s);
	pair_close(&p);
}

static void test_taken_in_part(void)
{
	taken_in_part(30);
	taken_in_part(72);
	taken_in_part(1000);
}

static void test_headers_gathered(void)
{
	headers_gathered(FPGABUF_ENGINE_COPY, 0);
	headers_gathered(FPGABUF_ENGINE_ZEROCOPY, 1);
	headers_gathered(FPGABUF_ENGINE_URING, 1);
}

static void test_gathered(void)
{
	gathered(FPGABUF_ENGINE_COPY, 0);
	gathered(FPGABUF_ENGINE_ZEROCOPY, 2);
	gathered(FPGABUF_ENGINE_URING, 2);
}

static void test_one_packet(void)
{
	one_packet(FPGABUF_ENGINE_COPY);
	one_packet(FPGABUF_ENGINE_ZEROCOPY);
	one_packet(FPGABUF_ENGINE_URING);
}

static const struct test tests[] = {
	{ "pieces that are ready go in one call, and come back in order",
	  test_gathered },
	{ "headers go in the same call as what they are of, and are free at once",
	  test_headers_gathered },
	{ "what a socket has taken in part goes on where it was, headers too",
	  test_taken_in_part },
	{ "a header does not make a second call", test_header_room },
	{ "an empty header is refused, and one that is too long",
	  test_header_errors },
	{ "a header before registered memory is copied", test_header_registered },
	{ "a header and what it is for leave as one packet", test_one_packet },
	{ "zero-copy delivers every byte and gives every buffer back in order",
	  test_zerocopy },
	{ "zero-copy works with tiny socket buffers and a slow reader",
	  test_zerocopy_slow },
	{ "io_uring does both as well", test_uring },
	{ "so it does for one thread", test_uring_one_thread },
	{ "what io_uring has to tell does not look like a signal",
	  test_no_eintr },
	{ "a sender for one thread refuses any other", test_other_thread },
	{ "several pieces are sent in order and come back as one",
	  test_pieces },
	{ "pieces are refused, and fail, all together", test_pieces_errors },
	{ "the copy engine delivers the same and waits for no completion",
	  test_copy },
	{ "a single byte is one send and one completion", test_one_byte },
	{ "a buffer the peer does not take does not come back", test_stalled },
	{ "a full socket is not asked again before it has room",
	  test_full_is_not_asked },
	{ "a buffer that was accepted but not completed does not come back",
	  test_accepted_is_not_enough },
	{ "thousands of sends in flight wait for the oldest of them",
	  test_many_in_flight },
	{ "when the peer resets, the error stays and no buffer is lost",
	  test_reset },
	{ "a reset is noticed while nothing is being sent", test_idle_reset },
	{ "drain waits for everything and takes no negative time", test_drain },
	{ "if nothing can be pinned, all is sent as copies",
	  test_nothing_pinnable },
	{ "if no two buffers can be pinned, each is sent alone",
	  test_one_pinnable },
	{ "if little can be pinned, sends wait for completions, not spin",
	  test_little_pinnable },
	{ "create refuses what cannot work, with a clear error",
	  test_create_errors },
	{ "submit refuses empty buffers and more than its depth",
	  test_submit_errors },
	{ "memory that cannot be read ends the sender and comes back",
	  test_bad_memory },
	{ "so does memory of which only the beginning can be read",
	  test_bad_end },
	{ "the numbers of zero-copy sends wrap, and nothing is lost", test_wrap },
	{ "registered memory comes back when its notification has come",
	  test_registered },
	{ "only io_uring registers memory", test_register_errors },
	{ "a short buffer can be copied between others that are not",
	  test_submit_copy },
	{ "an aborted sender gives all back though the peer stalls", test_abort },
	{ "a Unix socket can be aborted, too", test_abort_unix },
	{ "auto copies on loopback, and says why", test_auto },
	{ "auto does without io_uring where that is forbidden",
	  test_auto_without_uring },
	{ "auto looks where the route leads, and what the interface can",
	  test_routes },
	{ "auto copies while the socket takes little at a time, and says so",
	  test_auto_little_room },
	{ "auto sends the rest of a long piece together with what follows",
	  test_auto_rest },
	{ "auto does not copy what is short if enough of it goes together",
	  test_auto_together },
	{ "an engine that was asked for sends without a copy all the same",
	  test_zerocopy_little_room },
	{ "auto copies what is short, and all for a while once it hears of copies",
	  test_auto_learns },
	{ }
};

SUITE(sender, .title = "sender", .tests = tests)
