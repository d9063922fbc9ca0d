// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each capture goes to all peers, and its slot back to the source when the last peer
 * no longer needs it.
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
#include "send/transfer.h"

/*
 * With --slow-peer drop, the others do not wait for a peer that has used up its share
 * of the regions and has not given one back for this time.  A single lost packet can
 * cost some hundred milliseconds.
 */
#define SLOW_NS		NS_PER_SEC

enum { FD_SIGNAL, FD_SOURCE, FD_RESULTS, FD_PEERS };

/* From now on, the next signal ends the program as usual. */
static void release_signals(struct transfer *t)
{
	signals_unblock();
	t->sigfd = -1;
}

static int on_signal(struct transfer *t)
{
	struct signalfd_siginfo info;

	if (read(t->sigfd, &info, sizeof(info)) != sizeof(info))
		return 0;
	progress_end(&t->progress);
	if (t->verbose)
		inform("%s: ending the capture", strsignal(info.ssi_signo));
	notify_stopping();
	release_signals(t);
	return source_stop(t->source);
}

static int check_duration(struct transfer *t)
{
	if (!t->stop_ns || clock_ns() < t->stop_ns)
		return 0;
	t->stop_ns = 0;
	return t->source->stopping ? 0 : source_stop(t->source);
}

static bool all_over(const struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->peer_count; i++)
		if (t->peers[i].state != PEER_OVER)
			return false;
	return true;
}

/*
 * How many captures a peer may hold: half of the regions that stalled peers do not
 * hold.
 */
static unsigned int quota(const struct transfer *t, const struct peer *p)
{
	unsigned int left = t->source->capacity;
	unsigned int i;

	for (i = 0; i < t->peer_count; i++) {
		const struct peer *other = &t->peers[i];

		if (other != p && other->slow)
			left -= other->held < left ? other->held : left;
	}
	return left > 3 ? left / 2 : 1;
}

/* The others need not wait for it any more. */
static bool is_slow(const struct transfer *t, const struct peer *p)
{
	return t->drop && p->held >= quota(t, p) &&
	       clock_ns() - p->gave_ns >= SLOW_NS;
}

/* It has room for another capture, or the others do not wait for it. */
static bool has_room(const struct transfer *t, const struct peer *p)
{
	return p->state == PEER_SENDING &&
	       (!t->drop || p->held < quota(t, p));
}

/* All peers that are not slow have room, and there is at least one. */
static bool are_ready(const struct transfer *t)
{
	bool ready = false;
	unsigned int i;

	for (i = 0; i < t->peer_count; i++) {
		const struct peer *p = &t->peers[i];

		if (has_room(t, p))
			ready = true;
		else if (p->state == PEER_SENDING && !is_slow(t, p))
			return false;
	}
	return ready;
}

/* How long the limit of the stream lets nothing through */
static int64_t rate_left_ns(const struct transfer *t)
{
	return t->rate.bytes_per_s ? rate_wait_ns(&t->rate, clock_ns()) : 0;
}

static void use_rate(struct transfer *t, uint64_t bytes)
{
	if (t->rate.bytes_per_s)
		rate_use(&t->rate, bytes, clock_ns());
}

/*
 * While no peer is connected, captures stay with the source: the FPGA loses samples
 * and reports a gap, and none are lost here.
 */
static bool may_take(const struct transfer *t)
{
	return !t->ending && are_ready(t) && !rate_left_ns(t);
}

static void sooner(int64_t *first, int64_t due)
{
	if (due && (!*first || due < *first))
		*first = due;
}

/* When the others will not wait for it any more, or 0. */
static int64_t slow_due_ns(const struct transfer *t, const struct peer *p,
			   int64_t now)
{
	if (!t->drop || !p->held || p->gave_ns + SLOW_NS <= now)
		return 0;
	return p->gave_ns + SLOW_NS;
}

/* When to go on although nothing happened, or 0. */
static int64_t next_due_ns(const struct transfer *t)
{
	int64_t now = clock_ns(), wait = rate_wait_ns(&t->rate, now);
	int64_t first = t->stop_ns;
	unsigned int i;

	if (!t->ending)
		sooner(&first, source_retry_ns(t->source));
	if (wait)
		sooner(&first, now + wait);
	if (t->progress.enabled)
		sooner(&first, now + PROGRESS_PERIOD_MS * NS_PER_MS);
	sooner(&first, stall_due_ns(&t->stall));
	sooner(&first, t->stats_due_ns);
	sooner(&first, t->stats_file.due_ns);
	sooner(&first, notify_watch_ns());
	for (i = 0; i < t->peer_count; i++) {
		sooner(&first, peer_due_ns(&t->peers[i]));
		sooner(&first, slow_due_ns(t, &t->peers[i], now));
	}
	return first;
}

