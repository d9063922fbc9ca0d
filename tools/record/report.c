// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/frame-clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/results.h"
#include "record/report.h"

static double seconds(const struct recorder *r)
{
	int64_t end_ns = r->end_ns ? r->end_ns : clock_ns();

	return (double)(end_ns - r->progress.start_ns) / NS_PER_SEC;
}

static double longest_ms(const struct recording_state *s)
{
	return (double)s->disk.longest_ns / NS_PER_MS;
}

static void json_source(struct json *j, const struct source *src)
{
	json_quoted(j, "device", src->name);
	json_number(j, "captures", src->counts.captures);
	json_number(j, "captured_bytes", src->counts.bytes);
	json_number(j, "regions", src->slot_count);
	json_number(j, "region_size", src->region_size);
	json_gaps(j, src->counts.gaps, src->gaps_worth);
	json_number(j, "partial", src->counts.partial);
	json_number(j, "timeouts", src->counts.timeouts);
	json_number(j, "errors", src->counts.failures);
	json_number(j, "missed", src->counts.missed);
	json_number(j, "busy_retries", src->counts.busy_retries);
}

static void json_files(struct json *j, const struct recording_state *s)
{
	json_quoted(j, "file", s->name);
	json_number(j, "files", s->files);
	json_number(j, "files_removed", s->removed);
	json_number(j, "written", s->disk.bytes);
	json_number(j, "written_direct", s->disk.direct);
	json_bool(j, "io_uring", s->async);
	json_bool(j, "registered_buffers", s->registered);
	json_number(j, "most_waiting", s->disk.most_waiting);
	json_decimal(j, "longest_write_ms", longest_ms(s));
}

static void json_windows(struct json *j, const struct recorder *r)
{
	const struct choice_counts *w = &r->choice.counts;

	json_number(j, "windows", w->windows);
	json_number(j, "triggers", w->triggers);
	json_number(j, "unrecorded", w->unrecorded);
}

static void print_json(FILE *out, const struct recorder *r, bool ok)
{
	struct fpgabuf_frame_clock clock;
	struct recording_state s;
	struct json j;

	recording_look(r->recording, &s);
	fpgabuf_frame_read_clock(&clock);
	json_begin(&j, out);
	json_bool(&j, "ok", ok);
	json_decimal(&j, "seconds", seconds(r));
	json_decimal(&j, "mb_per_s", mb_per_s(s.disk.bytes, seconds(r)));
	json_source(&j, r->source);
	json_number(&j, "gaps_of_disk", r->late_gaps);
	json_windows(&j, r);
	json_hw_clock(&j, &r->clock);
	json_files(&j, &s);
	json_clock(&j, &clock);
	json_quoted(&j, "error", ok ? "" : message_first());
	json_end(&j);
}

static void print_gaps(FILE *out, const struct recorder *r)
{
	const struct source *src = r->source;

	if (src->gaps_worth == GAPS_UNKNOWN)
		fputs("  gaps " GAPS_NOT_KNOWN "\n", out);
	else
		fprintf(out, "  samples are missing before %" PRIu64 " captures, before %" PRIu64
			" of them because the disk did not keep up\n",
			src->counts.gaps, r->late_gaps);
	if (src->counts.missed)
		fprintf(out, "  %" PRIu64 " captures of the server were missed\n",
			src->counts.missed);
}

static void print_counter(FILE *out, const struct hw_clock *c)
{
	if (!hw_time_is_there(c->time))
		return;
	fprintf(out, "  by the counter %" PRIu64 " samples are missing; %" PRIu64
		" gaps that were not told, %" PRIu64 " that lose nothing\n",
		c->missing, c->untold, c->empty);
	if (c->unfit)
		fprintf(out, "  before %" PRIu64 " captures the counter does not fit the samples\n",
			c->unfit);
}

static void print_windows(FILE *out, const struct recorder *r)
{
	const struct choice_counts *w = &r->choice.counts;

	if (r->options->triggered)
		fprintf(out, "  %" PRIu64 " windows, %" PRIu64 " captures with a trigger; %" PRIu64
			" captures were not recorded\n",
			w->windows, w->triggers, w->unrecorded);
}

static void print_text(FILE *out, const struct recorder *r)
{
	const struct source *src = r->source;
	struct recording_state s;

	recording_look(r->recording, &s);
	fprintf(out, "%s -> %s: %" PRIu64 " bytes in %.3f s, %.1f MB/s\n",
		src->name, s.name, s.disk.bytes, seconds(r),
		mb_per_s(s.disk.bytes, seconds(r)));
	fprintf(out, "  captures %" PRIu64 " (partial %" PRIu64 ", timeouts %" PRIu64
		", errors %" PRIu64 ") in %u regions of %" PRIu64 " bytes\n",
		src->counts.captures, src->counts.partial,
		src->counts.timeouts, src->counts.failures, src->slot_count,
		src->region_size);
	print_windows(out, r);
	print_gaps(out, r);
	print_counter(out, &r->clock);
	fprintf(out, "  %" PRIu64 " bytes past the page cache; %u captures waited at most, the longest for %.3f ms\n",
		s.disk.direct, s.disk.most_waiting, longest_ms(&s));
	if (s.files > 1)
		fprintf(out, "  %u files, %u of them removed\n", s.files,
			s.removed);
}

static void print(const struct recorder *r, bool ok)
{
	if (r->options->json)
		print_json(results_begin(), r, ok);
	else if (!r->options->quiet)
		print_text(results_begin(), r);
}

void report_stats(const struct recorder *recorder)
{
	print(recorder, true);
}

void report_print(const struct recorder *recorder, bool ok)
{
	print(recorder, ok);
	results_end(false);
}
