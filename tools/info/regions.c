// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info/regions.h"

void regions_free(struct regions *regions)
{
	size_t i;

	for (i = 0; i < regions->count; i++) {
		free(regions->list[i].owners);
		free(regions->list[i].attached);
	}
	free(regions->list);
	*regions = (struct regions){ 0 };
}

struct region *regions_get(struct regions *regions, uint64_t inode)
{
	struct region *list;
	size_t i;

	for (i = 0; i < regions->count; i++)
		if (regions->list[i].inode == inode)
			return &regions->list[i];
	list = reallocarray(regions->list, i + 1, sizeof(*list));
	if (!list)
		return NULL;
	list[i] = (struct region){ .inode = inode, .device = NO_DEVICE };
	regions->list = list;
	regions->count++;
	return &list[i];
}

struct owner *region_owner(struct region *region, pid_t pid, const char *name)
{
	struct owner *owners;
	size_t i;

	for (i = 0; i < region->owner_count; i++)
		if (region->owners[i].pid == pid)
			return &region->owners[i];
	owners = reallocarray(region->owners, i + 1, sizeof(*owners));
	if (!owners)
		return NULL;
	owners[i] = (struct owner){ .pid = pid };
	snprintf(owners[i].name, sizeof(owners[i].name), "%s", name);
	region->owners = owners;
	region->owner_count++;
	return &owners[i];
}

int region_attach(struct region *region, const char *name)
{
	const size_t i = region->attached_count;
	struct importer *attached;

	attached = reallocarray(region->attached, i + 1, sizeof(*attached));
	if (!attached)
		return -ENOMEM;
	snprintf(attached[i].name, sizeof(attached[i].name), "%s", name);
	region->attached = attached;
	region->attached_count++;
	return 0;
}

uint64_t region_in_flight(const struct region *region)
{
	const bool imported = region->importers &&
			      strcmp(region->state, "queued");

	return region->in_use || imported ? region->size : 0;
}
