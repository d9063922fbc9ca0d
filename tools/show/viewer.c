// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "show/viewer.h"

enum { FD_RING, FD_SCREEN, FD_SIGNAL, FD_COUNT };

/*
 * The kernel reports that a picture is off the screen a moment before the driver lets
 * go of its memory.
 */
static int still_busy(const struct capturing *c, unsigned int slot,
		      const struct fpgabuf_ring_slot *seen)
{
	(void)c;
	(void)slot;
	message("a picture is off the screen, but its memory is still in use after %d s",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	remedy("%" PRIu64 " page references, %u importers: does another program hold it?",
	       seen->page_references, seen->importers);
	return -EBUSY;
}

static const struct capturing_words words = {
	.region = "a picture",
	.smaller = "a smaller --size or --stride",
	.still_busy = still_busy,
};

static int make_geometry(struct viewer *v)
{
	const struct show_options *o = v->options;
	const drmModeModeInfo *mode = &v->screen.mode;
	int err;

	err = geometry_make(o->format, mode->hdisplay, mode->vdisplay,
			    o->stride, &v->geometry);
	if (err) {
		message("a picture of %ux%u, the mode of the screen, is not possible in %s",
			mode->hdisplay, mode->vdisplay, o->format->name);
		remedy("choose another with --size, and a --stride that a line fits into");
		return err;
	}
	if (v->geometry.bytes % v->capturing.info.alignment) {
		message("a picture of %" PRIu64 " bytes cannot be captured",
			v->geometry.bytes);
		remedy("a capture is a multiple of %u bytes; choose another --stride",
		       v->capturing.info.alignment);
		return -EINVAL;
	}
	return 0;
}

/* A capture that is too short does not count: capture one more. */
static void set_limit(struct viewer *v)
{
	const uint64_t pictures = v->options->pictures;

	fpgabuf_ring_limit(v->capturing.ring, pictures == UNLIMITED ? 0 :
			   pictures + v->discarded, 0);
}

static int make_regions(struct viewer *v)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = SLOTS,
		.access = O_RDWR,
		.region_size = v->geometry.bytes,
		.length = v->geometry.bytes,
	};
	int err;

	err = capturing_make_ring(&v->capturing, &setup, false);
	if (!err)
		set_limit(v);
	return err;
}

