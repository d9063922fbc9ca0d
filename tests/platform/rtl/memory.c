// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory: takes addresses and data, each at its own pace, and answers.
 *
 * That the signals keep the rules by themselves is checked in rules.sv; here,
 * that addresses and data fit each other, and that both fit what is allowed.
 */
#include <string.h>

#include "bench.h"

#define SLVERR 2

void memory_init(struct memory *memory, struct random *random,
		 unsigned int beat_bytes, uint64_t base)
{
	*memory = (struct memory){
		.random = random,
		.beat_bytes = beat_bytes,
		.base = base,
		.aw_ready = 100,
		.w_ready = 100,
		.answers = 100,
	};
}

uint8_t *memory_at(struct memory *memory, uint64_t addr)
{
	if (addr - memory->base >= MEMORY_BYTES)
		bench_fail("no memory at %#llx", (unsigned long long)addr);
	return &memory->bytes[addr - memory->base];
}

void memory_allow(struct memory *memory, unsigned int place, uint64_t addr,
		  uint64_t bytes)
{
	memory->ranges[place] = (struct memory_range){ addr, bytes };
	memory->failed[place] = false;
	if (bytes && !memory->store)
		memset(memory_at(memory, addr), MEMORY_UNTOUCHED, bytes);
}

static bool in_range(const struct memory_range *range, uint64_t addr)
{
	return addr - range->addr < range->bytes;
}

static bool allowed(const struct memory *memory, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < MEMORY_RANGES; i++)
		if (in_range(&memory->ranges[i], addr))
			return true;
	return false;
}

static struct memory_burst *burst_of(struct memory *memory, uint64_t number)
{
	return &memory->bursts[number % MEMORY_BURSTS];
}

static struct memory_beat *beat_of(struct memory *memory, uint64_t number)
{
	return &memory->beats[number % MEMORY_BEATS];
}

static void take_address(struct memory *memory, const struct pins *pins)
{
	*burst_of(memory, memory->asked++) = (struct memory_burst){
		.addr = pins->awaddr,
		.beats = pins->awlen + 1,
	};
}

static void take_data(struct memory *memory, const struct pins *pins)
{
	*beat_of(memory, memory->beat_count++) = (struct memory_beat){
		.data = pins->wdata,
		.strobe = pins->wstrb,
		.last = pins->wlast,
	};
	memory->complete += pins->wlast;
}

static void check_allowed(const struct memory *memory, uint64_t addr,
			  uint8_t strobe)
{
	unsigned int i;

	for (i = 0; i < memory->beat_bytes; i++)
		if (strobe >> i & 1 && !allowed(memory, addr + i))
			bench_fail("a write to %#llx, which is not queued",
				   (unsigned long long)addr + i);
}

/* Do the data fit the address? */
static void match(struct memory *memory)
{
	const struct memory_burst *burst = burst_of(memory, memory->matched++);
	const struct memory_beat *beat;
	unsigned int i;

	for (i = 0; i < burst->beats; i++) {
		beat = beat_of(memory, memory->match_beat++);
		if (beat->last != (i == burst->beats - 1))
			bench_fail("WLAST of a burst of %u at beat %u is %u",
				   burst->beats, i, beat->last);
		check_allowed(memory, burst->addr + i * memory->beat_bytes,
			      beat->strobe);
	}
}

static void commit_beat(struct memory *memory, uint64_t addr,
			const struct memory_beat *beat)
{
	unsigned int i;

	for (i = 0; i < memory->beat_bytes; i++)
		if (beat->strobe >> i & 1)
			*memory_at(memory, addr + i) = beat->data >> 8 * i;
}

/* Its bytes in one piece, which they are if only the last beat is not whole */
static unsigned int gather(struct memory *memory, uint8_t *bytes)
{
	const struct memory_burst *burst = burst_of(memory, memory->answered);
	unsigned int i, j, count = 0;

	for (i = 0; i < burst->beats; i++) {
		const struct memory_beat *beat =
			beat_of(memory, memory->first_beat + i);

		for (j = 0; j < memory->beat_bytes && beat->strobe >> j & 1; j++)
			bytes[count++] = beat->data >> 8 * j;
		if (beat->strobe >> j || (j < memory->beat_bytes && !beat->last))
			bench_fail("a burst with holes");
	}
	return count;
}

static void store(struct memory *memory)
{
	uint8_t bytes[MEMORY_BURST_BYTES];
	unsigned int count = gather(memory, bytes);

	if (count)
		memory->store(memory->store_arg,
			      burst_of(memory, memory->answered)->addr, bytes,
			      count);
}

static void commit(struct memory *memory)
{
	const struct memory_burst *burst = burst_of(memory, memory->answered);
	unsigned int i;

	if (memory->store) {
		store(memory);
		return;
	}
	for (i = 0; i < burst->beats; i++)
		commit_beat(memory, burst->addr + i * memory->beat_bytes,
			    beat_of(memory, memory->first_beat + i));
}

static void note_failure(struct memory *memory)
{
	uint64_t addr = burst_of(memory, memory->answered)->addr;
	unsigned int i;

	for (i = 0; i < MEMORY_RANGES; i++)
		memory->failed[i] |= in_range(&memory->ranges[i], addr);
}

static void answer_taken(struct memory *memory)
{
	if (memory->error)
		note_failure(memory);
	else
		commit(memory);
	memory->first_beat += burst_of(memory, memory->answered)->beats;
	memory->answered++;
	memory->offered = false;
}

void memory_step(struct memory *memory, const struct pins *pins)
{
	if (pins->awvalid && pins->awready)
		take_address(memory, pins);
	if (pins->wvalid && pins->wready)
		take_data(memory, pins);
	while (memory->matched < memory->asked &&
	       memory->matched < memory->complete)
		match(memory);
	if (pins->bvalid && pins->bready)
		answer_taken(memory);
}

static bool takes_address(struct memory *memory)
{
	if (memory->order == MEMORY_DATA_FIRST &&
	    memory->complete == memory->asked)
		return false;
	return random_chance(memory->random, memory->aw_ready);
}

static bool takes_data(struct memory *memory)
{
	if (memory->order == MEMORY_ADDRESS_FIRST &&
	    memory->complete == memory->asked)
		return false;
	return random_chance(memory->random, memory->w_ready);
}

/* After a pause, answers may come close together. */
static void answer(struct memory *memory)
{
	memory->paused ^= random_chance(memory->random, memory->pauses);
	if (memory->offered || memory->paused ||
	    memory->answered == memory->matched)
		return;
	memory->offered = random_chance(memory->random, memory->answers);
	memory->error = random_chance(memory->random, memory->errors);
}

void memory_drive(struct memory *memory, struct pins *pins)
{
	pins->awready = takes_address(memory);
	pins->wready = takes_data(memory);
	answer(memory);
	pins->bvalid = memory->offered;
	pins->bresp = memory->error ? SLVERR : 0;
}

bool memory_idle(const struct memory *memory, const struct pins *pins)
{
	return memory->answered == memory->asked &&
	       memory->beat_count == memory->first_beat && !pins->awvalid &&
	       !pins->wvalid;
}

bool memory_pending(const struct memory *memory, unsigned int place,
		    const struct pins *pins)
{
	const struct memory_range *range = &memory->ranges[place];
	uint64_t i;

	for (i = memory->answered; i < memory->asked; i++)
		if (in_range(range, memory->bursts[i % MEMORY_BURSTS].addr))
			return true;
	return pins->awvalid && in_range(range, pins->awaddr);
}
