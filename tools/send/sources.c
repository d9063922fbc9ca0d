// SPDX-License-Identifier: GPL-2.0-only
#include "send/sources.h"

static const struct source_kind *choose(const struct send_options *options)
{
	if (options->fd >= 0)
		return &source_dmabuf;
	if (options->share)
		return &source_share;
	if (options->engine == ENGINE_SPLICE)
		return &source_stream;
	return &source_device;
}

struct source *send_source_open(const struct send_options *options)
{
	const struct source_setup setup = {
		.device = options->device,
		.share = options->share,
		.fd = options->fd,
		.region_size = options->region_size,
		.regions = options->regions,
		.bytes = options->bytes,
		.captures = options->captures,
		.quiet = options->quiet,
		.verbose = options->verbose,
	};

	return source_open(choose(options), &setup);
}
