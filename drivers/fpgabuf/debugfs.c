// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - what can be seen in debugfs
 *
 * /sys/kernel/debug/fpgabuf/fpgabufN/ has, while the device is bound:
 *
 *	counters	what has happened since, a number a line
 *	regions		the living regions, one a line
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include <linux/fpgabuf.h>

#include "capture.h"
#include "compat.h"
#include "debugfs.h"
#include "dmabuf.h"
#include "memory.h"
#include "region.h"

static struct dentry *root;

static int counters_show(struct seq_file *file, void *unused)
{
	struct fpgabuf_stream *stream = file->private;
	const struct fpgabuf_owner *owner = &stream->buffers.owner;
	struct fpgabuf_counts counts;

	fpgabuf_stream_count(stream, &counts);
	seq_printf(file, "captures: %llu\n", counts.captures);
	seq_printf(file, "gaps: %llu\n", counts.gaps);
	seq_printf(file, "busy: %lld\n", atomic64_read(&stream->busy));
	seq_printf(file, "used_bytes: %lld\n",
		   atomic64_read(&stream->memory->quota.used));
	seq_printf(file, "synced_for_cpu_bytes: %lld\n",
		   atomic64_read(&owner->synced_for_cpu));
	seq_printf(file, "synced_for_device_bytes: %lld\n",
		   atomic64_read(&owner->synced_for_device));
	seq_printf(file, "synced_for_importers_bytes: %lld\n",
		   atomic64_read(&stream->buffers.synced));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static const char * const state_names[] = {
	[FPGABUF_REGION_IDLE] = "idle",
	[FPGABUF_REGION_QUEUED] = "queued",
	[FPGABUF_REGION_DONE] = "done",
};

/* Not at any price: page faults may hold the lock for long, see capture.c. */
static void usage_show(struct seq_file *file, struct fpgabuf_buffer *buffer)
{
	struct fpgabuf_usage usage;
	unsigned int importers;

	if (!fpgabuf_buffer_try_look(buffer, &usage, &importers)) {
		seq_puts(file, " locked\n");
		return;
	}
	seq_printf(file, " %9u %8llu %6llu\n", importers, usage.mappings,
		   usage.in_use);
}

static void region_show(struct fpgabuf_buffer *buffer, void *data)
{
	const struct fpgabuf_region *region = buffer->region;
	const struct fpgabuf_pages *pages = &region->pages;
	struct seq_file *file = data;

	seq_printf(file, "%8lu %10zu %-15s %6u %6s", region->ino, pages->size,
		   pages->backend->name, pages->nr_chunks,
		   state_names[fpgabuf_buffer_state(buffer)]);
	usage_show(file, buffer);
}

static int regions_show(struct seq_file *file, void *unused)
{
	struct fpgabuf_stream *stream = file->private;

	seq_printf(file, "%8s %10s %-15s %6s %6s %9s %8s %6s\n", "inode",
		   "bytes", "backend", "chunks", "state", "importers",
		   "mappings", "in-use");
	fpgabuf_buffers_each(&stream->buffers, region_show, file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/**
 * fpgabuf_debugfs_add() - show a device
 * @stream: of the device
 *
 * Return: its directory, for fpgabuf_debugfs_remove().
 */
struct dentry *fpgabuf_debugfs_add(struct fpgabuf_stream *stream)
{
	struct dentry *dir = debugfs_create_dir(stream->memory->name, root);

	debugfs_create_file("counters", 0400, dir, stream, &counters_fops);
	debugfs_create_file("regions", 0400, dir, stream, &regions_fops);
	return dir;
}

/**
 * fpgabuf_debugfs_remove() - show it no longer
 * @dir: the directory; nobody is looking at it when this returns
 *
 * Context: process, sleeps; not under a lock of the device.
 */
void fpgabuf_debugfs_remove(struct dentry *dir)
{
	debugfs_remove_recursive(dir);
}

/**
 * fpgabuf_debugfs_init() - make the directory of all devices
 */
void fpgabuf_debugfs_init(void)
{
	root = debugfs_create_dir("fpgabuf", NULL);
}

/**
 * fpgabuf_debugfs_exit() - undo fpgabuf_debugfs_init()
 */
void fpgabuf_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
