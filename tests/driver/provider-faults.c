// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures through the kernel's own DMA drivers, when something is wrong: the
 * FPGA is silent, the bus fails, the controller does not stop, or its driver goes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "provider-bed.h"

/* Of the FPGA, before it falls silent */
#define BEGUN	20000

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* What a channel holds that cannot be stopped is not to be had, until it ends. */
static void held(int dev, const struct slot *slot)
{
	struct slot other = slot_make(dev, SIZE);
	struct fpgabuf_dequeue done;

	EXPECT(slot_queue(dev, slot, 0, 0, 0), -EBUSY);
	slot_poison(&other);
	REQUIRE(slot_queue(dev, &other, 0, 1, 10000), 0);
	EXPECT(readable(dev, 100), false);
	bed_set(FEED, 2 * SIZE - BEGUN);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.error, 0);
	EXPECT(done.bytes, SIZE);
	EXPECT(slot_begin(&other), SIZE);
	slot_check(&other, &done);
	slot_free(&other);
	slot_wait_free(dev, slot);
	bed_set(FEED, SIZE);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, SIZE);
}

static const char *cut_bytes(const struct fpgabuf_dequeue *done)
{
	if (!provider->stops)
		return "held";
	return done->bytes ? "exact" : "0 bytes";
}

void provider_stalled(void)
{
	int dev = provider_open();
	bool counts = device_info(dev).capabilities & FPGABUF_CAP_EXACT_BYTES;
	struct slot slot = slot_make(dev, SIZE);
	struct fpgabuf_dequeue done;
	struct timespec begin;
	long ms;

	slot_poison(&slot);
	bed_restart(0, BEGUN);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	REQUIRE(slot_queue(dev, &slot, 0, 0, 200), 0);
	REQUIRE(capture_get(dev, &done), 0);
	ms = elapsed_ms(&begin);
	EXPECT(ms >= 200 && ms < 5000, true);
	EXPECT(done.error, -ETIMEDOUT);
	EXPECT(!!(done.status & FPGABUF_CAPTURE_PARTIAL), true);
	EXPECT(done.bytes, counts ? BEGUN : 0);
	EXPECT(bed_get(POSITION), BEGUN);
	slot_check(&slot, &done);
	table("timeout", cut_bytes(&done));
	if (!provider->stops)
		held(dev, &slot);
	slot_free(&slot);
	captures_right(dev, QUEUED);
	close(dev);
}

/* Nothing comes any more, nor is anything being written. */
static void expect_rest(void)
{
	uint64_t position = bed_get(POSITION);

	usleep(200);
	EXPECT(bed_get(POSITION), position);
}

static void cancel_once(int dev, const struct slot *slots, int n)
{
	struct fpgabuf_dequeue done;
	int i;

	for (i = 0; i < n; i++)
		slot_poison(&slots[i]);
	bed_restart(SIZE, ENDLESS);
	bed_set(PACE, 10000);
	for (i = 0; i < n; i++) {
		if (provider->stops)
			REQUIRE(slot_queue(dev, &slots[i], 0, i, 5000), 0);
		else
			slot_wait_free(dev, &slots[i]);
	}
	usleep(random() % 1000);
	EXPECT(capture_cancel(dev) >= 0, true);
	if (provider->stops)
		expect_rest();
	for (i = 0; i < n; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.error == 0 || done.error == -ECANCELED, true);
		slot_check(&slots[i], &done);
	}
}

void provider_cancel(void)
{
	int i, dev = provider_open();
	struct slot slots[3];

	srandom(1);
	slots_make(dev, slots, ARRAY_SIZE(slots));
	for (i = 0; i < 100; i++)
		cancel_once(dev, slots, ARRAY_SIZE(slots));
	/* A channel that cannot be stopped may have one still. */
	bed_set(FEED, ENDLESS);
	for (i = 0; i < (int)ARRAY_SIZE(slots); i++) {
		struct fpgabuf_dequeue done;

		slot_wait_free(dev, &slots[i]);
		REQUIRE(capture_get(dev, &done), 0);
	}
	slots_free(slots, ARRAY_SIZE(slots));
	captures_right(dev, QUEUED);
	close(dev);
}

/* What went with it does not come back by itself. */
static void rebind(const char *device, const char *driver)
{
	provider_bind("unbind", device, driver);
	provider_bind("bind", device, driver);
	provider_bind("bind", provider->device, DRIVER);
}

