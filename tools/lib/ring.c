// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions that go round: idle -> queued -> taken by the program -> idle
 *
 * A region has one slot, or several, each for a capture; it is queued when all its slots
 * are idle.
 *
 * One lock guards everything.  No call waits while it holds the lock, so a thread that
 * waits for captures never delays a thread that gives regions back.  @wake wakes the
 * waiting thread for an event that the device does not report: a region that was given
 * back could not be queued yet.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

/* The version of the interface that reports what the DMA controller can do */
#define TOLD_SINCE	2

/*
 * A page can be in use for a moment after its completion: the kernel reports
 * first and drops the reference of the packet later.
 */
#define FIRST_PAUSE_NS	FPGABUF_NS_PER_MS
#define MAX_PAUSE_NS	(64 * FPGABUF_NS_PER_MS)

/* From then on the DMA channel may be the reason. */
#define PATIENCE_NS	(2 * FPGABUF_NS_PER_SEC)

enum slot_state { IDLE, QUEUED, TAKEN };

/**
 * struct slot - a place for a capture, and where it is
 * @state: where it is
 * @length: bytes asked for, while it is queued
 * @sequence: number of its last capture on the device
 * @flags: for QUEUE, until it is taken again
 */
struct slot {
	enum slot_state state;
	uint64_t length;
	uint64_t sequence;
	uint32_t flags;
};

/**
 * struct room - a region, and what its slots have in common
 * @region: the region
 * @away: slots that are not idle; it can be queued if there are none
 * @busy_since_ns: when QUEUE refused it first, or 0
 * @retry_ns: when to try again; 0 = at once
 * @pause_ns: how long the last pause was
 */
struct room {
	struct fpgabuf_region *region;
	unsigned int away;
	int64_t busy_since_ns;
	int64_t retry_ns;
	int64_t pause_ns;
};

/**
 * struct fpgabuf_ring - all of it
 * @device: the device
 * @info: its limits
 * @setup: properties of the regions
 * @lock: guards the members below
 * @rooms: the regions
 * @nr_rooms: how many
 * @idle: how many of them are idle
 * @slices: slots of each
 * @slots: the slots of the first region, of the second, and so on
 * @length: bytes of a capture, unless less is left to be captured
 * @full: the DMA controller takes no more until a capture has come back
 * @planned: bytes that all queued captures ask for
 * @captures_wanted: captures in all, or UINT64_MAX
 * @bytes_wanted: bytes in all, or UINT64_MAX
 * @handed_out: number of captures handed out; the number of the next one
 * @stopped: no further capture is wanted
 * @had_gap: a capture without bytes had a gap before it
 * @failed_in_a_row: captures that have failed in a row
 * @counts: counts for the caller
 * @heard_ns: when the last capture came, or the first one was queued
 * @error: error of QUEUE when a region was given back; the next call that takes a
 *	capture returns it
 * @failed: the reason of the last error, or 0
 * @wake: eventfd, for threads that wait
 * @waiting: how many these are
 * @why: room for fpgabuf_ring_why()
 */
struct fpgabuf_ring {
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
	struct fpgabuf_ring_setup setup;
	pthread_mutex_t lock;
	struct room *rooms;
	unsigned int nr_rooms;
	unsigned int idle;
	unsigned int slices;
	struct slot *slots;
	uint64_t length;
	bool full;
	uint64_t planned;
	uint64_t captures_wanted;
	uint64_t bytes_wanted;
	uint64_t handed_out;
	bool stopped;
	bool had_gap;
	uint32_t failed_in_a_row;
	struct fpgabuf_ring_counts counts;
	int64_t heard_ns;
	int error;
	enum fpgabuf_reason failed;
	int wake;
	unsigned int waiting;
	char why[200];
};

static int fail(struct fpgabuf_ring *r, enum fpgabuf_reason what, int err)
{
	r->failed = what;
	return err;
}

/* How much is wanted */

static uint64_t bytes_left(const struct fpgabuf_ring *r)
{
	const uint64_t covered = r->counts.bytes + r->planned;

	if (r->bytes_wanted == UINT64_MAX)
		return UINT64_MAX;
	return covered < r->bytes_wanted ? r->bytes_wanted - covered : 0;
}

static bool wants_capture(const struct fpgabuf_ring *r)
{
	if (r->stopped || !bytes_left(r))
		return false;
	return r->counts.captures + r->counts.queued < r->captures_wanted;
}

