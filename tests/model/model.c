// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model test: the contract in uapi/linux/fpgabuf.h.
 *
 * No call is made here.  When several errors apply, the contract does not say
 * which one comes: any of them is right, and success is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>

#include "model.h"

/* This error applies. */
void must(struct allowed *allowed, int error)
{
	may(allowed, error);
	allowed->success = false;
}

/* This error may apply: it depends on others. */
void may(struct allowed *allowed, int error)
{
	allowed->error[allowed->nr++] = -error;
}

bool is_allowed(const struct allowed *allowed, int result)
{
	unsigned int i;

	if (result >= 0)
		return allowed->success;
	for (i = 0; i < allowed->nr; i++)
		if (allowed->error[i] == result)
			return true;
	return false;
}

static void applies(struct allowed *allowed, enum known how, int error)
{
	if (how == YES)
		must(allowed, error);
	else if (how == PERHAPS)
		may(allowed, error);
}

static void gone_applies(struct allowed *allowed, enum life life)
{
	applies(allowed, life == GONE ? YES : life == LEAVING ? PERHAPS : NO,
		ENODEV);
}

void within(struct verdict *verdict, const char *what, long long got,
	    long long min, long long max)
{
	if (!verdict->what && (got < min || got > max))
		*verdict = (struct verdict){ what, got, min, max };
}

static void is(struct verdict *verdict, const char *what, long long got,
	       long long wanted)
{
	within(verdict, what, got, wanted, wanted);
}

bool same_device(const struct file *file, const struct region *region)
{
	return region->device == file->device && region->stage == file->stage;
}

struct capture *find_capture(struct file *file, unsigned int region)
{
	unsigned int i;

	for (i = 0; i < file->nr_captures; i++)
		if (file->capture[i].region == region)
			return &file->capture[i];
	return NULL;
}

struct capture *find_cookie(const struct file *file, uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < file->nr_captures; i++)
		if (file->capture[i].cookie == cookie)
			return (struct capture *)&file->capture[i];
	return NULL;
}

/* Somebody else's fence is on it: that of a capture, which is signalled with that. */
enum known fenced(const struct file *file, enum life life,
		  const struct region *region)
{
	const struct capture *capture =
		region->fenced ? find_cookie(file, region->fence) : NULL;
	enum known ended = capture ? finished(capture, life) : YES;

	if (ended == PERHAPS)
		return PERHAPS;
	return ended == YES ? NO : YES;
}

/* Unbinding finishes all captures. */
enum known finished(const struct capture *capture, enum life life)
{
	if (life == GONE || capture->done == YES)
		return YES;
	return life == LEAVING ? PERHAPS : capture->done;
}

/* They finish in the order in which they were queued. */
void finished_up_to(struct file *file, const struct capture *last)
{
	struct capture *capture;

	for (capture = file->capture; capture <= last; capture++)
		capture->done = YES;
}

/* How many are finished for certain (YES), or perhaps at least. */
unsigned int nr_finished(const struct file *file, enum life life,
			 enum known how)
{
	unsigned int i, nr = 0;

	for (i = 0; i < file->nr_captures; i++)
		nr += finished(&file->capture[i], life) >= how;
	return nr;
}

bool nothing_runs(const struct file *file, enum life life)
{
	return nr_finished(file, life, YES) == file->nr_captures;
}

/* ALLOC, CANCEL: calls that need the device. */
void model_plain(enum life life, struct allowed *allowed)
{
	gone_applies(allowed, life);
}

/*
 * INFO, REGION_INFO.  The general rule says ENODEV; the driver answers from
 * what it remembers, which is more useful.  Either is let pass.
 */
void model_question(enum life life, struct allowed *allowed)
{
	if (life != LIVE)
		may(allowed, ENODEV);
}

void model_region_call(const struct file *file, const struct region *region,
		       struct allowed *allowed)
{
	if (!same_device(file, region))
		must(allowed, EXDEV);
}

void model_map(const struct region *region, uint64_t page, uint64_t pages,
	       int prot, int flags, struct allowed *allowed)
{
	if ((page + pages) * PAGE > region->size || flags & MAP_PRIVATE)
		must(allowed, EINVAL);
	if (prot & PROT_EXEC)
		must(allowed, EPERM);
	if (prot & PROT_WRITE && flags & MAP_SHARED && region->read_only)
		must(allowed, EACCES);
}

