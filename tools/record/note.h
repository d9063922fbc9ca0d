/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes with a capture to its file. */
#ifndef FPGABUF_RECORD_NOTE_H
#define FPGABUF_RECORD_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/hw-time.h"
#include "record/rule.h"

/* What has asked for a window, as bits */
#define ASKED_BY_SIGNAL		0x1U
#define ASKED_BY_COMMAND	0x2U

/**
 * struct trigger - what begins a window in a capture, or goes on with one
 * @asked: ASKED_BY_* bits: somebody has asked for it while the FPGA captured
 * @rule: the rule that a number was as, or NULL
 * @at: where in the capture that number begins
 */
struct trigger {
	unsigned int asked;
	const struct rule *rule;
	uint64_t at;
};

/**
 * struct note - the note
 * @missed: captures of a server that were missed before it
 * @replayed: it is older than its timestamp says
 * @utc_ns: then: CLOCK_REALTIME of its end, or 0: not known
 * @window: a window begins with it
 * @unrecorded: bytes that were captured, and not recorded, since the last window
 * @lost_unrecorded: among these there was a gap
 * @trigger: what was in it
 * @count: what the counter in it says
 */
struct note {
	uint64_t missed;
	bool replayed;
	int64_t utc_ns;
	bool window;
	uint64_t unrecorded;
	bool lost_unrecorded;
	struct trigger trigger;
	struct hw_count count;
};

#endif /* FPGABUF_RECORD_NOTE_H */
