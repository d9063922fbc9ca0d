// SPDX-License-Identifier: GPL-2.0-only
/* Programs that are the hardware of a channel, and what they say. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user-bed.h"

#define NODE	"/dev/fpgabuf-user0"
#define CLASS	"/sys/class/misc/fpgabuf-user0/"
#define MASTER	"/dev/fpgabuf-test-master"

/* Another test may have left the master. */
int user_load(void)
{
	int ret = modules_load();
	char text[32];

	snprintf(text, sizeof(text), "simulator=1 stop_ms=%d", USER_PATIENCE);
	ret = ret ?: module_load("fpgabuf-user.ko", text);
	if (ret)
		return ret;
	ret = module_load("fpgabuf-test-master.ko", "");
	return ret == -EEXIST ? 0 : ret;
}

void user_patience(unsigned int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", ms);
	file_write("/sys/module/fpgabuf_user/parameters/stop_ms", text);
}

/*
 * The driver holds the channel, so it goes first.  When it comes again, the FPGAs
 * of the simulator shall have their numbers: they may have been bound in another
 * order.
 */
int user_unload(void)
{
	return module_unload("fpgabuf") ?:
	       module_unload("fpgabuf_user") ?:
	       module_unload("fpgabuf_test_master") ?:
	       module_unload("fpgabuf_sim");
}

int user_device(void)
{
	return node_open("fpgabuf.8");
}

int user_try_open(void)
{
	int door = open(NODE, O_RDWR | O_CLOEXEC);

	return door < 0 ? -errno : door;
}

void user_bed_open_on(struct user_bed *bed, int dev, size_t size)
{
	int i;

	bed->dev = dev;
	bed->size = size;
	for (i = 0; i < USER_REGIONS; i++) {
		bed->fds[i] = region_alloc(bed->dev, size);
		bed->mem[i] = region_map(bed->fds[i], size);
	}
}

void user_bed_open(struct user_bed *bed, size_t size)
{
	user_bed_open_on(bed, user_device(), size);
}

/* All that we have of the regions, whoever else has them */
void user_bed_let_go(struct user_bed *bed)
{
	int i;

	for (i = 0; i < USER_REGIONS; i++) {
		munmap(bed->mem[i], bed->size);
		close(bed->fds[i]);
	}
}

/* And nobody else does. */
void user_bed_close(struct user_bed *bed)
{
	user_bed_let_go(bed);
	EXPECT(device_used(bed->dev), 0);
	close(bed->dev);
}

void user_queue(struct user_bed *bed, int i)
{
	REQUIRE(region_queue(bed->dev, bed->fds[i], 0, i), 0);
}

void user_expect_capture(struct user_bed *bed, int i, int error,
			 uint64_t bytes)
{
	struct fpgabuf_dequeue done;

	REQUIRE(readable(bed->dev, 20000), true);
	REQUIRE(capture_get(bed->dev, &done), 0);
	EXPECT(done.cookie, i);
	EXPECT(done.error, error);
	EXPECT(done.bytes, bytes);
}

void user_expect_nothing_held(void)
{
	EXPECT(user_attribute("held"), 0);
	EXPECT(user_attribute("given"), 0);
	EXPECT(user_attribute("stopped"), 0);
}

/* Without a depth it says nothing. */
int user_open(uint32_t depth, uint32_t flags)
{
	const struct fpgabuf_user_command hello = {
		.type = FPGABUF_USER_HELLO,
		.flags = flags,
		.value = depth,
	};
	int door = user_try_open();

	REQUIRE(door >= 0, true);
	if (depth)
		REQUIRE(user_say(door, &hello), 0);
	return door;
}

bool user_event_comes(int door, int timeout_ms)
{
	struct pollfd pfd = { .fd = door, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 && pfd.revents & POLLIN;
}

int user_event(int door, struct fpgabuf_user_event *event)
{
	ssize_t n = read(door, event, sizeof(*event));

	if (n < 0)
		return -errno;
	return n == sizeof(*event) ? 0 : -EIO;
}

struct fpgabuf_user_event user_expect(int door, uint32_t type, uint32_t flags)
{
	struct fpgabuf_user_event event = { 0 };

	REQUIRE(user_event_comes(door, 5000), true);
	REQUIRE(user_event(door, &event), 0);
	EXPECT(event.type, type);
	EXPECT(event.flags, flags);
	EXPECT(event.reserved, 0);
	CU_ASSERT(event.id && event.addr && event.length);
	return event;
}

int user_say(int door, const struct fpgabuf_user_command *command)
{
	ssize_t n = write(door, command, sizeof(*command));

	if (n < 0)
		return -errno;
	return n == sizeof(*command) ? 0 : -EIO;
}

int user_done(int door, uint64_t id, uint32_t bytes, int32_t result)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_DONE,
		.id = id,
		.value = bytes,
		.result = result,
	};

	return user_say(door, &command);
}