/* Something that QUEUE looks at holds pages, or has the region mapped. */
bool in_the_way(const struct region *region, const struct capture *capture)
{
	return region->held || region->nr_pins > region->nr_standing ||
	       (imported(region) && !capture->importers_done);
}

void model_baseline(struct file *file, enum life life,
		    const struct region *region, unsigned int index,
		    struct allowed *allowed)
{
	gone_applies(allowed, life);
	model_region_call(file, region, allowed);
	if (find_capture(file, index) || region->held)
		must(allowed, EBUSY);
	else if (region->lent)
		may(allowed, EBUSY);
	if (region->captured)
		must(allowed, EPERM);
	if (region->baseline)
		must(allowed, EALREADY);
	if (!region->nr_pins)
		must(allowed, ENOENT);
}

void model_queue(struct file *file, enum life life, const struct region *region,
		 const struct capture *capture, const struct queue_case *c,
		 struct allowed *allowed)
{
	if (c->bad_argument || capture->timeout_ms > FPGABUF_TIMEOUT_MAX_MS)
		must(allowed, EINVAL);
	if (c->bad_fd)
		must(allowed, EBADF);
	if (c->no_dmabuf)
		must(allowed, EINVAL);
	if (c->other_driver)
		must(allowed, EXDEV);
	gone_applies(allowed, life);
	applies(allowed, c->taken, EUSERS);
	applies(allowed, c->refused, EIO);
	applies(allowed, c->no_room, ENOBUFS);
	if (!region)
		return;

	if (capture->length > region->size)
		must(allowed, EINVAL);
	model_region_call(file, region, allowed);
	if (find_capture(file, capture->region) || in_the_way(region, capture) ||
	    fenced(file, life, region) == YES)
		must(allowed, EBUSY);
	else if (region->lent || region->borrowed ||
		 fenced(file, life, region) == PERHAPS)
		may(allowed, EBUSY);
}

static enum known gap_of_next(const struct file *file)
{
	unsigned int nr = file->nr_captures;

	if (!file->streaming)
		return NO;
	/* Nothing is known of what such a channel does meanwhile. */
	if (world->by_program)
		return YES;
	if (nr_finished(file, LIVE, PERHAPS) < nr)
		return NO;
	return nothing_runs(file, LIVE) ? YES : PERHAPS;
}

/* How much of a packet a capture gets, and where from. */
void model_place(struct file *file, struct capture *capture)
{
	uint32_t left = file->packet - file->packet_done;
	uint32_t bytes = capture->length;

	capture->placed = file->placed;
	capture->exact = file->placed;
	if (!file->placed)
		return;
	if (file->packet && bytes > left)
		bytes = left;
	if (file->failures) {
		file->failures--;
		capture->error = -EIO;
		/* The simulated FPGA fails after one burst. */
		if (bytes > 64 * KIB)
			bytes = 64 * KIB;
	}
	capture->bytes = bytes;
	capture->position = file->position;
	file->position += bytes;
	if (file->packet)
		file->packet_done = (file->packet_done + bytes) % file->packet;
}

void model_queued(struct file *file, struct region *region,
		  struct capture *capture)
{
	if (!capture->length)
		capture->length = region->size;
	contents_queue(&region->contents, capture->length);
	region->captured = true;
	capture->gap = gap_of_next(file);
	capture->done = NO;
	if (!file->stalled) {
		capture->done = PERHAPS;
		model_place(file, capture);
	}
	file->streaming = true;
	file->capture[file->nr_captures++] = *capture;
}

/* The FPGA, which stood still, goes on. */
void model_run(struct file *file)
{
	unsigned int i;

	file->stalled = false;
	for (i = 0; i < file->nr_captures; i++) {
		struct capture *capture = &file->capture[i];

		if (capture->done != NO)
			continue;
		capture->done = PERHAPS;
		model_place(file, capture);
	}
}

void model_dequeue(const struct file *file, enum life life,
		   struct allowed *allowed)
{
	if (!file->nr_captures) {
		if (life != GONE)
			must(allowed, EPIPE);
		if (life != LIVE)
			must(allowed, ENODEV);
		return;
	}
	applies(allowed, YES - finished(&file->capture[0], life), EAGAIN);
}

