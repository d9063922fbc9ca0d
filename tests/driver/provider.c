// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures through the kernel's own DMA drivers: what each of them is good for.
 * For the kernels of tests/platform/providers, once for each row of provider-bed.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provider-bed.h"

static bool has(int dev, uint64_t capability)
{
	return device_info(dev).capabilities & capability;
}

static void limits(const struct fpgabuf_info *info)
{
	char text[96];
	int n;

	if (info->max_capture && info->max_capture < info->max_region_size)
		n = snprintf(text, sizeof(text), "%llu bytes a capture",
			     (unsigned long long)info->max_capture);
	else
		n = snprintf(text, sizeof(text), "any capture");
	if (info->max_packet)
		snprintf(text + n, sizeof(text) - n, ", %llu bytes a packet",
			 (unsigned long long)info->max_packet);
	table("limits", text);
}

static void information(void)
{
	int dev = provider_open();
	struct fpgabuf_info info = device_info(dev);

	EXPECT(info.version, 2);
	EXPECT(!!(info.capabilities & FPGABUF_CAP_STOP), provider->stops);
	EXPECT(info.transfers == 1, provider->one);
	EXPECT(!!(info.capabilities & FPGABUF_CAP_EXACT_GAPS) && provider->one,
	       false);
	EXPECT(info.alignment >= 1, true);
	table("binds", "yes");
	table("queue", info.transfers == 1 ? "one" : "many");
	table("stop", provider->stops ? "yes" : "no");
	table("gaps exact",
	      info.capabilities & FPGABUF_CAP_EXACT_GAPS ? "yes" : "no");
	limits(&info);
	close(dev);
}

/* Software starts each of them, or the controller does, and then there is none. */
static void thousand(void)
{
	int captures = rounds(1000), dev = provider_open();
	uint64_t gaps = device_info(dev).gaps;

	captures_right(dev, captures);
	gaps = device_info(dev).gaps - gaps;
	if (!has(dev, FPGABUF_CAP_EXACT_GAPS))
		EXPECT(gaps, captures - 1);
	close(dev);
}

/* A packet is all that comes. */
static void packet_alone(void)
{
	int dev = provider_open();
	uint64_t length = provider_length(dev);
	struct slot slot = slot_make(dev, SIZE);
	struct fpgabuf_dequeue done;

	slot_poison(&slot);
	bed_restart(SHORT, SHORT);
	REQUIRE(slot_queue(dev, &slot, length, 0, 2000), 0);
	if (provider->packets == IGNORED) {
		EXPECT(readable(dev, 100), false);
		bed_set(FEED, length - SHORT);
	}
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.error, 0);
	slot_check(&slot, &done);
	if (provider->packets == IGNORED)
		EXPECT(done.bytes, length);
	else if (provider->packets == EXACT)
		EXPECT(done.bytes, SHORT);
	else
		EXPECT(done.bytes == 0 || done.bytes == SHORT, true);
	if (done.bytes < length)
		EXPECT(done.status & ~FPGABUF_CAPTURE_GAP,
		       FPGABUF_CAPTURE_PARTIAL);
	table("short packets", provider->packets == IGNORED ? "ignored" :
	      done.bytes ? "exact" : "unknown");
	slot_free(&slot);
	close(dev);
}

static void expect_packet(const struct slot *slot, int number, uint64_t length,
			  const struct fpgabuf_dequeue *done)
{
	EXPECT(done->cookie, number);
	EXPECT(done->error, 0);
	slot_check(slot, done);
	if (done->bytes)
		EXPECT(slot_begin(slot), number * SHORT);
	if (provider->packets == EXACT)
		EXPECT(done->bytes, SHORT);
	else
		EXPECT(done->bytes == 0 || done->bytes == SHORT, true);
	EXPECT(done->bytes < length, true);
}

static void packets_queued(void)
{
	int i, dev = provider_open();
	uint64_t length = provider_length(dev);
	struct fpgabuf_dequeue done;
	struct slot slots[QUEUED];

	if (provider->packets == IGNORED) {
		skip("packets end nothing here");
		close(dev);
		return;
	}
	slots_make(dev, slots, QUEUED);
	bed_restart(SHORT, 0);
	for (i = 0; i < QUEUED; i++) {
		slot_poison(&slots[i]);
		REQUIRE(slot_queue(dev, &slots[i], length, i, 2000), 0);
	}
	bed_set(FEED, QUEUED * SHORT);
	for (i = 0; i < QUEUED; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		expect_packet(&slots[i], i, length, &done);
	}
	slots_free(slots, QUEUED);
	close(dev);
}

/*
 * Packets that end inside a capture of several of the controller's pieces leave
 * holes there: then only the front counts.
 */
