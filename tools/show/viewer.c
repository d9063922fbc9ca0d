// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/explain.h"
#include "common/message.h"
#include "show/viewer.h"

/*
 * The kernel says that a picture is off the screen a moment before the driver
 * lets go of its memory.
 */
#define BUSY_PATIENCE_NS	(10 * NS_PER_SEC)

#define REMEDY_GONE	"the device was removed, or its driver unbound"

enum { FD_FENCE, FD_SCREEN, FD_SIGNAL, FD_COUNT };

static int open_device(struct viewer *v)
{
	const char *path = v->options->device;
	int err;

	err = fpgabuf_device_open(path, 0, &v->device);
	if (!err)
		err = fpgabuf_device_info(v->device, &v->info);
	if (err)
		explain_open(path, err);
	return err;
}

static int make_geometry(struct viewer *v)
{
	const struct show_options *o = v->options;
	const drmModeModeInfo *mode = &v->screen.mode;
	int err;

	err = geometry_make(o->format, mode->hdisplay, mode->vdisplay,
			    o->stride, &v->geometry);
	if (err) {
		message("a picture of %ux%u, the mode of the screen, cannot be had in %s",
			mode->hdisplay, mode->vdisplay, o->format->name);
		remedy("choose another with --size, and a --stride that a line fits into");
		return err;
	}
	if (v->geometry.bytes % v->info.alignment) {
		message("a picture of %" PRIu64 " bytes cannot be captured",
			v->geometry.bytes);
		remedy("a capture is a multiple of %u bytes; choose another --stride",
		       v->info.alignment);
		return -EINVAL;
	}
	return 0;
}

static int make_regions(struct viewer *v)
{
	const struct alloc_failure failure = {
		"a picture", v->geometry.bytes, "a smaller --size or --stride",
		NULL
	};
	unsigned int i;
	int err;

	for (i = 0; i < SLOTS; i++) {
		err = fpgabuf_device_alloc(v->device, v->geometry.bytes,
					   &v->slots[i].region);
		if (err) {
			explain_alloc(&v->info, &failure, err);
			return err;
		}
	}
	return 0;
}

int viewer_open(struct viewer *viewer, const struct show_options *options)
{
	int err;

	*viewer = (struct viewer){ .options = options, .sigfd = -1 };
	viewer->screen.fd = -1;
	err = open_device(viewer);
	if (!err)
		err = screen_open(&viewer->screen, options);
	if (!err)
		err = make_geometry(viewer);
	if (!err)
		err = make_regions(viewer);
	if (err)
		viewer_close(viewer);
	return err;
}

/* To be called when the screen shows something else. */
void viewer_close(struct viewer *viewer)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		frame_drop(viewer->screen.fd, &viewer->slots[i].frame);
		fpgabuf_region_close(viewer->slots[i].region);
	}
	screen_close(&viewer->screen);
	fpgabuf_device_close(viewer->device);
}

static struct slot *find_slot(struct viewer *v, enum slot_state state)
{
	struct slot *first = NULL;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &v->slots[i];

		if (slot->state == state && (!first || slot->turn < first->turn))
			first = slot;
	}
	return first;
}

static unsigned int count_queued(const struct viewer *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < SLOTS; i++)
		n += v->slots[i].state == SLOT_QUEUED;
	return n;
}

static bool wants_picture(const struct viewer *v)
{
	return v->captured < v->options->pictures;
}

static bool wants_capture(const struct viewer *v)
{
	return count_queued(v) < v->options->pictures - v->captured;
}

static int back_off(struct viewer *v, struct slot *slot)
{
	const struct busy_region region = {
		v->options->device, v->device, &v->info, slot->region
	};
	enum busy_reason reason = busy_again(&slot->busy, &region);
	struct fpgabuf_region_info info;

	v->busy_retries++;
	if (reason == BUSY_STUCK)
		return -EIO;
	if (reason == BUSY_KEPT || busy_ns(&slot->busy) < BUSY_PATIENCE_NS)
		return 0;
	message("a picture is off the screen, but its memory is still in use after %d s",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	if (!fpgabuf_device_region_info(v->device, slot->region, &info))
		remedy("%" PRIu64 " page references, %u importers: does another program hold it?",
		       (uint64_t)info.in_use, info.importers);
	return -EBUSY;
}

static int queue_slot(struct viewer *v, struct slot *slot)
{
	int err;

	err = fpgabuf_device_queue(v->device, slot->region, v->geometry.bytes,
				   slot - v->slots);
	if (err == -EBUSY)
		return back_off(v, slot);
	if (err == -ENOBUFS && count_queued(v)) {
		v->full = true;
		return 0;
	}
	if (err) {
		explain_queue(v->options->device, &v->info, v->geometry.bytes,
			      "a smaller --size or --stride", err);
		return err;
	}
	slot->state = SLOT_QUEUED;
	slot->turn = ++v->turns;
	slot->busy = (struct busy){ 0 };
	return 0;
}

static int fill(struct viewer *v)
{
	int64_t now = clock_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < SLOTS && !err && wants_capture(v) && !v->full; i++)
		if (v->slots[i].state == SLOT_IDLE &&
		    v->slots[i].busy.retry_ns <= now)
			err = queue_slot(v, &v->slots[i]);
	return err;
}