/* Of as many captures as a region has slots, if so many are wanted */
static uint64_t next_length(const struct fpgabuf_ring *r)
{
	const uint64_t align = r->info.alignment, left = bytes_left(r);
	const uint64_t wanted = r->captures_wanted - r->counts.captures -
				r->counts.queued;
	const uint64_t all = r->length *
			     (wanted < r->slices ? wanted : r->slices);

	if (left >= all)
		return all;
	return (left + align - 1) / align * align;
}

/* Slots that were not queued together with the others would be idle until next time. */
static bool is_full(const struct fpgabuf_ring *r)
{
	return r->full || (r->counts.queued &&
			   r->counts.queued + r->slices > r->info.queue_depth);
}

static unsigned int nr_slots(const struct fpgabuf_ring *r)
{
	return r->nr_rooms * r->slices;
}

static struct room *room_of(const struct fpgabuf_ring *r, uint32_t slot)
{
	return &r->rooms[slot / r->slices];
}

static struct slot *slots_of(const struct fpgabuf_ring *r,
			     const struct room *room)
{
	return &r->slots[(room - r->rooms) * r->slices];
}

/* A region that is in use */

static void pause_longer(struct room *room)
{
	const int64_t now = fpgabuf_now_ns();

	if (!room->busy_since_ns) {
		room->busy_since_ns = now;
		room->pause_ns = FIRST_PAUSE_NS;
	} else if (room->pause_ns < MAX_PAUSE_NS) {
		room->pause_ns *= 2;
	}
	room->retry_ns = now + room->pause_ns;
}

/* Its captures have ended, or it would not be idle here. */
static bool channel_keeps(const struct fpgabuf_ring *r, const struct room *room)
{
	struct fpgabuf_region_info info;

	if (r->info.version < TOLD_SINCE ||
	    fpgabuf_device_region_info(r->device, room->region, &info))
		return false;
	return info.state == FPGABUF_REGION_QUEUED;
}

static bool can_stop(const struct fpgabuf_ring *r)
{
	return r->info.capabilities & FPGABUF_CAP_STOP;
}

static bool is_overdue(const struct room *room)
{
	return room->busy_since_ns &&
	       fpgabuf_now_ns() - room->busy_since_ns >= PATIENCE_NS;
}

/*
 * A channel that cannot be stopped gives a region back when the FPGA goes on, one
 * that can, but did not, never does.
 */
static int back_off(struct fpgabuf_ring *r, struct room *room)
{
	r->counts.busy_retries++;
	pause_longer(room);
	if (!is_overdue(room) || !can_stop(r) || !channel_keeps(r, room))
		return 0;
	return fail(r, FPGABUF_REASON_STUCK, -EIO);
}

/* Every capture in it must have been given back with a flag. */
static uint32_t room_flags(const struct fpgabuf_ring *r,
			   const struct room *room)
{
	const struct slot *slots = slots_of(r, room);
	uint32_t flags = UINT32_MAX;
	unsigned int i;

	for (i = 0; i < r->slices; i++)
		flags &= slots[i].flags;
	return flags;
}

/* Of @length bytes in all the driver has queued so many captures. */
static void note_queued(struct fpgabuf_ring *r, struct room *room,
			uint64_t length, unsigned int captures)
{
	struct slot *slots = slots_of(r, room);
	unsigned int i;

	if (!r->counts.queued)
		r->heard_ns = fpgabuf_now_ns();
	for (i = 0; i < captures; i++) {
		slots[i].state = QUEUED;
		slots[i].length = length < r->length ? length : r->length;
		length -= slots[i].length;
		r->planned += slots[i].length;
	}
	r->counts.queued += captures;
	r->idle--;
	room->away = captures;
	room->busy_since_ns = 0;
	room->retry_ns = 0;
}

static int queue_room(struct fpgabuf_ring *r, struct room *room)
{
	const struct fpgabuf_queue args = {
		.cookie = room - r->rooms,
		.length = next_length(r),
		.flags = room_flags(r, room),
		.timeout_ms = r->setup.timeout_ms,
		.slice = r->slices > 1 ? r->length : 0,
	};
	const int ret = fpgabuf_device_queue_with(r->device, room->region,
						  &args);

	/* Tried again at once, with the next call */
	if (ret == -EINTR)
		return 0;
	if (ret == -EBUSY)
		return back_off(r, room);
	if (ret == -ENOBUFS && r->counts.queued) {
		r->full = true;
		return 0;
	}
	if (ret < 0)
		return fail(r, FPGABUF_REASON_QUEUE, ret);
	note_queued(r, room, args.length, ret ? ret : 1);
	return 0;
}