static void packets_inside(void)
{
	int dev = provider_open();
	uint64_t most = device_info(dev).max_packet;
	struct slot slot = slot_make(dev, SIZE);
	struct fpgabuf_dequeue done;

	slot_poison(&slot);
	bed_restart(SHORT, ENDLESS);
	REQUIRE(slot_queue(dev, &slot, 0, 0, 2000), 0);
	REQUIRE(capture_get(dev, &done), 0);
	/* A packet may go on in the last piece, and nobody says that it is full. */
	if (done.error != -ETIMEDOUT)
		EXPECT(done.error, 0);
	slot_check(&slot, &done);
	if (done.bytes)
		EXPECT(slot_begin(&slot), 0);
	if (most && most < SIZE)
		EXPECT(done.bytes <= SHORT, true);
	slot_free(&slot);
	close(dev);
}

/*
 * The controller takes it in two pieces, and each ends with a packet.  When the
 * capture has ended, both have.
 */
static void two_pieces(void)
{
	int dev = provider_open();
	uint64_t most = device_info(dev).max_packet;
	struct fpgabuf_dequeue done;
	struct slot slot;
	int ret;

	if (!most || most > 16 * MIB) {
		skip("the controller takes a capture as one");
		close(dev);
		return;
	}
	slot = slot_make(dev, most + SHORT);
	slot_poison(&slot);
	bed_restart(SHORT, 0);
	ret = slot_queue(dev, &slot, most + SHORT, 0, 2000);
	if (!ret) {
		bed_set(FEED, SHORT);
		if (!readable(dev, 200))
			bed_set(FEED, SHORT);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.error, 0);
		slot_check(&slot, &done);
		slot_poison(&slot);
		bed_set(FEED, ENDLESS);
		usleep(20000);
		CU_ASSERT(slot_is_poison(&slot));
	} else {
		EXPECT(ret, -EMSGSIZE);
	}
	slot_free(&slot);
	captures_right(dev, QUEUED);
	close(dev);
}

/* The interrupt is there before the call that submits is over. */
static void eager(void)
{
	struct fpgabuf_dequeue done;
	struct slot slots[QUEUED];
	int i, dev = provider_open();

	slots_make(dev, slots, QUEUED);
	bed_restart(SIZE, ENDLESS);
	bed_set(EAGER, 1);
	for (i = 0; i < QUEUED; i++)
		REQUIRE(slot_queue(dev, &slots[i], 0, i, 2000), 0);
	for (i = 0; i < 100; i++) {
		struct slot *slot = &slots[i % QUEUED];

		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		EXPECT(done.error, 0);
		EXPECT(done.bytes, SIZE);
		EXPECT(readable(slot->fd, 0), true);
		CU_ASSERT(is_pattern(slot->mem, SIZE, (uint64_t)i * SIZE));
		if (i + QUEUED < 100)
			REQUIRE(slot_queue(dev, slot, 0, i + QUEUED, 2000), 0);
	}
	bed_set(EAGER, 0);
	slots_free(slots, QUEUED);
	close(dev);
}

static void too_long(int dev, const struct fpgabuf_info *info)
{
	struct fpgabuf_alloc alloc;
	int fd;

	if (!info->max_capture || info->max_capture >= info->max_region_size) {
		skip("no capture is too long");
		return;
	}
	if (region_try_alloc(dev, info->max_capture + 4096, &alloc)) {
		skip("no memory for one that is too long");
		return;
	}
	fd = alloc.fd;
	EXPECT(region_queue(dev, fd, 0, 0), -EMSGSIZE);
	close(fd);
}

static void refused(void)
{
	int dev = provider_open();
	struct fpgabuf_info info = device_info(dev);
	struct slot slot = slot_make(dev, SIZE);

	too_long(dev, &info);
	if (info.alignment > 1)
		EXPECT(slot_queue(dev, &slot, info.alignment - 1, 0, 0),
		       -EINVAL);
	slot_free(&slot);
	captures_right(dev, QUEUED);
	close(dev);
}

static const struct test tests[] = {
	{ "INFO says what the channel can do", information },
	{ "1,000 captures back to back are byte-exact", thousand },
	{ "a short packet alone ends its capture", packet_alone },
	{ "short packets queued end a capture each", packets_queued },
	{ "packets that end inside a capture leave no hole in it",
	  packets_inside },
	{ "a capture that has ended is not written any more", two_pieces },
	{ "a transfer that runs at once, while it is being submitted", eager },
	{ "a capture that cannot be right is refused with the reason",
	  refused },
	{ "a stalled FPGA: the timeout of 200 ms gives what is known",
	  provider_stalled },
	{ "cancel at 100 random moments gives no byte the FPGA did not write",
	  provider_cancel },
	{ "an error gives no byte that is not known; the next captures are right",
	  provider_error },
	{ "unbinding and binding, with nothing to do, changes nothing",
	  provider_rebind },
	{ "unbinding under load ends captures with ENODEV; binding again works",
	  provider_unbind },
	/* The channel is of no use afterwards. */
	{ "a stop that fails keeps the memory", provider_stuck },
	{ }
};

SUITE(provider,
	.alone = true,
	.title = "a provider",
	.init = provider_load,
	.tests = tests)
