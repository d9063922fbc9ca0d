// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source whose captures this program makes: a ring under another name. */
#include <stdlib.h>

#include "lib/source.h"

/**
 * struct ring_source - a source made of a ring
 * @source: what every source has
 * @ring: the ring
 */
struct ring_source {
	struct fpgabuf_source source;
	struct fpgabuf_ring *ring;
};

static struct fpgabuf_ring *ring_of(const struct fpgabuf_source *source)
{
	return ((const struct ring_source *)source)->ring;
}

static void ring_limit(struct fpgabuf_source *source, uint64_t captures,
		       uint64_t bytes)
{
	fpgabuf_ring_limit(ring_of(source), captures, bytes);
}

static int ring_fill(struct fpgabuf_source *source)
{
	return fpgabuf_ring_fill(ring_of(source));
}

static int ring_next(struct fpgabuf_source *source,
		     struct fpgabuf_capture *capture)
{
	return fpgabuf_ring_take(ring_of(source), capture);
}

static int ring_wait(struct fpgabuf_source *source,
		     struct fpgabuf_capture *capture, int timeout_ms)
{
	return fpgabuf_ring_wait(ring_of(source), capture, timeout_ms);
}

static int ring_release(struct fpgabuf_source *source, uint32_t slot)
{
	return fpgabuf_ring_give(ring_of(source), slot);
}

static int ring_stop(struct fpgabuf_source *source)
{
	return fpgabuf_ring_stop(ring_of(source));
}

static int ring_fd(const struct fpgabuf_source *source)
{
	return fpgabuf_ring_fd(ring_of(source));
}

static int ring_timeout_ms(struct fpgabuf_source *source)
{
	return fpgabuf_ring_timeout_ms(ring_of(source));
}

static uint32_t ring_regions(const struct fpgabuf_source *source)
{
	return fpgabuf_ring_regions(ring_of(source));
}

static struct fpgabuf_region *ring_region(const struct fpgabuf_source *source,
					  uint32_t slot)
{
	return fpgabuf_ring_region(ring_of(source), slot);
}

static void ring_count(struct fpgabuf_source *source,
		       struct fpgabuf_source_counts *counts)
{
	struct fpgabuf_ring_counts n;

	fpgabuf_ring_count(ring_of(source), &n);
	counts->captures = n.captures;
	counts->bytes = n.bytes;
	counts->gaps = n.gaps;
	counts->partial = n.partial;
	counts->timeouts = n.timeouts;
	counts->failures = n.failures;
	counts->uncounted = n.uncounted;
	counts->busy_retries = n.busy_retries;
	counts->taken = n.taken;
}

static enum fpgabuf_reason ring_reason(struct fpgabuf_source *source)
{
	return fpgabuf_ring_reason(ring_of(source));
}

static const char *ring_why(struct fpgabuf_source *source)
{
	return fpgabuf_ring_why(ring_of(source));
}

static void ring_destroy(struct fpgabuf_source *source)
{
	free(source);
}

static const struct fpgabuf_source_kind ring_kind = {
	.limit = ring_limit,
	.fill = ring_fill,
	.next = ring_next,
	.wait = ring_wait,
	.release = ring_release,
	.stop = ring_stop,
	.fd = ring_fd,
	.timeout_ms = ring_timeout_ms,
	.regions = ring_regions,
	.region = ring_region,
	.count = ring_count,
	.reason = ring_reason,
	.why = ring_why,
	.destroy = ring_destroy,
};

int fpgabuf_source_of_ring(struct fpgabuf_ring *ring,
			   struct fpgabuf_source **source)
{
	struct ring_source *new = malloc(sizeof(*new));

	if (!new)
		return -ENOMEM;
	*new = (struct ring_source){ { &ring_kind }, ring };
	*source = &new->source;
	return 0;
}
