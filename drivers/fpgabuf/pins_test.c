// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the baseline
 *
 * The arithmetic on counts as they can be found, and the whole on pins that are
 * real, made by pin_user_pages() as by a registration.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "kunit_bed.h"
#include "pins.h"

#define NR_PAGES	16
#define PIN		GUP_PIN_COUNTING_BIAS

/**
 * struct sight - counts of a chunk, and what follows
 * @name: what has happened
 * @look: the counts
 * @had: the baseline before
 * @has: and after
 * @foreign: what is in use
 */
struct sight {
	const char *name;
	struct fpgabuf_look look;
	u32 had;
	u32 has;
	u64 foreign;
};

/* References are 1 for the region, and the mappings, and the pins, and others. */
static const struct sight sights[] = {
	{ "counted, nobody",		{ 1, 0, true, 0, 0 },	0, 0, 0 },
	{ "counted, as recorded",	{ 1 + 4 + 2, 4, true, 2, 2 }, 2, 2, 0 },
	{ "counted, one reference",	{ 1 + 4 + 2 + 1, 4, true, 2, 2 }, 2, 2, 1 },
	{ "counted, one pin more",	{ 1 + 4 + 3, 4, true, 3, 3 }, 2, 2, 1 },
	{ "counted, one pin less",	{ 1 + 4 + 1, 4, true, 1, 1 }, 2, 1, 0 },
	{ "counted, none left",		{ 1, 0, true, 0, 0 },	2, 0, 0 },
	{ "counted, nothing recorded",	{ 1 + 2, 0, true, 2, 2 }, 0, 0, 2 },
	/* The count of mappings may be too small. */
	{ "counted, mappings missing",	{ 1 + 4 + 2, 3, true, 2, 2 }, 2, 2, 1 },
	/* One goes between the reads, and a reference is there all the time. */
	{ "counted, gone before refs",	{ 1 + 1 + 1, 0, true, 2, 1 }, 2, 1, 1 },
	{ "counted, gone after refs",	{ 1 + 2 + 1, 0, true, 2, 1 }, 2, 1, 2 },
	/* The same, and it is another pin that is there all the time. */
	{ "counted, gone beside a pin",	{ 1 + 2, 0, true, 3, 2 }, 2, 2, 1 },
	/* A pin comes when the references have been read. */
	{ "counted, pinned meanwhile",	{ 1 + 2, 0, true, 2, 3 }, 2, 2, 1 },
	{ "counted, another comes",	{ 1 + 1 + 1, 0, true, 1, 2 }, 2, 1, 1 },
	{ "counted, less than pins",	{ 1 + 1, 0, true, 2, 2 }, 2, 2, 1 },
	{ "single, nobody",		{ 1, 0 },	0, 0, 0 },
	{ "single, as recorded",	{ 1 + 3 + 2 * PIN, 3 },	2, 2, 0 },
	{ "single, one reference",	{ 1 + 3 + 2 * PIN + 1, 3 },	2, 2, 1 },
	{ "single, one pin more",	{ 1 + 3 * PIN, 0 },	2, 2, PIN },
	{ "single, one pin less",	{ 1 + 1 * PIN, 0 },	2, 1, 0 },
	{ "single, less and a reference", { 1 + PIN + 1, 0 },	2, 1, 1 },
	{ "single, none left",		{ 1, 0 },	2, 0, 0 },
	{ "single, one below a pin",	{ 1 + PIN - 1, 0 },	1, 0, PIN - 1 },
	{ "single, nothing recorded",	{ 1 + PIN, 0 },	0, 0, PIN },
	{ "single, mappings too many",	{ 1 + 2, 3 },	1, 0, 1 },
};

static void sight_name(const struct sight *sight, char *name)
{
	strscpy(name, sight->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sights, sights, sight_name);

static void beside_test(struct kunit *test)
{
	const struct sight *sight = test->param_value;
	u32 standing = sight->had;

	KUNIT_EXPECT_EQ(test, fpgabuf_look_beside(&sight->look, &standing),
			sight->foreign);
	KUNIT_EXPECT_EQ(test, standing, sight->has);
}

/* It can only be recorded if there is nothing but pins, and they stand still. */
static void record_test(struct kunit *test)
{
	const struct sight *sight = test->param_value;
	const struct fpgabuf_look *look = &sight->look;
	long others = look->refs - 1 - look->mappings;
	long pins = look->counted ? look->pins : others / (long)PIN;
	bool still = look->pins == look->pins_after;
	u32 standing = 77;
	int ret = fpgabuf_look_record(look, &standing);

	if (still && others == (look->counted ? pins : pins * (long)PIN)) {
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, standing, pins);
	} else {
		KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	}
}

