/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the pins that stay on a region: its baseline
 */
#ifndef FPGABUF_PINS_H
#define FPGABUF_PINS_H

#include <linux/types.h>

struct fpgabuf_chunk;

/**
 * struct fpgabuf_look - the counts of a chunk
 * @refs: references, the region's own among them
 * @mappings: page table entries, read after @refs
 * @counted: pins have a count of their own.  Without one, each is
 *	GUP_PIN_COUNTING_BIAS references
 * @pins: that count, read before @refs
 * @pins_after: and read after it
 */
struct fpgabuf_look {
	unsigned long refs;
	unsigned long mappings;
	bool counted;
	unsigned int pins;
	unsigned int pins_after;
};

void fpgabuf_look_at(const struct fpgabuf_chunk *chunk,
		     struct fpgabuf_look *look);
u64 fpgabuf_look_foreign(const struct fpgabuf_look *look);
u64 fpgabuf_look_beside(const struct fpgabuf_look *look, u32 *standing);
int fpgabuf_look_record(const struct fpgabuf_look *look, u32 *standing);

/* pins.c, for tests of the in-use test */
extern void (*fpgabuf_look_hook)(const struct fpgabuf_chunk *chunk);

#endif /* FPGABUF_PINS_H */
