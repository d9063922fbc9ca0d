/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the objects of the library know of each other.  Not exported by the
 * shared library.
 */
#ifndef FPGABUF_LIB_INTERNAL_H
#define FPGABUF_LIB_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>

#include <fpgabuf/fpgabuf.h>

/* Makes a region of @fd, which belongs to the region if this succeeds. */
int fpgabuf_region_new(int fd, uint64_t size, struct fpgabuf_region **region);

/* Does the client hold a capture there? */
bool fpgabuf_client_holds(const struct fpgabuf_client *client, uint32_t index);

#define FPGABUF_NS_PER_MS	1000000LL
#define FPGABUF_NS_PER_SEC	1000000000LL

/* CLOCK_MONOTONIC */
static inline int64_t fpgabuf_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * FPGABUF_NS_PER_SEC + t.tv_nsec;
}

/* Not before then, for poll(2); 0 if it has been */
static inline int fpgabuf_ms_until(int64_t ns)
{
	const int64_t left = ns - fpgabuf_now_ns();

	if (left <= 0)
		return 0;
	if (left / FPGABUF_NS_PER_MS >= INT_MAX)
		return INT_MAX;
	return (left + FPGABUF_NS_PER_MS - 1) / FPGABUF_NS_PER_MS;
}

/* When a timeout is over, or INT64_MAX for a negative one */
static inline int64_t fpgabuf_end_ns(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX :
	       fpgabuf_now_ns() + timeout_ms * FPGABUF_NS_PER_MS;
}

/* After such an error others follow as if nothing had been. */
static inline bool fpgabuf_may_follow(int error)
{
	return !error || error == -ETIMEDOUT || error == -ESHUTDOWN;
}

/* That the device has gone, other calls tell as well. */
static inline bool fpgabuf_is_failure(int error)
{
	return !fpgabuf_may_follow(error) && error != -ECANCELED &&
	       error != -ENODEV;
}

/* How many, with a capture that has this @error, if @before have until then */
static inline uint32_t fpgabuf_failed_in_a_row(uint32_t before, int error)
{
	if (fpgabuf_may_follow(error))
		return 0;
	return before + fpgabuf_is_failure(error);
}

static inline int fpgabuf_ioctl(int fd, unsigned long request, void *arg)
{
	const int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/*
 * Signals may interrupt a wait, and so may work of io_uring for this thread.  Each
 * interruption costs one attempt.
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
