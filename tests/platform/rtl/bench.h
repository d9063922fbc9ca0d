/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench: the writer, a stream that feeds it, a memory that it writes to,
 * and the program that drives its registers.
 *
 * Whatever breaks a rule ends the program: bench_fail() says where.
 */
#ifndef TESTS_RTL_BENCH_H
#define TESTS_RTL_BENCH_H

#include "memory.h"
#include "pins.h"
#include "random.h"
#include "stream.h"

/**
 * struct bench - all of it
 * @cycle: clocks since reset
 * @beat_bytes: of the stream and the memory
 * @addr_width: bits of an address
 */
struct bench {
	struct pins pins;
	struct writer *writer;
	struct memory memory;
	struct stream stream;
	struct random random;
	uint64_t cycle;
	unsigned int beat_bytes;
	unsigned int addr_width;
};

/**
 * bench_open - a writer after its reset
 * @seed: of all that is random
 * @trace: file for the waveform, or NULL
 */
struct bench *bench_open(uint64_t seed, const char *trace);

void bench_close(struct bench *bench);

/* One clock of everything */
void bench_step(struct bench *bench);

void bench_steps(struct bench *bench, unsigned int cycles);

/* Says why, and in which cycle, and ends the program */
void bench_fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* bench_check - a condition that the test is about */
#define bench_check(condition)						\
	((condition) ? (void)0 :					\
	 bench_fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

#endif
