/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests of the writer.
 */
#ifndef TESTS_RTL_TESTS_H
#define TESTS_RTL_TESTS_H

#include "program.h"

/**
 * struct test - one test
 * @name: of one word
 * @sentence: what holds if the test passes
 * @run: with a writer of its own, after reset; @scale is how long, 1,000
 *	 packets for those that are random
 */
struct test {
	const char *name;
	const char *sentence;
	void (*run)(struct bench *bench, unsigned int scale);
};

/* The last one has no name. */
extern const struct test tests[];

#endif
