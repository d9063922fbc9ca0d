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

/*
 * Signals may interrupt a wait, and what io_uring has to do for this thread looks
 * like one though there is none.  Each costs one attempt.
 */
#define FPGABUF_MAX_ATTEMPTS	100

/* For calls that wait for a lock or a fence, which is soon free. */
static inline int fpgabuf_ioctl_retry(int fd, unsigned long request, void *arg)
{
	int i, err = -EINTR;

	for (i = 0; i < FPGABUF_MAX_ATTEMPTS && err == -EINTR; i++)
		err = fpgabuf_ioctl(fd, request, arg);
	return err;
}

#endif /* FPGABUF_LIB_INTERNAL_H */
