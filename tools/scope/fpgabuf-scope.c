// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-scope: shows samples from an FPGA, and their spectrum. */
#include <unistd.h>

#include "common/message.h"
#include "common/results.h"
#include "common/sigmf-read.h"
#include "common/signals.h"
#include "common/start.h"
#include "scope/report.h"

static void leave_terminal(struct scope *s)
{
	terminal_leave(&s->terminal, results_begin());
	results_end(false);
}

static int show(struct scope *s)
{
	bool ok = !scope_run(s);

	if (s->live)
		leave_terminal(s);
	if (ok && report_svg(s))
		ok = false;
	report_print(s, ok);
	if (results_finish(s->interrupted ? -1 : s->sigfd, s->interrupted))
		ok = false;
	return ok ? EXIT_OK : EXIT_FAILED;
}

/* From here on the terminal is as before in any case. */
static int show_in_terminal(struct scope *s)
{
	int ret = EXIT_FAILED;

	terminal_init(&s->terminal);
	s->sigfd = signals_open();
	if (s->sigfd >= 0 && !(s->live && terminal_open(&s->terminal)))
		ret = show(s);
	terminal_close(&s->terminal);
	if (s->sigfd >= 0)
		close(s->sigfd);
	return ret;
}

/* What a recording knows of its samples, and the options do not say */
static void adopt(struct scope_options *o, const struct source *source)
{
	const struct sigmf_recording *recording = source_recording(source);

	if (!recording)
		return;
	if (!o->sigmf.datatype)
		o->sigmf.datatype = recording->datatype;
	if (!o->sigmf.sample_rate)
		o->sigmf.sample_rate = recording->sample_rate;
}

static int look_at(struct scope_options *o, struct source *source)
{
	struct scope s = {
		.options = o,
		.source = source,
		.live = o->pictures == UNLIMITED,
	};
	struct look_form form;
	int ret;

	adopt(o, source);
	look_parse(o->sigmf.datatype, o->channels, &form);
	look_init(&s.looks[0], &form, o->samples);
	look_init(&s.looks[1], &form, o->samples);
	s.setup = (struct figure_setup){
		.name = source->name,
		.datatype = o->sigmf.datatype,
		.rate = o->sigmf.sample_rate,
		.centre = o->sigmf.frequency,
		.points = o->points,
	};
	ret = show_in_terminal(&s);
	scope_free(&s);
	return ret;
}

static const struct source_kind *choose(const struct scope_options *o)
{
	if (o->replay || o->raw)
		return &source_replay;
	return o->share ? &source_share : &source_device;
}

static int run(struct scope_options *o)
{
	const struct source_setup setup = {
		.device = o->device,
		.share = o->share,
		.replay = o->raw ? o->raw : o->replay,
		.plain = o->raw ? o->sigmf.datatype : NULL,
		.region_size = o->region_size,
		.regions = o->regions,
		.bytes = UNLIMITED,
		.captures = UNLIMITED,
		.quiet = o->quiet,
		.verbose = o->verbose,
	};
	struct source *source = source_open(choose(o), &setup);
	int ret;

	if (!source)
		return EXIT_FAILED;
	ret = look_at(o, source);
	source_close(source);
	return ret;
}

/* Only a terminal can show pictures that follow each other; a file has one. */
static void settle_pictures(struct scope_options *o)
{
	if (o->pictures == UNLIMITED &&
	    (o->json || o->svg || o->replay || o->raw || !terminal_is_there()))
		o->pictures = 1;
}

int main(int argc, char **argv)
{
	struct scope_options options;
	int ret;

	tool_start();
	ret = scope_options_parse(argc, argv, &options);
	if (ret < 0) {
		settle_pictures(&options);
		ret = run(&options);
	}
	return tool_end(argc, argv, ret);
}
