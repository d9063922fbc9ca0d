// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "common/message.h"
#include "send/watch.h"

/* To look costs a call of the driver. */
#define PERIOD_NS	NS_PER_SEC

/*
 * As with a ring.  A suspend ends all that is queued, and looks the same: so as many do
 * not count.
 */
#define MAX_FAILURES	8

bool watch_is_due(const struct watch *watch)
{
	return clock_ns() >= watch->due_ns;
}

/* Failures between two looks are in a row if no good capture came meanwhile. */
static void count_failures(struct watch *w,
			   const struct fpgabuf_stream_info *info)
{
	const uint64_t good = info->captures - info->errors - info->timeouts;

	w->failed += info->errors - w->errors;
	if (good != w->good)
		w->failed = 0;
	w->good = good;
}

static int look_at_failures(struct watch *w, const struct source *s,
			    const struct fpgabuf_stream_info *info)
{
	const bool fresh = info->errors != w->errors;

	count_failures(w, info);
	w->errors = info->errors;
	if (fresh && !w->told) {
		message("a capture on %s failed, or was ended by a suspend",
			s->name);
		remedy("the kernel log (`dmesg`) may say more");
	}
	w->told = fresh || (w->told && w->failed);
	if (w->failed < MAX_FAILURES + s->slot_count)
		return 0;
	message("more than %d captures on %s failed in a row", MAX_FAILURES,
		s->name);
	return -EIO;
}

static void look_at_regions(struct watch *w, const struct source *s,
			    const struct fpgabuf_stream_info *info)
{
	if (!s->starved || info->queued) {
		w->away_ns = 0;
		w->told_away = false;
		return;
	}
	if (!w->away_ns)
		w->away_ns = clock_ns();
	if (w->told_away || clock_ns() - w->away_ns < BUSY_PATIENCE_NS)
		return;
	w->told_away = true;
	message("all regions are in use, %d s after their bytes were sent",
		(int)(BUSY_PATIENCE_NS / NS_PER_SEC));
	remedy("does the receiver still read?  Or does another program, or a packet capture, hold them?");
}

int watch_look(struct watch *watch, const struct source *source,
	       const struct fpgabuf_stream_info *info)
{
	const int err = look_at_failures(watch, source, info);

	look_at_regions(watch, source, info);
	watch->due_ns = clock_ns() + PERIOD_NS;
	return err;
}

bool watch_is_away(const struct watch *watch)
{
	return watch->away_ns;
}
