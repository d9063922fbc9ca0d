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

#include "compat.h"
#include "fpgabuf.h"

static struct dentry *root;

static int counters_show(struct seq_file *file, void *unused)
{
	struct fpgabuf_device *fdev = file->private;
	u64 captures, gaps;

	spin_lock_irq(&fdev->qlock);
	captures = fdev->captures;
	gaps = fdev->gaps;
	spin_unlock_irq(&fdev->qlock);

	seq_printf(file, "captures: %llu\n", captures);
	seq_printf(file, "gaps: %llu\n", gaps);
	seq_printf(file, "busy: %lld\n", atomic64_read(&fdev->busy));
	seq_printf(file, "used_bytes: %lld\n",
		   atomic64_read(&fdev->memory->quota.used));
	seq_printf(file, "synced_for_cpu_bytes: %lld\n",
		   atomic64_read(&fdev->synced_for_cpu));
	seq_printf(file, "synced_for_device_bytes: %lld\n",
		   atomic64_read(&fdev->synced_for_device));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static const char * const state_names[] = {
	[FPGABUF_REGION_IDLE] = "idle",
	[FPGABUF_REGION_QUEUED] = "queued",
	[FPGABUF_REGION_DONE] = "done",
};

static void region_show(struct seq_file *file, struct fpgabuf_region *region)
{
	const struct fpgabuf_pages *pages = &region->pages;

	seq_printf(file, "%8lu %10zu %-15s %6u %6s", region->ino, pages->size,
		   pages->backend->name, pages->nr_chunks,
		   state_names[fpgabuf_capture_state(region)]);
}

/* Not at any price: page faults may hold the lock for long, see capture.c. */
static void usage_show(struct seq_file *file, struct fpgabuf_region *region)
{
	struct fpgabuf_usage usage;
	unsigned int importers;

	if (!down_write_trylock(&region->sem)) {
		seq_puts(file, " locked\n");
		return;
	}
	fpgabuf_region_usage(region, &usage);
	importers = fpgabuf_region_importers(region);
	up_write(&region->sem);
	seq_printf(file, " %9u %8llu %6llu\n", importers, usage.mappings,
		   usage.in_use);
}

static int regions_show(struct seq_file *file, void *unused)
{
	struct fpgabuf_device *fdev = file->private;
	struct fpgabuf_region *region;

	seq_printf(file, "%8s %10s %-15s %6s %6s %9s %8s %6s\n", "inode",
		   "bytes", "backend", "chunks", "state", "importers",
		   "mappings", "in-use");
	mutex_lock(&fdev->lock);
	list_for_each_entry(region, &fdev->regions, node) {
		region_show(file, region);
		usage_show(file, region);
	}
	mutex_unlock(&fdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/**
 * fpgabuf_debugfs_add() - show a device
 * @fdev: the device
 */
void fpgabuf_debugfs_add(struct fpgabuf_device *fdev)
{
	fdev->debugfs = debugfs_create_dir(fdev->memory->name, root);
	debugfs_create_file("counters", 0400, fdev->debugfs, fdev,
			    &counters_fops);
	debugfs_create_file("regions", 0400, fdev->debugfs, fdev,
			    &regions_fops);
}

/**
 * fpgabuf_debugfs_remove() - show it no longer
 * @fdev: the device; nobody is looking at it when this returns
 *
 * Context: process, sleeps; not under &fpgabuf_device.lock.
 */
void fpgabuf_debugfs_remove(struct fpgabuf_device *fdev)
{
	debugfs_remove_recursive(fdev->debugfs);
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