/* A folio of 16 pages; single pages; pieces of 16, 2 and 1 pages */
static const struct {
	const char *name;
	u32 pages;
	u32 flags;
} kinds[] = {
	{ "one folio", NR_PAGES, 0 },
	{ "single pages", NR_PAGES + 1, 0 },
	{ "scattered", NR_PAGES + 3, FPGABUF_ALLOC_SCATTER },
};

static void kind_name(const typeof(kinds[0]) *kind, char *name)
{
	strscpy(name, kind->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kinds, kinds, kind_name);

/* A region that is mapped, and a registration of it */
struct registration {
	struct fpgabuf_target *region;
	unsigned long addr;
	unsigned int nr;
	struct page *pages[NR_PAGES + 3];
};

static void pin(struct kunit *test, struct registration *reg)
{
	int nr = pin_user_pages_fast(reg->addr, reg->nr,
				     FOLL_WRITE | FOLL_LONGTERM, reg->pages);

	KUNIT_ASSERT_EQ(test, nr, reg->nr);
}

static void unpin(struct registration *reg)
{
	unpin_user_pages(reg->pages, reg->nr);
}

static struct registration registered(struct kunit *test)
{
	const typeof(kinds[0]) *kind = test->param_value;
	struct registration reg = { .nr = kind->pages };
	u8 byte = 1;

	reg.region = bed_region(test, kind->pages * PAGE_SIZE, kind->flags);
	reg.addr = kunit_vm_mmap(test, reg.region->buffer.dmabuf->file, 0,
				 kind->pages * PAGE_SIZE,
				 PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	KUNIT_ASSERT_NE(test, reg.addr, 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)reg.addr, &byte, 1),
			0);
	pin(test, &reg);
	return reg;
}

static void registration_end(struct registration *reg)
{
	vm_munmap(reg->addr, reg->nr * PAGE_SIZE);
	dma_buf_put(reg->region->buffer.dmabuf);
}

static int baseline(struct registration *reg)
{
	u64 pins = 0;
	int ret = fpgabuf_buffer_record(&reg->region->buffer, &pins);

	return ret ?: pins;
}

/* Is it idle, as QUEUE sees it?  It is not queued. */
static bool idle(struct registration *reg)
{
	struct fpgabuf_buffer *buffer = &reg->region->buffer;
	struct fpgabuf_usage usage;

	if (fpgabuf_buffer_claim(buffer, false, &usage))
		return false;
	fpgabuf_buffer_give_back(buffer);
	return true;
}

static u64 standing(struct registration *reg)
{
	struct fpgabuf_usage usage;
	unsigned int importers;

	fpgabuf_buffer_look(&reg->region->buffer, &usage, &importers);
	return usage.standing;
}

static void standing_test(struct kunit *test)
{
	struct registration reg = registered(test), again = reg;
	pgoff_t i;

	KUNIT_EXPECT_FALSE(test, idle(&reg));
	KUNIT_EXPECT_EQ(test, baseline(&reg), reg.nr);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -EALREADY);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	KUNIT_EXPECT_EQ(test, standing(&reg), reg.nr);
	/* A reference on top, a pin on top, of every page */
	for (i = 0; i < reg.nr; i++) {
		get_page(reg.pages[i]);
		KUNIT_EXPECT_FALSE(test, idle(&reg));
		put_page(reg.pages[i]);
		KUNIT_EXPECT_TRUE(test, idle(&reg));
		again.addr = reg.addr + i * PAGE_SIZE;
		again.nr = 1;
		pin(test, &again);
		KUNIT_EXPECT_FALSE(test, idle(&reg));
		unpin(&again);
		KUNIT_EXPECT_TRUE(test, idle(&reg));
	}
	KUNIT_EXPECT_EQ(test, standing(&reg), reg.nr);
	unpin(&reg);
	registration_end(&reg);
}

/* QUEUE has seen that they went: those that come later are others. */
static void lowered_by_queue_test(struct kunit *test)
{
	struct registration reg = registered(test);

	KUNIT_EXPECT_EQ(test, baseline(&reg), reg.nr);
	unpin(&reg);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	pin(test, &reg);
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	KUNIT_EXPECT_EQ(test, standing(&reg), 0);
	unpin(&reg);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	registration_end(&reg);
}