int viewer_open(struct viewer *viewer, const struct show_options *options)
{
	int err;

	*viewer = (struct viewer){ .options = options, .sigfd = -1 };
	viewer->screen.fd = -1;
	err = capturing_open(&viewer->capturing, options->device, &words);
	viewer->capturing.quiet = options->quiet;
	viewer->capturing.progress = &viewer->progress;
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

/* Call it when the screen shows another picture. */
void viewer_close(struct viewer *viewer)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		frame_drop(viewer->screen.fd, &viewer->slots[i].frame);
	screen_close(&viewer->screen);
	capturing_close(&viewer->capturing);
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

static unsigned int index_of(const struct viewer *v, const struct slot *slot)
{
	return slot - v->slots;
}

static struct fpgabuf_region *region_of(const struct viewer *v,
					const struct slot *slot)
{
	return fpgabuf_ring_region(v->capturing.ring, index_of(v, slot));
}

static bool is_imported(const struct slot *slot)
{
	return slot->frame.fb_id && !slot->frame.map;
}

/* What stays imported is off the screen: see leave_screen(). */
static void release(struct viewer *v, struct slot *slot)
{
	slot->state = SLOT_FREE;
	fpgabuf_ring_give_with(v->capturing.ring, index_of(v, slot),
			       is_imported(slot) ?
			       FPGABUF_QUEUE_IMPORTERS_DONE : 0);
}

/* Does the next picture depend only on the FPGA? */
static bool waits_for_fpga(const struct viewer *v)
{
	return fpgabuf_ring_reason(v->capturing.ring) == FPGABUF_REASON_CAPTURE;
}

static bool wants_picture(const struct viewer *v)
{
	return v->captured < v->options->pictures;
}

static int fill(struct viewer *v)
{
	const int err = fpgabuf_ring_fill(v->capturing.ring);

	return err ? capturing_fail(&v->capturing, err) :
		     capturing_watch(&v->capturing);
}

/* Reported once: it is either one bad packet, or the wrong --size. */
static void explain_discard(struct viewer *v, uint64_t bytes)
{
	if (v->discarded > 1 || v->options->quiet)
		return;
	progress_end(&v->progress);
	message("a capture of %" PRIu64 " bytes is not a picture of %" PRIu64
		" bytes", bytes, v->geometry.bytes);
	remedy("--size, --format and --stride must say what the FPGA sends");
}

static void discard(struct viewer *v, const struct fpgabuf_capture *c)
{
	if (c->bytes) {
		v->discarded++;
		set_limit(v);
		explain_discard(v, c->bytes);
	}
	release(v, &v->slots[c->slot]);
}

static void accept_capture(struct viewer *v, const struct fpgabuf_capture *c)
{
	struct slot *slot = &v->slots[c->slot];

	capturing_note(&v->capturing, c);
	if (c->bytes)
		stall_over(&v->stall);
	if (c->bytes < v->geometry.bytes) {
		discard(v, c);
		return;
	}
	slot->state = SLOT_READY;
	slot->turn = c->sequence;
	v->gaps += v->captured && c->status & FPGABUF_CAPTURE_GAP;
	v->captured++;
	v->deadline_ns = clock_ns() + v->options->timeout_ms * NS_PER_MS;
}

static int take_capture(struct viewer *v)
{
	struct fpgabuf_capture c;
	const int err = fpgabuf_ring_take(v->capturing.ring, &c);

	if (err == -EAGAIN || err == -ENODATA)
		return 0;
	if (err)
		return capturing_fail(&v->capturing, err);
	accept_capture(v, &c);
	return 0;
}

/*
 * @told: an event has told that another picture is on the screen, so the display has
 * let go of this one.  Without an event, or with a driver that cannot be told of it,
 * the display must give the region up.
 */
static void leave_screen(struct viewer *v, struct slot *slot, bool told)
{
	const uint64_t can = v->capturing.info.capabilities;

	if (is_imported(slot) && !(told && can & FPGABUF_CAP_IMPORTERS_DONE))
		frame_drop(v->screen.fd, &slot->frame);
	release(v, slot);
}

static void on_screen(struct viewer *v, struct slot *slot, bool told)
{
	struct slot *before = find_slot(v, SLOT_SHOWN);

	if (before)
		leave_screen(v, before, told);
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

static int import(struct viewer *v, struct slot *slot, const char **failed)
{
	int err;

	if (is_imported(slot))
		return 0;
	err = frame_import(v->screen.fd, fpgabuf_region_fd(region_of(v, slot)),
			   v->options->format, &v->geometry, &slot->frame,
			   failed);
	v->imports += !err;
	v->framebuffers += !err;
	return err;
}

static int show_imported(struct viewer *v, struct slot *slot,
			 const char **failed)
{
	int err = import(v, slot, failed);

	if (err)
		return err;
	*failed = "drmModeSetCrtc";
	err = screen_show(&v->screen, slot->frame.fb_id);
	if (err)
		frame_drop(v->screen.fd, &slot->frame);
	return err;
}

static int map(struct fpgabuf_region *region)
{
	void *addr;

	return fpgabuf_region_addr(region) ? 0 :
	       fpgabuf_region_map(region, PROT_READ, &addr);
}

/* The driver may have imported the region before it failed with another one. */
static int create(struct viewer *v, struct slot *slot, const char **failed)
{
	int err;

	if (slot->frame.map)
		return 0;
	frame_drop(v->screen.fd, &slot->frame);
	err = frame_create(v->screen.fd, v->options->format, &v->geometry,
			   &slot->frame, failed);
	v->framebuffers += !err;
	return err;
}

static int show_copy(struct viewer *v, struct slot *slot, const char **failed)
{
	struct fpgabuf_region *region = region_of(v, slot);
	int err;

	*failed = "mmap";
	err = map(region);
	if (!err)
		err = create(v, slot, failed);
	if (err)
		return err;
	frame_copy(&slot->frame, v->options->format, &v->geometry,
		   fpgabuf_region_addr(region));
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
		on_screen(v, slot, false);
	return 0;
}

static int present_ready(struct viewer *v)
{
	struct slot *slot = find_slot(v, SLOT_READY);

	return slot && !v->screen.flipping ? present(v, slot) : 0;
}

/* The time of the next event, or 0. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static int64_t next_deadline(const struct viewer *v)
{
	const int retry_ms = fpgabuf_ring_timeout_ms(v->capturing.ring);
	int64_t next = v->end_ns;

	if (wants_picture(v))
		next = earlier(next, v->deadline_ns);
	next = earlier(next, stall_due_ns(&v->stall));
	if (retry_ms >= 0)
		next = earlier(next, clock_ns() + retry_ms * NS_PER_MS);
	return next;
}

static int wait_event(struct viewer *v, struct pollfd fds[FD_COUNT])
{
	int64_t deadline = next_deadline(v);

	fds[FD_RING].fd = waits_for_fpga(v) ?
			  fpgabuf_ring_fd(v->capturing.ring) : -1;
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
		on_screen(v, find_slot(v, SLOT_FLIPPING), true);
	return err;
}

static void watch_device(struct viewer *v)
{
	if (!waits_for_fpga(v)) {
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
	remedy("is the FPGA sending? A longer --timeout gives it more time; a capture that takes longer than the driver's own timeout of %u ms is cut short",
	       v->capturing.info.default_timeout_ms);
	return -ETIMEDOUT;
}

static int step(struct viewer *v)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_RING] = { .events = POLLIN },
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
	if (!err && fds[FD_RING].revents)
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

/* Reports it if the end came before all pictures. */
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
