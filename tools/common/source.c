// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/source.h"

struct source *source_open(const struct source_kind *kind,
			   const struct source_setup *setup)
{
	struct source *source = calloc(1, kind->size);

	if (!source) {
		message("out of memory");
		return NULL;
	}
	*source = (struct source){
		.kind = kind,
		.backend = BACKEND_UNKNOWN,
		.fd = -1,
		.bytes_wanted = setup->bytes,
		.captures_wanted = setup->captures,
	};
	if (!kind->open(source, setup))
		return source;
	source_close(source);
	return NULL;
}

int source_begin(struct source *source, int err)
{
	if (err) {
		message("out of memory");
		return err;
	}
	source->slot_count = fpgabuf_source_regions(source->from);
	fpgabuf_source_limit(source->from, source->captures_wanted,
			     source->bytes_wanted);
	return 0;
}

void source_close(struct source *source)
{
	fpgabuf_source_destroy(source->from);
	source->kind->close(source);
	free(source);
}

static void update_counts(struct source *s)
{
	fpgabuf_source_count(s->from, &s->counts);
}

static int watch(struct source *s)
{
	return s->capturing ? capturing_watch(s->capturing) : 0;
}

int source_fill(struct source *source)
{
	int err;

	if (source->kind->pump)
		return 0;
	err = fpgabuf_source_fill(source->from);
	update_counts(source);
	return err ? source->kind->fail(source, err) : watch(source);
}

/* The stream has no captures without bytes, and counts the others. */
static bool accept_capture(struct source *s, struct fpgabuf_capture *c)
{
	update_counts(s);
	if (s->capturing)
		capturing_note(s->capturing, c);
	c->sequence = s->counts.captures - 1;
	if (!c->bytes)
		source_release(s, c->slot);
	return c->bytes;
}

int source_take(struct source *source, struct fpgabuf_capture *capture)
{
	int err;

	while (!(err = fpgabuf_source_next(source->from, capture)))
		if (accept_capture(source, capture))
			return 1;
	update_counts(source);
	if (err == -EAGAIN || err == -ENODATA)
		return watch(source);
	return source->kind->fail(source, err);
}

void source_release(struct source *source, unsigned int slot)
{
	fpgabuf_source_release(source->from, slot);
}

int source_stop(struct source *source)
{
	int err;

	source->stopping = true;
	if (source->kind->pump)
		return 0;
	err = fpgabuf_source_stop(source->from);
	return err ? source->kind->fail(source, err) : 0;
}

void source_count(struct source *source)
{
	if (source->kind->count)
		source->kind->count(source);
}

bool source_finished(const struct source *source)
{
	if (source->kind->pump)
		return source->ended;
	return source->ended || fpgabuf_source_reason(source->from) ==
					FPGABUF_REASON_END;
}

bool source_waits(const struct source *source)
{
	if (source->kind->pump)
		return source->starved;
	return fpgabuf_source_reason(source->from) == FPGABUF_REASON_CAPTURE;
}

int source_fd(const struct source *source)
{
	return source->kind->pump ? source->fd :
				    fpgabuf_source_fd(source->from);
}

int64_t source_retry_ns(const struct source *source)
{
	int ms;

	if (source->kind->pump)
		return source->again ? clock_ns() : source->due_ns;
	ms = fpgabuf_source_timeout_ms(source->from);
	return ms < 0 ? 0 : clock_ns() + ms * NS_PER_MS;
}

bool source_complete(const struct source *s)
{
	return (s->bytes_wanted == UNLIMITED ||
		s->counts.bytes >= s->bytes_wanted) &&
	       (s->captures_wanted == UNLIMITED ||
		s->counts.captures >= s->captures_wanted);
}

void source_explain_incomplete(const struct source *s)
{
	if (s->bytes_wanted != UNLIMITED)
		message("ended after %" PRIu64 " of %" PRIu64 " bytes",
			s->counts.bytes, s->bytes_wanted);
	else
		message("ended after %" PRIu64 " of %" PRIu64 " captures",
			s->counts.captures, s->captures_wanted);
}
