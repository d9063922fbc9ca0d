// SPDX-License-Identifier: GPL-2.0-only
/* What the tools make of the DMA controller behind a device. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "common/controller.h"
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

static const struct test tests[] = {
	{ "the number of gaps is told with what it is worth", test_gaps },
	{ "the usual region is as large as one capture can be",
	  test_region_size },
	{ }
};

SUITE(controller, .title = "DMA controllers", .tests = tests)
