// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/explain.h"
#include "common/message.h"
#include "info/owners.h"
#include "info/parse.h"
#include "info/snapshot.h"
#include "info/standing.h"

/* An open device would keep the driver from being unloaded. */
static int read_device(struct device_state *d, const char *path)
{
	struct fpgabuf_device *device;
	int err;

	if (snprintf(d->path, sizeof(d->path), "%s", path) >=
	    (int)sizeof(d->path)) {
		message("%s: the name is too long", path);
		return -1;
	}
	err = fpgabuf_device_open(path, 0, &device);
	if (!err) {
		err = fpgabuf_device_info(device, &d->info);
		fpgabuf_device_close(device);
	}
	if (!err)
		return 0;
	explain_open(path, err);
	return -1;
}

static int read_devices(struct snapshot *s, char *const paths[],
			unsigned int count)
{
	unsigned int i;

	s->devices = calloc(count, sizeof(*s->devices));
	if (!s->devices) {
		message("out of memory");
		return -1;
	}
	for (i = 0; i < count; i++)
		if (read_device(&s->devices[i], paths[i]))
			return -1;
	s->device_count = count;
	return 0;
}

static int find_devices(struct snapshot *s, const struct places *places)
{
	char pattern[256];
	glob_t found;
	int ret;

	snprintf(pattern, sizeof(pattern), "%s/fpgabuf[0-9]*", places->dev);
	ret = glob(pattern, GLOB_ERR, NULL, &found);
	if (!ret) {
		ret = read_devices(s, found.gl_pathv, found.gl_pathc);
	} else if (ret == GLOB_NOMATCH) {
		message("there is no device %s", pattern);
		remedy("is the driver loaded (`modprobe fpgabuf`), and bound to a device?");
	} else {
		message("cannot look for %s: %s", pattern, strerror(errno));
	}
	globfree(&found);
	return ret ? -1 : 0;
}

/* Calls @take for each line of a file.  Returns 0 or a negative errno. */
static int for_each_line(const char *path,
			 int (*take)(void *arg, const char *line), void *arg)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	if (!f)
		return -errno;
	while (!err && getline(&line, &size, f) > 0)
		err = take(arg, line);
	if (!err && ferror(f))
		err = -EIO;
	free(line);
	fclose(f);
	return err;
}

static int take_counter(void *arg, const char *line)
{
	struct device_state *d = arg;

	parse_counter(line, "synced_for_cpu_bytes", &d->synced_for_cpu);
	parse_counter(line, "synced_for_device_bytes", &d->synced_for_device);
	return 0;
}

/**
 * struct region_reader - a file of regions that is being read
 * @regions: where they go
 * @device: index of their device
 */
struct region_reader {
	struct regions *regions;
	int device;
};

/* The first line has titles. */
static int take_region(void *arg, const char *line)
{
	struct region_reader *reader = arg;
	struct region described, *region;

	if (parse_region(line, &described))
		return 0;
	region = regions_get(reader->regions, described.inode);
	if (!region)
		return -ENOMEM;
	described.device = reader->device;
	described.refs = region->refs;
	described.owners = region->owners;
	described.owner_count = region->owner_count;
	described.attached = region->attached;
	described.attached_count = region->attached_count;
	*region = described;
	return 0;
}

/**
 * struct dmabuf_reader - the file of all dma-bufs that is being read
 * @regions: where regions go
 * @inode: of the region whose lines come, or 0
 * @list: devices that are attached come
 */
struct dmabuf_reader {
	struct regions *regions;
	uint64_t inode;
	bool list;
};

/*
 * The last list counts: a user may have given the dma-buf a name that looks like one.
 */
static int take_attached(struct dmabuf_reader *reader, const char *line)
{
	struct region *region;
	char name[64];

	if (!reader->inode)
		return 0;
	region = regions_get(reader->regions, reader->inode);
	if (!region)
		return -ENOMEM;
	if (parse_attached_title(line)) {
		reader->list = true;
		region->attached_count = 0;
	} else if (reader->list && !parse_attached(line, name, sizeof(name))) {
		return region_attach(region, name);
	}
	return 0;
}

/* A line that is not indented is about the next dma-buf, of whatever driver. */
static int take_dmabuf(void *arg, const char *line)
{
	struct dmabuf_reader *reader = arg;
	struct dmabuf_info info;
	struct region *region;

	if (*line == '\t')
		return take_attached(reader, line);
	reader->list = false;
	reader->inode = 0;
	if (parse_bufinfo(line, &info))
		return 0;
	region = regions_get(reader->regions, info.inode);
	if (!region)
		return -ENOMEM;
	reader->inode = info.inode;
	region->size = info.size;
	region->refs = info.refs;
	return 0;
}

/* The driver's name of the device; the node may have any name. */
static void debug_path(char path[512], const struct places *places,
		       const struct device_state *d, const char *file)
{
	snprintf(path, 512, "%s/fpgabuf/%.*s/%s", places->debug,
		 (int)sizeof(d->info.name), d->info.name, file);
}

static void read_debugfs(struct snapshot *s, const struct places *places,
			 unsigned int index)
{
	struct region_reader reader = { &s->regions, index };
	struct device_state *d = &s->devices[index];
	char path[512];

	debug_path(path, places, d, "counters");
	d->debug_error = for_each_line(path, take_counter, d);
	if (d->debug_error)
		return;
	debug_path(path, places, d, "regions");
	d->debug_error = for_each_line(path, take_region, &reader);
}

/* An error is not reported again if earlier files could not be read. */
static void read_bufinfo(struct snapshot *s, const struct places *places)
{
	struct dmabuf_reader reader = { .regions = &s->regions };
	char path[512];

	snprintf(path, sizeof(path), "%s/dma_buf/bufinfo", places->debug);
	for_each_line(path, take_dmabuf, &reader);
}

static int compare_regions(const void *a, const void *b)
{
	const struct region *one = a, *two = b;

	return (one->inode > two->inode) - (one->inode < two->inode);
}

/* The dma-buf core first: it knows the references better than processes do. */
static int read_regions(struct snapshot *s, const struct places *places)
{
	unsigned int i;
	int err;

	read_bufinfo(s, places);
	for (i = 0; i < s->device_count; i++)
		read_debugfs(s, places, i);
	err = owners_find(places, &s->regions, &s->hidden);
	if (err) {
		message("cannot look for owners in %s: %s", places->proc,
			strerror(-err));
		return -1;
	}
	for (i = 0; i < s->device_count; i++)
		standing_find(&s->regions, i, s->devices[i].path);
	if (s->regions.count)
		qsort(s->regions.list, s->regions.count,
		      sizeof(*s->regions.list), compare_regions);
	return 0;
}

int snapshot_take(struct snapshot *s, const struct places *places,
		  char *const paths[], unsigned int count)
{
	int ret;

	*s = (struct snapshot){ .ns = clock_ns() };
	ret = count ? read_devices(s, paths, count) : find_devices(s, places);
	if (!ret)
		ret = read_regions(s, places);
	if (ret)
		snapshot_free(s);
	return ret;
}

void snapshot_free(struct snapshot *s)
{
	regions_free(&s->regions);
	free(s->devices);
	*s = (struct snapshot){ 0 };
}
