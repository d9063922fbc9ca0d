// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source of one capture, which is there already: any dma-buf. */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lib/source.h"

enum region_state { READY, TAKEN, DONE };

/**
 * struct region_source - a source made of a region
 * @source: what every source has
 * @region: the region
 * @state: where it is
 * @begun: it is mapped, and access by the CPU has begun
 * @bytes_wanted: bytes to hand out
 * @bytes: bytes that were taken
 * @failed: the reason of the last error, or 0
 */
struct region_source {
	struct fpgabuf_source source;
	struct fpgabuf_region *region;
	enum region_state state;
	bool begun;
	uint64_t bytes_wanted;
	uint64_t bytes;
	enum fpgabuf_reason failed;
};

static struct region_source *region_of(struct fpgabuf_source *source)
{
	return (struct region_source *)source;
}

static void region_limit(struct fpgabuf_source *source, uint64_t captures,
			 uint64_t bytes)
{
	struct region_source *s = region_of(source);
	const uint64_t size = fpgabuf_region_size(s->region);

	(void)captures;
	s->bytes_wanted = bytes && bytes < size ? bytes : size;
}

/* Waits for a capture that is under way. */
static int begin(struct region_source *s)
{
	void *addr;
	int err = 0;

	if (!fpgabuf_region_addr(s->region))
		err = fpgabuf_region_map(s->region, PROT_READ, &addr);
	if (!err)
		err = fpgabuf_region_sync_start(s->region, PROT_READ);
	s->begun = !err;
	s->failed = err ? FPGABUF_REASON_MAP : 0;
	return err;
}

static void end(struct region_source *s)
{
	if (s->begun)
		fpgabuf_region_sync_end(s->region, PROT_READ);
	s->begun = false;
}

static int region_fill(struct fpgabuf_source *source)
{
	struct region_source *s = region_of(source);

	return s->state == READY && !s->begun ? begin(s) : 0;
}

static int region_next(struct fpgabuf_source *source,
		       struct fpgabuf_capture *capture)
{
	struct region_source *s = region_of(source);
	const int err = region_fill(source);

	if (err)
		return err;
	if (s->state != READY)
		return -ENODATA;
	s->state = TAKEN;
	s->bytes = s->bytes_wanted;
	*capture = (struct fpgabuf_capture){
		.addr = fpgabuf_region_addr(s->region),
		.bytes = s->bytes,
		.timestamp_ns = fpgabuf_now_ns(),
	};
	return 0;
}

static int region_wait(struct fpgabuf_source *source,
		       struct fpgabuf_capture *capture, int timeout_ms)
{
	(void)timeout_ms;
	return region_next(source, capture);
}

static int region_release(struct fpgabuf_source *source, uint32_t slot)
{
	struct region_source *s = region_of(source);

	if (slot || s->state != TAKEN)
		return -EINVAL;
	s->state = DONE;
	end(s);
	return 0;
}

static int region_stop(struct fpgabuf_source *source)
{
	struct region_source *s = region_of(source);

	if (s->state == READY)
		s->state = DONE;
	return 0;
}

static int region_fd(const struct fpgabuf_source *source)
{
	(void)source;
	return -1;
}

static int region_timeout_ms(struct fpgabuf_source *source)
{
	(void)source;
	return -1;
}

static uint32_t region_regions(const struct fpgabuf_source *source)
{
	(void)source;
	return 1;
}

static struct fpgabuf_region *
region_region(const struct fpgabuf_source *source, uint32_t slot)
{
	return slot ? NULL : ((const struct region_source *)source)->region;
}

static void region_count(struct fpgabuf_source *source,
			 struct fpgabuf_source_counts *counts)
{
	const struct region_source *s = region_of(source);

	counts->captures = !!s->bytes;
	counts->bytes = s->bytes;
	counts->taken = s->state == TAKEN;
}

static enum fpgabuf_reason region_reason(struct fpgabuf_source *source)
{
	const struct region_source *s = region_of(source);

	if (s->failed)
		return s->failed;
	return s->state == READY ? FPGABUF_REASON_CAPTURE : FPGABUF_REASON_END;
}

static const char *region_why(struct fpgabuf_source *source)
{
	const struct region_source *s = region_of(source);

	if (s->failed)
		return "the region cannot be mapped or read";
	return s->state == READY ? "the region has not been taken" :
				   "everything that was asked for has been captured";
}

static void region_destroy(struct fpgabuf_source *source)
{
	end(region_of(source));
	free(source);
}

static const struct fpgabuf_source_kind region_kind = {
	.limit = region_limit,
	.fill = region_fill,
	.next = region_next,
	.wait = region_wait,
	.release = region_release,
	.stop = region_stop,
	.fd = region_fd,
	.timeout_ms = region_timeout_ms,
	.regions = region_regions,
	.region = region_region,
	.count = region_count,
	.reason = region_reason,
	.why = region_why,
	.destroy = region_destroy,
};

int fpgabuf_source_of_region(struct fpgabuf_region *region,
			     struct fpgabuf_source **source)
{
	struct region_source *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->source.kind = &region_kind;
	new->region = region;
	new->bytes_wanted = fpgabuf_region_size(region);
	*source = &new->source;
	return 0;
}
