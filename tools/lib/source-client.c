// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source whose captures another program makes: fpgabuf-share. */
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/source.h"

/* The pause before sending again if the server does not read; there is no event. */
#define RELEASE_PERIOD_NS	(10 * FPGABUF_NS_PER_MS)

/**
 * struct client_source - a source made of a client
 * @source: what every source has
 * @client: the client
 * @geometry: what the server shares
 * @captures_wanted: captures in all, or UINT64_MAX
 * @bytes_wanted: bytes in all, or UINT64_MAX
 * @counts: counts for the caller
 * @failed_in_a_row: captures that have failed in a row
 * @unreleased: by region, it is free, but the server has not got the message yet
 * @retry_ns: when to send these messages again, or 0
 * @heard_ns: when the last capture came, or the source was made
 * @stopped: no further capture is wanted
 * @failed: the reason of the last error, or 0
 * @error: the last error
 * @why: room for fpgabuf_source_why()
 */
struct client_source {
	struct fpgabuf_source source;
	struct fpgabuf_client *client;
	struct fpgabuf_client_geometry geometry;
	uint64_t captures_wanted;
	uint64_t bytes_wanted;
	struct fpgabuf_source_counts counts;
	uint32_t failed_in_a_row;
	bool *unreleased;
	int64_t retry_ns;
	int64_t heard_ns;
	bool stopped;
	enum fpgabuf_reason failed;
	int error;
	char why[120];
};

static struct client_source *client_of(struct fpgabuf_source *source)
{
	return (struct client_source *)source;
}

static const struct client_source *
const_client_of(const struct fpgabuf_source *source)
{
	return (const struct client_source *)source;
}

static void client_limit(struct fpgabuf_source *source, uint64_t captures,
			 uint64_t bytes)
{
	client_of(source)->captures_wanted = captures ? captures : UINT64_MAX;
	client_of(source)->bytes_wanted = bytes ? bytes : UINT64_MAX;
}

static bool is_over(const struct client_source *s)
{
	return s->stopped || s->counts.captures >= s->captures_wanted ||
	       s->counts.bytes >= s->bytes_wanted;
}

/* A server that has ended has taken everything back. */
static void tell_free(struct client_source *s, uint32_t slot)
{
	s->unreleased[slot] =
		fpgabuf_client_release(s->client, slot) == -EAGAIN;
	if (s->unreleased[slot])
		s->retry_ns = fpgabuf_now_ns() + RELEASE_PERIOD_NS;
}

static int client_fill(struct fpgabuf_source *source)
{
	struct client_source *s = client_of(source);
	uint32_t i;

	if (!s->retry_ns || fpgabuf_now_ns() < s->retry_ns)
		return 0;
	s->retry_ns = 0;
	for (i = 0; i < s->geometry.regions; i++)
		if (s->unreleased[i])
			tell_free(s, i);
	return 0;
}

static int fail(struct client_source *s, enum fpgabuf_reason what, int err)
{
	s->failed = what;
	s->error = err;
	return err;
}

/* Regions are mapped when they are first used: there may be many. */
static int map(struct client_source *s, uint32_t index)
{
	struct fpgabuf_region *region = fpgabuf_client_region(s->client, index);
	void *addr;
	int err;

	if (fpgabuf_region_addr(region))
		return 0;
	err = fpgabuf_region_map(region, PROT_READ, &addr);
	if (!err)
		return 0;
	tell_free(s, index);
	return fail(s, FPGABUF_REASON_MAP, err);
}

static uint64_t wanted_bytes(const struct client_source *s, uint64_t bytes)
{
	const uint64_t left = s->bytes_wanted - s->counts.bytes;

	return bytes < left ? bytes : left;
}

/* Captures that this client missed are a gap for the program. */
static uint32_t status_of(const struct fpgabuf_shared_capture *c)
{
	return c->flags | (c->missed ? FPGABUF_CAPTURE_GAP : 0);
}

static void count(struct client_source *s,
		  const struct fpgabuf_shared_capture *c, uint64_t bytes)
{
	struct fpgabuf_source_counts *n = &s->counts;
	const uint32_t status = status_of(c);

	/* Samples before the first capture are not missing. */
	n->gaps += n->captures && status & FPGABUF_CAPTURE_GAP;
	n->partial += !!(status & FPGABUF_CAPTURE_PARTIAL);
	n->timeouts += !!(status & FPGABUF_CAPTURE_TIMEOUT);
	n->missed += c->missed;
	n->captures++;
	n->bytes += bytes;
	n->taken++;
	s->failed_in_a_row =
		fpgabuf_failed_in_a_row(s->failed_in_a_row, c->error);
	n->failures += fpgabuf_is_failure(c->error);
	s->heard_ns = fpgabuf_now_ns();
}

static void hand_out(struct client_source *s,
		     const struct fpgabuf_shared_capture *c,
		     struct fpgabuf_capture *capture)
{
	const struct fpgabuf_region *region =
		fpgabuf_client_region(s->client, c->index);
	const uint64_t bytes = wanted_bytes(s, c->bytes);

	count(s, c, bytes);
	*capture = (struct fpgabuf_capture){
		.addr = fpgabuf_region_addr(region),
		.bytes = bytes,
		.sequence = s->counts.captures - 1,
		.timestamp_ns = c->timestamp_ns,
		.status = status_of(c),
		.error = c->error,
		.slot = c->index,
		.failures = fpgabuf_is_failure(c->error) ? s->failed_in_a_row :
							   0,
	};
}