static void remove_first(struct file *file)
{
	file->nr_captures--;
	memmove(file->capture, file->capture + 1,
		file->nr_captures * sizeof(*file->capture));
}

static uint32_t status_of(const struct fpgabuf_dequeue *done, uint32_t length)
{
	uint32_t status = 0;

	if (done->bytes < length)
		status |= FPGABUF_CAPTURE_PARTIAL;
	if (done->error)
		status |= FPGABUF_CAPTURE_ERROR;
	if (done->error == -ETIMEDOUT)
		status |= FPGABUF_CAPTURE_TIMEOUT;
	return status;
}

static void check_end(const struct capture *capture, enum life life,
		      const struct fpgabuf_dequeue *done,
		      struct verdict *verdict)
{
	bool expected = done->error == capture->error;
	bool excused = (life != LIVE && done->error == -ENODEV) ||
		       (capture->faulty && done->error == -EIO);

	if (!expected && !excused)
		is(verdict, "error", done->error, capture->error);
	if (expected && capture->exact)
		is(verdict, "bytes", done->bytes, capture->bytes);
	else
		within(verdict, "bytes", done->bytes, !done->error,
		       capture->length);
	is(verdict, "status without GAP", done->status & ~FPGABUF_CAPTURE_GAP,
	   status_of(done, capture->length));
	within(verdict, "GAP", !!(done->status & FPGABUF_CAPTURE_GAP),
	       capture->gap == YES, capture->gap != NO);
}

void model_dequeued(struct file *file, enum life life, struct region *region,
		    const struct fpgabuf_dequeue *done, uint64_t now_ns,
		    struct verdict *verdict)
{
	const struct capture *capture = &file->capture[0];
	uint64_t earliest = 0;

	if (done->error == capture->error)
		earliest = capture->earliest_ns;
	is(verdict, "cookie", done->cookie, capture->cookie);
	if (file->sequence_known)
		is(verdict, "sequence", done->sequence, file->sequence);
	check_end(capture, life, done, verdict);
	if (earliest < file->last_ns)
		earliest = file->last_ns;
	within(verdict, "timestamp_ns", done->timestamp_ns, earliest, now_ns);

	contents_captured(&region->contents, capture->length,
			  capture->placed ? done->bytes : 0, capture->position);
	file->sequence = done->sequence + 1;
	file->sequence_known = true;
	file->gaps += !!(done->status & FPGABUF_CAPTURE_GAP);
	file->last_ns = done->timestamp_ns;
	remove_first(file);
}

/*
 * Those that were not finished are the last ones.  The first of them had begun,
 * unless the FPGA stood still.
 */
void model_canceled(struct file *file, enum life life, unsigned int canceled,
		    struct verdict *verdict)
{
	unsigned int i, nr = file->nr_captures;

	within(verdict, "canceled", canceled,
	       nr - nr_finished(file, life, PERHAPS),
	       nr - nr_finished(file, life, YES));
	for (i = 0; i < nr && !verdict->what; i++) {
		struct capture *capture = &file->capture[i];

		capture->done = YES;
		if (i < nr - canceled)
			continue;
		capture->error = -ECANCELED;
		capture->exact = file->stalled || i > nr - canceled;
		capture->bytes = 0;
	}
	if (!file->owner)
		return;
	file->streaming = false;
	file->placed = false;
}

/*
 * The time of a capture is over, while the FPGA stood still; unless it was the
 * device that went.
 */
void model_expired(struct file *file, enum life life,
		   const struct capture *last)
{
	uint64_t over = last->earliest_ns + last->timeout_ms * 1000000ull;
	struct capture *capture;

	for (capture = file->capture; capture <= last; capture++) {
		if (capture->done == YES)
			continue;
		capture->done = YES;
		/* Those that had more time had to wait for this one. */
		capture->earliest_ns = over;
		capture->error = -ETIMEDOUT;
		capture->exact = true;
		capture->bytes = 0;
	}
	if (capture < file->capture + file->nr_captures)
		capture->gap = life == LIVE ? YES : PERHAPS;
}

