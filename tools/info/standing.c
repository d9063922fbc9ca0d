// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "info/standing.h"

/* The process may have closed it meanwhile, and opened another file in its place. */
static bool is_region(int fd, uint64_t inode)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_ino == inode;
}

/* copy_descriptor() - of the process that has one; -1: it cannot be had */
static int copy_descriptor(const struct region *r)
{
	const int process = syscall(SYS_pidfd_open, r->holder, 0);
	int fd;

	if (process < 0)
		return -1;
	fd = syscall(SYS_pidfd_getfd, process, r->holder_fd, 0);
	close(process);
	if (fd >= 0 && !is_region(fd, r->inode)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void ask(struct fpgabuf_device *device, struct region *r)
{
	struct fpgabuf_region_info info;
	struct fpgabuf_region *region;
	const int fd = copy_descriptor(r);

	if (fd < 0)
		return;
	if (fpgabuf_region_import(fd, &region)) {
		close(fd);
		return;
	}
	r->asked = !fpgabuf_device_region_info(device, region, &info);
	if (r->asked)
		r->standing = info.standing;
	fpgabuf_region_close(region);
}

/* Whoever holds the lock of a region may hold it for long: do not wait for that. */
static bool can_ask(const struct region *r, int device)
{
	return r->device == device && r->holder && !r->locked;
}

static bool knows_standing(struct fpgabuf_device *device)
{
	struct fpgabuf_info info;

	return !fpgabuf_device_info(device, &info) &&
	       info.capabilities & FPGABUF_CAP_BASELINE;
}

void standing_find(struct regions *regions, int device, const char *path)
{
	struct fpgabuf_device *opened;
	size_t i;

	if (fpgabuf_device_open(path, 0, &opened))
		return;
	if (knows_standing(opened))
		for (i = 0; i < regions->count; i++)
			if (can_ask(&regions->list[i], device))
				ask(opened, &regions->list[i]);
	fpgabuf_device_close(opened);
}
