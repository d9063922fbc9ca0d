// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-record: captures from an FPGA to files. */
#include <inttypes.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/results.h"
#include "common/sigmf-read.h"
#include "common/signals.h"
#include "common/start.h"
#include "record/metrics.h"
#include "record/report.h"

/* Everything has been opened: records and reports. */
static int record(struct recorder *r)
{
	const struct record_options *o = r->options;
	bool ok;

	progress_start(&r->progress, o->bytes == UNLIMITED ? 0 : o->bytes,
		       o->progress, o->quiet);
	if (o->duration_s != UNLIMITED)
		r->stop_ns = clock_ns() + o->duration_s * NS_PER_SEC;
	if (o->stats_ns)
		r->stats_due_ns = clock_ns() + o->stats_ns;
	r->tell_stats = report_stats;
	/* The service manager may stop us at once: be ready for signals before. */
	notify_ready("recording %s", r->source->name);
	stats_file_start(&r->stats_file, o->stats_ns);
	ok = !recorder_run(r);
	stats_file_end(&r->stats_file);
	report_print(r, ok);
	if (results_finish(-1, false))
		return EXIT_FAILED;
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int open_choice(struct recorder *r)
{
	const struct record_options *o = r->options;

	if (!o->triggered)
		return 0;
	if (choice_open(&r->choice, o->before, o->after, o->windows))
		return -1;
	return asking_open(&r->asking, o->fifo);
}

static int record_to(const struct record_options *o, struct source *source,
		     struct recording *recording)
{
	struct recorder r = {
		.options = o,
		.source = source,
		.recording = recording,
		.stats_file = {
			.path = o->stats_file,
			.program = "record",
			.put = record_metrics,
			.of = &r,
		},
		.clock = {
			.time = &o->sigmf.counter,
			.sample_rate = o->sigmf.sample_rate,
			.sample_size = o->metadata ?
				       sigmf_sample_size(o->sigmf.datatype) : 0,
		},
	};
	int sigfd, ret = EXIT_FAILED;

	asking_init(&r.asking);
	sigfd = signals_open();
	r.sigfd = sigfd;
	if (sigfd >= 0 && !open_choice(&r))
		ret = record(&r);
	else
		recording_finish(recording, true);
	asking_close(&r.asking);
	choice_close(&r.choice);
	if (sigfd >= 0)
		close(sigfd);
	return ret;
}

/* Regions for the captures that are kept, and some for the FPGA */
static bool are_too_few(const struct record_options *o,
			const struct source *source)
{
	const unsigned int needed = o->before + REGIONS_BESIDES;

	if (!o->triggered || source->capacity >= needed)
		return false;
	message("%u captures of %s can be held at once: --before %" PRIu64 " needs %u",
		source->capacity, source->name, o->before, needed);
	if (o->share)
		remedy("start fpgabuf-share with more --regions, or use a smaller --before");
	else
		remedy("use --regions %u or more, or a smaller --before",
		       needed);
	return true;
}

static bool is_too_large(const struct source *source)
{
	if (source->region_size <= MAX_REGION_SIZE)
		return false;
	message("the regions of %s have %" PRIu64 " bytes, which is too many to record",
		source->name, source->region_size);
	remedy("use a smaller --region-size of fpgabuf-share");
	return true;
}

static int open_and_record(const struct record_options *o,
			   struct source *source)
{
	struct recording *recording;
	int ret;

	if (is_too_large(source) || are_too_few(o, source))
		return EXIT_FAILED;
	recording = recording_open(o, source);
	if (!recording)
		return EXIT_FAILED;
	ret = record_to(o, source, recording);
	recording_free(recording);
	return ret;
}

/* What a recording knows of its samples, and the options do not say */
static void adopt(struct record_options *o, const struct source *source)
{
	const struct sigmf_recording *recording = source_recording(source);

	if (!recording || !o->metadata)
		return;
	if (!o->sigmf.datatype)
		o->sigmf.datatype = recording->datatype;
	if (!o->sigmf.sample_rate)
		o->sigmf.sample_rate = recording->sample_rate;
}

static const struct source_kind *choose(const struct record_options *o)
{
	if (o->replay)
		return &source_replay;
	return o->share ? &source_share : &source_device;
}

static int run(struct record_options *o)
{
	const struct source_setup setup = {
		.device = o->device,
		.share = o->share,
		.replay = o->replay,
		.region_size = o->region_size,
		.regions = o->regions,
		.bytes = o->bytes,
		.captures = o->captures,
		.quiet = o->quiet,
		.verbose = o->verbose,
	};
	struct source *source = source_open(choose(o), &setup);
	int ret;

	if (!source)
		return EXIT_FAILED;
	adopt(o, source);
	ret = open_and_record(o, source);
	source_close(source);
	return ret;
}

int main(int argc, char **argv)
{
	struct record_options options;
	int ret;

	tool_start();
	ret = record_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
