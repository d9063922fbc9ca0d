/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which captures are recorded, if only those around a trigger are
 *
 * The last ones before a trigger are kept, and nobody captures into them, because
 * they are not given back.
 */
#ifndef FPGABUF_RECORD_CHOICE_H
#define FPGABUF_RECORD_CHOICE_H

#include <fpgabuf/fpgabuf.h>

#include "record/note.h"

/**
 * struct kept_capture - a capture that is kept
 * @capture: the capture
 * @note: what is known of it
 */
struct kept_capture {
	struct fpgabuf_capture capture;
	struct note note;
};

enum choice_fate { CHOICE_KEEP, CHOICE_DROP, CHOICE_WRITE };

/**
 * struct choice_counts - for reports
 * @windows: windows that have begun
 * @triggers: captures with a trigger, of those that count
 * @unrecorded: captures that were given back without being recorded
 */
struct choice_counts {
	uint64_t windows;
	uint64_t triggers;
	uint64_t unrecorded;
};

/**
 * struct choice - the captures that are kept
 * @before: captures to write before the one with the trigger
 * @after: captures to write behind it
 * @most: no window begins when there were so many
 * @kept: a ring of captures
 * @room: how many it can have
 * @first: the oldest of them
 * @count: how many there are
 * @added: captures that were added
 * @until: those with a smaller number are written
 * @dropped: captures were dropped since the last one that was written
 * @unrecorded: bytes of these
 * @lost: there was a gap before one of these
 * @ended: no capture comes any more
 * @counts: what was done
 */
struct choice {
	uint64_t before;
	uint64_t after;
	uint64_t most;
	struct kept_capture *kept;
	uint64_t room;
	uint64_t first;
	uint64_t count;
	uint64_t added;
	uint64_t until;
	bool dropped;
	uint64_t unrecorded;
	bool lost;
	bool ended;
	struct choice_counts counts;
};

/* 0, or -1 after a message */
int choice_open(struct choice *choice, uint64_t before, uint64_t after,
		uint64_t most);
void choice_close(struct choice *choice);

/* The next capture, and what is known of it, with its trigger, if it has one. */
void choice_add(struct choice *choice, const struct fpgabuf_capture *capture,
		const struct note *note);

/*
 * Call it after that until it says to keep.  Otherwise @next is to be written or given
 * back.
 */
enum choice_fate choice_next(struct choice *choice,
			     struct kept_capture *next);

/* Is the next one to be written?  Then do that before you add another. */
bool choice_has_work(const struct choice *choice);

/*
 * No capture comes any more.  @asked: somebody has asked for a window since the last
 * one.  Then call choice_next() until nothing is kept.
 */
void choice_end(struct choice *choice, unsigned int asked);

/* All windows that were wanted are there. */
bool choice_complete(const struct choice *choice);

#endif /* FPGABUF_RECORD_CHOICE_H */
