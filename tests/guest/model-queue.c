// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's operations on the queue and on the FPGA. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

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
	if (sight->holder && device->holder == sight->holder &&
	    !world->process[sight->holder % ACTORS / THREADS].doomed)
		return YES;
	return PERHAPS;
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

static void calm_down(struct actor *actor)
{
	if (actor_set(actor, FAIL_TRANSFER, 0) &&
	    actor_set(actor, FAIL_PREP, 0) && actor_set(actor, PACKET, 0) &&
	    actor_set(actor, STALL, 0))
		atomic_store(&world->device[actor->file.device].armed, false);
}

/* While nothing runs, find out where the FPGA is. */
static void settle(struct actor *actor)
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

static int queue(struct actor *actor, struct region *region,
		 struct capture *capture, struct queue_case *c)
{
	struct fpgabuf_queue queue = {
		.cookie = capture->cookie,
		.length = capture->length,
		.fd = fd_of(actor, region),
		.timeout_ms = capture->timeout_ms,
	};
	struct shared_device *device = &world->device[actor->file.device];
	struct allowed allowed = { .success = true };
	struct file *file = &actor->file;
	unsigned int before = stage(actor);
	struct sight sight;
	int ret;

	settle(actor);
	capture->faulty = !file->placed && device->armed;
	if (capture->faulty)
		c->refused = PERHAPS;
	if (!file->owner)
		sight = look_at_others(actor);
	capture->earliest_ns = now_ns();
	ret = call(dev_of(actor), FPGABUF_IOC_QUEUE, &queue);
	if (!file->owner)
		c->taken = taken(actor, &sight);
	model_queue(file, life(actor, before), region, capture, c, &allowed);
	if (!file->owner && ret)
		lose_interest(actor);
	check_result(actor, ret, &allowed);
	if (ret == -EBUSY && region->held &&
	    !find_capture(file, capture->region))
		file->busy++;
	return ret;
}

/* One that has a right to succeed, if the region is idle and the queue ours. */
static int queue_and_note(struct actor *actor, struct region *region,
			  struct capture *capture, struct queue_case *c)
{
	bool first = !actor->file.owner;
	int ret = queue(actor, region, capture, c);

	if (ret)
		return ret;
	if (first)
		become_owner(actor);
	model_queued(&actor->file, region, capture);
	if (first)
		calm_down(actor);
	return 0;
}

/* What was borrowed of our device is its owner's to queue. */
static bool can_queue(const struct actor *actor, const struct region *region)
{
	return region->nr_fds && !(region->borrowed &&
				   same_device(&actor->file, region));
}

static bool is_idle(const struct actor *actor, const struct region *region)
{
	return can_queue(actor, region) && same_device(&actor->file, region) &&
	       !region->lent && !region->held &&
	       !find_capture((struct file *)&actor->file,
			     region_index(actor, region));
}

/* Long enough never to be over, unless that is what is wanted. */
static struct capture draw_capture(struct actor *actor, struct region *region)
{
	struct capture capture = {
		.region = region_index(actor, region),
		.cookie = mix(actor->seed + actor->cookie++),
		.timeout_ms = 600000 + draw(actor,
					    FPGABUF_TIMEOUT_MAX_MS - 599999),
	};

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
	queue.reserved0 = what == 6;
	say(actor, "QUEUE %s", names[what]);
	ret = call(dev_of(actor), FPGABUF_IOC_QUEUE, &queue);
	model_queue(&actor->file, life(actor, before), region, &capture, &c,
		    &allowed);
	check_result(actor, ret, &allowed);
	return true;
}

/* The DMA engine refuses the transfer. */
bool op_queue_refused(struct actor *actor)
{
	struct region *region = draw_region(actor, is_idle);
	struct queue_case c = { .refused = YES };
	struct capture capture;

	if (!region || !actor->file.owner ||
	    !(actor->file.stalled || nothing_runs(&actor->file, LIVE)))
		return false;
	say(actor, "QUEUE %u, refused by the FPGA",
	    region_index(actor, region));
	settle(actor);
	atomic_store(&world->device[actor->file.device].armed, true);
	if (!actor_set(actor, FAIL_PREP, 1))
		return true;
	capture = draw_capture(actor, region);
	queue(actor, region, &capture, &c);
	actor_set(actor, FAIL_PREP, 0);
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

/* 0 = not yet, 1 = finished, or a negative errno */
static int sync_status(struct actor *actor)
{
	struct sync_file_info info = { 0 };

	if (call(actor->sync_file, SYNC_IOC_FILE_INFO, &info))
		diverge(actor, "SYNC_IOC_FILE_INFO fails");
	return info.status;
}

static struct capture *find_cookie(struct file *file, uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < file->nr_captures; i++)
		if (file->capture[i].cookie == cookie)
			return &file->capture[i];
	return NULL;
}

/* A capture that was dequeued is finished, or will be told so in a moment. */
static void sync_check(struct actor *actor)
{
	struct capture *capture = find_cookie(&actor->file, actor->sync_cookie);
	struct pollfd pfd = { .fd = actor->sync_file, .events = POLLIN };
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	enum known ended = YES;
	int status;

	if (!capture)
		poll(&pfd, 1, FINISH_MS);
	status = sync_status(actor);
	if (capture)
		ended = finished(capture, life(actor, before));
	within(&verdict, "the sync_file is signalled", status != 0,
	       ended == YES, ended != NO);
	if (actor->sync_ended && !actor->sync_any)
		within(&verdict, "status", status,
		       actor->sync_error ?: 1, actor->sync_error ?: 1);
	check(actor, &verdict);
	if (capture && status)
		finished_up_to(&actor->file, capture);
}

static bool is_queued(const struct actor *actor, const struct region *region)
{
	return region->nr_fds &&
	       find_capture((struct file *)&actor->file,
			    region_index(actor, region));
}

/* The fence of a capture, to be looked at now and until it is finished. */
static bool sync_export(struct actor *actor)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_READ };
	struct region *region = draw_region(actor, is_queued);
	struct allowed allowed = { .success = true };
	int ret;

	if (!region)
		return false;
	say(actor, "EXPORT_SYNC_FILE %u", region_index(actor, region));
	ret = call(fd_of(actor, region), DMA_BUF_IOCTL_EXPORT_SYNC_FILE,
		   &export);
	check_result(actor, ret, &allowed);
	actor->sync_file = export.fd;
	actor->sync_cookie = find_capture(&actor->file,
					  region_index(actor, region))->cookie;
	actor->sync_ended = false;
	/* Of a fence that is signalled already nothing but that is told. */
	actor->sync_any = sync_status(actor) != 0;
	sync_check(actor);
	return true;
}

bool op_sync_file(struct actor *actor)
{
	if (actor->sync_file < 0)
		return sync_export(actor);
	say(actor, "status of the sync_file");
	sync_check(actor);
	if (draw(actor, 2))
		return true;
	actor_close(actor, actor->sync_file);
	actor->sync_file = NO_FD;
	return true;
}

static bool stop_fpga(struct actor *actor)
{
	struct file *file = &actor->file;

	if (!nothing_runs(file, LIVE))
		return false;
	say(actor, "the FPGA stands still");
	settle(actor);
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

/* The FPGA stands still until the time of a capture is over. */
bool op_expire(struct actor *actor)
{
	struct region *region = draw_region(actor, is_idle), *behind;
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
	model_expired(&actor->file, find_capture(&actor->file,
						 region_index(actor, region)));
	return true;
}