static void check_state(struct file *file, enum life life, unsigned int index,
			uint32_t state, struct verdict *verdict)
{
	const struct capture *capture = find_capture(file, index);

	if (!capture) {
		is(verdict, "state", state, FPGABUF_REGION_IDLE);
		return;
	}
	within(verdict, "state", state,
	       finished(capture, life) == YES ? FPGABUF_REGION_DONE :
						FPGABUF_REGION_QUEUED,
	       finished(capture, life) == NO ? FPGABUF_REGION_QUEUED :
					       FPGABUF_REGION_DONE);
}

/* How much a registration pins is the kernel's to say. */
static void check_in_use(const struct region *region,
			 const struct fpgabuf_region_info *info, bool others,
			 struct verdict *verdict)
{
	unsigned int loose = region->nr_pins - region->nr_standing;

	within(verdict, "in_use", info->in_use, region->held + loose,
	       others || loose ? INT32_MAX : region->held);
	if (region->borrowed)
		return;
	within(verdict, "standing", info->standing, region->nr_standing,
	       region->nr_standing ? INT32_MAX : 0);
}

void model_region_info(struct file *file, enum life life,
		       const struct region *region, unsigned int index,
		       const struct fpgabuf_region_info *info,
		       struct verdict *verdict)
{
	bool others = region->lent || region->borrowed;

	is(verdict, "size", info->size, region->size);
	is(verdict, "backend", info->backend, region->backend);
	is(verdict, "chunks", info->chunks, region->chunks);
	within(verdict, "importers", info->importers, imported(region),
	       others ? INT32_MAX : imported(region));
	if (!region->borrowed)
		check_state(file, life, index, info->state, verdict);
	check_in_use(region, info, others, verdict);
	within(verdict, "mappings", info->mappings, touched(region),
	       others ? INT32_MAX : mapped(region));
}

static void check_owner_info(struct file *file, enum life life,
			     const struct fpgabuf_info *info,
			     struct verdict *verdict)
{
	unsigned int nr = file->nr_captures;
	unsigned int least = nr_finished(file, life, YES);
	unsigned int most = nr_finished(file, life, PERHAPS);

	within(verdict, "queued", info->queued, nr - most, nr - least);
	if (file->sequence_known)
		within(verdict, "captures", info->captures,
		       file->sequence + least, file->sequence + most);
	if (nr)
		return;
	if (file->gaps_known)
		is(verdict, "gaps", info->gaps, file->gaps);
	file->gaps = info->gaps;
	file->gaps_known = true;
}

void model_info(struct file *file, enum life life, uint64_t own, bool alone,
		const struct fpgabuf_info *info, struct verdict *verdict)
{
	is(verdict, "version", info->version, FPGABUF_UAPI_VERSION);
	is(verdict, "alignment", info->alignment, 1);
	/* The simulated FPGA's channel does everything. */
	is(verdict, "capabilities", info->capabilities,
	   (world->by_program ? 0 : FPGABUF_CAP_EXACT_GAPS) |
	   FPGABUF_CAP_EXACT_BYTES | FPGABUF_CAP_STOP |
	   FPGABUF_CAP_PACKETS | DRIVER_CAPS);
	is(verdict, "max_capture", info->max_capture, 0);
	is(verdict, "max_packet", info->max_packet, 0);
	is(verdict, "transfers", info->transfers, info->queue_depth);
	is(verdict, "max_region_size is sound",
	   info->max_region_size && info->max_region_size <= info->limit_bytes,
	   true);
	within(verdict, "used_bytes", info->used_bytes, own,
	       alone ? own : info->limit_bytes);
	within(verdict, "queued", info->queued, 0, info->queue_depth);
	if (alone)
		is(verdict, "busy", info->busy, file->busy);
	if (file->owner && life == LIVE)
		check_owner_info(file, life, info, verdict);
}

void model_poll(const struct file *file, enum life life, short events,
		struct verdict *verdict)
{
	enum known readable = file->nr_captures ?
			      finished(&file->capture[0], life) : NO;

	within(verdict, "POLLIN", !!(events & POLLIN), readable == YES,
	       readable != NO);
	within(verdict, "POLLHUP", !!(events & POLLHUP), life == GONE,
	       life != LIVE);
	is(verdict, "other events", events & ~(POLLIN | POLLHUP), 0);
}