/* Queues regions that are idle and due. */
static int fill(struct fpgabuf_ring *r)
{
	unsigned int i, idle = r->idle;
	int64_t now;
	int err = 0;

	if (!idle)
		return 0;
	now = fpgabuf_now_ns();
	for (i = 0; idle && !err && wants_capture(r) && !is_full(r); i++) {
		struct room *room = &r->rooms[i];

		if (room->away)
			continue;
		idle--;
		if (room->retry_ns <= now)
			err = queue_room(r, room);
	}
	return err;
}

/* What comes back */

/* The slot of a capture that the device has returned */
static uint64_t slot_number(const struct fpgabuf_ring *r,
			    const struct fpgabuf_dequeue *c)
{
	return c->cookie * r->slices + c->offset / r->length;
}

static bool is_sane(const struct fpgabuf_ring *r,
		    const struct fpgabuf_dequeue *c)
{
	const struct slot *slot;

	if (c->cookie >= r->nr_rooms || c->offset % r->length ||
	    c->offset / r->length >= r->slices)
		return false;
	slot = &r->slots[slot_number(r, c)];
	return slot->state == QUEUED && c->bytes <= slot->length;
}

static void count(struct fpgabuf_ring *r, const struct fpgabuf_dequeue *c,
		  uint64_t bytes)
{
	struct fpgabuf_ring_counts *n = &r->counts;

	/* Samples before the first capture are not missing. */
	n->gaps += n->captures && c->status & FPGABUF_CAPTURE_GAP;
	n->captures += bytes != 0;
	n->bytes += bytes;
	n->partial += !!(c->status & FPGABUF_CAPTURE_PARTIAL);
	n->timeouts += !!(c->status & FPGABUF_CAPTURE_TIMEOUT);
	n->uncounted += r->info.version >= TOLD_SINCE &&
			!(r->info.capabilities & FPGABUF_CAP_EXACT_BYTES) &&
			!c->bytes && c->status & FPGABUF_CAPTURE_PARTIAL &&
			!(c->status & FPGABUF_CAPTURE_ERROR);
}

/* The last capture may have more bytes than were wanted. */
static uint64_t wanted_bytes(const struct fpgabuf_ring *r, uint64_t bytes)
{
	uint64_t left = 0;

	/* The limit may have been lowered meanwhile. */
	if (r->bytes_wanted > r->counts.bytes)
		left = r->bytes_wanted - r->counts.bytes;
	return bytes < left ? bytes : left;
}

/* One may fail, but too many in a row mean that the device is broken. */
static int check_failure(struct fpgabuf_ring *r, int error)
{
	r->counts.failures += fpgabuf_is_failure(error);
	r->failed_in_a_row = fpgabuf_failed_in_a_row(r->failed_in_a_row, error);
	if (!fpgabuf_is_failure(error) || !r->setup.max_failures ||
	    r->failed_in_a_row < r->setup.max_failures)
		return 0;
	return fail(r, FPGABUF_REASON_FAILURES, -EIO);
}

/* The region is idle with the last of its slots. */
static void make_idle(struct fpgabuf_ring *r, uint32_t number)
{
	r->slots[number].state = IDLE;
	if (!--room_of(r, number)->away)
		r->idle++;
}

static void come_back(struct fpgabuf_ring *r, const struct fpgabuf_dequeue *c)
{
	struct slot *slot = &r->slots[slot_number(r, c)];

	r->counts.queued--;
	r->full = false;
	r->planned -= slot->length;
	r->heard_ns = c->timestamp_ns;
	slot->sequence = c->sequence;
}

static const void *address(const struct fpgabuf_ring *r,
			   const struct fpgabuf_dequeue *c)
{
	const uint8_t *addr = fpgabuf_region_addr(r->rooms[c->cookie].region);

	return addr ? addr + c->offset : NULL;
}

