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

enum {
	FD_SIGNAL, FD_SOURCE, FD_DISK, FD_SYNC, FD_RESULTS, FD_ASKED, FD_FIFO,
	FDS,
};

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
	return r->held < r->source->capacity &&
	       recording_ready(r->recording) && !choice_has_work(&r->choice);
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
	sooner(&first, r->stats_file.due_ns);
	sooner(&first, notify_watch_ns());
	if (r->progress.enabled)
		sooner(&first, clock_ns() + PROGRESS_PERIOD_MS * NS_PER_MS);
	return first;
}

static int wait_event(struct recorder *r, struct pollfd *fds)
{
	const int64_t due = next_due_ns(r);
	const int timeout = due ? clock_left_ms(due) : -1;
	int n;

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
	fds[FD_ASKED] = (struct pollfd){ r->asking.signal_fd, POLLIN, 0 };
	fds[FD_FIFO] = (struct pollfd){ r->asking.fifo, POLLIN, 0 };
	n = poll(fds, FDS, timeout);
	r->idle = !n && timeout;
	if (n >= 0 || errno == EINTR)
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

static void release(struct recorder *r, const struct fpgabuf_capture *c)
{
	r->held--;
	source_release(r->source, c->slot);
}

static int put(struct recorder *r, const struct fpgabuf_capture *c,
	       const struct note *note)
{
	watch_disk(r);
	if (!r->broken && !recording_put(r->recording, c, note))
		return 0;
	r->broken = true;
	release(r, c);
	return -1;
}

/* The first number in the capture that is as a rule says */
static void find_number(const struct recorder *r,
			const struct fpgabuf_capture *c, struct trigger *t)
{
	const struct record_options *o = r->options;
	unsigned int i;
	size_t at;

	t->at = c->bytes;
	for (i = 0; i < o->rule_count; i++) {
		at = rule_find(&o->rules[i], c->addr, t->at);
		if (at >= t->at)
			continue;
		t->rule = &o->rules[i];
		t->at = at;
	}
}

/*
 * What a window has goes to the disk, now or when there is room for it, and what none
 * has back to the source.
 */
static int settle_kept(struct recorder *r, bool now)
{
	struct kept_capture next;
	enum choice_fate fate;
	int err = 0;

	while (now || !choice_has_work(&r->choice) ||
	       recording_ready(r->recording)) {
		fate = choice_next(&r->choice, &next);
		if (fate == CHOICE_KEEP)
			break;
		if (fate == CHOICE_DROP)
			release(r, &next.capture);
		else if (put(r, &next.capture, &next.note))
			err = -1;
	}
	return err;
}

static int choose(struct recorder *r, const struct fpgabuf_capture *c,
		  struct note *note)
{
	int err;

	note->trigger.asked = asking_answer(&r->asking, c->timestamp_ns);
	find_number(r, c, &note->trigger);
	choice_add(&r->choice, c, note);
	err = settle_kept(r, false);
	if (err || !choice_complete(&r->choice) || r->source->stopping)
		return err;
	return source_stop(r->source);
}

static void note_time(const struct source *source,
		      const struct fpgabuf_capture *c, struct note *note)
{
	note->replayed = source->kind->utc_ns;
	if (note->replayed)
		note->utc_ns = source->kind->utc_ns(source, c->slot);
}

static void explain_untold(struct recorder *r, const struct hw_count *count)
{
	if (r->told_untold || r->options->quiet)
		return;
	r->told_untold = true;
	progress_end(&r->progress);
	inform("the counter says that %" PRIu64 " samples are missing before capture %" PRIu64 ", and %s does not tell of it",
	       count->missing, r->source->counts.captures, r->source->name);
	remedy("the FPGA may have lost them before its DMA controller; or --hw-time or --sample-rate are not right");
}

/* Samples before the first capture are not missing. */
static void note_counter(struct recorder *r, const struct fpgabuf_capture *c,
			 struct note *note)
{
	struct hw_word word = { .have = 0 };
	struct hw_capture capture = {
		.bytes = c->bytes,
		.end_ns = c->timestamp_ns,
		.gap = c->sequence && c->status & FPGABUF_CAPTURE_GAP,
	};

	if (!hw_time_is_there(r->clock.time))
		return;
	if (hw_word_add(r->clock.time, &word, 0, c->addr, c->bytes))
		capture.word = &word;
	hw_clock_next(&r->clock, &capture, &note->count);
	if (note->count.untold)
		explain_untold(r, &note->count);
}

static int on_capture(struct recorder *r, const struct fpgabuf_capture *c)
{
	struct note note = {
		.missed = r->source->counts.missed - r->missed,
	};

	r->missed += note.missed;
	note_time(r->source, c, &note);
	note_counter(r, c, &note);
	note_gap(r, c);
	if (r->options->verbose)
		inform("capture %" PRIu64 ": %" PRIu64 " bytes",
		       r->source->counts.captures, c->bytes);
	r->held++;
	return r->options->triggered ? choose(r, c, &note) :
				       put(r, c, &note);
}

/* Gives back what is written. */
static void give_back(struct recorder *r)
{
	struct fpgabuf_capture c;

	while (recording_next(r->recording, &c))
		release(r, &c);
}

/*
 * Without io_uring a capture is written when recording_put() returns.  What nobody wants
 * is given back at once, and there might be no end of it: then it is time to hear.
 */
static int take_captures(struct recorder *r)
{
	unsigned int left = r->source->capacity;
	struct fpgabuf_capture c;
	int ret = settle_kept(r, false);

	while (!ret && left-- && has_room(r) && !recording_failed(r->recording) &&
	       (ret = source_take(r->source, &c)) > 0) {
		stall_over(&r->stall);
		ret = on_capture(r, &c);
		give_back(r);
		if (ret)
			break;
	}
	return ret < 0 ? ret : 0;
}

static void watch_source(struct recorder *r)
{
	if (r->held > r->choice.count || !source_waits(r->source)) {
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

/* A disk that does not go on is no reason to wait. */
static void tell_watchdog(const struct recorder *r)
{
	const bool writes = r->held > r->choice.count;

	notify_watch(r->idle && !writes,
		     r->source->counts.captures + bytes_written(r));
}

static void tell_stats(struct recorder *r)
{
	results_push();
	stats_file_turn(&r->stats_file);
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
	asking_hear(&r->asking);
	if (!err)
		err = take_captures(r);
	if (!err)
		err = recording_tick(r->recording);
	tell_stats(r);
	tell_watchdog(r);
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

/* What was taken is written, unless nobody wants it. */
static int write_rest(struct recorder *r)
{
	int err;

	choice_end(&r->choice, r->asking.asked);
	err = settle_kept(r, true);
	give_back(r);
	while (r->held) {
		recording_wait(r->recording);
		give_back(r);
		tell_watchdog(r);
	}
	return err;
}

static bool has_enough(const struct recorder *r)
{
	const uint64_t windows = r->choice.counts.windows;

	if (choice_complete(&r->choice))
		return true;
	if (!source_complete(r->source))
		source_explain_incomplete(r->source);
	else if (windows < r->options->windows)
		message("ended after %" PRIu64 " of %" PRIu64 " windows",
			windows, r->options->windows);
	else if (r->options->windows)
		message("ended before the last window was complete");
	else
		return true;
	return false;
}

int recorder_run(struct recorder *recorder)
{
	struct recorder *r = recorder;
	int err = record_all(r);

	release_signals(r);
	if (write_rest(r))
		err = -1;
	if (recording_finish(r->recording, err))
		err = -1;
	r->end_ns = clock_ns();
	progress_end(&r->progress);
	if (!err && !has_enough(r))
		err = -1;
	return err ? -1 : 0;
}