void provider_error(void)
{
	char device[256], driver[4096];
	struct fpgabuf_dequeue done;
	struct slot slots[3];
	uint64_t length;
	int i, dev;

	if (provider->failure == UNNOTICED) {
		skip("this controller has no errors");
		return;
	}
	dev = provider_open();
	slots_make(dev, slots, ARRAY_SIZE(slots));
	length = provider_length(dev);
	bed_restart(length, 0);
	bed_set(FAIL, 1);
	for (i = 0; i < (int)ARRAY_SIZE(slots); i++) {
		slot_poison(&slots[i]);
		REQUIRE(slot_queue(dev, &slots[i], length, i, i ? 3000 : 500),
			0);
	}
	bed_set(FEED, ENDLESS);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, 0);
	EXPECT(done.status & FPGABUF_CAPTURE_PARTIAL, FPGABUF_CAPTURE_PARTIAL);
	for (i = 1; i < (int)ARRAY_SIZE(slots); i++) {
		REQUIRE(capture_get(dev, &done), 0);
		slot_check(&slots[i], &done);
		if (provider->failure == TOLD)
			EXPECT(done.error, 0);
	}
	slots_free(slots, ARRAY_SIZE(slots));
	if (provider->failure == STOPS) {
		close(dev);
		provider_of(device, driver, sizeof(device));
		rebind(device, driver);
		dev = provider_open();
	}
	captures_right(dev, QUEUED);
	close(dev);
}

/* Under captures that run: they end, and with what is true. */
static void unbind_under_load(const char *device, const char *driver)
{
	struct fpgabuf_dequeue done;
	struct slot slots[QUEUED];
	int i, ret, dev = provider_open();

	slots_make(dev, slots, QUEUED);
	bed_restart(SIZE, ENDLESS);
	bed_set(PACE, 2000000);
	for (i = 0; i < QUEUED; i++) {
		slot_poison(&slots[i]);
		REQUIRE(slot_queue(dev, &slots[i], 0, i, 10000), 0);
	}
	provider_bind("unbind", device, driver);
	EXPECT(provider_there(), false);
	for (i = 0; i < QUEUED; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.error == 0 || done.error == -ENODEV, true);
		slot_check(&slots[i], &done);
	}
	EXPECT(done.error, -ENODEV);
	ret = capture_get(dev, &done);
	EXPECT(ret, -ENODEV);
	slots_free(slots, QUEUED);
	close(dev);
}

static void bind_and_capture(void)
{
	int dev;

	provider_bind("bind", provider->device, DRIVER);
	dev = provider_open();
	captures_right(dev, QUEUED);
	close(dev);
}

/* The controller has nothing to do, but may remember what it did. */
void provider_rebind(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		provider_bind("unbind", provider->device, DRIVER);
		bind_and_capture();
	}
}

/*
 * A channel that cannot be stopped is not to be had again before its driver has
 * gone, so there it is the driver alone.
 */
void provider_unbind(void)
{
	char device[256], driver[4096];

	provider_of(device, driver, sizeof(device));
	if (provider->stops) {
		unbind_under_load(provider->device, DRIVER);
		bind_and_capture();
	}
	unbind_under_load(device, driver);
	provider_bind("bind", device, driver);
	bind_and_capture();
}

/* Has anything been written to it that we did not write? */
static bool untouched(const uint8_t *mem, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += sizeof(uint64_t))
		if (*(const uint64_t *)(mem + i) != i)
			return false;
	return true;
}

static void number(uint8_t *mem, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += sizeof(uint64_t))
		*(uint64_t *)(mem + i) = i;
}

/* Half of what is free, as if the pages of the regions were among it */
static void dma_goes_on(void)
{
	unsigned long kib;
	uint8_t *mem;
	size_t size;

	REQUIRE(file_read_line("/proc/meminfo", "MemFree", &kib), true);
	size = kib * 1024 / 2;
	size -= size % 4096;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(mem == MAP_FAILED, false);
	number(mem, size);
	bed_set(PACE, 0);
	bed_set(FEED, ENDLESS);
	usleep(100000);
	CU_ASSERT(untouched(mem, size));
	munmap(mem, size);
}

static void stop_fails(int dev)
{
	struct fpgabuf_dequeue done;
	struct slot slots[2];
	int i;

	slots_make(dev, slots, ARRAY_SIZE(slots));
	bed_restart(SIZE, BEGUN);
	bed_set(STUCK, 1);
	for (i = 0; i < (int)ARRAY_SIZE(slots); i++)
		REQUIRE(slot_queue(dev, &slots[i], 0, i, 200), 0);
	for (i = 0; i < (int)ARRAY_SIZE(slots); i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.error, -ETIMEDOUT);
		EXPECT(done.bytes, 0);
	}
	i = slot_queue(dev, &slots[0], 0, 0, 200);
	EXPECT(i == -EIO || i == -EBUSY, true);
	i = slot_queue(dev, &slots[1], 0, 0, 200);
	/* It was waiting for its turn, or the controller had it as well. */
	EXPECT(i, !provider->stops ? 0 : provider->one ? -EIO : -EBUSY);
	slots_free(slots, ARRAY_SIZE(slots));
}

void provider_stuck(void)
{
	uint64_t position;
	int dev;

	if (provider->stops && !provider->stuck) {
		skip("this controller does not tell whether it has stopped");
		return;
	}
	dev = provider_open();
	stop_fails(dev);
	close(dev);
	position = bed_get(POSITION);
	dma_goes_on();
	/* Else nothing was tried. */
	EXPECT(bed_get(POSITION) > position, true);
	bed_set(STUCK, 0);
}