/* hand_out() - false: there is nothing to hand out */
static bool hand_out(struct fpgabuf_ring *r, const struct fpgabuf_dequeue *c,
		     struct fpgabuf_capture *capture)
{
	const uint64_t bytes = wanted_bytes(r, c->bytes);
	const uint32_t number = slot_number(r, c);

	count(r, c, bytes);
	r->had_gap |= !!(c->status & FPGABUF_CAPTURE_GAP);
	if (!bytes && !fpgabuf_is_failure(c->error)) {
		make_idle(r, number);
		return false;
	}
	*capture = (struct fpgabuf_capture){
		.addr = address(r, c),
		.bytes = bytes,
		.sequence = r->handed_out++,
		.timestamp_ns = c->timestamp_ns,
		.status = c->status | (r->had_gap ? FPGABUF_CAPTURE_GAP : 0),
		.error = c->error,
		.slot = number,
		.failures = fpgabuf_is_failure(c->error) ? r->failed_in_a_row : 0,
	};
	r->had_gap = r->had_gap && !bytes;
	r->slots[number].state = TAKEN;
	r->counts.taken++;
	return true;
}

/* dequeue() - an end of the device shows although nothing is queued */
static int dequeue(struct fpgabuf_ring *r, struct fpgabuf_capture *capture)
{
	struct fpgabuf_dequeue c;
	int err;

	for (;;) {
		err = fpgabuf_device_dequeue(r->device, &c);
		if (err == -EPIPE || err == -EINTR)
			return -EAGAIN;
		if (err == -EAGAIN)
			return err;
		if (err)
			return fail(r, FPGABUF_REASON_DEQUEUE, err);
		if (!is_sane(r, &c))
			return fail(r, FPGABUF_REASON_NONSENSE, -EPROTO);
		come_back(r, &c);
		err = check_failure(r, c.error);
		if (err) {
			make_idle(r, slot_number(r, &c));
			return err;
		}
		if (hand_out(r, &c, capture))
			return 0;
	}
}

/* Returns an error of QUEUE from fpgabuf_ring_give(). */
static int refill(struct fpgabuf_ring *r)
{
	const int err = r->error ? r->error : fill(r);

	r->error = 0;
	if (!err)
		r->failed = 0;
	return err;
}

int fpgabuf_ring_fill(struct fpgabuf_ring *ring)
{
	int err;

	pthread_mutex_lock(&ring->lock);
	err = refill(ring);
	pthread_mutex_unlock(&ring->lock);
	return err;
}

static int take(struct fpgabuf_ring *r, struct fpgabuf_capture *capture)
{
	int err = refill(r);

	if (err)
		return err;
	err = dequeue(r, capture);
	if (err != -EAGAIN)
		return err;
	/* The regions of captures without bytes are idle again. */
	err = fill(r);
	if (err)
		return err;
	return r->counts.queued || wants_capture(r) ? -EAGAIN : -ENODATA;
}

/* Wakes a thread that waits: there is a new retry time, an error, or the end. */
static void wake(const struct fpgabuf_ring *r)
{
	const uint64_t one = 1;

	/* If the counter were full, the waiting thread would wake up all the same. */
	if (write(r->wake, &one, sizeof(one)) < 0)
		return;
}

/*
 * take_or_join() - with -EAGAIN the thread is one that waits
 *
 * With nothing queued the device has no event for the others that wait: a thread that
 * leaves wakes the next one, which sees the end, or when a region is due.
 */
static int take_or_join(struct fpgabuf_ring *r, struct fpgabuf_capture *capture,
			bool join)
{
	int err;

	pthread_mutex_lock(&r->lock);
	err = take(r, capture);
	if (err == -EAGAIN)
		r->waiting += join;
	else if (r->waiting && !r->counts.queued)
		wake(r);
	pthread_mutex_unlock(&r->lock);
	return err;
}

int fpgabuf_ring_take(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture)
{
	return take_or_join(ring, capture, false);
}

/* When a region that is in use is due, or INT64_MAX */
static int64_t next_retry_ns(const struct fpgabuf_ring *r)
{
	int64_t first = INT64_MAX;
	unsigned int i;

	if (!wants_capture(r) || is_full(r))
		return first;
	for (i = 0; i < r->nr_rooms; i++) {
		const struct room *room = &r->rooms[i];

		if (!room->away && room->retry_ns < first)
			first = room->retry_ns;
	}
	return first;
}

