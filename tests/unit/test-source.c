// SPDX-License-Identifier: GPL-2.0-only
/* Sources made of a ring and of a region; test-client.c has those of a client. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "recv/pattern.h"

#define REGIONS	3
#define SIZE	65536

/* For what comes at once unless something is wrong */
#define PATIENCE_MS	20000

struct rig {
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;
	struct fpgabuf_region *region;
	struct fpgabuf_source *source;
};

/* fake_reset() comes before, and then what the device shall be like. */
static void make_of_ring(struct rig *rig)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = REGIONS,
		.access = O_RDWR,
		.prot = PROT_READ,
		.region_size = SIZE,
	};

	*rig = (struct rig){ 0 };
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(FAKE_DEVICE, O_NONBLOCK,
						  &rig->device), 0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_create(rig->device, &setup,
						  &rig->ring), 0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_source_of_ring(rig->ring, &rig->source),
			      0);
}

/* A memory file, which passes for a dma-buf here, with the pattern in it */
static void make_of_region(struct rig *rig)
{
	int fd = memfd_create("region", MFD_CLOEXEC);
	uint8_t data[SIZE];
	size_t i;

	fake_reset();
	fake.dmabufs = true;
	*rig = (struct rig){ 0 };
	for (i = 0; i < SIZE; i++)
		data[i] = pattern_byte(i);
	CU_ASSERT_EQUAL_FATAL(pwrite(fd, data, SIZE, 0), SIZE);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_region_import(fd, &rig->region), 0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_source_of_region(rig->region,
						       &rig->source), 0);
}

static void rig_end(struct rig *rig)
{
	fpgabuf_source_destroy(rig->source);
	fpgabuf_ring_destroy(rig->ring);
	fpgabuf_region_close(rig->region);
	fpgabuf_device_close(rig->device);
	fake_reset();
}

static struct fpgabuf_source_counts counts_of(const struct rig *rig)
{
	struct fpgabuf_source_counts counts;

	memset(&counts, 0xff, sizeof(counts));
	fpgabuf_source_count(rig->source, &counts);
	return counts;
}

/* Works on any source, which is what they are for. */
static uint64_t take_all(struct fpgabuf_source *source)
{
	struct fpgabuf_capture c;
	uint64_t bytes = 0;
	int err;

	while (!(err = fpgabuf_source_wait(source, &c, PATIENCE_MS))) {
		CU_ASSERT_EQUAL(pattern_check(c.addr, c.bytes, bytes), c.bytes);
		CU_ASSERT_PTR_EQUAL(fpgabuf_region_addr(
			fpgabuf_source_region(source, c.slot)), c.addr);
		CU_ASSERT_TRUE(c.slot < fpgabuf_source_regions(source));
		bytes += c.bytes;
		CU_ASSERT_EQUAL(fpgabuf_source_release(source, c.slot), 0);
		CU_ASSERT_EQUAL(fpgabuf_source_release(source, c.slot),
				-EINVAL);
	}
	CU_ASSERT_EQUAL(err, -ENODATA);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(source), FPGABUF_REASON_END);
	CU_ASSERT_STRING_EQUAL(fpgabuf_source_why(source),
			       "everything that was asked for has been captured");
	return bytes;
}

static void test_ring(void)
{
	struct fpgabuf_source_counts n;
	struct rig rig;

	fake_reset();
	fake.gap_every = 4;
	fake.short_every = 5;
	make_of_ring(&rig);
	fpgabuf_source_limit(rig.source, 0, 10 * SIZE + 1001);
	CU_ASSERT_EQUAL(fpgabuf_source_regions(rig.source), REGIONS);
	CU_ASSERT_PTR_NULL(fpgabuf_source_region(rig.source, REGIONS));
	CU_ASSERT_EQUAL(take_all(rig.source), 10 * SIZE + 1001);
	n = counts_of(&rig);
	CU_ASSERT_EQUAL(n.captures, 11);
	CU_ASSERT_EQUAL(n.bytes, 10 * SIZE + 1001);
	CU_ASSERT_EQUAL(n.gaps, 2);
	CU_ASSERT_EQUAL(n.partial, 2);
	CU_ASSERT_EQUAL(n.taken, 0);
	CU_ASSERT_EQUAL(n.missed, 0);
	CU_ASSERT_EQUAL(n.reserved[5], 0);
	rig_end(&rig);
}