static int client_next(struct fpgabuf_source *source,
		       struct fpgabuf_capture *capture)
{
	struct client_source *s = client_of(source);
	struct fpgabuf_shared_capture c;
	int err;

	client_fill(source);
	if (is_over(s))
		return -ENODATA;
	err = fpgabuf_client_next(s->client, &c);
	if (err == -EAGAIN || err == -EINTR)
		return -EAGAIN;
	if (err)
		return fail(s, FPGABUF_REASON_SERVER, err);
	err = map(s, c.index);
	if (!err)
		hand_out(s, &c, capture);
	return err;
}

static int client_release(struct fpgabuf_source *source, uint32_t slot)
{
	struct client_source *s = client_of(source);

	if (slot >= s->geometry.regions || s->unreleased[slot] ||
	    !fpgabuf_client_holds(s->client, slot))
		return -EINVAL;
	tell_free(s, slot);
	s->counts.taken--;
	return 0;
}

static int client_stop(struct fpgabuf_source *source)
{
	client_of(source)->stopped = true;
	return 0;
}

static int client_fd(const struct fpgabuf_source *source)
{
	return fpgabuf_client_fd(const_client_of(source)->client);
}

static int client_timeout_ms(struct fpgabuf_source *source)
{
	const struct client_source *s = client_of(source);

	return s->retry_ns ? fpgabuf_ms_until(s->retry_ns) : -1;
}

static int client_wait(struct fpgabuf_source *source,
		       struct fpgabuf_capture *capture, int timeout_ms)
{
	const int64_t end = fpgabuf_end_ns(timeout_ms);
	struct pollfd fd = { .fd = client_fd(source), .events = POLLIN };
	int err, left, retry;

	while ((err = client_next(source, capture)) == -EAGAIN) {
		left = end == INT64_MAX ? INT_MAX : fpgabuf_ms_until(end);
		if (!left)
			return -ETIMEDOUT;
		retry = client_timeout_ms(source);
		if (end == INT64_MAX || (retry >= 0 && retry < left))
			left = retry;
		if (poll(&fd, 1, left) < 0)
			return -errno;
	}
	return err;
}

static uint32_t client_regions(const struct fpgabuf_source *source)
{
	return const_client_of(source)->geometry.regions;
}

static struct fpgabuf_region *
client_region(const struct fpgabuf_source *source, uint32_t slot)
{
	return fpgabuf_client_region(const_client_of(source)->client, slot);
}

static void client_count(struct fpgabuf_source *source,
			 struct fpgabuf_source_counts *counts)
{
	*counts = client_of(source)->counts;
}

static enum fpgabuf_reason client_reason(struct fpgabuf_source *source)
{
	const struct client_source *s = client_of(source);

	if (s->failed)
		return s->failed;
	if (is_over(s))
		return FPGABUF_REASON_END;
	return s->counts.taken < s->geometry.credits ? FPGABUF_REASON_CAPTURE :
						       FPGABUF_REASON_TAKEN;
}

static void say_failed(struct client_source *s)
{
	const char *sentence = fpgabuf_client_strerror(s->error);

	if (s->failed == FPGABUF_REASON_MAP)
		snprintf(s->why, sizeof(s->why), "a region cannot be mapped");
	else
		snprintf(s->why, sizeof(s->why), "%s",
			 sentence ? sentence : strerror(-s->error));
}

static const char *client_why(struct fpgabuf_source *source)
{
	struct client_source *s = client_of(source);

	if (s->failed)
		say_failed(s);
	else if (is_over(s))
		snprintf(s->why, sizeof(s->why),
			 "everything that was asked for has been captured");
	else if (s->counts.taken < s->geometry.credits)
		snprintf(s->why, sizeof(s->why),
			 "nothing has come from the server for %.1f s",
			 (double)(fpgabuf_now_ns() - s->heard_ns) /
				 FPGABUF_NS_PER_SEC);
	else
		snprintf(s->why, sizeof(s->why), "all %u captures are taken",
			 s->geometry.credits);
	return s->why;
}

static void client_destroy(struct fpgabuf_source *source)
{
	free(client_of(source)->unreleased);
	free(source);
}

static const struct fpgabuf_source_kind client_kind = {
	.limit = client_limit,
	.fill = client_fill,
	.next = client_next,
	.wait = client_wait,
	.release = client_release,
	.stop = client_stop,
	.fd = client_fd,
	.timeout_ms = client_timeout_ms,
	.regions = client_regions,
	.region = client_region,
	.count = client_count,
	.reason = client_reason,
	.why = client_why,
	.destroy = client_destroy,
};

int fpgabuf_source_of_client(struct fpgabuf_client *client,
			     struct fpgabuf_source **source)
{
	struct client_source *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->source.kind = &client_kind;
	new->client = client;
	fpgabuf_client_geometry(client, &new->geometry);
	client_limit(&new->source, 0, 0);
	new->heard_ns = fpgabuf_now_ns();
	new->unreleased = calloc(new->geometry.regions,
				 sizeof(*new->unreleased));
	if (!new->unreleased) {
		free(new);
		return -ENOMEM;
	}
	*source = &new->source;
	return 0;
}