int fpgabuf_ring_timeout_ms(struct fpgabuf_ring *ring)
{
	int64_t retry;

	pthread_mutex_lock(&ring->lock);
	retry = next_retry_ns(ring);
	pthread_mutex_unlock(&ring->lock);
	return retry == INT64_MAX ? -1 : fpgabuf_ms_until(retry);
}

/* wait_event() - -ETIMEDOUT: @end_ns has come, and nothing else */
static int wait_event(struct fpgabuf_ring *r, int64_t end_ns)
{
	struct pollfd fds[] = {
		{ .fd = fpgabuf_device_fd(r->device), .events = POLLIN },
		{ .fd = r->wake, .events = POLLIN },
	};
	int ms = fpgabuf_ring_timeout_ms(r), left = INT_MAX;
	uint64_t told;

	if (end_ns != INT64_MAX) {
		left = fpgabuf_ms_until(end_ns);
		if (!left)
			return -ETIMEDOUT;
	}
	if (ms < 0 || left < ms)
		ms = end_ns == INT64_MAX ? ms : left;
	if (poll(fds, 2, ms) < 0)
		return -errno;
	if (fds[1].revents && read(r->wake, &told, sizeof(told)) < 0 &&
	    errno != EAGAIN)
		return -errno;
	return 0;
}

/* One that gives up may have heard what was for another. */
static void leave(struct fpgabuf_ring *r, int err)
{
	pthread_mutex_lock(&r->lock);
	r->waiting--;
	if (err && r->waiting)
		wake(r);
	pthread_mutex_unlock(&r->lock);
}

int fpgabuf_ring_wait(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture, int timeout_ms)
{
	const int64_t end = fpgabuf_end_ns(timeout_ms);
	int err;

	for (;;) {
		err = take_or_join(ring, capture, true);
		if (err != -EAGAIN)
			return err;
		err = wait_event(ring, end);
		leave(ring, err);
		if (err)
			return err;
	}
}

static void give(struct fpgabuf_ring *r, uint32_t slot, uint32_t flags)
{
	struct room *room = room_of(r, slot);

	r->slots[slot].flags = flags;
	r->counts.taken--;
	make_idle(r, slot);
	if (room->away)
		return;
	if (wants_capture(r) && !is_full(r) && !r->error)
		r->error = queue_room(r, room);
	if (!room->away)
		wake(r);
}

int fpgabuf_ring_give(struct fpgabuf_ring *ring, uint32_t slot)
{
	return fpgabuf_ring_give_with(ring, slot, 0);
}

/* An old driver refuses every flag, and the reason would be hard to find there. */
static int check_flags(const struct fpgabuf_ring *r, uint32_t flags)
{
	if (flags & ~FPGABUF_QUEUE_IMPORTERS_DONE)
		return -EINVAL;
	return flags && !(r->info.capabilities & FPGABUF_CAP_IMPORTERS_DONE) ?
		       -EOPNOTSUPP : 0;
}

int fpgabuf_ring_give_with(struct fpgabuf_ring *ring, uint32_t slot,
			   uint32_t flags)
{
	int err = check_flags(ring, flags);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	if (slot < nr_slots(ring) && ring->slots[slot].state == TAKEN)
		give(ring, slot, flags);
	else
		err = -EINVAL;
	pthread_mutex_unlock(&ring->lock);
	return err;
}

int fpgabuf_ring_stop(struct fpgabuf_ring *ring)
{
	int err = 0;

	pthread_mutex_lock(&ring->lock);
	ring->stopped = true;
	if (ring->counts.queued)
		err = fpgabuf_device_cancel(ring->device, NULL);
	if (err)
		fail(ring, FPGABUF_REASON_CANCEL, err);
	wake(ring);
	pthread_mutex_unlock(&ring->lock);
	return err;
}

/* The next capture does not continue the captures before. */
void fpgabuf_ring_start(struct fpgabuf_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->stopped = false;
	ring->had_gap = false;
	wake(ring);
	pthread_mutex_unlock(&ring->lock);
}

void fpgabuf_ring_limit(struct fpgabuf_ring *ring, uint64_t captures,
			uint64_t bytes)
{
	pthread_mutex_lock(&ring->lock);
	ring->captures_wanted = captures ? captures : UINT64_MAX;
	ring->bytes_wanted = bytes ? bytes : UINT64_MAX;
	pthread_mutex_unlock(&ring->lock);
}

