// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/newfile.h"
#include "common/results.h"
#include "scope/report.h"
#include "scope/svg.h"

static int fail(const char *name, int err)
{
	message("cannot write %s: %s", name, strerror(err));
	newfile_explain_room(err);
	return -1;
}

static int open_svg(const struct scope_options *o, bool *made)
{
	int fd = newfile_open(o->svg, o->overwrite, made);

	if (fd == -EEXIST) {
		message("%s exists, and is not overwritten", o->svg);
		remedy("name another file, or use --overwrite");
	} else if (fd < 0) {
		fail(o->svg, -fd);
	}
	return fd;
}

static int write_svg(const struct scope *s, int fd)
{
	FILE *f = fdopen(fd, "w");
	int err = 0;

	if (!f) {
		err = errno;
		close(fd);
		return err;
	}
	svg_print(&s->figure, f);
	if (fflush(f) || (ftruncate(fd, ftello(f)) && errno != EINVAL))
		err = errno;
	if (fclose(f) && !err)
		err = errno;
	return err;
}

int report_svg(const struct scope *scope)
{
	const struct scope_options *o = scope->options;
	bool made;
	int fd, err;

	if (!o->svg || !scope->pictures)
		return 0;
	fd = open_svg(o, &made);
	if (fd < 0)
		return -1;
	err = write_svg(scope, fd);
	if (!err)
		return 0;
	if (made)
		unlink(o->svg);
	return fail(o->svg, err);
}

static void json_numbers(struct json *j, const struct numbers *n,
			 const char *part)
{
	json_item_begin(j);
	json_quoted(j, "part", part);
	json_float(j, "min", n->min);
	json_float(j, "max", n->max);
	json_float(j, "mean", n->mean);
	json_float(j, "rms", n->rms);
	json_item_end(j);
}

static void json_peak(struct json *j, const struct figure *f,
		      const struct spectrum *s)
{
	const double full = look_full_scale(&f->look->form);

	if (!s->has_peak)
		return;
	json_float(j, "peak_cycles", s->peak);
	if (f->setup->rate)
		json_float(j, "peak_hz", figure_frequency(f, s->peak));
	json_float(j, "peak_dbfs", s->peak_db);
	json_float(j, "peak_amplitude", full * pow(10, s->peak_db / 20));
}

static void json_channel(struct json *j, const struct figure *f,
			 unsigned int channel)
{
	const bool complex = f->look->form.complex;
	const struct numbers *n = &f->numbers[channel * (complex ? 2 : 1)];

	json_item_begin(j);
	json_number(j, "channel", channel);
	json_array_begin(j, "parts");
	json_numbers(j, n, complex ? "i" : "real");
	if (complex)
		json_numbers(j, n + 1, "q");
	json_array_end(j);
	json_peak(j, f, &f->spectra[channel]);
	json_item_end(j);
}

static void json_picture(struct json *j, const struct figure *f)
{
	unsigned int i;

	json_number(j, "samples", f->look->count);
	json_bool(j, "gap_before", f->look->gap_before);
	json_number(j, "gaps_inside", f->look->gap_count);
	json_number(j, "unusable", f->look->unusable);
	json_number(j, "points", f->spectra->points);
	json_number(j, "transforms", f->spectra->stretches);
	json_array_begin(j, "channels");
	for (i = 0; i < f->look->form.channels; i++)
		json_channel(j, f, i);
	json_array_end(j);
}

static void print_json(FILE *out, const struct scope *s, bool ok)
{
	const struct source *src = s->source;
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", ok);
	json_quoted(&j, "device", src->name);
	json_quoted(&j, "datatype", s->setup.datatype);
	json_number(&j, "sample_rate", s->setup.rate);
	json_number(&j, "captures", src->counts.captures);
	json_number(&j, "looked_at", s->looked_at);
	json_number(&j, "pictures", s->pictures);
	json_gaps(&j, src->counts.gaps, src->gaps_worth);
	json_number(&j, "missed", src->counts.missed);
	json_number(&j, "errors", src->counts.failures);
	json_number(&j, "busy_retries", src->counts.busy_retries);
	json_decimal(&j, "seconds",
		     (double)(clock_ns() - s->begin_ns) / NS_PER_SEC);
	if (s->pictures)
		json_picture(&j, &s->figure);
	json_quoted(&j, "error", ok ? "" : message_first());
	json_end(&j);
}

void report_print(const struct scope *scope, bool ok)
{
	char status[256];

	if (scope->options->json) {
		print_json(results_begin(), scope, ok);
	} else if (scope->options->svg && ok && !scope->options->quiet) {
		scope_status(scope, status, sizeof(status));
		fprintf(results_begin(), "%s: %s\n", scope->options->svg,
			status);
	}
	results_end(false);
}
