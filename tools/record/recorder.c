// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each capture goes to the disk, and its slot back to the source when it is written.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/results.h"
#include "common/signals.h"
#include "record/recorder.h"

enum { FD_SIGNAL, FD_SOURCE, FD_DISK, FD_SYNC, FD_RESULTS, FDS };

/* From now on, the next signal ends the program as usual. */
static void release_signals(struct recorder *r)
{
	signals_unblock();
	r->sigfd = -1;
}

static int on_signal(struct recorder *r)
{
	struct signalfd_siginfo info;

	if (read(r->sigfd, &info, sizeof(info)) != sizeof(info))
		return 0;
	progress_end(&r->progress);
	if (r->options->verbose)
		inform("%s: ending the capture", strsignal(info.ssi_signo));
	notify_stopping();
	release_signals(r);
	return source_stop(r->source);
}

static int check_duration(struct recorder *r)
{
	if (!r->stop_ns || clock_ns() < r->stop_ns)
		return 0;
	r->stop_ns = 0;
	return r->source->stopping ? 0 : source_stop(r->source);
}

static bool has_room(const struct recorder *r)
{
	return r->held < r->source->capacity && recording_ready(r->recording);
}

static void sooner(int64_t *first, int64_t due)
{
	if (due && (!*first || due < *first))
		*first = due;
}

/* When to go on although nothing happened, or 0. */
static int64_t next_due_ns(const struct recorder *r)
{
	int64_t first = r->stop_ns;

	sooner(&first, source_retry_ns(r->source));
	sooner(&first, recording_due_ns(r->recording));
	sooner(&first, stall_due_ns(&r->stall));
	sooner(&first, r->stats_due_ns);
	if (r->progress.enabled)
		sooner(&first, clock_ns() + PROGRESS_PERIOD_MS * NS_PER_MS);
	return first;
}

static int wait_event(struct recorder *r, struct pollfd *fds)
{
	const int64_t due = next_due_ns(r);

	fds[FD_SIGNAL] = (struct pollfd){ r->sigfd, POLLIN, 0 };
	fds[FD_SOURCE] = (struct pollfd){
		has_room(r) ? source_fd(r->source) : -1, POLLIN, 0
	};
	fds[FD_DISK] = (struct pollfd){
		recording_fd(r->recording), POLLIN, 0
	};
	fds[FD_SYNC] = (struct pollfd){
		recording_sync_fd(r->recording), POLLIN, 0
	};
	fds[FD_RESULTS] = (struct pollfd){ results_fd(), POLLOUT, 0 };
	if (poll(fds, FDS, due ? clock_left_ms(due) : -1) >= 0 ||
	    errno == EINTR)
		return 0;
	message("cannot wait: %s", strerror(errno));
	return -errno;
}

static void explain_late(struct recorder *r)
{
	if (r->told_late || r->options->quiet)
		return;
	r->told_late = true;
	progress_end(&r->progress);
	inform("the disk does not keep up: all regions wait for it, and samples are lost");
	remedy("more --regions bridge a pause of the disk; a disk that is too slow needs a slower FPGA");
}

/* Samples before the first capture are not missing. */
static void note_gap(struct recorder *r, const struct fpgabuf_capture *c)
{
	if (r->late && c->sequence && c->status & FPGABUF_CAPTURE_GAP) {
		r->late_gaps++;
		explain_late(r);
	}
	r->late = false;
}

/* The FPGA has no region: all of them wait for the disk. */
static void watch_disk(struct recorder *r)
{
	struct recording_state state;

	recording_look(r->recording, &state);
	if (!state.async || r->held == r->source->capacity)
		r->late = true;
}

static int put(struct recorder *r, const struct fpgabuf_capture *c)
{
	const uint64_t missed = r->source->counts.missed - r->missed;

	r->missed += missed;
	note_gap(r, c);
	if (r->options->verbose)
		inform("capture %" PRIu64 ": %" PRIu64 " bytes",
		       r->source->counts.captures, c->bytes);
	r->held++;
	watch_disk(r);
	if (!recording_put(r->recording, c, missed))
		return 0;
	r->held--;
	source_release(r->source, c->slot);
	return -1;
}

/* Gives back what is written. */
static void give_back(struct recorder *r)
{
	struct fpgabuf_capture c;

	while (recording_next(r->recording, &c)) {
		r->held--;
		source_release(r->source, c.slot);
	}
}

/* Without io_uring a capture is written when recording_put() returns. */
static int take_captures(struct recorder *r)
{
	struct fpgabuf_capture c;
	int ret = 0;

	while (has_room(r) && !recording_failed(r->recording) &&
	       (ret = source_take(r->source, &c)) > 0) {
		stall_over(&r->stall);
		ret = put(r, &c);
		give_back(r);
		if (ret)
			break;
	}
	return ret < 0 ? ret : 0;
}

static void watch_source(struct recorder *r)
{
	if (r->held || !source_waits(r->source)) {
		stall_over(&r->stall);
		return;
	}
	if (!stall_waits(&r->stall) || r->options->quiet)
		return;
	progress_end(&r->progress);
	stall_explain(&r->stall, r->source->name, r->source->silence);
}

static uint64_t bytes_written(const struct recorder *r)
{
	struct recording_state state;

	recording_look(r->recording, &state);
	return state.disk.bytes;
}

static void tell_stats(struct recorder *r)
{
	results_push();
	if (!r->stats_due_ns || clock_ns() < r->stats_due_ns)
		return;
	r->stats_due_ns += r->options->stats_ns;
	progress_end(&r->progress);
	r->tell_stats(r);
	results_end(true);
}

/* One turn: waits for an event, then does everything it can. */
static int step(struct recorder *r)
{
	struct pollfd fds[FDS];
	int err;

	watch_source(r);
	err = wait_event(r, fds);
	if (!err && fds[FD_SIGNAL].revents)
		err = on_signal(r);
	if (!err)
		err = check_duration(r);
	give_back(r);
	if (!err)
		err = take_captures(r);
	if (!err)
		err = recording_tick(r->recording);
	tell_stats(r);
	progress_update(&r->progress, bytes_written(r));
	return err || recording_failed(r->recording) ? -1 : 0;
}

static int record_all(struct recorder *r)
{
	int err = 0;

	while (!err && !source_finished(r->source)) {
		err = source_fill(r->source);
		if (!err)
			err = step(r);
	}
	return err;
}

/* What was taken is written. */
static void write_rest(struct recorder *r)
{
	give_back(r);
	while (r->held) {
		recording_wait(r->recording);
		give_back(r);
	}
}

int recorder_run(struct recorder *recorder)
{
	struct recorder *r = recorder;
	int err = record_all(r);

	release_signals(r);
	write_rest(r);
	if (recording_finish(r->recording, err))
		err = -1;
	r->end_ns = clock_ns();
	progress_end(&r->progress);
	if (!err && !source_complete(r->source)) {
		source_explain_incomplete(r->source);
		err = -1;
	}
	return err ? -1 : 0;
}