int fpgabuf_ring_fd(const struct fpgabuf_ring *ring)
{
	return fpgabuf_device_fd(ring->device);
}

uint32_t fpgabuf_ring_regions(const struct fpgabuf_ring *ring)
{
	return nr_slots(ring);
}

uint64_t fpgabuf_ring_length(const struct fpgabuf_ring *ring)
{
	return ring->length;
}

struct fpgabuf_region *fpgabuf_ring_region(const struct fpgabuf_ring *ring,
					   uint32_t slot)
{
	return slot < nr_slots(ring) ? room_of(ring, slot)->region : NULL;
}

void fpgabuf_ring_count(struct fpgabuf_ring *ring,
			struct fpgabuf_ring_counts *counts)
{
	pthread_mutex_lock(&ring->lock);
	*counts = ring->counts;
	pthread_mutex_unlock(&ring->lock);
}

/* Why */

/* The region that has been in use longest, if there is one */
static const struct room *oldest_busy(const struct fpgabuf_ring *r)
{
	const struct room *oldest = NULL;
	unsigned int i;

	for (i = 0; i < r->nr_rooms; i++) {
		const struct room *room = &r->rooms[i];

		if (!room->away && room->busy_since_ns &&
		    (!oldest || room->busy_since_ns < oldest->busy_since_ns))
			oldest = room;
	}
	return oldest;
}

static enum fpgabuf_reason reason(const struct fpgabuf_ring *r)
{
	if (r->failed)
		return r->failed;
	if (r->counts.queued)
		return FPGABUF_REASON_CAPTURE;
	if (!wants_capture(r))
		return FPGABUF_REASON_END;
	return oldest_busy(r) ? FPGABUF_REASON_BUSY : FPGABUF_REASON_TAKEN;
}

enum fpgabuf_reason fpgabuf_ring_reason(struct fpgabuf_ring *ring)
{
	enum fpgabuf_reason why;

	pthread_mutex_lock(&ring->lock);
	why = reason(ring);
	pthread_mutex_unlock(&ring->lock);
	return why;
}

static uint32_t state_of(const struct fpgabuf_ring *r, uint32_t slot)
{
	const struct room *room = room_of(r, slot);

	if (r->slots[slot].state == QUEUED)
		return FPGABUF_SLOT_QUEUED;
	if (r->slots[slot].state == TAKEN)
		return FPGABUF_SLOT_TAKEN;
	if (!room->busy_since_ns)
		return FPGABUF_SLOT_IDLE;
	/* A channel that can be stopped, but was not, ends the ring. */
	return is_overdue(room) && !can_stop(r) && channel_keeps(r, room) ?
		       FPGABUF_SLOT_KEPT : FPGABUF_SLOT_BUSY;
}

static void look(const struct fpgabuf_ring *r, uint32_t slot,
		 struct fpgabuf_ring_slot *seen)
{
	const struct room *room = room_of(r, slot);
	struct fpgabuf_region_info info;

	*seen = (struct fpgabuf_ring_slot){
		.state = state_of(r, slot),
		.busy_since_ns = room->busy_since_ns,
		.sequence = r->slots[slot].sequence,
	};
	if (seen->state != FPGABUF_SLOT_BUSY ||
	    fpgabuf_device_region_info(r->device, room->region, &info))
		return;
	seen->page_references = info.in_use;
	seen->importers = info.importers;
}

int fpgabuf_ring_look(struct fpgabuf_ring *ring, uint32_t slot,
		      struct fpgabuf_ring_slot *seen)
{
	int err = -EINVAL;

	pthread_mutex_lock(&ring->lock);
	if (slot < nr_slots(ring)) {
		look(ring, slot, seen);
		err = 0;
	}
	pthread_mutex_unlock(&ring->lock);
	return err;
}

static void say_busy(struct fpgabuf_ring *r, const struct room *room)
{
	const double seconds = (double)(fpgabuf_now_ns() - room->busy_since_ns) /
			       FPGABUF_NS_PER_SEC;
	const int number = room - r->rooms;
	struct fpgabuf_region_info info = { 0 };

	if (!can_stop(r) && channel_keeps(r, room))
		snprintf(r->why, sizeof(r->why),
			 "the FPGA still has region %d, and its DMA channel cannot be stopped",
			 number);
	else if (fpgabuf_device_region_info(r->device, room->region, &info))
		snprintf(r->why, sizeof(r->why),
			 "region %d is in use for %.1f s now", number, seconds);
	else
		snprintf(r->why, sizeof(r->why),
			 "region %d is in use for %.1f s now: %" PRIu64 " page references, %u importers",
			 number, seconds, (uint64_t)info.in_use,
			 info.importers);
}