/* A part of a registration goes, and only that part of the baseline. */
static void lowered_by_chunk_test(struct kunit *test)
{
	struct registration reg = registered(test);

	KUNIT_EXPECT_EQ(test, baseline(&reg), reg.nr);
	unpin_user_page(reg.pages[reg.nr - 1]);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	KUNIT_EXPECT_EQ(test, standing(&reg), reg.nr - 1);
	/* One more where one is missing, and one where none is */
	KUNIT_ASSERT_EQ(test,
			pin_user_pages_fast(reg.addr + (reg.nr - 1) * PAGE_SIZE,
					    1, FOLL_WRITE | FOLL_LONGTERM,
					    &reg.pages[reg.nr - 1]), 1);
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	unpin(&reg);
	registration_end(&reg);
}

/* While it was captured into, the registration went; DEQUEUE sees that. */
static void lowered_by_dequeue_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct registration reg = registered(test);
	const struct fpgabuf_queue queue = { .timeout_ms = 60000 };
	struct fpgabuf_capture *done;

	KUNIT_EXPECT_EQ(test, baseline(&reg), reg.nr);
	KUNIT_ASSERT_EQ(test, bed_queue(bed->file, reg.region, &queue), 0);
	unpin(&reg);
	bed_complete(bed, reg.nr * PAGE_SIZE, DMA_TRANS_NOERROR);
	flush_work(&bed->stream.queue.finish);
	done = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_PTR_EQ(test, done, reg.region->captures);
	fpgabuf_capture_release(done);
	pin(test, &reg);
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	unpin(&reg);
	registration_end(&reg);
}

static void refused_test(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct registration reg = registered(test);
	const struct fpgabuf_queue queue = { .timeout_ms = 60000 };
	struct fpgabuf_capture *done;

	get_page(reg.pages[3]);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -EBUSY);
	put_page(reg.pages[3]);
	unpin(&reg);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -ENOENT);

	KUNIT_ASSERT_EQ(test, bed_queue(bed->file, reg.region, &queue), 0);
	pin(test, &reg);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -EBUSY);
	bed_complete(bed, reg.nr * PAGE_SIZE, DMA_TRANS_NOERROR);
	flush_work(&bed->stream.queue.finish);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -EBUSY);
	done = fpgabuf_capture_dequeue(bed->file, false);
	KUNIT_ASSERT_PTR_EQ(test, done, reg.region->captures);
	fpgabuf_capture_release(done);
	KUNIT_EXPECT_EQ(test, baseline(&reg), -EPERM);
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	unpin(&reg);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	registration_end(&reg);
}

/* A registration ends just when the references have been read. */
static struct registration *leaving;

static void leave(const struct fpgabuf_chunk *chunk)
{
	if (leaving)
		unpin(leaving);
	leaving = NULL;
}

static void leaves_meanwhile_test(struct kunit *test)
{
	struct registration reg = registered(test);

	KUNIT_EXPECT_EQ(test, baseline(&reg), reg.nr);
	get_page(reg.pages[0]);
	leaving = &reg;
	fpgabuf_look_hook = leave;
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	fpgabuf_look_hook = NULL;
	KUNIT_EXPECT_PTR_EQ(test, leaving, NULL);
	KUNIT_EXPECT_FALSE(test, idle(&reg));
	put_page(reg.pages[0]);
	KUNIT_EXPECT_TRUE(test, idle(&reg));
	registration_end(&reg);
}

static struct kunit_case pins_cases[] = {
	KUNIT_CASE_PARAM(beside_test, sights_gen_params),
	KUNIT_CASE_PARAM(record_test, sights_gen_params),
	KUNIT_CASE_PARAM(standing_test, kinds_gen_params),
	KUNIT_CASE_PARAM(lowered_by_queue_test, kinds_gen_params),
	KUNIT_CASE_PARAM(lowered_by_chunk_test, kinds_gen_params),
	KUNIT_CASE_PARAM(lowered_by_dequeue_test, kinds_gen_params),
	KUNIT_CASE_PARAM(refused_test, kinds_gen_params),
	KUNIT_CASE_PARAM(leaves_meanwhile_test, kinds_gen_params),
	{}
};

static struct kunit_suite pins_suite = {
	.name = "fpgabuf-pins",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = pins_cases,
};

kunit_test_suite(pins_suite);
