// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's registrations, which pin regions, and baselines. */
#include <errno.h>
#include <stdlib.h>

#include "model.h"
#include "uring.h"

/* It does not go at once when its process is killed: not where all is counted. */
static bool can_register(const struct actor *actor, const struct region *region)
{
	return world->pins && !actor->alone && region->nr_maps &&
	       !region->borrowed && region->nr_pins < PINS;
}

bool op_register(struct actor *actor)
{
	struct region *region = draw_region(actor, can_register);
	struct allowed allowed = { .success = true };
	unsigned int page, pages, i;
	struct uring *ring;
	struct iovec iov;
	struct map *map;
	int ret;

	if (!region)
		return false;
	map = &region->map[draw(actor, region->nr_maps)];
	/* The kernel pins for writing. */
	if (!map->writable)
		return false;
	page = draw(actor, map->pages);
	pages = 1 + draw(actor, map->pages - page);
	say(actor, "register %u, pages %u+%u", region_index(actor, region),
	    map->page + page, pages);
	ring = malloc(sizeof(*ring));
	if (!ring || uring_open(ring))
		diverge(actor, "no ring: %d", errno);
	iov.iov_base = map->mem + (size_t)page * PAGE;
	iov.iov_len = (size_t)pages * PAGE;
	ret = uring_register(ring, &iov, 1);
	check_result(actor, ret, &allowed);
	region->ring[region->nr_pins++] = ring;
	for (i = 0; i < pages; i++)
		touch(map, map->page + page + i);
	return true;
}

static bool is_registered(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->nr_pins;
}

/* The last one: those of the baseline go when there are no others. */
void region_unregister(struct actor *actor, struct region *region)
{
	struct uring *ring = region->ring[--region->nr_pins];

	if (uring_unregister(ring))
		diverge(actor, "the registration cannot be ended");
	pthread_rwlock_rdlock(&fork_lock);
	uring_close(ring);
	pthread_rwlock_unlock(&fork_lock);
	free(ring);
	if (region->nr_standing > region->nr_pins)
		region->nr_standing = region->nr_pins;
}

/* Before anything else pins it somebody has to look: the contract says so. */
void region_look(struct actor *actor, struct region *region)
{
	if (region->nr_fds)
		region_ask(actor, region);
}

bool op_unregister(struct actor *actor)
{
	struct region *region = draw_region(actor, is_registered);

	if (!region)
		return false;
	say(actor, "unregister %u", region_index(actor, region));
	region_unregister(actor, region);
	region_look(actor, region);
	return true;
}

static bool can_record(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->nr_fds && !region->borrowed;
}

bool op_baseline(struct actor *actor)
{
	struct region *region = draw_region(actor, draw(actor, 4) ?
					    is_registered : can_record);
	struct allowed allowed = { .success = true };
	struct fpgabuf_baseline arg = { 0 };
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	int ret;

	if (!region || !can_record(actor, region))
		return false;
	say(actor, "BASELINE %u, %u registrations",
	    region_index(actor, region), region->nr_pins);
	arg.fd = fd_of(actor, region);
	ret = call(dev_of(actor), FPGABUF_IOC_BASELINE, &arg);
	model_baseline(&actor->file, life(actor, before), region,
		       region_index(actor, region), &allowed);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	within(&verdict, "pins", arg.pins, region->nr_pins, INT32_MAX);
	check(actor, &verdict);
	region->baseline = true;
	region->nr_standing = region->nr_pins;
	return true;
}
