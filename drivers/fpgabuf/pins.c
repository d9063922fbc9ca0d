// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the pins that stay on a region: its baseline
 *
 * A registration (of buffers with io_uring, of memory with RDMA, AF_XDP or VFIO)
 * pins pages for as long as it lasts.  The pins that a region has when its
 * baseline is recorded are taken off what the in-use test counts, as long as they
 * last; the baseline of a chunk can only fall.
 *
 * No two counts can be read at once.  Standing pins only go, but pins of others
 * come and go at any time.  So a count of pins is believed if it was the same
 * before the references were read and after, and is no more than the baseline:
 * then the chunk had that many pins, and one that is none of the baseline's has
 * taken the place of one that has gone.  That is what cannot be seen, and what the
 * user answers for; see struct fpgabuf_baseline.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "compat.h"
#include "memory.h"
#include "pins.h"

/* Pins of a folio that counts them */
#ifndef fpgabuf_pincount
#define fpgabuf_pincount(folio)	((unsigned int)atomic_read(&(folio)->_pincount))
#endif

/* References that a pin is where pins have no count of their own */
#define PIN_REFS	((long)GUP_PIN_COUNTING_BIAS)

#if IS_ENABLED(CONFIG_FPGABUF_KUNIT_TEST)
/* Lets a test have something happen between the reads of the in-use test. */
void (*fpgabuf_look_hook)(const struct fpgabuf_chunk *chunk);

static void between_reads(const struct fpgabuf_chunk *chunk)
{
	if (fpgabuf_look_hook)
		fpgabuf_look_hook(chunk);
}
#else
static void between_reads(const struct fpgabuf_chunk *chunk)
{
}
#endif

/**
 * fpgabuf_look_at() - read the counts of a chunk
 * @chunk: the chunk
 * @look: filled in
 *
 * In the order that fpgabuf_region_usage() and the baseline depend on.
 *
 * Context: any; no page of it can become mapped.
 */
void fpgabuf_look_at(const struct fpgabuf_chunk *chunk,
		     struct fpgabuf_look *look)
{
	struct folio *folio = page_folio(chunk->page);

	*look = (struct fpgabuf_look){
		.counted = folio_has_pincount(folio),
	};
	if (look->counted)
		look->pins = fpgabuf_pincount(folio);
	/* In the order that is described above */
	smp_rmb();
	look->refs = page_ref_count(chunk->page);
	if (look->refs == 1 && !look->pins)
		return;
	between_reads(chunk);
	/* Pairs with the barrier in the unmapping put_page(). */
	smp_rmb();
	look->mappings = folio_mapcount(folio);
	if (look->counted)
		look->pins_after = fpgabuf_pincount(folio);
}

/* References that are neither the region's nor a mapping's */
static long others(const struct fpgabuf_look *look)
{
	return look->refs - 1 - look->mappings;
}

/**
 * fpgabuf_look_foreign() - references by others
 * @look: the counts of a chunk without baseline
 *
 * Return: so many; 0 only if there was a moment with none.
 */
u64 fpgabuf_look_foreign(const struct fpgabuf_look *look)
{
	/* A difference below zero is none to trust: in use as well. */
	return abs(others(look));
}

/* As many pins as references could be that are nobody's else */
static u32 pins_in(long foreign)
{
	return max(foreign, 0L) / PIN_REFS;
}

static u64 beside_single(const struct fpgabuf_look *look, u32 *standing)
{
	long foreign = others(look);

	*standing = min_t(u32, *standing, pins_in(foreign));
	return abs(foreign - (long)*standing * PIN_REFS);
}

static u64 beside_counted(const struct fpgabuf_look *look, u32 *standing)
{
	u32 most = max(look->pins, look->pins_after);
	u64 foreign;

	*standing = min3(*standing, look->pins, look->pins_after);
	foreign = abs(others(look) - (long)*standing);
	/* Pins that were there at one of the reads, whatever the references say */
	return max_t(u64, foreign, most - *standing);
}

/**
 * fpgabuf_look_beside() - references by others, beside the standing pins
 * @look: the counts of a chunk
 * @standing: pins of the chunk that stay; lowered to what is there
 *
 * Return: as fpgabuf_look_foreign(), without those of @standing.
 */
u64 fpgabuf_look_beside(const struct fpgabuf_look *look, u32 *standing)
{
	return look->counted ? beside_counted(look, standing) :
			       beside_single(look, standing);
}

/**
 * fpgabuf_look_record() - take the pins of a chunk as its baseline
 * @look: the counts of the chunk
 * @standing: set to the pins that it has
 *
 * Return: 0, or -EBUSY: somebody has references that are no pins.
 */
int fpgabuf_look_record(const struct fpgabuf_look *look, u32 *standing)
{
	*standing = look->counted ? look->pins : pins_in(others(look));
	if (look->pins != look->pins_after)
		return -EBUSY;
	return fpgabuf_look_beside(look, standing) ? -EBUSY : 0;
}
