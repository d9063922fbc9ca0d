// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's operations on the queue. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "model.h"

/* The others that are interested in the queue, seen before a QUEUE. */
struct sight {
	unsigned int holder, attempts;
	bool alone;
};

/* Tickets tell which slot they were given to. */
static const struct slot *holder_slot(unsigned int ticket)
{
	return &world->slot[ticket % ACTORS];
}

static struct sight look_at_others(struct actor *actor)
{
	struct shared_device *device = &world->device[actor->file.device];
	struct sight sight = { .alone = true };
	unsigned int i, wants = actor->file.stage + 1;

	world->slot[actor->slot].device = actor->file.device;
	atomic_store(&world->slot[actor->slot].wants, wants);
	sight.attempts = atomic_fetch_add(&device->attempts, 1) + 1;
	sight.holder = device->holder;
	if (sight.holder && holder_slot(sight.holder)->wants != wants)
		sight.holder = 0;
	for (i = 0; i < ACTORS; i++) {
		const struct slot *slot = &world->slot[i];

		if (i != actor->slot && slot->device == actor->file.device &&
		    slot->wants == wants)
			sight.alone = false;
	}
	return sight;
}

/* Had somebody else the queue all the time, or nobody at any time? */
static enum known taken(struct actor *actor, const struct sight *sight)
{
	struct shared_device *device = &world->device[actor->file.device];

	if (sight->alone && device->attempts == sight->attempts)
		return NO;
	/* In this order: whoever kills the holder takes the ticket first. */
	if (sight->holder &&
	    !world->process[sight->holder % ACTORS / THREADS].doomed &&
	    device->holder == sight->holder)
		return YES;
	return PERHAPS;
}

/* If that were rarely known for certain, little would be tested. */
static enum known note_rivals(struct actor *actor, const struct sight *sight)
{
	enum known how = taken(actor, sight);

	atomic_fetch_add(&world->rivals[how], 1);
	return how;
}

static void lose_interest(struct actor *actor)
{
	atomic_store(&world->slot[actor->slot].wants, 0);
}

/*
 * The queue is ours, and with it the FPGA, in whatever state its last owner
 * left it.  The capture that made it ours meets that state.
 */
static void become_owner(struct actor *actor)
{
	struct shared_device *device = &world->device[actor->file.device];
	struct file *file = &actor->file;
	unsigned int ticket;

	ticket = (atomic_fetch_add(&world->tickets, 1) + 1) * ACTORS +
		 actor->slot;
	atomic_store(&device->holder, ticket);
	file->owner = true;
	file->streaming = false;
	file->stalled = false;
	file->placed = false;
	file->packet = 0;
	file->failures = 0;
	file->sequence_known = false;
	file->gaps_known = false;
}

int queue_region(struct actor *actor, struct region *region,
		 struct capture *capture, struct queue_case *c)
{
	struct fpgabuf_queue queue = {
		.cookie = capture->cookie,
		.length = capture->length,
		.fd = fd_of(actor, region),
		.timeout_ms = capture->timeout_ms,
		.flags = capture->importers_done ?
			 FPGABUF_QUEUE_IMPORTERS_DONE : 0,
	};
	struct shared_device *device = &world->device[actor->file.device];
	struct allowed allowed = { .success = true };
	struct file *file = &actor->file;
	unsigned int before = stage(actor);
	struct sight sight;
	int ret;

	fpga_settle(actor);
	capture->faulty = !file->placed && device->armed;
	if (capture->faulty)
		c->refused = PERHAPS;
	if (!file->owner)
		sight = look_at_others(actor);
	capture->earliest_ns = now_ns();
	ret = call(dev_of(actor), FPGABUF_IOC_QUEUE, &queue);
	if (!file->owner)
		c->taken = note_rivals(actor, &sight);
	model_queue(file, life(actor, before), region, capture, c, &allowed);
	if (!file->owner && ret)
		lose_interest(actor);
	check_result(actor, ret, &allowed);
	/* Importers are looked for before pages and fences. */
	if (ret == -EBUSY &&
	    (region->held || fenced(file, LIVE, region) != NO) &&
	    (!imported(region) || capture->importers_done) &&
	    !find_capture(file, capture->region))
		file->busy++;
	return ret;
}

/* One that has a right to succeed, if the region is idle and the queue ours. */
int queue_and_note(struct actor *actor, struct region *region,
			  struct capture *capture, struct queue_case *c)
{
	bool first = !actor->file.owner;
	int ret = queue_region(actor, region, capture, c);

	if (ret)
		return ret;
	if (first)
		become_owner(actor);
	model_queued(&actor->file, region, capture);
	if (first)
		fpga_reset(actor);
	return 0;
}

/* What was borrowed of our device is its owner's to queue. */
static bool can_queue(const struct actor *actor, const struct region *region)
{
	return region->nr_fds && !(region->borrowed &&
				   same_device(&actor->file, region));
}

bool is_idle(const struct actor *actor, const struct region *region)
{
	return can_queue(actor, region) && same_device(&actor->file, region) &&
	       !region->lent &&
	       !in_the_way(region, &(struct capture){ 0 }) &&
	       fenced(&actor->file, LIVE, region) == NO &&
	       !find_capture((struct file *)&actor->file,
			     region_index(actor, region));
}

/* Long enough never to be over, unless that is what is wanted. */
struct capture draw_capture(struct actor *actor, struct region *region)
{
	struct capture capture = {
		.region = region_index(actor, region),
		.cookie = mix(actor->seed + actor->cookie++),
		.timeout_ms = 600000 + draw(actor,
					    FPGABUF_TIMEOUT_MAX_MS - 599999),
	};

	capture.importers_done = draw(actor, 2);
	if (draw(actor, 3))
		capture.length = draw(actor, region->size + 1);
	return capture;
}