static int wait_event(struct transfer *t, struct pollfd *fds)
{
	const int64_t due = next_due_ns(t);
	const int timeout = due ? clock_left_ms(due) : -1;
	unsigned int i;
	int n;

	fds[FD_SIGNAL] = (struct pollfd){ .fd = t->sigfd, .events = POLLIN };
	fds[FD_SOURCE] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (may_take(t))
		fds[FD_SOURCE].fd = source_fd(t->source);
	fds[FD_RESULTS] = (struct pollfd){
		.fd = results_fd(),
		.events = POLLOUT,
	};
	for (i = 0; i < t->peer_count; i++)
		fds[FD_PEERS + i] = peer_pollfd(&t->peers[i]);
	n = poll(fds, FD_PEERS + t->peer_count, timeout);
	t->idle = !n && timeout;
	if (n >= 0 || errno == EINTR)
		return 0;
	message("cannot wait: %s", strerror(errno));
	return -errno;
}

/*
 * The clocks that go with a capture.  If it is older than its timestamp says, they are
 * behind by as much.  NULL: its time is not known.
 */
static const struct fpgabuf_frame_clock *
clock_of(const struct transfer *t, const struct fpgabuf_capture *c,
	 struct fpgabuf_frame_clock *own)
{
	const struct source_kind *kind = t->source->kind;
	int64_t utc_ns;

	if (!kind->utc_ns)
		return &t->clock;
	utc_ns = kind->utc_ns(t->source, c->slot);
	if (!utc_ns)
		return NULL;
	own->utc_ns = utc_ns - c->timestamp_ns;
	own->tai_ns = own->utc_ns + (t->clock.tai_ns - t->clock.utc_ns);
	return own;
}

static void distribute(struct transfer *t, const struct fpgabuf_capture *c)
{
	struct held_slot *slot = &t->slots[c->slot];
	struct fpgabuf_frame_clock own;
	const struct fpgabuf_frame_clock *clock = clock_of(t, c, &own);
	unsigned int i;

	slot->since_ns = c->timestamp_ns;
	for (i = 0; i < t->peer_count; i++) {
		struct peer *p = &t->peers[i];

		p->slow = is_slow(t, p);
		if (p->slow)
			peer_skip(p, c);
		else
			slot->holders += peer_give(p, c, clock);
	}
	if (slot->holders)
		t->held++;
	else
		source_release(t->source, c->slot);
}

/* Hands finished captures to the peers. */
static int take_captures(struct transfer *t)
{
	struct fpgabuf_capture c;
	bool first = true;
	int ret = 0;

	while (may_take(t) && (ret = source_take(t->source, &c)) > 0) {
		if (t->framed && first)
			fpgabuf_frame_read_clock(&t->clock);
		first = false;
		stall_over(&t->stall);
		use_rate(t, c.bytes);
		distribute(t, &c);
		if (t->verbose)
			inform("capture %" PRIu64 ": %" PRIu64 " bytes",
			       t->source->counts.captures, c.bytes);
	}
	return ret < 0 ? ret : 0;
}

/* The time of a capture comes from its source. */
static void note_holding(struct holding *h, uint64_t since_ns, uint64_t now)
{
	uint64_t ns = now > since_ns ? now - since_ns : 0;

	h->count++;
	h->total_ns += ns;
	if (ns > h->most_ns)
		h->most_ns = ns;
}

static uint64_t regions_of(const struct transfer *t, uint64_t bytes)
{
	return bytes / t->source->region_size;
}

/* What is pumped is no captures: as much as a region has counts as one. */
static void note_pumped(struct transfer *t, uint64_t before)
{
	const uint64_t end = regions_of(t, t->source->counts.bytes);
	uint64_t i;

	for (i = regions_of(t, before); i < end; i++)
		t->slots[i % t->source->slot_count].since_ns = clock_ns();
}

static void note_acknowledged(struct transfer *t)
{
	uint64_t end, now;

	if (!t->source->kind->pump ||
	    t->noted == regions_of(t, t->source->counts.bytes))
		return;
	end = regions_of(t, peer_acknowledged(t->peers));
	now = clock_ns();
	for (; t->noted < end; t->noted++)
		note_holding(&t->holding,
			     t->slots[t->noted % t->source->slot_count].since_ns,
			     now);
}

