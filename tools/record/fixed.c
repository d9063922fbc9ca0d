// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/standing.h"
#include "record/fixed.h"

/**
 * struct fixed - the buffers
 * @source: whose they are
 * @disk: what they are registered with
 * @buffers: by slot, where it is mapped for this
 * @registered: they are
 */
struct fixed {
	const struct source *source;
	struct disk *disk;
	struct iovec *buffers;
	bool registered;
};

static int map_all(struct fixed *f)
{
	const struct source *source = f->source;
	unsigned int i;

	for (i = 0; i < source->slot_count; i++) {
		f->buffers[i].iov_base = standing_map(source, i);
		if (!f->buffers[i].iov_base)
			return -errno;
		f->buffers[i].iov_len = source->region_size;
	}
	return 0;
}

static int settle_all(const struct fixed *f)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < f->source->slot_count && !err; i++)
		err = standing_settle(f->source, i);
	return err;
}

static int fill(struct fixed *f)
{
	int err = map_all(f);

	if (!err)
		err = disk_register(f->disk, f->buffers, f->source->slot_count);
	f->registered = !err;
	return err ? err : settle_all(f);
}

static struct fixed *allocate(const struct source *source, struct disk *disk)
{
	struct fixed *new = calloc(1, sizeof(*new));

	if (!new)
		return NULL;
	new->source = source;
	new->disk = disk;
	new->buffers = calloc(source->slot_count, sizeof(*new->buffers));
	if (new->buffers)
		return new;
	free(new);
	return NULL;
}

int fixed_new(const struct source *source, struct disk *disk,
	      struct fixed **fixed)
{
	struct fixed *new;
	int err;

	/* Of a server's memory nobody here can say that the pins may stay. */
	if (!source->capturing)
		return -EOPNOTSUPP;
	new = allocate(source, disk);
	if (!new)
		return -ENOMEM;
	err = fill(new);
	if (err)
		fixed_free(new);
	else
		*fixed = new;
	return err;
}

void fixed_free(struct fixed *f)
{
	unsigned int i;

	if (!f)
		return;
	if (f->registered)
		disk_forget(f->disk);
	for (i = 0; i < f->source->slot_count; i++)
		if (f->buffers[i].iov_base)
			munmap(f->buffers[i].iov_base, f->source->region_size);
	free(f->buffers);
	free(f);
}

void fixed_request(const struct fixed *f, unsigned int slot,
		   struct disk_request *request)
{
	request->addr = standing_at(f->source, slot, f->buffers[slot].iov_base,
				    request->addr);
	request->buffer = slot + 1;
}