static void explain_capture(const struct viewer *v, int err)
{
	message("cannot take a capture from %s: %s", v->options->device,
		strerror(-err));
	if (err == -ENODEV)
		remedy(REMEDY_GONE);
	else
		remedy("the kernel log (`dmesg`) may say more");
}

/* Said once: it is either one bad packet, or the wrong --size. */
static void discard(struct viewer *v, struct slot *slot, uint64_t bytes)
{
	slot->state = SLOT_IDLE;
	if (!bytes || v->discarded++ || v->options->quiet)
		return;
	progress_end(&v->progress);
	message("a capture of %" PRIu64 " bytes is no picture of %" PRIu64
		" bytes", bytes, v->geometry.bytes);
	remedy("--size, --format and --stride must say what the FPGA sends");
}

static void note_lost_count(struct viewer *v, const struct fpgabuf_dequeue *c)
{
	if (v->options->quiet || v->lost_count ||
	    !controller_lost_count(&v->info, c))
		return;
	v->lost_count = true;
	progress_end(&v->progress);
	explain_lost_count(v->options->device);
}

/*
 * Called when the fence of the oldest capture is signalled: then it is there to
 * be dequeued.
 */
static int take_capture(struct viewer *v)
{
	struct slot *slot = find_slot(v, SLOT_QUEUED);
	struct fpgabuf_dequeue c;
	int err;

	err = fpgabuf_device_dequeue(v->device, &c);
	if (!err && c.cookie != (uint64_t)(slot - v->slots))
		err = -EPROTO;
	if (err) {
		explain_capture(v, err);
		return err;
	}
	err = capture_failed(&v->failures, v->options->device, c.error);
	if (err)
		return err;
	v->full = false;
	if (c.bytes)
		stall_over(&v->stall);
	note_lost_count(v, &c);
	if (c.bytes < v->geometry.bytes) {
		discard(v, slot, c.bytes);
		return 0;
	}
	slot->state = SLOT_READY;
	v->gaps += v->captured && c.status & FPGABUF_CAPTURE_GAP;
	v->captured++;
	v->deadline_ns = clock_ns() + v->options->timeout_ms * NS_PER_MS;
	return 0;
}

/* What it showed before is off the screen now. */
static void on_screen(struct viewer *v, struct slot *slot)
{
	struct slot *before = find_slot(v, SLOT_SHOWN);

	if (before) {
		if (!before->frame.map)
			frame_drop(v->screen.fd, &before->frame);
		before->state = SLOT_IDLE;
	}
	slot->state = SLOT_SHOWN;
	v->shown++;
	progress_update(&v->progress, v->shown * v->geometry.bytes);
	if (v->options->verbose)
		inform("picture %" PRIu64 " is on the screen", v->shown);
	if (v->shown == v->options->pictures && !v->options->quiet) {
		progress_end(&v->progress);
		inform("on %s of %s%s", v->screen.connector, v->screen.path,
		       v->end_ns ? "" : " until SIGINT or SIGTERM");
	}
}

static void fall_back(struct viewer *v, const char *failed, int err)
{
	v->copying = true;
	snprintf(v->reason, sizeof(v->reason), "%s: %s", failed,
		 strerror(-err));
	if (v->options->quiet)
		return;
	progress_end(&v->progress);
	inform("the driver %s cannot import a capture (%s), so pictures are copied",
	       v->screen.driver, v->reason);
}

static int show_imported(struct viewer *v, struct slot *slot,
			 const char **failed)
{
	int err;

	err = frame_import(v->screen.fd, fpgabuf_region_fd(slot->region),
			   v->options->format, &v->geometry, &slot->frame,
			   failed);
	if (err)
		return err;
	*failed = "drmModeSetCrtc";
	err = screen_show(&v->screen, slot->frame.fb_id);
	if (err)
		frame_drop(v->screen.fd, &slot->frame);
	return err;
}

static int show_copy(struct viewer *v, struct slot *slot, const char **failed)
{
	void *addr;
	int err;

	if (!slot->addr) {
		*failed = "mmap";
		err = fpgabuf_region_map(slot->region, PROT_READ, &addr);
		if (err)
			return err;
		slot->addr = addr;
	}
	if (!slot->frame.map) {
		err = frame_create(v->screen.fd, v->options->format,
				   &v->geometry, &slot->frame, failed);
		if (err)
			return err;
	}
	frame_copy(&slot->frame, v->options->format, &v->geometry, slot->addr);
	*failed = "drmModeSetCrtc";
	return screen_show(&v->screen, slot->frame.fb_id);
}

static void explain_show(const struct viewer *v, const char *failed, int err)
{
	message("%s cannot show a picture: %s: %s", v->screen.path, failed,
		strerror(-err));
	if (err == -EACCES || err == -EPERM)
		remedy("another program, or another console, has the screen now");
	else
		remedy("try another --size or --format; the kernel log (`dmesg`) may say more");
}

