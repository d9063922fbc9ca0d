// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "origin.h"

#define NS_PER_MS	1000000
#define MS_PER_SEC	1000

#define BOTH	(PROT_READ | PROT_WRITE)

struct origin *origin_new(void)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		return NULL;
	origin->users = 1;
	origin->epoll = -1;
	origin->timer = -1;
	pthread_mutex_init(&origin->lock, NULL);
	return origin;
}

struct origin *origin_get(struct origin *origin)
{
	origin->users++;
	return origin;
}

static void destroy(struct origin *origin)
{
	fpgabuf_source_destroy(origin->source);
	fpgabuf_ring_destroy(origin->ring);
	fpgabuf_client_close(origin->client);
	if (origin->timer >= 0)
		close(origin->timer);
	if (origin->epoll >= 0)
		close(origin->epoll);
	pthread_mutex_destroy(&origin->lock);
}

void origin_put(struct origin *origin)
{
	if (!origin || --origin->users)
		return;
	Py_BEGIN_ALLOW_THREADS
	destroy(origin);
	Py_END_ALLOW_THREADS
	device_put(origin->device);
	free(origin);
}

static int watch(const struct origin *origin, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(origin->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int make_source(struct origin *origin)
{
	if (origin->ring)
		return fpgabuf_source_of_ring(origin->ring, &origin->source);
	return fpgabuf_source_of_client(origin->client, &origin->source);
}

int origin_start(struct origin *origin)
{
	int err = make_source(origin);

	if (err)
		return err;
	origin->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (origin->epoll < 0)
		return -errno;
	origin->timer = timerfd_create(CLOCK_MONOTONIC,
				       TFD_NONBLOCK | TFD_CLOEXEC);
	if (origin->timer < 0)
		return -errno;
	err = watch(origin, origin->timer);
	if (!err)
		err = watch(origin, fpgabuf_source_fd(origin->source));
	return err;
}

/* set_timer() - @ms of -1: never */
static void set_timer(struct origin *origin, int ms)
{
	struct itimerspec when = { 0 };

	if (ms < 0 && !origin->armed)
		return;
	/* A time of 0 would stop it. */
	if (ms >= 0) {
		when.it_value.tv_sec = ms / MS_PER_SEC;
		when.it_value.tv_nsec = ms % MS_PER_SEC * NS_PER_MS + 1;
	}
	timerfd_settime(origin->timer, 0, &when, NULL);
	origin->armed = ms >= 0;
}

/*
 * Others that wait shall try again when the source says; at once if nothing more will
 * come.  The device does not report that, and who took the last capture does not wait.
 */
static void rearm(struct origin *origin)
{
	const bool ended = fpgabuf_source_reason(origin->source) ==
			   FPGABUF_REASON_END;

	set_timer(origin,
		  ended ? 0 : fpgabuf_source_timeout_ms(origin->source));
}

static void explain(struct origin *origin, char *why)
{
	snprintf(why, ORIGIN_WHY_SIZE, "%s",
		 fpgabuf_source_why(origin->source));
}

/* Who gets memory that can be written to may write at once. */
static int begin_access(struct origin *origin, uint32_t slot)
{
	int err;

	if (!origin->writable)
		return 0;
	err = fpgabuf_region_sync_start(fpgabuf_source_region(origin->source,
							      slot), BOTH);
	if (err)
		fpgabuf_source_release(origin->source, slot);
	return err;
}

static int next(struct origin *origin, struct fpgabuf_capture *capture)
{
	int err = fpgabuf_source_next(origin->source, capture);

	return err ? err : begin_access(origin, capture->slot);
}

int origin_next(struct origin *origin, struct fpgabuf_capture *capture,
		char *why)
{
	int err = -EBADF;

	pthread_mutex_lock(&origin->lock);
	if (!origin->closed) {
		err = next(origin, capture);
		if (err)
			explain(origin, why);
		rearm(origin);
		/* Others that wait shall hear of an error as well. */
		if (err && err != -EAGAIN)
			set_timer(origin, 0);
	}
	pthread_mutex_unlock(&origin->lock);
	return err;
}

/* ms_until() - rounded up, so that nobody comes too early; -1: never */
static int ms_until(int64_t end_ns)
{
	struct timespec now;
	int64_t left;

	if (end_ns == INT64_MAX)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = end_ns - now.tv_sec * (int64_t)NS_PER_MS * MS_PER_SEC -
	       now.tv_nsec;
	if (left <= 0)
		return 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left < INT_MAX ? left : INT_MAX;
}

int origin_wait(struct origin *origin, struct fpgabuf_capture *capture,
		int64_t end_ns, char *why)
{
	struct epoll_event event;
	int err, ms;

	while ((err = origin_next(origin, capture, why)) == -EAGAIN) {
		ms = ms_until(end_ns);
		if (!ms)
			return -ETIMEDOUT;
		if (epoll_wait(origin->epoll, &event, 1, ms) < 0)
			return -errno;
	}
	return err;
}

int origin_fill(struct origin *origin, char *why)
{
	int err;

	pthread_mutex_lock(&origin->lock);
	err = fpgabuf_source_fill(origin->source);
	if (err)
		explain(origin, why);
	rearm(origin);
	pthread_mutex_unlock(&origin->lock);
	return err;
}

int origin_release(struct origin *origin, uint32_t slot)
{
	int err;

	pthread_mutex_lock(&origin->lock);
	if (origin->writable)
		fpgabuf_region_sync_end(fpgabuf_source_region(origin->source,
							      slot), BOTH);
	err = fpgabuf_source_release(origin->source, slot);
	if (!origin->closed)
		rearm(origin);
	pthread_mutex_unlock(&origin->lock);
	return err;
}

int origin_stop(struct origin *origin, char *why)
{
	int err;

	pthread_mutex_lock(&origin->lock);
	err = fpgabuf_source_stop(origin->source);
	if (err)
		explain(origin, why);
	set_timer(origin, 0);
	pthread_mutex_unlock(&origin->lock);
	return err;
}

void origin_go_on(struct origin *origin)
{
	pthread_mutex_lock(&origin->lock);
	fpgabuf_ring_start(origin->ring);
	set_timer(origin, 0);
	pthread_mutex_unlock(&origin->lock);
}

int origin_grow(struct origin *origin, uint32_t regions)
{
	int err;

	pthread_mutex_lock(&origin->lock);
	err = fpgabuf_ring_grow(origin->ring, regions);
	set_timer(origin, 0);
	pthread_mutex_unlock(&origin->lock);
	return err;
}

void origin_limit(struct origin *origin, uint64_t captures, uint64_t bytes)
{
	pthread_mutex_lock(&origin->lock);
	fpgabuf_source_limit(origin->source, captures, bytes);
	set_timer(origin, 0);
	pthread_mutex_unlock(&origin->lock);
}

/* Threads that wait get an error. */
void origin_close(struct origin *origin)
{
	pthread_mutex_lock(&origin->lock);
	origin->closed = true;
	fpgabuf_source_stop(origin->source);
	set_timer(origin, 0);
	pthread_mutex_unlock(&origin->lock);
}

void origin_count(struct origin *origin, struct fpgabuf_source_counts *counts)
{
	pthread_mutex_lock(&origin->lock);
	fpgabuf_source_count(origin->source, counts);
	pthread_mutex_unlock(&origin->lock);
}

uint32_t origin_regions(struct origin *origin)
{
	uint32_t regions;

	pthread_mutex_lock(&origin->lock);
	regions = fpgabuf_source_regions(origin->source);
	pthread_mutex_unlock(&origin->lock);
	return regions;
}

int origin_look(struct origin *origin, uint32_t slot,
		struct fpgabuf_ring_slot *seen)
{
	int err;

	pthread_mutex_lock(&origin->lock);
	err = fpgabuf_ring_look(origin->ring, slot, seen);
	pthread_mutex_unlock(&origin->lock);
	return err;
}

enum fpgabuf_reason origin_why(struct origin *origin, char *why)
{
	enum fpgabuf_reason reason;

	pthread_mutex_lock(&origin->lock);
	reason = fpgabuf_source_reason(origin->source);
	explain(origin, why);
	pthread_mutex_unlock(&origin->lock);
	return reason;
}