static void test_ring_poll(void)
{
	struct fpgabuf_capture c;
	struct pollfd fd = { .events = POLLIN };
	struct rig rig;

	fake_reset();
	make_of_ring(&rig);
	fd.fd = fpgabuf_source_fd(rig.source);
	CU_ASSERT_EQUAL(poll(&fd, 1, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_fill(rig.source), 0);
	CU_ASSERT_EQUAL(poll(&fd, 1, 0), 1);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(rig.source),
			FPGABUF_REASON_CAPTURE);
	CU_ASSERT_EQUAL(fpgabuf_source_timeout_ms(rig.source), -1);
	while (!fpgabuf_source_next(rig.source, &c))
		continue;
	CU_ASSERT_EQUAL(counts_of(&rig).taken, REGIONS);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(rig.source),
			FPGABUF_REASON_TAKEN);
	fake.busy = 1;
	CU_ASSERT_EQUAL(fpgabuf_source_release(rig.source, c.slot), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(rig.source), FPGABUF_REASON_BUSY);
	CU_ASSERT_TRUE(fpgabuf_source_timeout_ms(rig.source) >= 0);
	CU_ASSERT_EQUAL(fpgabuf_source_stop(rig.source), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_next(rig.source, &c), -ENODATA);
	rig_end(&rig);
}

static void test_region(void)
{
	struct rig rig;

	make_of_region(&rig);
	CU_ASSERT_EQUAL(fpgabuf_source_fd(rig.source), -1);
	CU_ASSERT_EQUAL(fpgabuf_source_timeout_ms(rig.source), -1);
	CU_ASSERT_EQUAL(fpgabuf_source_regions(rig.source), 1);
	CU_ASSERT_PTR_NULL(fpgabuf_source_region(rig.source, 1));
	CU_ASSERT_EQUAL(fpgabuf_source_reason(rig.source),
			FPGABUF_REASON_CAPTURE);
	CU_ASSERT_EQUAL(take_all(rig.source), SIZE);
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 1);
	CU_ASSERT_EQUAL(counts_of(&rig).bytes, SIZE);
	rig_end(&rig);

	make_of_region(&rig);
	fpgabuf_source_limit(rig.source, 0, 1001);
	CU_ASSERT_EQUAL(take_all(rig.source), 1001);
	rig_end(&rig);

	/* There is not more than that. */
	make_of_region(&rig);
	fpgabuf_source_limit(rig.source, 0, 2 * SIZE);
	CU_ASSERT_EQUAL(take_all(rig.source), SIZE);
	rig_end(&rig);
}

static void test_region_stop(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	make_of_region(&rig);
	CU_ASSERT_EQUAL(fpgabuf_source_fill(rig.source), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_stop(rig.source), 0);
	CU_ASSERT_EQUAL(fpgabuf_source_next(rig.source, &c), -ENODATA);
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 0);
	rig_end(&rig);
}

/* What cannot be waited for is not read. */
static void test_region_fails(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	make_of_region(&rig);
	fake.dmabufs = false;
	CU_ASSERT_EQUAL(fpgabuf_source_fill(rig.source), -ENOTTY);
	CU_ASSERT_EQUAL(fpgabuf_source_next(rig.source, &c), -ENOTTY);
	CU_ASSERT_EQUAL(fpgabuf_source_reason(rig.source), FPGABUF_REASON_MAP);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_source_why(rig.source), "mapped"));
	rig_end(&rig);
	fpgabuf_source_destroy(NULL);
}

static const struct test tests[] = {
	{ "of a ring: captures until the limit, and what they were like",
	  test_ring },
	{ "of a ring: it can be waited for, and says why", test_ring_poll },
	{ "of a region: one capture, as long as was asked for", test_region },
	{ "of a region: none after a stop", test_region_stop },
	{ "of a region: none if it cannot be read", test_region_fails },
	{ }
};

SUITE(source, .title = "source", .tests = tests)
