// SPDX-License-Identifier: GPL-2.0-only
#include "common/clock.h"
#include "common/source-metrics.h"
#include "record/metrics.h"
#include "record/recorder.h"

static void put_disk(struct metrics *m, const struct recorder *r)
{
	struct recording_state s;

	recording_look(r->recording, &s);
	metrics_counter(m, "written_bytes_total",
			"Bytes that were written to files.", s.disk.bytes);
	metrics_counter(m, "direct_bytes_total",
			"How many of these went past the page cache.",
			s.disk.direct);
	metrics_counter(m, "files_total", "Files that were begun.", s.files);
	metrics_counter(m, "removed_files_total",
			"How many of these were removed for --max-disk.",
			s.removed);
	metrics_gauge(m, "longest_write_seconds",
		      "How long the disk needed for a capture at most.",
		      (double)s.disk.longest_ns / NS_PER_SEC);
}

static void put_windows(struct metrics *m, const struct recorder *r)
{
	const struct choice_counts *w = &r->choice.counts;

	metrics_counter(m, "windows_total", "Windows that were begun.",
			w->windows);
	metrics_counter(m, "triggers_total", "Captures with a trigger.",
			w->triggers);
	metrics_counter(m, "unrecorded_captures_total",
			"Captures that no window wanted.", w->unrecorded);
}

void record_metrics(struct metrics *metrics, const void *recorder)
{
	const struct recorder *r = recorder;

	source_metrics_of(metrics, r->source);
	metrics_counter(metrics, "disk_gaps_total",
			"Captures before which samples are missing because the disk did not keep up.",
			r->late_gaps);
	metrics_gauge(metrics, "held_regions",
		      "Regions that wait for the disk or a trigger.", r->held);
	put_disk(metrics, r);
	if (r->options->triggered)
		put_windows(metrics, r);
}
