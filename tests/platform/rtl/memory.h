/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that the writer writes to.
 *
 * A burst is in memory when it has been answered, not before: who reads too
 * early finds what was there.
 */
#ifndef TESTS_RTL_MEMORY_H
#define TESTS_RTL_MEMORY_H

#include <stddef.h>

#include "pins.h"
#include "random.h"

#define MEMORY_BYTES  (256 * 1024)
#define MEMORY_BEATS  4096
#define MEMORY_BURSTS 1024
#define MEMORY_RANGES 2

/* The longest burst of AXI4, of beats of 8 bytes */
#define MEMORY_BURST_BYTES (256 * 8)

/* What is there before anything was written */
#define MEMORY_UNTOUCHED 0xa5

/* Which of address and data it takes first */
enum memory_order {
	MEMORY_ANY,
	MEMORY_ADDRESS_FIRST,
	MEMORY_DATA_FIRST,
};

struct memory_beat {
	uint64_t data;
	uint8_t strobe;
	bool last;
};

struct memory_burst {
	uint64_t addr;
	unsigned int beats;
};

struct memory_range {
	uint64_t addr;
	uint64_t bytes;
};

/* What becomes of a burst when it is answered, instead of going to @bytes */
typedef void memory_store(void *arg, uint64_t addr, const uint8_t *bytes,
			  unsigned int count);

/**
 * struct memory - bursts are counted, and so are beats; places wrap
 * @base: address of the first byte
 * @store: takes what is written, or NULL
 * @store_arg: for it
 * @order: see above
 * @aw_ready: how often it takes an address, in percent
 * @w_ready: how often it takes data
 * @answers: how often it answers what can be answered; 0: never
 * @pauses: how often it begins or ends a time without answers
 * @paused: it is such a time
 * @errors: how often an answer is an error
 * @ranges: what may be written; no bytes: nothing
 * @asked: addresses taken
 * @complete: bursts of which all data were taken
 * @matched: bursts with both, checked
 * @answered: bursts answered
 * @first_beat: first one of the oldest unanswered burst
 * @match_beat: first one of the oldest burst that is not matched
 * @beat_count: beats taken
 * @offered: an answer is given, and stays until it is taken
 * @error: it is an error
 * @failed: has a burst of these ranges been answered with an error?
 */
struct memory {
	struct random *random;
	unsigned int beat_bytes;
	uint64_t base;
	memory_store *store;
	void *store_arg;
	enum memory_order order;
	unsigned int aw_ready, w_ready, answers, pauses, errors;
	bool paused;
	struct memory_range ranges[MEMORY_RANGES];
	uint64_t asked, complete, matched, answered;
	uint64_t first_beat, match_beat, beat_count;
	bool offered, error;
	bool failed[MEMORY_RANGES];
	struct memory_burst bursts[MEMORY_BURSTS];
	struct memory_beat beats[MEMORY_BEATS];
	uint8_t bytes[MEMORY_BYTES];
};

void memory_init(struct memory *memory, struct random *random,
		 unsigned int beat_bytes, uint64_t base);

/* memory_step - see what is taken by the clock that comes next
 * @pins: as they are before it
 */
void memory_step(struct memory *memory, const struct pins *pins);

/* memory_drive - be ready, and answer, after a clock */
void memory_drive(struct memory *memory, struct pins *pins);

/**
 * memory_allow - let a capture be written
 * @place: 0 or 1
 * @addr, @bytes: all of it is made untouched, if it is this memory; no bytes:
 *	nothing is allowed
 */
void memory_allow(struct memory *memory, unsigned int place, uint64_t addr,
		  uint64_t bytes);

/* Has every burst been answered, and is none on its way? */
bool memory_idle(const struct memory *memory, const struct pins *pins);

/* Is anything on its way to what @place allows? */
bool memory_pending(const struct memory *memory, unsigned int place,
		    const struct pins *pins);

/* The byte at an address, which must be in the memory */
uint8_t *memory_at(struct memory *memory, uint64_t addr);

#endif
