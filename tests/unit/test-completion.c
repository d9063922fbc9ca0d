// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "lib/completion.h"
#include "lib/suite.h"

#define CAPACITY	64U

static void issue(struct fpgabuf_tracker *t, unsigned int *pending,
		  unsigned int n)
{
	while (n--)
		fpgabuf_tracker_issue(t, pending);
}

static void test_counts_down(void)
{
	struct fpgabuf_tracker t;
	unsigned int pending = 0;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, 0), 0);
	issue(&t, &pending, 3);
	CU_ASSERT_EQUAL(pending, 3);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 0, 1), 0);
	CU_ASSERT_EQUAL(pending, 1);
	CU_ASSERT_EQUAL(t.outstanding, 1);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 2, 2), 0);
	CU_ASSERT_EQUAL(pending, 0);
	CU_ASSERT_EQUAL(t.outstanding, 0);
	fpgabuf_tracker_exit(&t);
}

static void test_range_over_owners(void)
{
	unsigned int pending[3] = { 0 };
	struct fpgabuf_tracker t;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, 10), 0);
	issue(&t, &pending[0], 2);
	issue(&t, &pending[1], 2);
	issue(&t, &pending[2], 2);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 11, 14), 0);
	CU_ASSERT_EQUAL(pending[0], 1);
	CU_ASSERT_EQUAL(pending[1], 0);
	CU_ASSERT_EQUAL(pending[2], 1);
	fpgabuf_tracker_exit(&t);
}

static void test_reordered(void)
{
	unsigned int pending[2] = { 0 };
	struct fpgabuf_tracker t;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, 0), 0);
	issue(&t, &pending[0], 2);
	issue(&t, &pending[1], 2);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 2, 3), 0);
	CU_ASSERT_EQUAL(pending[0], 2);
	CU_ASSERT_EQUAL(pending[1], 0);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 1, 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 0, 0), 0);
	CU_ASSERT_EQUAL(pending[0], 0);
	CU_ASSERT_EQUAL(t.first, 4);
	fpgabuf_tracker_exit(&t);
}

static void test_wraps(void)
{
	unsigned int pending[2] = { 0 };
	struct fpgabuf_tracker t;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, UINT32_MAX - 1),
			      0);
	issue(&t, &pending[0], 3);
	issue(&t, &pending[1], 1);
	issue(&t, &pending[1], 1);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 2, 2), 0);
	CU_ASSERT_EQUAL(pending[1], 1);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, UINT32_MAX, 1), 0);
	CU_ASSERT_EQUAL(pending[0], 1);
	CU_ASSERT_EQUAL(pending[1], 0);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, UINT32_MAX - 1,
						 UINT32_MAX - 1), 0);
	CU_ASSERT_EQUAL(pending[0], 0);
	CU_ASSERT_EQUAL(t.first, 3);
	fpgabuf_tracker_exit(&t);
}

static void test_refuses(void)
{
	/* Of the ids 100 to 104, 102 has completed. */
	static const struct { uint32_t lo, hi; } bad[] = {
		{ 102, 102 }, { 101, 103 }, { 99, 99 }, { 99, 100 },
		{ 104, 105 }, { 105, 105 }, { 104, 103 }, { 100, 99 },
		{ 0, UINT32_MAX }, { 100 + (1U << 31), 100 + (1U << 31) },
	};
	struct fpgabuf_tracker t;
	unsigned int pending = 0;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, 100), 0);
	issue(&t, &pending, 5);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 102, 102), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, bad[i].lo,
							 bad[i].hi), -EPROTO);
		CU_ASSERT_EQUAL(pending, 4);
		CU_ASSERT_EQUAL(t.outstanding, 4);
	}
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 100, 101), 0);
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 103, 104), 0);
	CU_ASSERT_EQUAL(pending, 0);
	fpgabuf_tracker_exit(&t);
}

static void test_full(void)
{
	struct fpgabuf_tracker t;
	unsigned int pending = 0;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&t, CAPACITY, 7), 0);
	issue(&t, &pending, CAPACITY - 1);
	CU_ASSERT_FALSE(fpgabuf_tracker_full(&t));
	issue(&t, &pending, 1);
	CU_ASSERT_TRUE(fpgabuf_tracker_full(&t));
	/* The oldest is the one that holds the window. */
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 8, 8), 0);
	CU_ASSERT_TRUE(fpgabuf_tracker_full(&t));
	CU_ASSERT_EQUAL(fpgabuf_tracker_complete(&t, 7, 7), 0);
	CU_ASSERT_FALSE(fpgabuf_tracker_full(&t));
	fpgabuf_tracker_exit(&t);
}

/* The tracker against the plainest model: every id, and whether it is done. */

#define MODEL_IDS	20000U
#define MODEL_OWNERS	5U
#define MODEL_SEED	20231U
#define MODEL_START	(UINT32_MAX - MODEL_IDS / 2)

struct model {
	struct fpgabuf_tracker tracker;
	unsigned int pending[MODEL_OWNERS];
	unsigned int expected[MODEL_OWNERS];
	unsigned int owner[MODEL_IDS];
	bool done[MODEL_IDS];
	unsigned int issued;
	unsigned int completed;
};

static void model_issue(struct model *m)
{
	unsigned int owner = rand() % MODEL_OWNERS;

	if (m->issued == MODEL_IDS || fpgabuf_tracker_full(&m->tracker))
		return;
	fpgabuf_tracker_issue(&m->tracker, &m->pending[owner]);
	m->owner[m->issued++] = owner;
	m->expected[owner]++;
}

/* Any range near the window, right or wrong. */
static bool model_complete(struct model *m)
{
	unsigned int reach = m->issued < 80 ? m->issued : 80;
	unsigned int lo = m->issued - reach + rand() % (reach + 2);
	unsigned int hi = lo + rand() % 6;
	bool good = hi < m->issued;
	unsigned int i;
	int ret;

	for (i = lo; good && i <= hi; i++)
		good = !m->done[i];
	ret = fpgabuf_tracker_complete(&m->tracker, MODEL_START + lo,
				       MODEL_START + hi);
	if (ret != (good ? 0 : -EPROTO))
		return false;
	for (i = lo; good && i <= hi; i++) {
		m->done[i] = true;
		m->completed++;
		m->expected[m->owner[i]]--;
	}
	return !memcmp(m->pending, m->expected, sizeof(m->pending)) &&
	       m->tracker.outstanding == m->issued - m->completed;
}

static void test_model(void)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned int step, bad = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	srand(MODEL_SEED);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_tracker_init(&m->tracker, CAPACITY,
						   MODEL_START), 0);
	for (step = 0; step < 40 * MODEL_IDS && !bad; step++) {
		model_issue(m);
		if (!model_complete(m))
			bad = step + 1;
	}
	printf("(seed %u) ", MODEL_SEED);
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT_EQUAL(m->issued, MODEL_IDS);
	CU_ASSERT_EQUAL(m->completed, MODEL_IDS);
	fpgabuf_tracker_exit(&m->tracker);
	free(m);
}

static const struct test tests[] = {
	{ "a buffer is pending until all its sends have completed",
	  test_counts_down },
	{ "one report may cover the sends of many buffers",
	  test_range_over_owners },
	{ "reports may come in any order", test_reordered },
	{ "ids wrap at 2^32, also within a report", test_wraps },
	{ "duplicate, unknown and senseless ids are refused, nothing changes",
	  test_refuses },
	{ "the window is full until the oldest send has completed", test_full },
	{ "a million random reports agree with a plain model", test_model },
	{ }
};

SUITE(completion, .title = "completion tracker", .tests = tests)
