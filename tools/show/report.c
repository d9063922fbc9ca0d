// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/json.h"
#include "common/message.h"
#include "show/report.h"

static double seconds(const struct viewer *v)
{
	return (double)(clock_ns() - v->progress.start_ns) / NS_PER_SEC;
}

static void print_json(FILE *out, const struct viewer *v, bool ok)
{
	const struct show_options *o = v->options;
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", ok);
	json_quoted(&j, "device", o->device);
	json_quoted(&j, "card", v->screen.path);
	json_quoted(&j, "driver", v->screen.driver);
	json_quoted(&j, "connector", v->screen.connector);
	json_quoted(&j, "format", o->format->name);
	json_number(&j, "width", v->geometry.width);
	json_number(&j, "height", v->geometry.height);
	json_number(&j, "stride", v->geometry.stride);
	json_number(&j, "bytes", v->geometry.bytes);
	json_quoted(&j, "import", v->copying ? "copy" : "prime");
	json_quoted(&j, "copy_reason", v->reason);
	json_number(&j, "imports", v->imports);
	json_number(&j, "framebuffers", v->framebuffers);
	json_number(&j, "pictures", v->shown);
	json_number(&j, "discarded", v->discarded);
	json_gaps(&j, v->gaps, controller_gaps(&v->capturing.info));
	json_number(&j, "errors", v->capturing.counts.failures);
	json_number(&j, "busy_retries", v->capturing.counts.busy_retries);
	json_decimal(&j, "seconds", seconds(v));
	json_quoted(&j, "error", ok ? "" : message_first());
	json_end(&j);
}

static void print_counters(FILE *out, const struct viewer *v)
{
	enum gaps_worth worth = controller_gaps(&v->capturing.info);

	fprintf(out, "  discarded %" PRIu64, v->discarded);
	if (worth != GAPS_UNKNOWN)
		fprintf(out, ", gaps %" PRIu64, v->gaps);
	fprintf(out, ", busy retries %" PRIu64 "\n", v->capturing.counts.busy_retries);
	fprintf(out, "  imports %" PRIu64 ", framebuffers %" PRIu64 "\n",
		v->imports, v->framebuffers);
	if (worth == GAPS_UNKNOWN)
		fputs("  gaps " GAPS_NOT_KNOWN "\n", out);
}

static void print_text(FILE *out, const struct viewer *v)
{
	const struct screen *s = &v->screen;

	fprintf(out, "%s -> %s of %s (%s): %" PRIu64 " pictures of %ux%u %s in %.3f s, %s\n",
		v->options->device, s->connector, s->path, s->driver, v->shown,
		v->geometry.width, v->geometry.height,
		v->options->format->name, seconds(v),
		v->copying ? "copied" : "imported");
	print_counters(out, v);
}

void report_print(FILE *out, const struct viewer *viewer, bool ok)
{
	if (viewer->options->json)
		print_json(out, viewer, ok);
	else if (!viewer->options->quiet)
		print_text(out, viewer);
}