static const char *const sentences[] = {
	[FPGABUF_REASON_END] = "everything that was asked for has been captured",
	[FPGABUF_REASON_QUEUE] = "a region cannot be queued",
	[FPGABUF_REASON_DEQUEUE] = "captures cannot be dequeued",
	[FPGABUF_REASON_CANCEL] = "the captures cannot be ended",
	[FPGABUF_REASON_NONSENSE] = "a capture came that was not asked for",
	[FPGABUF_REASON_STUCK] =
		"the DMA channel did not stop, and may still write to a region",
	[FPGABUF_REASON_FAILURES] = "too many captures failed in a row",
};

static void say(struct fpgabuf_ring *r, enum fpgabuf_reason why)
{
	if (why == FPGABUF_REASON_CAPTURE)
		snprintf(r->why, sizeof(r->why),
			 "nothing has come from the FPGA for %.1f s",
			 (double)(fpgabuf_now_ns() - r->heard_ns) / FPGABUF_NS_PER_SEC);
	else if (why == FPGABUF_REASON_BUSY)
		say_busy(r, oldest_busy(r));
	else if (why == FPGABUF_REASON_TAKEN)
		snprintf(r->why, sizeof(r->why),
			 "all %u regions are taken", nr_slots(r));
	else
		snprintf(r->why, sizeof(r->why), "%s", sentences[why]);
}

const char *fpgabuf_ring_why(struct fpgabuf_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	say(ring, reason(ring));
	pthread_mutex_unlock(&ring->lock);
	return ring->why;
}

/* Making one */

static int check_setup(const struct fpgabuf_device *device,
		       const struct fpgabuf_ring_setup *s)
{
	const int flags = fcntl(fpgabuf_device_fd(device), F_GETFL);
	size_t i;

	if (flags < 0 || !(flags & O_NONBLOCK) || !s->regions ||
	    s->regions > FPGABUF_RING_MAX_REGIONS)
		return -EINVAL;
	for (i = 0; i < sizeof(s->reserved) / sizeof(*s->reserved); i++)
		if (s->reserved[i])
			return -EINVAL;
	return 0;
}

static uint64_t region_size(const struct fpgabuf_info *info,
			    const struct fpgabuf_ring_setup *s)
{
	const uint64_t most = info->max_capture;

	if (s->region_size)
		return s->region_size;
	return most && most < FPGABUF_RING_REGION_SIZE ?
	       most : FPGABUF_RING_REGION_SIZE;
}

/*
 * Captures share a region if the driver can do that, and if all of each is captured.
 * So many fill a huge page at most, and the queue has room for some regions.
 */
static unsigned int choose_slices(const struct fpgabuf_info *info,
				  const struct fpgabuf_ring_setup *s)
{
	const uint64_t size = s->region_size;
	uint64_t most = s->slices;

	if (most <= 1 || !(info->capabilities & FPGABUF_CAP_SLICES) || !size ||
	    (s->length && s->length != size) || size % FPGABUF_SLICE_ALIGN ||
	    size % info->alignment ||
	    (info->max_capture && size > info->max_capture))
		return 1;
	if (most > info->queue_depth / 4)
		most = info->queue_depth / 4;
	if (most > FPGABUF_RING_REGION_SIZE / size)
		most = FPGABUF_RING_REGION_SIZE / size;
	return most ? most : 1;
}

static int add_room(struct fpgabuf_ring *r)
{
	const struct fpgabuf_ring_setup *s = &r->setup;
	struct fpgabuf_alloc args = {
		.size = region_size(&r->info, s) * r->slices,
		.flags = s->alloc_flags,
		.fd_flags = s->access,
	};
	struct fpgabuf_region *region;
	void *addr;
	int err;

	err = fpgabuf_device_alloc_with(r->device, &args, &region);
	if (err)
		return err;
	if (s->prot)
		err = fpgabuf_region_map(region, s->prot, &addr);
	if (err) {
		fpgabuf_region_close(region);
		return err;
	}
	r->rooms[r->nr_rooms++].region = region;
	r->idle++;
	return 0;
}

