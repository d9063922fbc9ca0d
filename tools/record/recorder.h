/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop between the source and the files. */
#ifndef FPGABUF_RECORD_RECORDER_H
#define FPGABUF_RECORD_RECORDER_H

#include "common/progress.h"
#include "common/source.h"
#include "common/stall.h"
#include "common/stats-file.h"
#include "record/asking.h"
#include "record/recording.h"
#include "record/choice.h"

/**
 * struct recorder - state of the loop
 * @options: the command line
 * @source: where the captures come from
 * @recording: where they go
 * @choice: which of them go there, if not all; opened
 * @asking: who asks for some, opened if so
 * @sigfd: signalfd of the signals that end it, which are blocked; or -1
 * @stop_ns: when to end the capture, or 0
 * @stats_due_ns: when to print statistics, or 0
 * @tell_stats: prints them
 * @stats_file: where they go for Prometheus
 * @idle: the last turn has slept until it was time
 * @progress: the progress line
 * @stall: the wait for the next capture
 * @held: captures that are taken
 * @broken: nothing more can be written
 * @missed: captures of a server that were missed before the last one taken
 * @clock: the counter in the captures, if there is one
 * @told_untold: a gap was reported of which the driver does not know
 * @late: since the last capture, no region was left for the FPGA
 * @late_gaps: captures after the first with a gap because of that
 * @told_late: that was reported
 * @end_ns: set to the time of the end
 */
struct recorder {
	const struct record_options *options;
	struct source *source;
	struct recording *recording;
	struct choice choice;
	struct asking asking;
	int sigfd;
	int64_t stop_ns;
	int64_t stats_due_ns;
	void (*tell_stats)(const struct recorder *recorder);
	struct stats_file stats_file;
	bool idle;
	struct progress progress;
	struct stall stall;
	unsigned int held;
	bool broken;
	uint64_t missed;
	struct hw_clock clock;
	bool told_untold;
	bool late;
	uint64_t late_gaps;
	bool told_late;
	int64_t end_ns;
};

/*
 * Records to the end.  Returns 0, or -1 after a message; what was captured before the
 * failure is written as far as possible.
 */
int recorder_run(struct recorder *recorder);

#endif /* FPGABUF_RECORD_RECORDER_H */
