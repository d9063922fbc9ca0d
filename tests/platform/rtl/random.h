/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that are the same for the same seed.
 */
#ifndef TESTS_RTL_RANDOM_H
#define TESTS_RTL_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* splitmix64, by Sebastiano Vigna, which he gave to the public domain */
static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Below @bound, which is not 0 */
static inline unsigned int random_below(struct random *random,
					unsigned int bound)
{
	return random_next(random) % bound;
}

/* True @percent times of a hundred */
static inline bool random_chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

#endif
