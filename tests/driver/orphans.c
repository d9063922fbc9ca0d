// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that do not answer, that die, and whose channel goes: their master
 * may write on, and nobody else's memory may suffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "user-bed.h"

#define SIZE	(16 * KIB)
#define LARGE	(4 * MIB)

/* More than a stop that is not answered takes here, whatever the host does */
#define SOON_MS	15000

#define UNBIND	"/sys/bus/platform/drivers/fpgabuf-user/unbind"
#define BIND	"/sys/bus/platform/drivers/fpgabuf-user/bind"
#define CHANNEL	"fpgabuf-user.0"

static struct user_bed bed;

static void bed_begin(uint32_t depth, uint32_t flags)
{
	bed.door = user_open(depth, flags);
	user_bed_open(&bed, SIZE);
}

static void bed_end(void)
{
	user_bed_close(&bed);
	user_expect_nothing_held();
	close(bed.door);
}

static struct fpgabuf_user_event expect_start(uint32_t flags)
{
	return user_expect(bed.door, FPGABUF_USER_START, flags);
}

static struct fpgabuf_user_event expect_stop(uint32_t flags)
{
	return user_expect(bed.door, FPGABUF_USER_STOP, flags);
}

/* It goes well, whatever was before. */
static void capture_once(int i)
{
	struct fpgabuf_user_event piece;

	user_queue(&bed, i);
	piece = expect_start(0);
	EXPECT(user_done(bed.door, piece.id, 77, 0), 0);
	user_expect_capture(&bed, i, 0, 77);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* A process that has the node from us, and takes its time to answer */
static void answer(void *arg)
{
	struct fpgabuf_user_event stop = expect_stop(0);

	(void)arg;
	usleep(50000);
	EXPECT(user_done(bed.door, stop.id, 0, 0), 0);
}

static void answered(void)
{
	long long begin;
	pid_t pid;

	bed_begin(1, 0);
	user_queue(&bed, 0);
	expect_start(0);
	pid = process_start(answer, NULL);
	begin = now_ms();
	EXPECT(capture_cancel(bed.dev), 1);
	CU_ASSERT(now_ms() - begin < USER_PATIENCE);
	EXPECT(process_exit_code(pid), 0);
	user_expect_capture(&bed, 0, -ECANCELED, 0);
	user_expect_nothing_held();
	capture_once(0);
	bed_end();
}

/* Each is waited for once, and the master gets nothing else. */
static void unanswered(void)
{
	struct fpgabuf_user_event stop;
	long long begin = now_ms();
	int log = kmsg_open();

	bed_begin(4, 0);
	user_patience(200);
	user_queue(&bed, 0);
	expect_start(0);
	EXPECT(capture_cancel(bed.dev), 1);
	user_patience(USER_PATIENCE);
	user_expect_capture(&bed, 0, -ECANCELED, 0);
	EXPECT(kmsg_count(log, "until one says QUIET"), 1);
	EXPECT(region_queue(bed.dev, bed.fds[0], 0, 0), -EBUSY);

	user_queue(&bed, 1);
	EXPECT(capture_cancel(bed.dev), 1);
	user_expect_capture(&bed, 1, -ECANCELED, 0);
	user_queue(&bed, 1);
	CU_ASSERT(now_ms() - begin < SOON_MS);
	stop = expect_stop(FPGABUF_USER_ABANDONED);
	EXPECT(user_event_comes(bed.door, 50), false);
	EXPECT(user_attribute("stopped"), 1);
	EXPECT(user_attribute("held"), SIZE);

	EXPECT(user_done(bed.door, stop.id, 0, 0), 0);
	EXPECT(user_done(bed.door, expect_start(0).id, SIZE, 0), 0);
	user_expect_capture(&bed, 1, 0, SIZE);
	capture_once(0);
	close(log);
	bed_end();
}

/* What the last program was given goes on, and may end well. */
static void inherited(void)
{
	struct fpgabuf_user_event old[2], new[2];
	int i;

	bed_begin(2, 0);
	for (i = 0; i < 3; i++)
		user_queue(&bed, i);
	for (i = 0; i < 2; i++)
		old[i] = expect_start(0);
	EXPECT(user_progress(bed.door, old[0].id, 5), 0);
	close(bed.door);

	bed.door = user_open(0, 0);
	for (i = 0; i < 2; i++) {
		new[i] = expect_start(FPGABUF_USER_INHERITED);
		EXPECT(new[i].id, old[i].id);
		EXPECT(new[i].addr, old[i].addr);
		EXPECT(new[i].length, old[i].length);
	}
	EXPECT(user_event_comes(bed.door, 0), false);
	EXPECT(user_done(bed.door, old[0].id, SIZE, 0), 0);
	user_expect_capture(&bed, 0, 0, SIZE);
	EXPECT(user_quiet(bed.door), 0);
	user_expect_capture(&bed, 1, -EIO, 0);
	close(bed.door);

	bed.door = user_open(1, 0);
	EXPECT(user_done(bed.door, expect_start(0).id, 1, 0), 0);
	user_expect_capture(&bed, 2, 0, 1);
	bed_end();
}

/* A simulator that has died writes nothing any more. */
static void simulator_died(void)
{
	struct fpgabuf_user_event old, new;

	bed_begin(2, FPGABUF_USER_NODE_ONLY);
	user_queue(&bed, 0);
	old = expect_start(0);
	EXPECT(user_data(bed.door, old.id, 0, "x", 1), 0);
	close(bed.door);

	bed.door = user_open(1, 0);
	new = expect_start(0);
	CU_ASSERT(new.id > old.id);
	EXPECT(user_done(bed.door, old.id, 1, 0), -ESRCH);
	EXPECT(user_done(bed.door, new.id, 2, 0), 0);
	user_expect_capture(&bed, 0, 0, 2);
	close(bed.door);

	bed.door = user_open(2, FPGABUF_USER_NODE_ONLY);
	user_queue(&bed, 0);
	expect_start(0);
	close(bed.door);
	EXPECT(capture_cancel(bed.dev), 1);
	user_expect_capture(&bed, 0, -ECANCELED, 0);
	bed.door = user_open(1, 0);
	capture_once(0);
	bed_end();
}

/* It still owed the answer to a stop. */
static void simulator_died_stopping(void)
{
	bed_begin(1, FPGABUF_USER_NODE_ONLY);
	user_patience(200);
	user_queue(&bed, 0);
	expect_start(0);
	EXPECT(capture_cancel(bed.dev), 1);
	user_patience(USER_PATIENCE);
	user_expect_capture(&bed, 0, -ECANCELED, 0);
	EXPECT(user_attribute("stopped"), 1);
	close(bed.door);

	bed.door = user_open(1, 0);
	EXPECT(user_attribute("stopped"), 0);
	capture_once(0);
	bed_end();
}

static void write_all(const struct fpgabuf_user_event *pieces, int nr)
{
	uint8_t *data = malloc(LARGE);
	int i;

	REQUIRE(!data, false);
	memset(data, 0xee, LARGE);
	for (i = 0; i < nr; i++)
		master_write(pieces[i].addr, data, pieces[i].length);
	free(data);
}

/* All that is left of the regions is what the master may write to. */
static void memory_kept(void)
{
	struct fpgabuf_user_event pieces[USER_REGIONS];
	uint8_t *mem;
	size_t size;
	int i, dev;

	bed.door = user_open(USER_REGIONS, 0);
	user_bed_open(&bed, LARGE);
	for (i = 0; i < USER_REGIONS; i++)
		user_queue(&bed, i);
	for (i = 0; i < USER_REGIONS; i++)
		pieces[i] = expect_start(0);
	close(bed.door);
	dev = user_device();
	close(bed.dev);
	user_bed_let_go(&bed);
	EXPECT(user_attribute("held"), USER_REGIONS * LARGE);
	EXPECT(device_info(dev).used_bytes, USER_REGIONS * LARGE);

	mem = memory_take(&size);
	write_all(pieces, USER_REGIONS);
	CU_ASSERT(memory_is_ours(mem, size));
	munmap(mem, size);
	close(dev);
	EXPECT(module_try_unload("fpgabuf_user"), -EAGAIN);
	EXPECT(module_try_unload("fpgabuf"), -EAGAIN);

	bed.door = user_open(0, 0);
	EXPECT(user_quiet(bed.door), 0);
	user_expect_nothing_held();
	dev = user_device();
	EXPECT(device_used(dev), 0);
	close(dev);
	close(bed.door);
}

/* Captures as they come, until it is time */
static void run_for(long us)
{
	struct fpgabuf_dequeue done;
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		if (readable(bed.dev, 1)) {
			REQUIRE(capture_get(bed.dev, &done), 0);
			EXPECT(done.error, 0);
			user_queue(&bed, done.cookie);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000 +
		 (now.tv_nsec - begin.tv_nsec) / 1000 < us);
}

/* It has more than one piece, and one of them may just be ending. */
static void run_until_held(struct worker *worker)
{
	unsigned int patience = 60000;

	worker->holds = true;
	while (worker->started < worker->ended + 2 && patience--)
		run_for(1000);
	CU_ASSERT(worker->started >= worker->ended + 2);
}

/* Where the master of a process that died may still write, and then some */
static unsigned int write_on(const struct worker *worker)
{
	unsigned int n, begin = worker->ended + 1, end = worker->started;
	static uint8_t data[SIZE];

	memset(data, 0xee, SIZE);
	for (n = begin; n < end; n++)
		master_write(worker->addr[n % WORKER_PIECES], data,
			     worker->length[n % WORKER_PIECES]);
	return end > begin ? end - begin : 0;
}

/*
 * Every other program is killed when its master certainly has more to write.
 * Return: how many pieces the master went on with
 */
static unsigned int kill_once(unsigned int round)
{
	const size_t size = 2 * MIB;
	struct worker *worker = worker_start(USER_REGIONS, false);
	unsigned int written;
	int i, dev;
	uint8_t *mem;

	user_bed_open(&bed, SIZE);
	for (i = 0; i < USER_REGIONS; i++)
		user_queue(&bed, i);
	run_for(round * 7919 % 30000);
	if (round % 2)
		run_until_held(worker);
	worker_kill(worker);
	dev = user_device();
	close(bed.dev);
	user_bed_let_go(&bed);

	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(mem == MAP_FAILED, false);
	memset(mem, 0x5a, size);
	written = write_on(worker);
	CU_ASSERT(memory_is_ours(mem, size));
	munmap(mem, size);

	bed.door = user_open(0, 0);
	EXPECT(user_quiet(bed.door), 0);
	EXPECT(device_used(dev), 0);
	user_expect_nothing_held();
	close(bed.door);
	close(dev);
	worker_free(worker);
	return written;
}

static void killed_often(void)
{
	const unsigned int nr = thorough() ? 1000 : rounds(300);
	unsigned int round, written = 0;

	for (round = 0; round < nr; round++)
		written += kill_once(round);
	printf("\n    %u programs killed, %u pieces written to afterwards", nr,
	       written);
	CU_ASSERT(written >= nr / 2);
}

static short events_of(int door)
{
	struct pollfd pfd = { .fd = door, .events = POLLIN };

	REQUIRE(poll(&pfd, 1, 0) >= 0, true);
	return pfd.revents;
}

static void unbound(void)
{
	struct fpgabuf_user_event event;
	int i;

	bed_begin(2, 0);
	user_patience(100);
	for (i = 0; i < 3; i++)
		user_queue(&bed, i);
	for (i = 0; i < 2; i++)
		expect_start(0);
	file_write(UNBIND, CHANNEL);
	user_patience(USER_PATIENCE);
	for (i = 0; i < 3; i++)
		user_expect_capture(&bed, i, -ENODEV, 0);
	for (i = 0; i < 2; i++)
		expect_stop(FPGABUF_USER_ABANDONED);
	EXPECT(events_of(bed.door), POLLHUP);
	EXPECT(user_event(bed.door, &event), -ENODEV);
	close(bed.door);
	user_bed_let_go(&bed);
	close(bed.dev);
	EXPECT(user_attribute("held"), 2 * SIZE);

	/* Bound again, it has the same door, and what is behind it. */
	file_write(BIND, CHANNEL);
	EXPECT(user_attribute("held"), 2 * SIZE);
	bed_begin(1, 0);
	user_queue(&bed, 0);
	for (i = 0; i < 2; i++)
		expect_stop(FPGABUF_USER_INHERITED | FPGABUF_USER_ABANDONED);
	EXPECT(user_event_comes(bed.door, 50), false);
	EXPECT(user_quiet(bed.door), 0);
	EXPECT(user_done(bed.door, expect_start(0).id, 3, 0), 0);
	user_expect_capture(&bed, 0, 0, 3);
	bed_end();
}

/* A program that stays hears of the channel that comes. */
static void bound_again(void)
{
	bed_begin(2, 0);
	user_queue(&bed, 0);
	expect_start(0);
	user_patience(100);
	file_write(UNBIND, CHANNEL);
	user_patience(USER_PATIENCE);
	user_expect_capture(&bed, 0, -ENODEV, 0);
	user_bed_let_go(&bed);
	close(bed.dev);
	EXPECT(user_done(bed.door, expect_stop(FPGABUF_USER_ABANDONED).id, 0,
			 0), 0);
	user_expect_nothing_held();
	file_write(BIND, CHANNEL);
	EXPECT(events_of(bed.door), 0);
	user_bed_open(&bed, SIZE);
	capture_once(0);
	bed_end();
}

static void unloaded(void)
{
	bed_begin(1, 0);
	user_queue(&bed, 0);
	expect_start(0);
	close(bed.door);
	EXPECT(module_try_unload("fpgabuf_user"), -EAGAIN);
	file_write(DRIVER "unbind", "fpgabuf.8");
	user_expect_capture(&bed, 0, -ENODEV, 0);
	user_bed_let_go(&bed);
	close(bed.dev);
	EXPECT(user_attribute("held"), SIZE);
	EXPECT(module_try_unload("fpgabuf_user"), -EAGAIN);
	bed.door = user_open(0, 0);
	EXPECT(user_quiet(bed.door), 0);
	close(bed.door);
	EXPECT(module_unload("fpgabuf_user"), 0);
	REQUIRE(user_load(), 0);
}

static const struct test tests[] = {
	{ "a stop that is answered leaves nothing behind", answered },
	{ "one that is not is waited for once, and the master gets no more",
	  unanswered },
	{ "the next program hears what still runs, and may end it", inherited },
	{ "a simulator that died writes no more", simulator_died },
	{ "... not even if it was about to be stopped", simulator_died_stopping },
	{ "memory is kept while the master of a dead program writes, and no longer",
	  memory_kept },
	{ "the same at many moments under load", killed_often },
	{ "the channel unbound: the node stays, and so does the memory",
	  unbound },
	{ "a program that stays hears of the channel that comes", bound_again },
	{ "the module stays while memory is kept", unloaded },
	{ }
};

SUITE(orphans,
	.title = "programs that are hardware, and die",
	.init = user_load,
	.done = user_unload,
	.tests = tests)
