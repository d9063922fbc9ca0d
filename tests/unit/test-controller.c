// SPDX-License-Identifier: GPL-2.0-only
/* What the tools make of the DMA controller behind a device. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "common/busy.h"
#include "common/clock.h"
#include "common/controller.h"
#include "fake-device.h"
#include "lib/suite.h"

#define USUAL	(1 << 20)

static const struct fpgabuf_info old = {
	.version = 1, .alignment = 8, .capabilities = 0,
};

static const struct fpgabuf_info good = {
	.version = 2, .alignment = 8,
	.capabilities = FPGABUF_CAP_EXACT_GAPS | FPGABUF_CAP_EXACT_BYTES |
			FPGABUF_CAP_STOP,
};

static const struct fpgabuf_info plain = {
	.version = 2, .alignment = 8, .max_capture = 16376,
};

static char *gaps_of(const struct fpgabuf_info *info)
{
	struct json j;
	size_t size;
	char *text;
	FILE *f;

	f = open_memstream(&text, &size);
	json_begin(&j, f);
	json_gaps(&j, 7, controller_gaps(info));
	json_end(&j);
	fclose(f);
	return text;
}

static void expect_gaps(const struct fpgabuf_info *info, enum gaps_worth worth,
			const char *expected)
{
	char *text = gaps_of(info);

	CU_ASSERT_EQUAL(controller_gaps(info), worth);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

static void test_gaps(void)
{
	expect_gaps(&old, GAPS_UNTOLD, "{\"gaps\": 7}\n");
	expect_gaps(&good, GAPS_EXACT, "{\"gaps\": 7, \"gaps_exact\": true}\n");
	expect_gaps(&plain, GAPS_UNKNOWN,
		    "{\"gaps\": 7, \"gaps_exact\": false}\n");
}

static void test_region_size(void)
{
	CU_ASSERT_EQUAL(controller_region_size(&good, 0, USUAL), USUAL);
	CU_ASSERT_EQUAL(controller_region_size(&old, 0, USUAL), USUAL);
	CU_ASSERT_EQUAL(controller_region_size(&plain, 0, USUAL), 16376);
	CU_ASSERT_EQUAL(controller_region_size(&plain, 0, 4096), 4096);
	/* What the user wants is not changed. */
	CU_ASSERT_EQUAL(controller_region_size(&plain, 65536, USUAL), 65536);
}

static void test_capture_length(void)
{
	CU_ASSERT_EQUAL(controller_capture_length(&good, 4096, 4096), 4096);
	/* The last page is larger than what the controller takes. */
	CU_ASSERT_EQUAL(controller_capture_length(&plain, 16376, 16384), 16376);
	CU_ASSERT_EQUAL(controller_capture_length(&plain, 13000, 16384), 16376);
	CU_ASSERT_EQUAL(controller_capture_length(&plain, 4096, 4096), 4096);
	/* That is not to be hidden: QUEUE refuses it. */
	CU_ASSERT_EQUAL(controller_capture_length(&plain, 16384, 16384), 16384);
}

static void test_lost_count(void)
{
	struct fpgabuf_dequeue c = { .status = FPGABUF_CAPTURE_PARTIAL };

	CU_ASSERT_TRUE(controller_lost_count(&plain, &c));
	/* These do count, and nothing has come; or who knows. */
	CU_ASSERT_FALSE(controller_lost_count(&good, &c));
	CU_ASSERT_FALSE(controller_lost_count(&old, &c));
	c.bytes = 8;
	CU_ASSERT_FALSE(controller_lost_count(&plain, &c));
	c.bytes = 0;
	c.status |= FPGABUF_CAPTURE_ERROR;
	CU_ASSERT_FALSE(controller_lost_count(&plain, &c));
}

/**
 * struct stay - a region that is busy for long
 * @device: its device
 * @region: the region
 * @info: of the device
 * @busy: what is known of it
 */
