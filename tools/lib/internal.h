/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the objects of the library know of each other.  Not exported by the
 * shared library.
 */
#ifndef FPGABUF_LIB_INTERNAL_H
#define FPGABUF_LIB_INTERNAL_H

#include <errno.h>
#include <sys/ioctl.h>

#include <fpgabuf/fpgabuf.h>

/* Makes a region of @fd, which belongs to the region if this succeeds. */
int fpgabuf_region_new(int fd, uint64_t size, struct fpgabuf_region **region);

static inline int fpgabuf_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

#endif /* FPGABUF_LIB_INTERNAL_H */
