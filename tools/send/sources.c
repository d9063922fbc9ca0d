// SPDX-License-Identifier: GPL-2.0-only
#include "send/choice.h"
#include "send/sources.h"

static const struct source_kind *kind_of(const struct send_options *options)
{
	if (options->fd >= 0)
		return &source_dmabuf;
	if (options->replay)
		return &source_replay;
	if (options->share)
		return &source_share;
	if (options->engine == ENGINE_SPLICE)
		return &source_stream;
	return &source_device;
}

/* NULL if it is not the cheapest, or would do less than the others */
static struct source *open_stream(const struct send_options *options,
				  const struct source_setup *setup)
{
	const char *why;
	char room[96];

	if (options->engine != FPGABUF_ENGINE_AUTO)
		return NULL;
	why = choice_by_options(options);
	if (!why)
		why = choice_by_route(options->peers, room, sizeof(room));
	if (!why)
		return source_open(&source_stream_auto, setup);
	choice_tell(why, options->verbose);
	return NULL;
}

struct source *send_source_open(const struct send_options *options)
{
	const struct source_setup setup = {
		.device = options->device,
		.share = options->share,
		.replay = options->replay,
		.fd = options->fd,
		.region_size = options->region_size,
		.regions = options->regions,
		.bytes = options->bytes,
		.captures = options->captures,
		.slices = options->engine != ENGINE_RDMA,
		.quiet = options->quiet,
		.verbose = options->verbose,
	};
	struct source *source = open_stream(options, &setup);

	return source ? source : source_open(kind_of(options), &setup);
}