int user_progress(int door, uint64_t id, uint32_t bytes)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_PROGRESS,
		.id = id,
		.value = bytes,
	};

	return user_say(door, &command);
}

int user_quiet(int door)
{
	const struct fpgabuf_user_command command = {
		.type = FPGABUF_USER_QUIET,
	};

	return user_say(door, &command);
}

int user_data(int door, uint64_t id, uint32_t offset, const void *data,
	      size_t size)
{
	struct fpgabuf_user_command *command = malloc(sizeof(*command) + size);
	ssize_t n;

	REQUIRE(!command, false);
	*command = (struct fpgabuf_user_command){
		.type = FPGABUF_USER_DATA,
		.id = id,
		.value = offset,
	};
	memcpy(command + 1, data, size);
	n = write(door, command, sizeof(*command) + size);
	free(command);
	return n < 0 ? -errno : n == (ssize_t)(sizeof(*command) + size) ? 0 :
								       -EIO;
}

uint64_t user_attribute(const char *name)
{
	unsigned long value;
	char path[64];

	snprintf(path, sizeof(path), CLASS "%s", name);
	REQUIRE(file_read_line(path, "", &value), true);
	return value;
}

void master_write(uint64_t addr, const void *data, size_t size)
{
	int fd = open(MASTER, O_WRONLY | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pwrite(fd, data, size, addr), size);
	close(fd);
}

/* Every fourth is as long as it can be. */
uint32_t packet_length(unsigned int n, uint32_t most)
{
	uint32_t x = n * 2654435761u + 12345;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return n % 4 ? 1 + x % most : most;
}

/* What a process of the program has at a time */
struct work {
	struct worker *worker;
	int door;
	struct fpgabuf_user_event given[FPGABUF_USER_MAX_DEPTH];
	unsigned int nr, ended;
	uint64_t position;
};

static void work_fill(struct work *work, const struct fpgabuf_user_event *piece,
		      uint32_t bytes)
{
	uint8_t *data = malloc(bytes);

	REQUIRE(!data, false);
	pattern_fill(data, bytes, work->position);
	if (work->worker->simulator)
		EXPECT(user_data(work->door, piece->id, 0, data, bytes), 0);
	else
		master_write(piece->addr, data, bytes);
	work->position += bytes;
	free(data);
}

static void work_oldest(struct work *work)
{
	const struct fpgabuf_user_event *piece = &work->given[0];
	uint32_t bytes = packet_length(work->ended, piece->length);

	work_fill(work, piece, bytes);
	EXPECT(user_done(work->door, piece->id, bytes, 0), 0);
	work->ended++;
	work->worker->ended++;
	work->nr--;
	memmove(&work->given[0], &work->given[1],
		work->nr * sizeof(work->given[0]));
}

static void work_take(struct work *work)
{
	struct fpgabuf_user_event *piece = &work->given[work->nr];
	struct worker *worker = work->worker;
	unsigned int n = worker->started;

	REQUIRE(user_event(work->door, piece), 0);
	EXPECT(piece->type, FPGABUF_USER_START);
	worker->addr[n % WORKER_PIECES] = piece->addr;
	worker->length[n % WORKER_PIECES] = piece->length;
	worker->started++;
	work->nr++;
	if (work->nr > worker->most)
		worker->most = work->nr;
}

static void worker_main(void *arg)
{
	struct worker *worker = arg;
	struct work work = { .worker = worker };

	work.door = user_open(worker->depth, worker->simulator ?
					      FPGABUF_USER_NODE_ONLY : 0);
	for (;;) {
		while (!work.nr || user_event_comes(work.door, 0))
			work_take(&work);
		if (!worker->holds)
			work_oldest(&work);
	}
}

struct worker *worker_start(uint32_t depth, bool simulator)
{
	struct worker *worker =
		mmap(NULL, sizeof(*worker), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(worker == MAP_FAILED, false);
	worker->depth = depth;
	worker->simulator = simulator;
	worker->pid = process_start(worker_main, worker);
	return worker;
}

/* It must not have ended by itself. */
void worker_kill(struct worker *worker)
{
	int status;

	EXPECT(kill(worker->pid, SIGKILL), 0);
	REQUIRE(waitpid(worker->pid, &status, 0), worker->pid);
	EXPECT(WIFSIGNALED(status), true);
}

void worker_free(struct worker *worker)
{
	munmap(worker, sizeof(*worker));
}
