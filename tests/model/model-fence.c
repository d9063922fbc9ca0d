// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's operations on the fence of a capture. */
#include <poll.h>

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

#include "model.h"

/* 0 = not yet, 1 = finished, or a negative errno */
static int sync_status(struct actor *actor)
{
	struct sync_file_info info = { 0 };

	if (call(actor->sync_file, SYNC_IOC_FILE_INFO, &info))
		diverge(actor, "SYNC_IOC_FILE_INFO fails");
	return info.status;
}

/* A capture that was dequeued is finished, and the fence says so already. */
static void sync_check(struct actor *actor)
{
	struct capture *capture = find_cookie(&actor->file, actor->sync_cookie);
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	enum known ended = YES;
	int status;

	status = sync_status(actor);
	if (capture)
		ended = finished(capture, life(actor, before));
	within(&verdict, "the sync_file is signalled", status != 0,
	       ended == YES, ended != NO);
	if (actor->sync_ended && !actor->sync_any)
		within(&verdict, "status", status,
		       actor->sync_error ?: 1, actor->sync_error ?: 1);
	check(actor, &verdict);
	if (capture && status)
		finished_up_to(&actor->file, capture);
}

static bool is_queued(const struct actor *actor, const struct region *region)
{
	return region->nr_fds &&
	       find_capture((struct file *)&actor->file,
			    region_index(actor, region));
}

/* The fence of a capture, to be looked at now and until it is finished. */
static bool sync_export(struct actor *actor)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_READ };
	struct region *region = draw_region(actor, is_queued);
	struct allowed allowed = { .success = true };
	int ret;

	if (!region)
		return false;
	say(actor, "EXPORT_SYNC_FILE %u", region_index(actor, region));
	ret = call(fd_of(actor, region), DMA_BUF_IOCTL_EXPORT_SYNC_FILE,
		   &export);
	/* Before Linux 6.0 */
	if (ret == -ENOTTY)
		return true;
	check_result(actor, ret, &allowed);
	actor->sync_file = export.fd;
	actor->sync_cookie = find_capture(&actor->file,
					  region_index(actor, region))->cookie;
	actor->sync_ended = false;
	/* Of a fence that is signalled already nothing but that is told. */
	actor->sync_any = sync_status(actor) != 0;
	sync_check(actor);
	return true;
}

static bool can_fence(const struct actor *actor, const struct region *region)
{
	return region->nr_fds && !region->borrowed &&
	       fenced(&actor->file, LIVE, region) == NO;
}

/*
 * The fence of a capture goes to another region, or to the same: for the driver it is
 * the fence of somebody who reads there until then.
 */
bool op_fence(struct actor *actor)
{
	struct dma_buf_import_sync_file import = {
		.flags = DMA_BUF_SYNC_READ, .fd = actor->sync_file,
	};
	struct allowed allowed = { .success = true };
	struct region *region;
	int ret;

	if (actor->sync_file < 0 ||
	    !find_cookie(&actor->file, actor->sync_cookie))
		return false;
	region = draw_region(actor, can_fence);
	if (!region)
		return false;
	say(actor, "IMPORT_SYNC_FILE %u", region_index(actor, region));
	ret = call(fd_of(actor, region), DMA_BUF_IOCTL_IMPORT_SYNC_FILE,
		   &import);
	/* Before Linux 6.0 */
	if (ret == -ENOTTY)
		return true;
	check_result(actor, ret, &allowed);
	region->fenced = true;
	region->fence = actor->sync_cookie;
	return true;
}

bool op_sync_file(struct actor *actor)
{
	if (actor->sync_file < 0)
		return sync_export(actor);
	say(actor, "status of the sync_file");
	sync_check(actor);
	if (draw(actor, 2))
		return true;
	actor_close(actor, actor->sync_file);
	actor->sync_file = NO_FD;
	return true;
}
