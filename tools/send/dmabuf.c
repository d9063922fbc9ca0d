// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that was captured by somebody else: a dma-buf that this program
 * has inherited, sent once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "send/source.h"

enum { DMABUF_READY, DMABUF_TAKEN, DMABUF_DONE };

/**
 * struct dmabuf - the buffer and where it is
 * @source: what every source has
 * @name: for messages
 * @region: the buffer
 * @addr: where it is mapped
 * @state: where it is
 */
struct dmabuf {
	struct source source;
	char name[32];
	struct fpgabuf_region *region;
	void *addr;
	int state;
};

static struct dmabuf *dmabuf_of(struct source *source)
{
	return (struct dmabuf *)source;
}

static int dmabuf_fill(struct source *source)
{
	(void)source;
	return 0;
}

static int dmabuf_take(struct source *source, struct capture *capture)
{
	struct dmabuf *d = dmabuf_of(source);

	if (d->state != DMABUF_READY || source->stopping)
		return 0;
	d->state = DMABUF_TAKEN;
	*capture = (struct capture){
		.addr = d->addr,
		.bytes = source_account(source, 0, source->bytes_wanted),
		.timestamp_ns = clock_ns(),
	};
	return 1;
}

static void dmabuf_release(struct source *source, unsigned int slot)
{
	(void)slot;
	dmabuf_of(source)->state = DMABUF_DONE;
}

static int dmabuf_stop(struct source *source)
{
	(void)source;
	return 0;
}

static bool dmabuf_finished(const struct source *source)
{
	return source->stopping ||
	       ((const struct dmabuf *)source)->state != DMABUF_READY;
}

static int dmabuf_fd(const struct source *source)
{
	(void)source;
	return -1;
}

static int64_t dmabuf_retry_ns(const struct source *source)
{
	(void)source;
	return 0;
}

static void dmabuf_close(struct source *source)
{
	struct dmabuf *d = dmabuf_of(source);

	if (d->addr)
		fpgabuf_region_sync_end(d->region, PROT_READ);
	fpgabuf_region_close(d->region);
	free(d);
}

static const struct source_ops dmabuf_ops = {
	.fill = dmabuf_fill,
	.take = dmabuf_take,
	.release = dmabuf_release,
	.stop = dmabuf_stop,
	.finished = dmabuf_finished,
	.fd = dmabuf_fd,
	.retry_ns = dmabuf_retry_ns,
	.close = dmabuf_close,
};

static void explain_import(const struct dmabuf *d, int err)
{
	message("cannot send %s: %s", d->name,
		err == -ENOTTY ? "it is not a dma-buf" : strerror(-err));
	if (err == -EBADF)
		remedy("whoever starts this program must leave it open, and say its number");
	else if (err == -ENOTTY)
		remedy("fpgabuf_region_fd() and DMA heaps make such descriptors");
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
		remedy("use a smaller --bytes, or none for all of it");
		return -EINVAL;
	}
	return 0;
}

/* io_uring registers what is mapped for writing, and nothing else. */
static int map(struct dmabuf *d)
{
	int err;

	err = fpgabuf_region_map(d->region, PROT_READ | PROT_WRITE, &d->addr);
	if (!err)
		d->source.fixed = d->addr;
	else
		err = fpgabuf_region_map(d->region, PROT_READ, &d->addr);
	/* Waits for a capture that is under way. */
	if (!err)
		err = fpgabuf_region_sync_start(d->region, PROT_READ);
	if (err) {
		message("cannot read %s: %s", d->name, strerror(-err));
		remedy("not every driver lets programs map its dma-bufs");
	}
	return err;
}

static int open_dmabuf(struct dmabuf *d, int fd)
{
	int err;

	err = fpgabuf_region_import(fd, &d->region);
	if (err) {
		explain_import(d, err);
		return err;
	}
	err = check_size(d);
	return err ? err : map(d);
}

struct source *source_open_fd(const struct send_options *options)
{
	struct dmabuf *d = calloc(1, sizeof(*d));

	if (!d) {
		message("out of memory");
		return NULL;
	}
	snprintf(d->name, sizeof(d->name), "descriptor %d", options->fd);
	d->source = (struct source){
		.ops = &dmabuf_ops,
		.name = d->name,
		.slot_count = 1,
		.capacity = 1,
		.backend = BACKEND_UNKNOWN,
		.bytes_wanted = options->bytes,
		.captures_wanted = 1,
	};
	if (!open_dmabuf(d, options->fd))
		return &d->source;
	dmabuf_close(&d->source);
	return NULL;
}
