// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a region that captures go to
 *
 * There is one capture for all of the region, or one for each slice of it.  Each has
 * what the channel and the mark need for its part of the memory.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "channel.h"
#include "compat.h"
#include "mapping.h"
#include "mark.h"
#include "region.h"
#include "target.h"

/* Of a part of the region; @at is where the part's first segment begins. */
static int capture_init(struct fpgabuf_capture *capture,
			const struct fpgabuf_channel *channel, size_t *at,
			u32 end)
{
	const struct fpgabuf_mapping *mapping = &capture->target->buffer.mapping;
	unsigned int segments =
		fpgabuf_owner_segments(mapping->owner, mapping->region, at,
				       capture->offset, end);
	int ret = sg_alloc_table(&capture->transfer.sgt, segments,
				 GFP_KERNEL_ACCOUNT);

	if (ret || channel->tells)
		return ret;
	return fpgabuf_mark_init(&capture->mark, segments,
				 channel->limits.alignment);
}

static void free_captures(struct fpgabuf_capture *captures, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		sg_free_table(&captures[i].transfer.sgt);
		fpgabuf_mark_exit(&captures[i].mark);
	}
	kvfree(captures);
}

/**
 * fpgabuf_target_cut() - make the captures of a region
 * @target: the region, claimed, or not yet exported
 * @channel: that its captures are for
 * @slice: bytes of each, below the region's size; 0 = one for all of the region
 *
 * They are kept for the next time.  More than a queue takes are not made.
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM; then those that there were are still there.
 */
int fpgabuf_target_cut(struct fpgabuf_target *target,
		       const struct fpgabuf_channel *channel, u32 slice)
{
	u32 size = target->buffer.region->pages.size, i, nr = 1;
	struct fpgabuf_capture *captures;
	size_t at = 0;
	int ret = 0;

	if (target->captures && target->slice == slice)
		return 0;
	if (slice)
		nr = min_t(u32, DIV_ROUND_UP(size, slice), FPGABUF_MAX_QUEUED);
	captures = kvcalloc(nr, sizeof(*captures), GFP_KERNEL_ACCOUNT);
	if (!captures)
		return -ENOMEM;
	for (i = 0; i < nr && !ret; i++) {
		captures[i].target = target;
		captures[i].offset = i * slice;
		ret = capture_init(&captures[i], channel, &at,
				   slice ? min(size, (i + 1) * slice) : size);
		cond_resched();
	}
	if (ret) {
		free_captures(captures, nr);
		return ret;
	}
	free_captures(target->captures, target->nr);
	target->captures = captures;
	target->nr = nr;
	target->slice = slice;
	return 0;
}

/**
 * fpgabuf_target_exit() - undo fpgabuf_target_cut(); harmless without it
 * @target: the region; the channel has none of its captures
 */
void fpgabuf_target_exit(struct fpgabuf_target *target)
{
	free_captures(target->captures, target->nr);
}
