// SPDX-License-Identifier: LGPL-2.1-or-later
/* A common interface for all sources of captures; each kind has a file. */
#include "lib/source.h"

void fpgabuf_source_destroy(struct fpgabuf_source *source)
{
	if (source)
		source->kind->destroy(source);
}

void fpgabuf_source_limit(struct fpgabuf_source *source, uint64_t captures,
			  uint64_t bytes)
{
	source->kind->limit(source, captures, bytes);
}

int fpgabuf_source_fill(struct fpgabuf_source *source)
{
	return source->kind->fill(source);
}

int fpgabuf_source_next(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture)
{
	return source->kind->next(source, capture);
}

int fpgabuf_source_wait(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture, int timeout_ms)
{
	return source->kind->wait(source, capture, timeout_ms);
}

int fpgabuf_source_release(struct fpgabuf_source *source, uint32_t slot)
{
	return source->kind->release(source, slot);
}

int fpgabuf_source_stop(struct fpgabuf_source *source)
{
	return source->kind->stop(source);
}

int fpgabuf_source_fd(const struct fpgabuf_source *source)
{
	return source->kind->fd(source);
}

int fpgabuf_source_timeout_ms(struct fpgabuf_source *source)
{
	return source->kind->timeout_ms(source);
}

uint32_t fpgabuf_source_regions(const struct fpgabuf_source *source)
{
	return source->kind->regions(source);
}

struct fpgabuf_region *
fpgabuf_source_region(const struct fpgabuf_source *source, uint32_t slot)
{
	return source->kind->region(source, slot);
}

void fpgabuf_source_count(struct fpgabuf_source *source,
			  struct fpgabuf_source_counts *counts)
{
	*counts = (struct fpgabuf_source_counts){ 0 };
	source->kind->count(source, counts);
}

enum fpgabuf_reason fpgabuf_source_reason(struct fpgabuf_source *source)
{
	return source->kind->reason(source);
}

const char *fpgabuf_source_why(struct fpgabuf_source *source)
{
	return source->kind->why(source);
}
