// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "plugin/intake.h"
#include "plugin/remedy.h"

#define NS_PER_MS	1000000LL
#define NS_PER_SEC	1000000000LL

/* A ring ends after so many failed captures in a row. */
#define MAX_FAILURES	8

/**
 * struct intake - the captures
 * @lock: guards all that follows
 * @users: the plugin until it closes, and each capture that it has
 * @device: the device of a ring
 * @ring: the ring, or NULL
 * @client: or the client
 * @source: what it is made into; NULL when a ring was closed
 * @wake: an eventfd, readable when intake_wait() shall look again
 * @interrupted: intake_wait() fails
 */
struct intake {
	pthread_mutex_t lock;
	unsigned int users;
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;
	struct fpgabuf_client *client;
	struct fpgabuf_source *source;
	int wake;
	bool interrupted;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

/* ms_until() - rounded up, so that nobody comes too early */
static int ms_until(int64_t end_ns)
{
	int64_t left = (end_ns - now_ns() + NS_PER_MS - 1) / NS_PER_MS;

	if (left <= 0)
		return 0;
	return left < INT_MAX ? left : INT_MAX;
}

/* sooner() - of two timeouts for poll(), where -1 is never */
static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static void wake(struct intake *intake)
{
	eventfd_write(intake->wake, 1);
}

/* end() - all captures end, and the regions go when nobody else has them */
static void end(struct intake *intake)
{
	fpgabuf_source_destroy(intake->source);
	fpgabuf_ring_destroy(intake->ring);
	fpgabuf_client_close(intake->client);
	fpgabuf_device_close(intake->device);
	intake->source = NULL;
	intake->ring = NULL;
	intake->client = NULL;
	intake->device = NULL;
}

static void put(struct intake *intake)
{
	bool last;

	pthread_mutex_lock(&intake->lock);
	last = !--intake->users;
	pthread_mutex_unlock(&intake->lock);
	if (!last)
		return;
	end(intake);
	if (intake->wake >= 0)
		close(intake->wake);
	pthread_mutex_destroy(&intake->lock);
	free(intake);
}

static int open_ring(struct intake *intake, const struct intake_setup *setup,
		     char *why)
{
	const struct fpgabuf_ring_setup ring = {
		.regions = setup->regions ? setup->regions : INTAKE_REGIONS,
		.access = O_RDWR,
		.prot = PROT_READ,
		.region_size = setup->capture_size,
		.length = setup->capture_size,
		.timeout_ms = setup->timeout_ms,
		.max_failures = MAX_FAILURES,
	};
	const char *path = setup->device ? setup->device :
					   FPGABUF_DEFAULT_DEVICE;
	int err;

	err = fpgabuf_device_open(path, O_NONBLOCK, &intake->device);
	if (err) {
		remedy_open(why, INTAKE_WHY_SIZE, path, err);
		return err;
	}
	err = fpgabuf_ring_create(intake->device, &ring, &intake->ring);
	if (err) {
		remedy_regions(why, INTAKE_WHY_SIZE, ring.regions, err);
		return err;
	}
	return fpgabuf_source_of_ring(intake->ring, &intake->source);
}

static int open_client(struct intake *intake, const struct intake_setup *setup,
		       char *why)
{
	int err;

	err = fpgabuf_client_connect(setup->share, setup->regions, O_NONBLOCK,
				     &intake->client);
	if (err) {
		remedy_share(why, INTAKE_WHY_SIZE, setup->share, err);
		return err;
	}
	return fpgabuf_source_of_client(intake->client, &intake->source);
}

static int open_source(struct intake *intake, const struct intake_setup *setup,
		       char *why)
{
	int err;

	intake->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (intake->wake < 0) {
		err = -errno;
		snprintf(why, INTAKE_WHY_SIZE, "%s", strerror(-err));
		return err;
	}
	err = setup->share ? open_client(intake, setup, why) :
			     open_ring(intake, setup, why);
	if (!err)
		fpgabuf_source_limit(intake->source, 0, setup->bytes);
	return err;
}

int intake_open(const struct intake_setup *setup, struct intake **intake,
		char *why)
{
	struct intake *new = calloc(1, sizeof(*new));
	int err;

	snprintf(why, INTAKE_WHY_SIZE, "%s", strerror(ENOMEM));
	if (!new)
		return -ENOMEM;
	pthread_mutex_init(&new->lock, NULL);
	new->users = 1;
	err = open_source(new, setup, why);
	if (err)
		put(new);
	else
		*intake = new;
	return err;
}

/*
 * A region lives on without its ring, and nobody captures into it.  A client must stay:
 * when it closes, the server captures into what it had.
 */
void intake_close(struct intake *intake)
{
	pthread_mutex_lock(&intake->lock);
	if (intake->ring)
		end(intake);
	pthread_mutex_unlock(&intake->lock);
	put(intake);
}

/* take() - if there is a capture; @again_ms: when to try again, or -1 */
static int take(struct intake *intake, struct fpgabuf_capture *capture,
		int *again_ms, char *why)
{
	int err = -ECANCELED;

	pthread_mutex_lock(&intake->lock);
	if (!intake->interrupted)
		err = fpgabuf_source_next(intake->source, capture);
	if (!err)
		intake->users++;
	else if (err == -EAGAIN)
		*again_ms = fpgabuf_source_timeout_ms(intake->source);
	if (err)
		remedy_capture(why, INTAKE_WHY_SIZE,
			       fpgabuf_source_why(intake->source), err);
	pthread_mutex_unlock(&intake->lock);
	return err;
}

/* pause_until() - something came, or @ms are over */
static int pause_until(struct intake *intake, int ms)
{
	struct pollfd fds[] = {
		{ .fd = intake->wake, .events = POLLIN },
		{ .fd = fpgabuf_source_fd(intake->source), .events = POLLIN },
	};
	eventfd_t woken;

	if (poll(fds, 2, ms) < 0 && errno != EINTR)
		return -errno;
	if (fds[0].revents)
		eventfd_read(intake->wake, &woken);
	return 0;
}

int intake_wait(struct intake *intake, struct fpgabuf_capture *capture,
		int timeout_ms, char *why)
{
	const int64_t end_ns = now_ns() + timeout_ms * NS_PER_MS;
	int err, again_ms, left_ms = -1;

	while ((err = take(intake, capture, &again_ms, why)) == -EAGAIN) {
		if (timeout_ms >= 0)
			left_ms = ms_until(end_ns);
		if (!left_ms)
			return -ETIMEDOUT;
		err = pause_until(intake, sooner(left_ms, again_ms));
		if (err)
			return err;
	}
	return err;
}

void intake_interrupt(struct intake *intake, bool interrupted)
{
	pthread_mutex_lock(&intake->lock);
	intake->interrupted = interrupted;
	wake(intake);
	pthread_mutex_unlock(&intake->lock);
}

void intake_restart(struct intake *intake)
{
	struct fpgabuf_capture capture;

	pthread_mutex_lock(&intake->lock);
	if (intake->ring)
		fpgabuf_ring_stop(intake->ring);
	while (!fpgabuf_source_next(intake->source, &capture))
		fpgabuf_source_release(intake->source, capture.slot);
	if (intake->ring)
		fpgabuf_ring_start(intake->ring);
	pthread_mutex_unlock(&intake->lock);
}

/* The region may be in use for a while: then the wait has another end. */
void intake_release(struct intake *intake, uint32_t slot)
{
	pthread_mutex_lock(&intake->lock);
	if (intake->source)
		fpgabuf_source_release(intake->source, slot);
	wake(intake);
	pthread_mutex_unlock(&intake->lock);
	put(intake);
}

uint32_t intake_regions(const struct intake *intake)
{
	return fpgabuf_source_regions(intake->source);
}

struct fpgabuf_region *intake_region(const struct intake *intake, uint32_t slot)
{
	return fpgabuf_source_region(intake->source, slot);
}
