// SPDX-License-Identifier: GPL-2.0-only
#include "send/source.h"

struct source *source_open(const struct send_options *options)
{
	if (options->fd >= 0)
		return source_open_fd(options);
	if (options->share)
		return source_open_share(options);
	return source_open_device(options);
}

uint64_t source_account(struct source *source, uint32_t flags, uint64_t bytes)
{
	/* What was before the first is not missing. */
	if (flags & FPGABUF_CAPTURE_GAP && source->captures)
		source->gaps++;
	if (flags & FPGABUF_CAPTURE_PARTIAL)
		source->partial++;
	if (flags & FPGABUF_CAPTURE_TIMEOUT)
		source->timeouts++;
	if (bytes > source->bytes_wanted - source->bytes)
		bytes = source->bytes_wanted - source->bytes;
	if (bytes) {
		source->captures++;
		source->bytes += bytes;
	}
	return bytes;
}
