// SPDX-License-Identifier: GPL-2.0-only
/* The source that another program captures for: fpgabuf-share. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/message.h"
#include "common/source.h"

/**
 * struct share - the server
 * @source: what every source has
 * @client: the connection to it
 */
struct share {
	struct source source;
	struct fpgabuf_client *client;
};

static void explain(const struct source *source, const char *what, int err)
{
	const char *why = fpgabuf_client_strerror(err);

	message("%s %s: %s", what, source->name, why ? why : strerror(-err));
	if (err == -ENOENT || err == -ECONNREFUSED)
		remedy("is fpgabuf-share running, with that socket?");
	else if (err == -EACCES)
		remedy("join the group of the socket (`ls -l %s`), or become root",
		       source->name);
}

/* The end of the server is no failure if enough was captured. */
static int share_fail(struct source *source, int err)
{
	source->ended = true;
	if (fpgabuf_source_reason(source->from) == FPGABUF_REASON_MAP)
		message("cannot map a region of %s: %s", source->name,
			strerror(-err));
	else
		explain(source, "captures end at", err);
	return err == -ESHUTDOWN ? 0 : err;
}

static void share_close(struct source *source)
{
	fpgabuf_client_close(((struct share *)source)->client);
}

static int share_open(struct source *source, const struct source_setup *o)
{
	struct share *s = (struct share *)source;
	struct fpgabuf_client_geometry geometry;
	int err;

	source->name = o->share;
	source->silence = "see the messages of fpgabuf-share: the FPGA may have stalled, or it waits for more clients (--wait)";
	err = fpgabuf_client_connect(o->share, o->regions, O_NONBLOCK,
				     &s->client);
	if (err) {
		explain(source, "cannot get captures from", err);
		return err;
	}
	fpgabuf_client_geometry(s->client, &geometry);
	source->capacity = geometry.credits;
	source->region_size = geometry.region_size;
	err = fpgabuf_source_of_client(s->client, &source->from);
	return source_begin(source, err);
}

const struct source_kind source_share = {
	.size = sizeof(struct share),
	.open = share_open,
	.fail = share_fail,
	.close = share_close,
};
