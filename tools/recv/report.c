// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/frame-clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/progress.h"
#include "common/results.h"
#include "recv/report.h"

void totals_add(struct totals *t, const struct connection *c)
{
	if (!t->connections || c->start_ns < t->first_ns)
		t->first_ns = c->start_ns;
	t->last_ns = c->end_ns;
	t->connections++;
	t->failed += c->failed;
	t->bytes += c->bytes;
	t->captures += c->framing.captures;
	t->gaps += c->framing.gaps;
	t->skipped_captures += c->framing.skipped_captures;
}

static double seconds_between(int64_t start_ns, int64_t end_ns)
{
	return (double)(end_ns - start_ns) / NS_PER_SEC;
}

static void json_rate(struct json *j, uint64_t bytes, double seconds)
{
	json_number(j, "bytes", bytes);
	json_decimal(j, "seconds", seconds);
	json_decimal(j, "mb_per_s", mb_per_s(bytes, seconds));
}

static void json_framing(struct json *j, const struct connection *c)
{
	const struct framing *f = &c->framing;

	json_bool(j, "complete", f->ended);
	json_number(j, "captures", f->captures);
	json_number(j, "first_sequence", f->first_sequence);
	json_number(j, "gaps", f->gaps);
	json_number(j, "partial", f->partial);
	json_number(j, "errors", f->errors);
	json_number(j, "timeouts", f->timeouts);
	json_number(j, "skipped_captures", f->skipped_captures);
	json_number(j, "skipped_bytes", f->skipped_bytes);
	if (f->has_clock)
		json_clock(j, &f->clock);
	json_hw_clock(j, &c->clock);
}

static void json_sink(struct json *j, const struct sink *s)
{
	if (!s->name)
		return;
	json_quoted(j, "file", s->name);
	json_number(j, "files", s->files);
	json_number(j, "written", s->written);
	json_number(j, "written_direct", s->direct_written);
}

static void print_json(FILE *out, const struct recv_options *o,
		       const struct connection *c)
{
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", !c->failed);
	if (o->connections != 1)
		json_number(&j, "connection", c->number);
	json_quoted(&j, "peer", c->peer);
	json_rate(&j, c->bytes, seconds_between(c->start_ns, c->end_ns));
	json_bool(&j, "verified", !c->failed && o->verify);
	if (o->framed)
		json_framing(&j, c);
	json_quoted(&j, "error", c->error);
	json_sink(&j, c->sink);
	json_end(&j);
}

static void print_framing(FILE *out, const struct framing *f)
{
	fprintf(out, "  %" PRIu64 " captures", f->captures);
	if (f->captures)
		fprintf(out, " from number %" PRIu64, f->first_sequence);
	fprintf(out, "; samples may be missing before %" PRIu64 " of them\n",
		f->gaps);
	/* Only the bytes left out before the first capture are known. */
	if (f->skipped_captures || f->skipped_bytes)
		fprintf(out, "  %s%" PRIu64 " captures (%" PRIu64 " bytes) were left out by the sender\n",
			f->skipped_before ? "at least " : "",
			f->skipped_captures, f->skipped_bytes);
	if (f->errors || f->timeouts)
		fprintf(out, "  %" PRIu64 " captures ended with an error, %" PRIu64 " of them because they took too long\n",
			f->errors, f->timeouts);
}

static void print_text(FILE *out, const struct recv_options *o,
		       const struct connection *c)
{
	double seconds = seconds_between(c->start_ns, c->end_ns);

	if (o->connections != 1)
		fprintf(out, "connection %u: ", c->number);
	fprintf(out, "%" PRIu64 " bytes from %s in %.3f s, %.1f MB/s%s\n",
		c->bytes, c->peer, seconds, mb_per_s(c->bytes, seconds),
		!c->failed && o->verify ? ", verified" : "");
	if (o->framed)
		print_framing(out, &c->framing);
	if (c->sink->files > 1)
		fprintf(out, "  %u files up to %s\n", c->sink->files,
			c->sink->name);
}

/* The summary of one connection does not wait for the others. */
void report_connection(const struct recv_options *o, const struct connection *c)
{
	if (o->json)
		print_json(results_begin(), o, c);
	else if (!o->quiet)
		print_text(results_begin(), o, c);
	results_end(true);
}

static uint64_t news_of(const struct connection *c)
{
	return c->bytes - c->reported;
}

static void json_open(struct json *j, const struct recv_options *o,
		      const struct connection *c)
{
	json_item_begin(j);
	json_number(j, "connection", c->number);
	json_quoted(j, "peer", c->peer);
	json_number(j, "bytes", c->bytes);
	json_decimal(j, "mb_per_s",
		     mb_per_s(news_of(c), (double)o->stats_ns / NS_PER_SEC));
	json_decimal(j, "silent_s", seconds_between(c->heard_ns, clock_ns()));
	if (o->framed)
		json_framing(j, c);
	json_sink(j, c->sink);
	json_item_end(j);
}

static void json_stats(FILE *out, const struct recv_options *o,
		       const struct totals *t, struct connection **open,
		       unsigned int count, unsigned int guests)
{
	unsigned int i;
	struct json j;

	json_begin(&j, out);
	json_number(&j, "open", count);
	json_number(&j, "silent", guests);
	json_number(&j, "connections", t->connections);
	json_number(&j, "failed", t->failed);
	json_number(&j, "bytes", t->bytes);
	json_number(&j, "reports_dropped", results_dropped());
	json_array_begin(&j, "streams");
	for (i = 0; i < count; i++)
		json_open(&j, o, open[i]);
	json_array_end(&j);
	json_end(&j);
}

static void text_stats(FILE *out, const struct recv_options *o,
		       const struct totals *t, struct connection **open,
		       unsigned int count)
{
	double seconds = (double)o->stats_ns / NS_PER_SEC;
	unsigned int i;

	for (i = 0; i < count; i++)
		fprintf(out, "connection %u from %s: %" PRIu64 " bytes so far, %.1f MB/s\n",
			open[i]->number, open[i]->peer, open[i]->bytes,
			mb_per_s(news_of(open[i]), seconds));
	fprintf(out, "%u open, %u ended, %u failed\n", count, t->connections,
		t->failed);
}

void report_stats(const struct recv_options *o, const struct totals *t,
		  struct connection **open, unsigned int count,
		  unsigned int guests)
{
	unsigned int i;

	if (o->json)
		json_stats(results_begin(), o, t, open, count, guests);
	else if (!o->quiet)
		text_stats(results_begin(), o, t, open, count);
	results_end(true);
	for (i = 0; i < count; i++)
		open[i]->reported = open[i]->bytes;
}

static void print_totals(FILE *out, const struct recv_options *o,
			 const struct totals *t)
{
	double seconds = seconds_between(t->first_ns, t->last_ns);
	struct json j;

	if (!o->json) {
		fprintf(out, "%u connections, %u failed, %" PRIu64 " bytes in %.3f s, %.1f MB/s\n",
			t->connections, t->failed, t->bytes, seconds,
			mb_per_s(t->bytes, seconds));
		return;
	}
	json_begin(&j, out);
	json_bool(&j, "ok", !t->failed);
	json_number(&j, "connections", t->connections);
	json_number(&j, "failed", t->failed);
	json_rate(&j, t->bytes, seconds);
	json_quoted(&j, "error", t->failed ? message_first() : "");
	json_end(&j);
}

/* For a single connection they would be printed twice. */
void report_totals(const struct recv_options *o, const struct totals *t)
{
	if (o->connections == 1 || (o->quiet && !o->json))
		return;
	print_totals(results_begin(), o, t);
	results_end(false);
}
