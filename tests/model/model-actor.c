// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor, which performs operations until told to stop. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "model.h"

/*
 * A forked child has all descriptors of its parent, also those of other
 * threads.  What is closed meanwhile would not be gone.
 */
pthread_rwlock_t fork_lock = PTHREAD_RWLOCK_INITIALIZER;

/*
 * How often each is tried, by an actor that has the queue and by others: only
 * one for each device can capture, and that is to be done often.
 */
static const struct operation {
	unsigned int weight[2];
	enum kind kind;
	bool (*perform)(struct actor *actor);
	bool by_child;
} operations[] = {
	{ { 80, 80 }, ALLOC, op_alloc, false },
	{ { 90, 500 }, QUEUE, op_queue, false },
	{ { 20, 20 }, QUEUE, op_queue_wrong, true },
	{ { 0, 10 }, QUEUE, op_queue_refused, false },
	{ { 0, 10 }, QUEUE, op_expire, false },
	{ { 20, 500 }, DEQUEUE, op_dequeue, false },
	{ { 5, 15 }, CANCEL, op_cancel, false },
	{ { 70, 70 }, MMAP, op_map, true },
	{ { 60, 40 }, MUNMAP, op_unmap, true },
	{ { 120, 200 }, TOUCH, op_touch, true },
	{ { 60, 60 }, SYNC, op_sync, false },
	{ { 50, 50 }, POLL, op_poll_region, true },
	{ { 50, 50 }, POLL, op_poll_device, true },
	{ { 60, 60 }, REGION_INFO, op_region_info, true },
	{ { 30, 30 }, INFO, op_info, true },
	{ { 30, 60 }, SYNC_FILE, op_sync_file, false },
	{ { 20, 40 }, SYNC_FILE, op_fence, false },
	{ { 30, 30 }, DUP, op_dup, true },
	{ { 20, 15 }, PASS, op_pass, false },
	{ { 40, 30 }, RECEIVE, op_receive, false },
	{ { 60, 40 }, CLOSE, op_close, true },
	{ { 2, 2 }, FORK, op_fork, false },
	{ { 15, 15 }, HOLD, op_hold, false },
	{ { 30, 60 }, RELEASE, op_release, false },
	{ { 20, 20 }, IMPORT, op_import, false },
	{ { 20, 20 }, REGISTER, op_register, false },
	{ { 10, 20 }, UNREGISTER, op_unregister, false },
	{ { 20, 20 }, BASELINE, op_baseline, false },
	{ { 0, 60 }, SETTING, op_stall, false },
	{ { 0, 20 }, SETTING, op_packet, false },
	{ { 6, 3 }, REOPEN, op_reopen, false },
};

uint32_t draw(struct actor *actor, uint32_t below)
{
	actor->random = mix(actor->random);
	return (actor->random >> 32) % below;
}

/* The operation begins: the line is there when it hangs. */
void say(struct actor *actor, const char *format, ...)
{
	struct slot *slot = &world->slot[actor->slot];
	va_list args;

	va_start(args, format);
	vsnprintf(actor->text, sizeof(actor->text), format, args);
	va_end(args);
	slot->nr++;
	snprintf(slot->line[slot->next_line], sizeof(slot->line[0]), "%lu %s%s",
		 slot->nr, actor->child ? "(child) " : "", actor->text);
	slot->next_line = (slot->next_line + 1) % LOG_LINES;
}

/* Threads of a process that is to end stay out of the way. */
void diverge(struct actor *actor, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	world_diverge(actor->slot, "operation %lu, %s: %s",
		      world->slot[actor->slot].nr, actor->text, text);
	if (actor->child)
		_exit(1);
	while (true)
		pause();
}

static const char *name_of(int result)
{
	return result < 0 ? strerrorname_np(-result) : "success";
}

void check_result(struct actor *actor, int result,
		  const struct allowed *allowed)
{
	struct slot *slot = &world->slot[actor->slot];
	char *line = slot->line[(slot->next_line + LOG_LINES - 1) % LOG_LINES];
	char wanted[160] = "";
	unsigned int i;

	snprintf(line + strlen(line), sizeof(slot->line[0]) - strlen(line),
		 " = %s", name_of(result));
	if (is_allowed(allowed, result))
		return;
	if (allowed->success)
		strcpy(wanted, "success ");
	for (i = 0; i < allowed->nr; i++) {
		strcat(wanted, name_of(allowed->error[i]));
		strcat(wanted, " ");
	}
	diverge(actor, "got %s, expected %s", name_of(result), wanted);
}

void check(struct actor *actor, const struct verdict *verdict)
{
	if (!verdict->what)
		return;
	if (verdict->min == verdict->max)
		diverge(actor, "%s is %lld, expected %lld", verdict->what,
			verdict->got, verdict->min);
	diverge(actor, "%s is %lld, expected %lld to %lld", verdict->what,
		verdict->got, verdict->min, verdict->max);
}

unsigned int stage(const struct actor *actor)
{
	return world->device[actor->file.device].stage;
}

/* What was the device while a call was made that began at that stage? */
enum life life(const struct actor *actor, unsigned int before)
{
	if (before >= actor->file.stage + 2)
		return GONE;
	return stage(actor) == actor->file.stage ? LIVE : LEAVING;
}

void actor_close(struct actor *actor, int fd)
{
	if (!actor->child)
		pthread_rwlock_rdlock(&fork_lock);
	close(fd);
	if (!actor->child)
		pthread_rwlock_unlock(&fork_lock);
}