static int present(struct viewer *v, struct slot *slot)
{
	const char *failed;
	int err = -EOPNOTSUPP;

	if (!v->copying) {
		err = show_imported(v, slot, &failed);
		if (err)
			fall_back(v, failed, err);
	}
	if (v->copying)
		err = show_copy(v, slot, &failed);
	if (err) {
		explain_show(v, failed, err);
		return err;
	}
	if (v->screen.flipping)
		slot->state = SLOT_FLIPPING;
	else
		on_screen(v, slot);
	return 0;
}

static int present_ready(struct viewer *v)
{
	struct slot *slot = find_slot(v, SLOT_READY);

	return slot && !v->screen.flipping ? present(v, slot) : 0;
}

/* 0, or the time of the first that comes. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static int64_t next_deadline(const struct viewer *v)
{
	int64_t next = v->end_ns;
	unsigned int i;

	if (wants_picture(v))
		next = earlier(next, v->deadline_ns);
	next = earlier(next, stall_due_ns(&v->stall));
	for (i = 0; i < SLOTS && wants_capture(v) && !v->full; i++)
		if (v->slots[i].state == SLOT_IDLE)
			next = earlier(next, v->slots[i].busy.retry_ns);
	return next;
}

/* The capture is a fence of its region: that can be read when it is finished. */
static int wait_event(struct viewer *v, struct pollfd fds[FD_COUNT])
{
	struct slot *slot = find_slot(v, SLOT_QUEUED);
	int64_t deadline = next_deadline(v);

	fds[FD_FENCE].fd = slot ? fpgabuf_region_fd(slot->region) : -1;
	fds[FD_SCREEN].fd = v->screen.flipping ? v->screen.fd : -1;
	fds[FD_SIGNAL].fd = v->sigfd;
	if (poll(fds, FD_COUNT, deadline ? clock_left_ms(deadline) : -1) >= 0)
		return 0;
	message("cannot wait: %s", strerror(errno));
	return -errno;
}

static int on_event(struct viewer *v)
{
	int err = screen_event(&v->screen);

	if (!err && !v->screen.flipping)
		on_screen(v, find_slot(v, SLOT_FLIPPING));
	return err;
}

static void watch_device(struct viewer *v)
{
	if (!find_slot(v, SLOT_QUEUED)) {
		stall_over(&v->stall);
		return;
	}
	if (!stall_waits(&v->stall) || v->options->quiet)
		return;
	progress_end(&v->progress);
	stall_explain(&v->stall, v->options->device, STALL_OF_FPGA);
}

static int check_patience(const struct viewer *v)
{
	if (!wants_picture(v) || clock_ns() < v->deadline_ns)
		return 0;
	message("no whole picture came for %d s", v->options->timeout_ms / 1000);
	remedy("is the FPGA sending? --timeout gives it longer; a capture that takes longer than the driver's own timeout of %u ms is cut short",
	       v->info.default_timeout_ms);
	return -ETIMEDOUT;
}

static int step(struct viewer *v)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_FENCE] = { .events = POLLIN },
		[FD_SCREEN] = { .events = POLLIN },
		[FD_SIGNAL] = { .events = POLLIN },
	};
	int err;

	err = fill(v);
	watch_device(v);
	if (!err)
		err = wait_event(v, fds);
	if (!err && fds[FD_SCREEN].revents)
		err = on_event(v);
	if (!err && fds[FD_FENCE].revents)
		err = take_capture(v);
	if (!err)
		err = present_ready(v);
	if (!err)
		err = check_patience(v);
	if (fds[FD_SIGNAL].revents)
		v->sigfd = -1;
	return err;
}

static bool finished(const struct viewer *v)
{
	return v->sigfd < 0 || (v->end_ns && clock_ns() >= v->end_ns);
}

/* Says so if the end came before all pictures. */
static int check_complete(const struct viewer *v)
{
	uint64_t wanted = v->options->pictures;

	if (wanted == UNLIMITED ? v->shown : v->shown == wanted)
		return 0;
	if (wanted == UNLIMITED)
		message("ended before the first picture");
	else
		message("ended after %" PRIu64 " of %" PRIu64 " pictures",
			v->shown, wanted);
	return -1;
}

int viewer_run(struct viewer *viewer, int sigfd)
{
	int64_t now = clock_ns();
	int err = 0, restore_err;

	viewer->sigfd = sigfd;
	viewer->deadline_ns = now + viewer->options->timeout_ms * NS_PER_MS;
	if (viewer->options->duration_ms >= 0)
		viewer->end_ns = now +
				 viewer->options->duration_ms * NS_PER_MS;
	progress_start(&viewer->progress, 0, false, viewer->options->quiet);
	while (!err && !finished(viewer))
		err = step(viewer);
	progress_end(&viewer->progress);
	restore_err = screen_restore(&viewer->screen);
	if (!err)
		err = check_complete(viewer);
	return err ? err : restore_err;
}
