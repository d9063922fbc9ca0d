// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - regions that have gone, and whose pages somebody still has
 *
 * A packet, a pipe or a direct I/O may hold a page longer than anybody holds the
 * region.  Until it lets go the region stays here, and with it its memory: charged,
 * because the limits would mean nothing otherwise; and out of the reach of the
 * allocators, which would give pages of a carve-out or of CMA to the next one.
 *
 * Nobody says when the last reference of a page goes, so it is looked for.
 * Meanwhile the module stays loaded.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "region.h"

#define PERIOD	(HZ / 20)

static LIST_HEAD(quarantine);
static DEFINE_MUTEX(quarantine_lock);

static void quarantine_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(quarantine_check, quarantine_work);

/**
 * fpgabuf_quarantine_look() - free what nobody has any more
 *
 * For somebody who needs the memory now.
 *
 * Context: process, may sleep.
 */
void fpgabuf_quarantine_look(void)
{
	struct fpgabuf_region *region, *next;

	mutex_lock(&quarantine_lock);
	list_for_each_entry_safe(region, next, &quarantine, node) {
		if (!fpgabuf_region_at_rest(region))
			continue;
		list_del(&region->node);
		fpgabuf_region_free(region);
		/* fpgabuf_quarantine_barrier() waits until this has returned. */
		module_put(THIS_MODULE);
	}
	mutex_unlock(&quarantine_lock);
}

static void quarantine_work(struct work_struct *work)
{
	bool empty;

	fpgabuf_quarantine_look();
	mutex_lock(&quarantine_lock);
	empty = list_empty(&quarantine);
	mutex_unlock(&quarantine_lock);
	if (!empty)
		schedule_delayed_work(&quarantine_check, PERIOD);
}

/**
 * fpgabuf_quarantine_add() - keep a region until nobody has a page of it
 * @region: no longer known to anybody; freed by and by
 *
 * Context: process, may sleep.
 */
void fpgabuf_quarantine_add(struct fpgabuf_region *region)
{
	__module_get(THIS_MODULE);
	mutex_lock(&quarantine_lock);
	list_add_tail(&region->node, &quarantine);
	mutex_unlock(&quarantine_lock);
	schedule_delayed_work(&quarantine_check, PERIOD);
}

/**
 * fpgabuf_quarantine_barrier() - wait until nothing is being freed
 *
 * Context: module exit, which the end of the last quarantine has made possible.
 */
void fpgabuf_quarantine_barrier(void)
{
	cancel_delayed_work_sync(&quarantine_check);
}
