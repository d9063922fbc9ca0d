// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that another program has captured: a dma-buf that this program has
 * inherited, sent once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/message.h"
#include "send/sources.h"

/**
 * struct dmabuf - the buffer
 * @source: what every source has
 * @name: for messages
 * @region: the buffer
 */
struct dmabuf {
	struct source source;
	char name[32];
	struct fpgabuf_region *region;
};

static int dmabuf_fail(struct source *source, int err)
{
	message("cannot read %s: %s", source->name, strerror(-err));
	remedy("not every driver lets programs map its dma-bufs");
	return err;
}

static void dmabuf_close(struct source *source)
{
	fpgabuf_region_close(((struct dmabuf *)source)->region);
}

static void explain_import(const struct dmabuf *d, int err)
{
	message("cannot send %s: %s", d->name,
		err == -ENOTTY ? "it is not a dma-buf" : strerror(-err));
	if (err == -EBADF)
		remedy("the program that starts fpgabuf-send must leave the descriptor open, and pass its number");
	else if (err == -ENOTTY)
		remedy("it must be a dma-buf, for example from fpgabuf_region_fd() or a DMA heap");
}

static int check_size(struct dmabuf *d)
{
	uint64_t size = fpgabuf_region_size(d->region);
	uint64_t wanted = d->source.bytes_wanted;

	d->source.region_size = size;
	if (wanted == UNLIMITED)
		d->source.bytes_wanted = size;
	else if (wanted > size) {
		message("%s has only %" PRIu64 " bytes", d->name, size);
		remedy("use a smaller --bytes, or leave it out to send all");
		return -EINVAL;
	}
	return 0;
}

/*
 * io_uring registers what is mapped for writing, and nothing else.  Filling waits for
 * a capture that is under way.
 */
static int make_source(struct dmabuf *d)
{
	void *addr;
	int err;

	if (!fpgabuf_region_map(d->region, PROT_READ | PROT_WRITE, &addr))
		d->source.fixed = addr;
	err = fpgabuf_source_of_region(d->region, &d->source.from);
	err = source_begin(&d->source, err);
	return err ? err : source_fill(&d->source);
}

static int dmabuf_open(struct source *source, const struct source_setup *o)
{
	struct dmabuf *d = (struct dmabuf *)source;
	int err;

	snprintf(d->name, sizeof(d->name), "descriptor %d", o->fd);
	source->name = d->name;
	source->capacity = 1;
	source->captures_wanted = 1;
	err = fpgabuf_region_import(o->fd, &d->region);
	if (err) {
		explain_import(d, err);
		return err;
	}
	err = check_size(d);
	return err ? err : make_source(d);
}

const struct source_kind source_dmabuf = {
	.size = sizeof(struct dmabuf),
	.open = dmabuf_open,
	.fail = dmabuf_fail,
	.close = dmabuf_close,
};
