// SPDX-License-Identifier: GPL-2.0-only
/* The source that another program captures for: fpgabuf-share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/message.h"
#include "send/source.h"

/* A server that does not read for a moment; no event tells when it does. */
#define RELEASE_PERIOD_NS	(10 * NS_PER_MS)

/**
 * struct share - the server and its regions
 * @source: what every source has
 * @client: the connection to it
 * @addrs: where the regions are mapped, NULL = not yet
 * @unreleased: by region, the server could not be told that it is free
 * @retry_ns: when to tell it again, or 0
 * @ended: nothing more will come
 */
struct share {
	struct source source;
	struct fpgabuf_client *client;
	const void **addrs;
	bool *unreleased;
	int64_t retry_ns;
	bool ended;
};

static struct share *share_of(struct source *source)
{
	return (struct share *)source;
}

static void explain(const struct share *s, const char *what, int err)
{
	const char *why = fpgabuf_client_strerror(err);

	message("%s %s: %s", what, s->source.name,
		why ? why : strerror(-err));
	if (err == -ENOENT || err == -ECONNREFUSED)
		remedy("is fpgabuf-share running, with that socket?");
	else if (err == -EACCES)
		remedy("join the group of the socket (`ls -l %s`), or become root",
		       s->source.name);
}

static bool is_complete(const struct source *source)
{
	return source->bytes >= source->bytes_wanted ||
	       source->captures >= source->captures_wanted;
}

static void share_release(struct source *source, unsigned int slot)
{
	struct share *s = share_of(source);

	s->unreleased[slot] =
		fpgabuf_client_release(s->client, slot) == -EAGAIN;
	if (s->unreleased[slot])
		s->retry_ns = clock_ns() + RELEASE_PERIOD_NS;
}

static int share_fill(struct source *source)
{
	struct share *s = share_of(source);
	unsigned int i;

	if (!s->retry_ns || clock_ns() < s->retry_ns)
		return 0;
	s->retry_ns = 0;
	for (i = 0; i < source->slot_count; i++)
		if (s->unreleased[i])
			share_release(source, i);
	return 0;
}

/* Regions are mapped when they are first used: there may be many. */
static int map(struct share *s, uint32_t index)
{
	void *addr;
	int err;

	if (s->addrs[index])
		return 0;
	err = fpgabuf_region_map(fpgabuf_client_region(s->client, index),
				 PROT_READ, &addr);
	if (err)
		message("cannot map a region of %s: %s", s->source.name,
			strerror(-err));
	else
		s->addrs[index] = addr;
	return err;
}

/* What the server could not tell of in time is a gap to whoever gets this. */
static int accept_capture(struct share *s,
			  const struct fpgabuf_shared_capture *c,
			  struct capture *capture)
{
	uint32_t flags = c->flags | (c->missed ? FPGABUF_CAPTURE_GAP : 0);
	uint64_t bytes;
	int err;

	err = map(s, c->index);
	if (err)
		return err;
	s->source.missed += c->missed;
	bytes = source_account(&s->source, flags, c->bytes);
	*capture = (struct capture){
		.slot = c->index,
		.addr = s->addrs[c->index],
		.bytes = bytes,
		.flags = flags,
		.sequence = s->source.captures - 1,
		.timestamp_ns = c->timestamp_ns,
	};
	return 1;
}

/* A server that was told to end is no failure, if that was enough. */
static int take_error(struct share *s, int err)
{
	if (err == -EAGAIN || err == -EINTR)
		return 0;
	s->ended = true;
	explain(s, "captures end at", err);
	return err == -ESHUTDOWN ? 0 : err;
}

static int share_take(struct source *source, struct capture *capture)
{
	struct share *s = share_of(source);
	struct fpgabuf_shared_capture c;
	int err;

	if (s->ended || source->stopping || is_complete(source))
		return 0;
	err = fpgabuf_client_next(s->client, &c);
	return err ? take_error(s, err) : accept_capture(s, &c, capture);
}

static int share_stop(struct source *source)
{
	(void)source;
	return 0;
}

static bool share_finished(const struct source *source)
{
	const struct share *s = (const struct share *)source;

	return s->ended || source->stopping || is_complete(source);
}

static int share_fd(const struct source *source)
{
	const struct share *s = (const struct share *)source;

	return fpgabuf_client_fd(s->client);
}

static int64_t share_retry_ns(const struct source *source)
{
	return ((const struct share *)source)->retry_ns;
}

static void share_close(struct source *source)
{
	struct share *s = share_of(source);

	fpgabuf_client_close(s->client);
	free(s->addrs);
	free(s->unreleased);
	free(s);
}

static const struct source_ops share_ops = {
	.fill = share_fill,
	.take = share_take,
	.release = share_release,
	.stop = share_stop,
	.finished = share_finished,
	.fd = share_fd,
	.retry_ns = share_retry_ns,
	.close = share_close,
};

static int open_share(struct share *s, const struct send_options *o)
{
	struct fpgabuf_client_geometry geometry;
	int err;

	err = fpgabuf_client_connect(o->share, o->regions, O_NONBLOCK,
				     &s->client);
	if (err) {
		explain(s, "cannot get captures from", err);
		return err;
	}
	fpgabuf_client_geometry(s->client, &geometry);
	s->source.slot_count = geometry.regions;
	s->source.capacity = geometry.credits;
	s->source.region_size = geometry.region_size;
	s->addrs = calloc(geometry.regions, sizeof(*s->addrs));
	s->unreleased = calloc(geometry.regions, sizeof(*s->unreleased));
	if (!s->addrs || !s->unreleased) {
		message("out of memory");
		return -ENOMEM;
	}
	return 0;
}

struct source *source_open_share(const struct send_options *options)
{
	struct share *s = calloc(1, sizeof(*s));

	if (!s) {
		message("out of memory");
		return NULL;
	}
	s->source = (struct source){
		.ops = &share_ops,
		.name = options->share,
		.silence = "see the messages of fpgabuf-share: the FPGA may have stalled, or it waits for more clients (--wait)",
		.backend = BACKEND_UNKNOWN,
		.bytes_wanted = options->bytes,
		.captures_wanted = options->captures,
	};
	if (!open_share(s, options))
		return &s->source;
	share_close(&s->source);
	return NULL;
}