bool op_queue(struct actor *actor)
{
	struct region *region = draw_region(actor, draw(actor, 4) ? is_idle :
								    can_queue);
	struct queue_case c = { 0 };
	struct capture capture;

	if (!region)
		return false;
	capture = draw_capture(actor, region);
	say(actor, "QUEUE %u, %u of %u bytes", capture.region, capture.length,
	    region->size);
	queue_and_note(actor, region, &capture, &c);
	return true;
}

/* Nothing that could succeed. */
bool op_queue_wrong(struct actor *actor)
{
	static const char * const names[] = {
		"no descriptor", "not a dma-buf", "a dma-buf of another driver",
		"too long", "a timeout too long", "a flag", "a reserved field",
	};
	struct fpgabuf_queue queue = { .fd = world->foreign };
	struct queue_case c = { .taken = actor->file.owner ? NO : PERHAPS };
	unsigned int what = draw(actor, ARRAY_SIZE(names));
	struct region *region = NULL;
	struct allowed allowed = { .success = true };
	unsigned int before = stage(actor);
	struct capture capture = { 0 };
	int ret;

	if (what == 3) {
		region = draw_region(actor, can_queue);
		if (!region)
			return false;
		capture.region = region_index(actor, region);
		capture.length = region->size + 1 + draw(actor, PAGE);
		queue.fd = fd_of(actor, region);
		queue.length = capture.length;
	}
	c.bad_fd = what == 0;
	c.no_dmabuf = what == 1;
	c.bad_argument = what > 4;
	c.other_driver = !region && what > 1;
	if (what == 4)
		capture.timeout_ms = FPGABUF_TIMEOUT_MAX_MS + 1;
	if (what < 2)
		queue.fd = what ? actor->gate : NO_FD;
	queue.timeout_ms = capture.timeout_ms;
	queue.flags = what == 5 ? 1u << 31 : 0;
	queue.slice = what == 6;
	say(actor, "QUEUE %s", names[what]);
	ret = call(dev_of(actor), FPGABUF_IOC_QUEUE, &queue);
	model_queue(&actor->file, life(actor, before), region, &capture, &c,
		    &allowed);
	check_result(actor, ret, &allowed);
	return true;
}

static void set_nonblock(struct actor *actor, bool nonblock)
{
	if (nonblock == actor->file.nonblock)
		return;
	if (fcntl(actor->file.fd[0], F_SETFL, nonblock ? O_NONBLOCK : 0))
		diverge(actor, "F_SETFL fails");
	actor->file.nonblock = nonblock;
}

static void note_sync_end(struct actor *actor, const struct fpgabuf_dequeue *d)
{
	if (actor->sync_cookie != d->cookie)
		return;
	actor->sync_ended = true;
	actor->sync_error = d->error;
}

bool op_dequeue(struct actor *actor)
{
	struct allowed allowed = { .success = true };
	unsigned int before = stage(actor);
	struct file *file = &actor->file;
	struct verdict verdict = { 0 };
	struct fpgabuf_dequeue done;
	struct region *region;
	bool wait;
	int ret;

	/* A file that has nothing queued gets its answer at once. */
	wait = !file->nr_captures || file->capture[0].done != NO;
	wait &= draw(actor, 2);
	say(actor, "DEQUEUE%s, %u queued", wait ? "" : " at once",
	    file->nr_captures);
	set_nonblock(actor, !wait);
	ret = capture_get(dev_of(actor), &done);
	model_dequeue(file, life(actor, before), &allowed);
	if (wait && file->nr_captures)
		allowed.nr = 0;
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	region = &actor->region[file->capture[0].region];
	model_dequeued(file, life(actor, before), region, &done, now_ns(),
		       &verdict);
	check(actor, &verdict);
	note_sync_end(actor, &done);
	atomic_fetch_add(&world->captures[!!done.error], 1);
	region_settle(actor, region);
	return true;
}

bool op_cancel(struct actor *actor)
{
	struct fpgabuf_cancel cancel = { 0 };
	struct allowed allowed = { .success = true };
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	int ret;

	say(actor, "CANCEL, %u queued", actor->file.nr_captures);
	ret = call(dev_of(actor), FPGABUF_IOC_CANCEL, &cancel);
	model_plain(life(actor, before), &allowed);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	model_canceled(&actor->file, life(actor, before), cancel.canceled,
		       &verdict);
	check(actor, &verdict);
	return true;
}

static uint64_t own_bytes(const struct actor *actor)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		const struct region *region = &actor->region[i];

		/* One that was borrowed may have been lent by ourselves. */
		if (region->used && !region->borrowed &&
		    same_device(&actor->file, region))
			sum += region->size;
	}
	return sum;
}

bool op_info(struct actor *actor)
{
	struct allowed allowed = { .success = true };
	unsigned int before = stage(actor);
	struct fpgabuf_info info = { 0 };
	struct verdict verdict = { 0 };
	int ret;

	say(actor, "INFO");
	ret = call(dev_of(actor), FPGABUF_IOC_INFO, &info);
	model_question(life(actor, before), &allowed);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	model_info(&actor->file, life(actor, before), own_bytes(actor),
		   actor->alone && !actor->child, &info, &verdict);
	check(actor, &verdict);
	return true;
}

bool op_poll_device(struct actor *actor)
{
	struct pollfd pfd = { .fd = dev_of(actor), .events = POLLIN };
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };

	say(actor, "poll device");
	poll(&pfd, 1, 0);
	model_poll(&actor->file, life(actor, before), pfd.revents, &verdict);
	check(actor, &verdict);
	if (pfd.revents & POLLIN)
		finished_up_to(&actor->file, actor->file.capture);
	return true;
}
