// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/progress.h"
#include "recv/report.h"

void totals_add(struct totals *t, const struct connection *c)
{
	if (!t->connections || c->start_ns < t->first_ns)
		t->first_ns = c->start_ns;
	t->last_ns = c->end_ns;
	t->connections++;
	t->failed += c->failed;
	t->bytes += c->bytes;
}

/* Where the stream is not. */
static FILE *output(const struct recv_options *o)
{
	return strcmp(o->output ? o->output : "", "-") ? stdout : stderr;
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

static void json_framing(struct json *j, const struct framing *f)
{
	json_bool(j, "complete", f->ended);
	json_number(j, "captures", f->captures);
	json_number(j, "first_sequence", f->first_sequence);
	json_number(j, "gaps", f->gaps);
	json_number(j, "partial", f->partial);
	json_number(j, "errors", f->errors);
	json_number(j, "timeouts", f->timeouts);
	json_number(j, "skipped_captures", f->skipped_captures);
	json_number(j, "skipped_bytes", f->skipped_bytes);
}

static void json_sink(struct json *j, const struct sink *s)
{
	if (!s->name)
		return;
	json_string(j, "file", s->name);
	json_number(j, "files", s->files);
	json_number(j, "written", s->written);
	json_number(j, "written_direct", s->direct_written);
}

static void print_json(const struct recv_options *o, const struct connection *c)
{
	struct json j;

	json_begin(&j, output(o));
	json_bool(&j, "ok", !c->failed);
	if (o->connections != 1)
		json_number(&j, "connection", c->number);
	json_string(&j, "peer", c->peer);
	json_rate(&j, c->bytes, seconds_between(c->start_ns, c->end_ns));
	json_bool(&j, "verified", !c->failed && o->verify);
	if (o->framed)
		json_framing(&j, &c->framing);
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
	if (f->skipped_captures)
		fprintf(out, "  %" PRIu64 " captures (%" PRIu64 " bytes) were left out by the sender\n",
			f->skipped_captures, f->skipped_bytes);
	if (f->errors || f->timeouts)
		fprintf(out, "  %" PRIu64 " captures ended with an error, %" PRIu64 " of them because they took too long\n",
			f->errors, f->timeouts);
}

static void print_text(const struct recv_options *o, const struct connection *c)
{
	double seconds = seconds_between(c->start_ns, c->end_ns);
	FILE *out = output(o);

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

/* Who waits for the end of one of many is not to wait for the others. */
void report_connection(const struct recv_options *o, const struct connection *c)
{
	if (o->json)
		print_json(o, c);
	else if (!o->quiet)
		print_text(o, c);
	fflush(output(o));
}

static void print_totals(const struct recv_options *o, const struct totals *t)
{
	double seconds = seconds_between(t->first_ns, t->last_ns);
	struct json j;

	if (o->json) {
		json_begin(&j, output(o));
		json_bool(&j, "ok", !t->failed);
		json_number(&j, "connections", t->connections);
		json_number(&j, "failed", t->failed);
		json_rate(&j, t->bytes, seconds);
		json_end(&j);
	} else if (!o->quiet) {
		fprintf(output(o), "%u connections, %u failed, %" PRIu64 " bytes in %.3f s, %.1f MB/s\n",
			t->connections, t->failed, t->bytes, seconds,
			mb_per_s(t->bytes, seconds));
	}
}

/* Of one connection they would be said twice. */
int report_totals(const struct recv_options *o, const struct totals *t)
{
	if (o->connections != 1)
		print_totals(o, t);
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	message("cannot write the summary: %s", strerror(errno));
	return -1;
}