/*
 * The FPGA belongs to who has the queue.  The lock keeps the driver bound, so
 * that it is still ours; it goes with the process if that is killed.  Every
 * setting begins a new packet: not while a capture runs.
 */
bool actor_set(struct actor *actor, enum setting setting, unsigned long value)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%lu", value);
	bool ours;

	flock(actor->gate, LOCK_SH);
	ours = actor->file.owner && stage(actor) == actor->file.stage;
	if (ours && world->by_program)
		program_set(actor->file.device, setting, value);
	else if (ours &&
		 pwrite(actor->setting[setting], text, length, 0) != length)
		diverge(actor, "the FPGA cannot be set");
	if (ours)
		actor->file.packet_done = 0;
	flock(actor->gate, LOCK_UN);
	return ours;
}

static int sim_open(int device, const char *name, int flags)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "/sys/bus/platform/devices/fpgabuf-sim.%d/%s", device, name);
	return open(path, flags | O_CLOEXEC);
}

/* Where the stream is; it stands, as nothing is queued. */
bool actor_position(struct actor *actor, uint64_t *position)
{
	char text[32] = "";
	int fd;

	if (world->by_program) {
		*position = world->fpga[actor->file.device].position;
		return stage(actor) == actor->file.stage;
	}
	fd = sim_open(actor->file.device, "position", O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		diverge(actor, "the FPGA does not tell its position");
	actor_close(actor, fd);
	*position = strtoull(text, NULL, 10);
	return stage(actor) == actor->file.stage;
}

unsigned int region_index(const struct actor *actor,
			  const struct region *region)
{
	return region - actor->region;
}

struct region *draw_region(struct actor *actor,
			   bool (*fits)(const struct actor *actor,
					const struct region *region))
{
	unsigned int i, first = draw(actor, REGIONS);

	for (i = 0; i < REGIONS; i++) {
		struct region *region = &actor->region[(first + i) % REGIONS];

		if (region->used && fits(actor, region))
			return region;
	}
	return NULL;
}

struct region *free_region(struct actor *actor)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		if (!actor->region[i].used)
			return &actor->region[i];
	return NULL;
}

/* With nothing left to hold it, the region has gone. */
void region_settle(struct actor *actor, struct region *region)
{
	if (region->nr_fds || region->nr_maps ||
	    find_capture(&actor->file, region_index(actor, region)))
		return;
	region_release(actor, region);
	region->used = false;
}

int dev_of(struct actor *actor)
{
	return actor->file.fd[draw(actor, actor->file.nr_fds)];
}

int fd_of(struct actor *actor, const struct region *region)
{
	return region->fd[draw(actor, region->nr_fds)];
}

static const struct operation *draw_operation(struct actor *actor)
{
	unsigned int i, sum = 0, at, owner = actor->file.owner;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		sum += operations[i].weight[owner];
	at = draw(actor, sum);
	for (i = 0; at >= operations[i].weight[owner]; i++)
		at -= operations[i].weight[owner];
	return &operations[i];
}

/*
 * Every attempt has random numbers of its own, whatever the ones before it
 * used: what an actor tries does not depend on what others did.
 */
static void attempt(struct actor *actor, bool by_child)
{
	const struct operation *operation;

	actor->random = mix(actor->seed + actor->draws++);
	operation = draw_operation(actor);
	if (by_child && !operation->by_child)
		return;
	atomic_store(&world->slot[actor->slot].began, now_ns());
	if (operation->perform(actor))
		world_count(operation->kind);
}

/* What a forked child does. */
void actor_random(struct actor *actor, unsigned int draws)
{
	while (draws--)
		attempt(actor, true);
}

/* A file that has lost its device is of use for a while only. */
static void look_after_device(struct actor *actor)
{
	unsigned int now = stage(actor);

	if (now % 4 == 0 && now != actor->file.stage &&
	    mix(actor->seed ^ actor->draws) % 16 == 0) {
		say(actor, "close the device, which has gone");
		file_close(actor);
		file_open(actor);
		world_count(REOPEN);
	}
}

static void actor_begin(struct actor *actor)
{
	static const char * const settings[SETTINGS] = {
		"stall", "packet", "fail_transfer", "fail_prep", "fail_submit",
	};
	char path[32];
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		actor->setting[i] = world->by_program ? NO_FD :
				    sim_open(actor->file.device, settings[i],
					     O_WRONLY);
	snprintf(path, sizeof(path), "/tmp/model-gate%d", actor->file.device);
	actor->gate = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	actor->card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	if (actor->gate < 0 || actor->card < 0)
		diverge(actor, "no gate, or no importer");
	actor->sync_file = NO_FD;
	file_open(actor);
}

static void actor_end(struct actor *actor)
{
	unsigned int i;

	say(actor, "the end");
	if (actor->sync_file >= 0)
		actor_close(actor, actor->sync_file);
	file_close(actor);
	for (i = 0; i < REGIONS; i++) {
		struct region *region = &actor->region[i];

		if (!region->used)
			continue;
		while (region->nr_maps)
			map_drop(region, 0);
		while (region->nr_fds)
			actor_close(actor, region->fd[--region->nr_fds]);
		region_settle(actor, region);
	}
	for (i = 0; i < SETTINGS && !world->by_program; i++)
		actor_close(actor, actor->setting[i]);
	actor_close(actor, actor->gate);
	actor_close(actor, actor->card);
}

void *actor_main(void *arg)
{
	struct actor *actor = arg;

	actor_begin(actor);
	while (!atomic_load(&world->stop)) {
		attempt(actor, false);
		look_after_device(actor);
	}
	actor_end(actor);
	atomic_store(&world->slot[actor->slot].began, 0);
	return NULL;
}