/* What is pumped is limited by the pipe, and not by captures that are held. */
static int take_captures_or_pump(struct transfer *t)
{
	const uint64_t before = t->source->counts.bytes;
	int err;

	if (!t->source->kind->pump)
		return take_captures(t);
	if (rate_left_ns(t))
		return 0;
	err = t->source->kind->pump(t->source, t->peers);
	if (t->source->counts.bytes != before) {
		stall_over(&t->stall);
		use_rate(t, t->source->counts.bytes - before);
		note_pumped(t, before);
	}
	return err;
}

/* Everything is ready but the source. */
static void watch_source(struct transfer *t)
{
	if (!may_take(t) || !source_waits(t->source)) {
		stall_over(&t->stall);
		return;
	}
	if (!stall_waits(&t->stall) || t->quiet)
		return;
	progress_end(&t->progress);
	stall_explain(&t->stall, t->source->name, t->source->silence);
}

static void release_sent(struct transfer *t, struct peer *p)
{
	uint64_t now = 0;
	unsigned int slot;

	while (peer_reap(p, &slot)) {
		if (--t->slots[slot].holders)
			continue;
		t->held--;
		/* What comes back together came back now. */
		if (!now)
			now = clock_ns();
		note_holding(&t->holding, t->slots[slot].since_ns, now);
		source_release(t->source, slot);
	}
}

/* The position of the slowest peer; a lost peer does not count. */
static uint64_t bytes_sent(const struct transfer *t)
{
	struct fpgabuf_sender_stats stats;
	uint64_t least = t->source->counts.bytes;
	unsigned int i;

	for (i = 0; i < t->peer_count; i++) {
		peer_stats(&t->peers[i], &stats);
		if (!t->peers[i].error && stats.bytes < least)
			least = stats.bytes;
	}
	return least;
}

/* A slow reader misses some. */
static void tell_stats(struct transfer *t)
{
	results_push();
	stats_file_turn(&t->stats_file);
	if (!t->stats_due_ns || clock_ns() < t->stats_due_ns)
		return;
	t->stats_due_ns += t->stats_ns;
	progress_end(&t->progress);
	source_count(t->source);
	t->tell_stats(t);
	results_end(true);
}

/* One turn: waits for an event if nothing is to do, then does everything it can. */
static void step_peers(struct transfer *t, const struct pollfd *fds)
{
	unsigned int i;

	for (i = 0; i < t->peer_count; i++) {
		struct peer *p = &t->peers[i];

		peer_step(p, fds[FD_PEERS + i].revents);
		release_sent(t, p);
		peer_settle(p);
	}
	note_acknowledged(t);
	tell_stats(t);
	notify_watch(t->idle, t->source->counts.bytes + bytes_sent(t));
	progress_update(&t->progress, bytes_sent(t));
}

static int step(struct transfer *t)
{
	struct pollfd fds[FD_PEERS + MAX_PEERS] = { 0 };
	int err;

	watch_source(t);
	err = wait_event(t, fds);
	if (!err && fds[FD_SIGNAL].revents)
		err = on_signal(t);
	if (!err)
		err = check_duration(t);
	if (!err)
		err = take_captures_or_pump(t);
	step_peers(t, fds);
	return err;
}

static int capture_all(struct transfer *t)
{
	int err = 0;

	while (!err && !source_finished(t->source) && !all_over(t)) {
		err = source_fill(t->source);
		if (!err)
			err = step(t);
	}
	/* No peer is left. */
	if (!err && !source_finished(t->source))
		err = -EPIPE;
	return err;
}

/*
 * Captures that were taken are still sent; then each connection ends, with a normal
 * end of the stream if nothing failed.
 */
static void end_all(struct transfer *t, bool broken)
{
	struct pollfd fds[FD_PEERS + MAX_PEERS] = { 0 };
	unsigned int i;

	t->ending = true;
	t->rate.bytes_per_s = 0;
	t->stop_ns = 0;
	for (i = 0; i < t->peer_count; i++)
		peer_end(&t->peers[i], broken);
	step_peers(t, fds);
	while (!all_over(t) && !wait_event(t, fds))
		step_peers(t, fds);
	t->end_ns = clock_ns();
}

static int check_peers(const struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->peer_count; i++)
		if (t->peers[i].error)
			return -1;
	return 0;
}

int transfer_run(struct transfer *transfer)
{
	bool complete;
	int err;

	err = capture_all(transfer);
	complete = source_complete(transfer->source);
	release_signals(transfer);
	end_all(transfer, err || !complete);
	progress_end(&transfer->progress);
	if (err || check_peers(transfer))
		return -1;
	if (!complete)
		source_explain_incomplete(transfer->source);
	return complete ? 0 : -1;
}
