// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "common/message.h"
#include "record/choice.h"

int choice_open(struct choice *choice, uint64_t before, uint64_t after,
		uint64_t most)
{
	*choice = (struct choice){
		.before = before,
		.after = after,
		.most = most,
		.room = before + 1,
		.kept = calloc(before + 1, sizeof(*choice->kept)),
	};
	if (choice->kept)
		return 0;
	message("out of memory");
	return -1;
}

void choice_close(struct choice *choice)
{
	free(choice->kept);
	choice->kept = NULL;
}

static struct kept_capture *kept_at(const struct choice *w, uint64_t i)
{
	return &w->kept[(w->first + i) % w->room];
}

static bool is_trigger(const struct trigger *t)
{
	return t->asked || t->rule;
}

/* The number of the oldest that is kept */
static uint64_t oldest(const struct choice *w)
{
	return w->added - w->count;
}

static bool are_enough(const struct choice *w)
{
	return w->most && w->counts.windows >= w->most;
}

/* A window that goes on gets longer, also if no other may begin. */
static void trigger(struct choice *w)
{
	const uint64_t number = w->added - 1;

	if (number >= w->until && are_enough(w))
		return;
	w->counts.triggers++;
	w->until = number + 1 + w->after;
	if (w->until < number)
		w->until = UINT64_MAX;
}

void choice_add(struct choice *w, const struct fpgabuf_capture *capture,
		const struct note *note)
{
	*kept_at(w, w->count++) = (struct kept_capture){ *capture, *note };
	w->added++;
	if (is_trigger(&note->trigger))
		trigger(w);
}

/* Samples before the first capture are not missing. */
static bool has_gap(const struct kept_capture *c)
{
	return c->capture.sequence &&
	       c->capture.status & FPGABUF_CAPTURE_GAP;
}

static void note_dropped(struct choice *w, const struct kept_capture *c)
{
	w->dropped = true;
	w->unrecorded += c->capture.bytes;
	w->lost |= has_gap(c);
	w->counts.unrecorded++;
}

/* A window that goes on where the one before has ended is the same. */
static void note_written(struct choice *w, struct note *note)
{
	note->window = w->dropped || !w->counts.windows;
	w->counts.windows += note->window;
	note->unrecorded = w->unrecorded;
	note->lost_unrecorded = w->lost;
	w->dropped = false;
	w->unrecorded = 0;
	w->lost = false;
}

static enum choice_fate fate_of_oldest(const struct choice *w)
{
	if (!w->count)
		return CHOICE_KEEP;
	if (oldest(w) < w->until)
		return CHOICE_WRITE;
	return w->count > w->before || w->ended ? CHOICE_DROP : CHOICE_KEEP;
}

bool choice_has_work(const struct choice *w)
{
	return fate_of_oldest(w) == CHOICE_WRITE;
}

enum choice_fate choice_next(struct choice *w, struct kept_capture *next)
{
	const enum choice_fate fate = fate_of_oldest(w);

	if (fate == CHOICE_KEEP)
		return fate;
	*next = *kept_at(w, 0);
	w->first = (w->first + 1) % w->room;
	w->count--;
	if (fate == CHOICE_DROP)
		note_dropped(w, next);
	else
		note_written(w, &next->note);
	return fate;
}

/* The last capture is the one at hand when the FPGA has none. */
void choice_end(struct choice *w, unsigned int asked)
{
	if (asked && w->count) {
		kept_at(w, w->count - 1)->note.trigger.asked |= asked;
		trigger(w);
	}
	w->ended = true;
}

bool choice_complete(const struct choice *w)
{
	return are_enough(w) && w->added >= w->until;
}
