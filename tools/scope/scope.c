// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples are copied from a capture, which goes back at once: a picture that takes long
 * to make, or a terminal that takes long to read, holds no region.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/results.h"
#include "scope/picture.h"
#include "scope/scope.h"

/* Time from one picture to the next */
#define PERIOD_NS (100 * NS_PER_MS)

enum { FD_SIGNAL, FD_SOURCE, FD_RESULTS, FD_RESIZED, FD_KEYS, FDS };

static struct look *next_look(struct scope *s)
{
	return &s->looks[!s->last];
}

void scope_status(const struct scope *s, char *text, size_t room)
{
	const struct fpgabuf_source_counts *counts = &s->source->counts;
	char gaps[96];

	if (s->source->gaps_worth == GAPS_UNKNOWN)
		snprintf(gaps, sizeof(gaps), "gaps " GAPS_NOT_KNOWN);
	else
		snprintf(gaps, sizeof(gaps), "%" PRIu64 " gaps", counts->gaps);
	snprintf(text, room,
		 "looked at %" PRIu64 " of %" PRIu64 " captures, %s%s",
		 s->looked_at, counts->captures, gaps,
		 s->live ? "; q ends" : "");
}

static unsigned int within(unsigned int value, unsigned int least)
{
	return value < least	     ? least
	       : value > PICTURE_MAX ? PICTURE_MAX
				     : value;
}

/* The last row stays free for the cursor. */
static int print_picture(struct scope *s)
{
	struct picture_setup setup = {
		.ascii = s->options->ascii || !terminal_has_utf8(),
		.coloured = terminal_is_there(),
		.end = s->live ? TERMINAL_END : "\n",
	};
	FILE *out = results_begin();
	char status[256];
	int err;

	terminal_size(&setup.columns, &setup.rows);
	setup.columns = within(setup.columns, PICTURE_MIN_COLUMNS);
	setup.rows = within(setup.rows - 1, PICTURE_MIN_ROWS);
	scope_status(s, status, sizeof(status));
	if (s->live)
		terminal_begin(&s->terminal, out);
	err = picture_print(&s->figure, &setup, status, out);
	if (s->live)
		terminal_end(out);
	results_end(false);
	return err;
}

/* Now the next samples are the last ones. */
static int show(struct scope *s)
{
	s->last = !s->last;
	look_clear(next_look(s));
	figure_free(&s->figure);
	if (figure_make(&s->figure, &s->setup, &s->looks[s->last]))
		return -1;
	s->pictures++;
	s->done |= s->pictures == s->options->pictures;
	s->due_ns = clock_ns() + PERIOD_NS;
	if (s->options->json || s->options->svg)
		return 0;
	return print_picture(s);
}

/* A reader that has not read the last picture gets no other. */
static bool begins_picture(const struct scope *s,
			   const struct fpgabuf_capture *c)
{
	if (c->sequence % s->options->every)
		return false;
	return !s->live || (results_fd() < 0 && clock_ns() >= s->due_ns);
}

/* A picture begins with a whole sample. */
static int look_at(struct scope *s, const struct fpgabuf_capture *c, bool gap)
{
	struct look *look = next_look(s);
	const size_t size = look_sample_size(&look->form);
	size_t skip = 0;

	if (!look->begun) {
		if (!begins_picture(s, c))
			return 0;
		skip = (size - s->at) % size;
	}
	s->looked_at++;
	if (skip >= c->bytes)
		return 0;
	return look_add(look, (const char *)c->addr + skip, c->bytes - skip,
			gap);
}

/* Samples before the first capture are not missing. */
static int on_capture(struct scope *s, const struct fpgabuf_capture *c)
{
	const size_t size = look_sample_size(&next_look(s)->form);
	const bool gap = c->sequence && c->status & FPGABUF_CAPTURE_GAP;
	int err;

	if (gap)
		s->at = 0;
	err = look_at(s, c, gap);
	s->at = (s->at + c->bytes) % size;
	source_release(s->source, c->slot);
	if (!err && look_full(next_look(s)))
		err = show(s);
	return err;
}

/* There may be no end of captures: then it is time to hear. */
static int take_captures(struct scope *s)
{
	unsigned int left = s->source->capacity;
	struct fpgabuf_capture c;
	int ret = 0;

	while (!s->done && left-- && (ret = source_take(s->source, &c)) > 0) {
		stall_over(&s->stall);
		ret = on_capture(s, &c);
		if (ret)
			break;
	}
	return ret < 0 ? ret : 0;
}

static void watch_source(struct scope *s)
{
	if (!source_waits(s->source)) {
		stall_over(&s->stall);
		return;
	}
	if (stall_waits(&s->stall) && !s->options->quiet)
		stall_explain(&s->stall, s->source->name, s->source->silence);
}

static int wait_event(struct scope *s, struct pollfd *fds)
{
	const int64_t retry = source_retry_ns(s->source);
	const int64_t stall = stall_due_ns(&s->stall);
	const int64_t due = !retry || (stall && stall < retry) ? stall : retry;

	fds[FD_SIGNAL] = (struct pollfd){ s->sigfd, POLLIN, 0 };
	fds[FD_SOURCE] = (struct pollfd){ source_fd(s->source), POLLIN, 0 };
	fds[FD_RESULTS] = (struct pollfd){ results_fd(), POLLOUT, 0 };
	fds[FD_RESIZED] = (struct pollfd){ s->terminal.resized, POLLIN, 0 };
	fds[FD_KEYS] = (struct pollfd){ s->terminal.keys, POLLIN, 0 };
	if (poll(fds, FDS, due ? clock_left_ms(due) : -1) >= 0 ||
	    errno == EINTR)
		return 0;
	message("cannot wait: %s", strerror(errno));
	return -errno;
}

static int hear(struct scope *s, const struct pollfd *fds)
{
	if (fds[FD_SIGNAL].revents)
		s->interrupted = true;
	if (s->interrupted ||
	    (fds[FD_KEYS].revents && terminal_asks_end(&s->terminal)))
		s->done = true;
	if (fds[FD_RESIZED].revents && terminal_was_resized(&s->terminal) &&
	    s->pictures)
		return print_picture(s);
	return 0;
}

static int step(struct scope *s)
{
	struct pollfd fds[FDS];
	int err = source_fill(s->source);

	if (err)
		return err;
	watch_source(s);
	err = wait_event(s, fds);
	results_push();
	if (!err)
		err = hear(s, fds);
	return err ? err : take_captures(s);
}

/* A recording may be shorter than a picture. */
static int show_rest(struct scope *s)
{
	if (s->done || !next_look(s)->count)
		return 0;
	return show(s);
}

static int check_complete(const struct scope *s)
{
	const uint64_t wanted = s->options->pictures;

	if (!s->pictures)
		message("ended before the first picture");
	else if (wanted != UNLIMITED && s->pictures < wanted)
		message("ended after %" PRIu64 " of %" PRIu64 " pictures",
			s->pictures, wanted);
	else
		return 0;
	return -1;
}

int scope_run(struct scope *scope)
{
	struct scope *s = scope;
	int err = 0;

	s->begin_ns = clock_ns();
	while (!err && !s->done && !source_finished(s->source))
		err = step(s);
	if (!err)
		err = show_rest(s);
	return err ? -1 : check_complete(s);
}

void scope_free(struct scope *scope)
{
	figure_free(&scope->figure);
	look_free(&scope->looks[0]);
	look_free(&scope->looks[1]);
}
