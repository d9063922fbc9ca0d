// SPDX-License-Identifier: GPL-2.0-only
/* The model test: what an actor that has the queue does with the FPGA. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "model.h"

/* As it is when nobody has touched it. */
void fpga_reset(struct actor *actor)
{
	if (actor_set(actor, FAIL_TRANSFER, 0) &&
	    actor_set(actor, FAIL_PREP, 0) &&
	    actor_set(actor, FAIL_SUBMIT, 0) &&
	    actor_set(actor, PACKET, 0) &&
	    actor_set(actor, STALL, 0))
		atomic_store(&world->device[actor->file.device].armed, false);
}

/* While nothing runs, find out where the FPGA is. */
void fpga_settle(struct actor *actor)
{
	struct file *file = &actor->file;

	if (!file->owner || file->placed || !nothing_runs(file, LIVE))
		return;
	if (!actor_set(actor, FAIL_TRANSFER, 0) ||
	    !actor_set(actor, PACKET, file->packet) ||
	    !actor_position(actor, &file->position))
		return;
	atomic_store(&world->device[file->device].armed, false);
	file->failures = 0;
	file->placed = true;
}

static bool stop_fpga(struct actor *actor)
{
	struct file *file = &actor->file;

	if (!nothing_runs(file, LIVE))
		return false;
	say(actor, "the FPGA stands still");
	fpga_settle(actor);
	file->stalled = actor_set(actor, STALL, 1);
	return true;
}

static void draw_failures(struct actor *actor)
{
	unsigned int failures = 1 + draw(actor, 2);

	if (!actor->file.placed || draw(actor, 4))
		return;
	atomic_store(&world->device[actor->file.device].armed, true);
	if (actor_set(actor, FAIL_TRANSFER, failures))
		actor->file.failures = failures;
}

bool op_stall(struct actor *actor)
{
	struct file *file = &actor->file;

	if (!file->owner || stage(actor) != file->stage)
		return false;
	if (!file->stalled)
		return stop_fpga(actor);
	say(actor, "the FPGA goes on, %u queued", file->nr_captures);
	draw_failures(actor);
	if (actor_set(actor, STALL, 0))
		model_run(file);
	return true;
}

bool op_packet(struct actor *actor)
{
	struct file *file = &actor->file;
	uint32_t packet = draw(actor, 2) ? 1 + draw(actor, 1 << draw(actor, 20))
					 : 0;

	if (!file->owner || stage(actor) != file->stage ||
	    !nothing_runs(file, LIVE))
		return false;
	say(actor, "packets of %u bytes", packet);
	if (actor_set(actor, PACKET, packet))
		file->packet = packet;
	return true;
}

/* The DMA engine refuses the transfer. */
bool op_queue_refused(struct actor *actor)
{
	struct region *region = draw_region(actor, is_idle);
	struct queue_case c = { .refused = YES };
	enum setting how = draw(actor, 2) ? FAIL_PREP : FAIL_SUBMIT;
	struct capture capture;

	/* A program cannot refuse. */
	if (world->by_program)
		return false;
	if (!region || !actor->file.owner ||
	    !(actor->file.stalled || nothing_runs(&actor->file, LIVE)))
		return false;
	if (how == FAIL_PREP && !nothing_runs(&actor->file, LIVE))
		c.no_room = YES;
	say(actor, "QUEUE %u, refused by the FPGA",
	    region_index(actor, region));
	fpga_settle(actor);
	atomic_store(&world->device[actor->file.device].armed, true);
	if (!actor_set(actor, how, 1))
		return true;
	capture = draw_capture(actor, region);
	queue_region(actor, region, &capture, &c);
	actor_set(actor, how, 0);
	return true;
}

/*
 * A timeout is told before the captures behind it are given to the FPGA again.
 * A file that closes waits for the watchdog, which does both.
 */
static void watchdog_settle(struct actor *actor)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/fpgabuf%d",
		 world->device[actor->file.device].node);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		actor_close(actor, fd);
}

/* The FPGA stands still until the time of a capture is over. */
bool op_expire(struct actor *actor)
{
	struct region *region = draw_region(actor, is_idle), *behind;
	unsigned int before = stage(actor);
	struct queue_case c = { 0 };
	struct capture capture;
	struct pollfd pfd;

	if (!region || !actor->file.owner || !actor->file.stalled)
		return false;
	capture = draw_capture(actor, region);
	capture.timeout_ms = 1 + draw(actor, 30);
	say(actor, "QUEUE %u, for %u ms", capture.region, capture.timeout_ms);
	if (queue_and_note(actor, region, &capture, &c))
		return true;
	pfd = (struct pollfd){
		.fd = fd_of(actor, region), .events = POLLIN,
	};
	behind = draw_region(actor, is_idle);
	if (behind) {
		capture = draw_capture(actor, behind);
		queue_and_note(actor, behind, &capture, &c);
	}
	if (poll(&pfd, 1, FINISH_MS) != 1)
		diverge(actor, "no timeout after 30 s");
	watchdog_settle(actor);
	model_expired(&actor->file, life(actor, before),
		      find_capture(&actor->file, region_index(actor, region)));
	return true;
}