struct stay {
	struct fpgabuf_device *device;
	struct fpgabuf_region *region;
	struct fpgabuf_info info;
	struct busy busy;
};

/* Its capture has been dequeued. */
static void stay_begin(struct stay *s, const struct fpgabuf_info *info)
{
	struct fpgabuf_dequeue c;

	*s = (struct stay){ .info = *info };
	fake_reset();
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(FAKE_DEVICE, 0, &s->device),
			      0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_alloc(s->device, 4096,
						   &s->region), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_queue(s->device, s->region, 4096, 0), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_dequeue(s->device, &c), 0);
}

static enum busy_reason refuse(struct stay *s)
{
	const struct busy_region r = {
		"it", s->device, &s->info, s->region
	};

	return busy_again(&s->busy, &r);
}

/* As if it had been so for that long */
static void age(struct stay *s, int64_t ns)
{
	s->busy.since_ns -= ns;
}

static void stay_end(struct stay *s)
{
	fpgabuf_region_close(s->region);
	fpgabuf_device_close(s->device);
	fake_reset();
}

static void expect_stay(const struct fpgabuf_info *info,
			enum busy_reason reason)
{
	struct stay s;

	stay_begin(&s, info);
	fake.kept = true;
	CU_ASSERT_EQUAL(refuse(&s), BUSY_IN_USE);
	age(&s, 1900 * NS_PER_MS);
	CU_ASSERT_EQUAL(refuse(&s), BUSY_IN_USE);
	age(&s, 200 * NS_PER_MS);
	CU_ASSERT_EQUAL(refuse(&s), reason);
	CU_ASSERT_EQUAL(s.busy.told, reason != BUSY_IN_USE);
	CU_ASSERT_EQUAL(refuse(&s), reason);
	stay_end(&s);
}

static void test_kept(void)
{
	expect_stay(&plain, BUSY_KEPT);
	expect_stay(&good, BUSY_STUCK);
	expect_stay(&old, BUSY_IN_USE);
}

/* Pages, or an importer; or they have been let go of just now. */
static void test_in_use(void)
{
	struct stay s;

	stay_begin(&s, &plain);
	fake.in_use = 1;
	refuse(&s);
	age(&s, 9 * NS_PER_SEC);
	CU_ASSERT_EQUAL(refuse(&s), BUSY_IN_USE);
	fake.in_use = 0;
	CU_ASSERT_EQUAL(refuse(&s), BUSY_IN_USE);
	CU_ASSERT_FALSE(s.busy.told);
	CU_ASSERT(busy_ns(&s.busy) >= 9 * NS_PER_SEC);
	stay_end(&s);
}

static void test_pauses(void)
{
	struct stay s;
	unsigned int i;

	stay_begin(&s, &good);
	CU_ASSERT_EQUAL(busy_ns(&s.busy), 0);
	refuse(&s);
	CU_ASSERT_EQUAL(s.busy.pause_ns, NS_PER_MS);
	CU_ASSERT(s.busy.retry_ns > s.busy.since_ns);
	for (i = 0; i < 20; i++)
		refuse(&s);
	CU_ASSERT_EQUAL(s.busy.pause_ns, 64 * NS_PER_MS);
	stay_end(&s);
}

static const struct test tests[] = {
	{ "the number of gaps is told with what it is worth", test_gaps },
	{ "the usual region is as large as one capture can be",
	  test_region_size },
	{ "a capture has no more than the controller takes, if that was asked for",
	  test_capture_length },
	{ "a short packet that nobody counts is told from an empty one",
	  test_lost_count },
	{ "a region that the channel keeps is told of after 2 s", test_kept },
	{ "a region that somebody holds is not blamed on the channel",
	  test_in_use },
	{ "a busy region is tried again after longer and longer pauses",
	  test_pauses },
	{ }
};

SUITE(controller, .title = "DMA controllers", .tests = tests)
