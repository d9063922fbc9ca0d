/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes wrong with a stream of bytes, and its reader does not see */
#ifndef FPGABUF_SEND_WATCH_H
#define FPGABUF_SEND_WATCH_H

#include <stdbool.h>

#include "common/source.h"

/**
 * struct watch - what was seen; zeroed in the beginning
 * @due_ns: when to look again
 * @good: captures that had not failed at the last look
 * @errors: captures that had
 * @failed: those in a row
 * @told: they were reported
 * @away_ns: since when no region can be captured into, or 0
 * @told_away: that was reported
 */
struct watch {
	int64_t due_ns;
	uint64_t good;
	uint64_t errors;
	uint64_t failed;
	bool told;
	int64_t away_ns;
	bool told_away;
};

/* Is it time to look? */
bool watch_is_due(const struct watch *watch);

/* Takes a look at @source: 0, or -EIO after a message if captures only fail. */
int watch_look(struct watch *watch, const struct source *source,
	       const struct fpgabuf_stream_info *info);

/* All regions wait until nobody has their pages any more. */
bool watch_is_away(const struct watch *watch);

#endif /* FPGABUF_SEND_WATCH_H */