/*
 * Regions are whole pages, so a region may be larger than the DMA controller takes
 * although the caller asked for less.
 */
static int choose_length(struct fpgabuf_ring *r,
			 const struct fpgabuf_ring_setup *s)
{
	uint64_t size = fpgabuf_region_size(r->rooms[0].region);
	const uint64_t most = r->info.max_capture;

	if (s->length > size || s->length % r->info.alignment)
		return -EINVAL;
	if (r->slices > 1)
		size = s->region_size;
	else if (most && s->region_size <= most && size > most)
		size = most;
	r->length = s->length ? s->length : size - size % r->info.alignment;
	return r->length ? 0 : -EMSGSIZE;
}

static int make_space(struct fpgabuf_ring *r, unsigned int rooms)
{
	const size_t slots = (size_t)rooms * r->slices, had = nr_slots(r);
	struct room *more_rooms;
	struct slot *more_slots;

	more_rooms = reallocarray(r->rooms, rooms, sizeof(*more_rooms));
	if (!more_rooms)
		return -ENOMEM;
	r->rooms = more_rooms;
	more_slots = reallocarray(r->slots, slots, sizeof(*more_slots));
	if (!more_slots)
		return -ENOMEM;
	r->slots = more_slots;
	memset(r->rooms + r->nr_rooms, 0,
	       (rooms - r->nr_rooms) * sizeof(*more_rooms));
	memset(r->slots + had, 0, (slots - had) * sizeof(*more_slots));
	return 0;
}

/*
 * The oldest capture that is held keeps all of its region, and with it slots whose
 * captures were given back: one less than a region has, at most.
 */
static unsigned int rooms_for(const struct fpgabuf_ring *r, uint32_t captures)
{
	const uint32_t slots = captures + r->slices - 1;

	return (slots + r->slices - 1) / r->slices;
}

static int add_rooms(struct fpgabuf_ring *r, unsigned int rooms)
{
	int err = rooms > r->nr_rooms ? make_space(r, rooms) : 0;

	while (!err && r->nr_rooms < rooms)
		err = add_room(r);
	return err;
}

int fpgabuf_ring_grow(struct fpgabuf_ring *ring, uint32_t regions)
{
	int err;

	if (regions > FPGABUF_RING_MAX_REGIONS)
		return -EINVAL;
	pthread_mutex_lock(&ring->lock);
	err = add_rooms(ring, rooms_for(ring, regions));
	pthread_mutex_unlock(&ring->lock);
	return err;
}

static int set_up(struct fpgabuf_ring *r)
{
	int err = fpgabuf_device_info(r->device, &r->info);

	if (err)
		return err;
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->wake < 0)
		return -errno;
	r->slices = choose_slices(&r->info, &r->setup);
	err = add_rooms(r, rooms_for(r, r->setup.regions));
	return err ? err : choose_length(r, &r->setup);
}

static void release(struct fpgabuf_ring *r)
{
	unsigned int i;

	for (i = 0; i < r->nr_rooms; i++)
		fpgabuf_region_close(r->rooms[i].region);
	if (r->wake >= 0)
		close(r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r->rooms);
	free(r->slots);
	free(r);
}

int fpgabuf_ring_create(struct fpgabuf_device *device,
			const struct fpgabuf_ring_setup *setup,
			struct fpgabuf_ring **ring)
{
	struct fpgabuf_ring *new;
	int err = check_setup(device, setup);

	if (err)
		return err;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->device = device;
	new->setup = *setup;
	new->captures_wanted = UINT64_MAX;
	new->bytes_wanted = UINT64_MAX;
	new->wake = -1;
	pthread_mutex_init(&new->lock, NULL);
	err = set_up(new);
	if (err)
		release(new);
	else
		*ring = new;
	return err;
}

/* The next user of the device must not find captures that it has not queued. */
void fpgabuf_ring_destroy(struct fpgabuf_ring *ring)
{
	struct fpgabuf_dequeue c;

	if (!ring)
		return;
	if (ring->counts.queued && !fpgabuf_device_cancel(ring->device, NULL))
		while (!fpgabuf_device_dequeue(ring->device, &c))
			continue;
	release(ring);
}
