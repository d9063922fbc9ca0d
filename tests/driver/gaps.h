/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording with metadata, compared with what the simulated FPGA has lost */
#ifndef GUEST_GAPS_H
#define GUEST_GAPS_H

#include <stdint.h>
#include <time.h>

/* Most gaps of a run */
#define GAPS_MOST	4096

/**
 * struct gaps - what was lost, and how far the files were compared with it
 * @lost: words of the pattern, in order
 * @count: how many losses there were
 * @found: how many of them were in the files
 * @at_start: how many of these were before the first sample of a file
 * @next: the word of the pattern that comes if nothing is lost
 * @bytes: bytes of all files
 * @first: CLOCK_REALTIME of the first segment
 * @last: the same of the last one
 */
struct gaps {
	uint64_t lost[GAPS_MOST];
	unsigned int count;
	unsigned int found;
	unsigned int at_start;
	uint64_t next;
	uint64_t bytes;
	time_t first;
	time_t last;
};

/* The FPGA has lost so many words; call it in order. */
void gaps_add(struct gaps *gaps, uint64_t words);

/*
 * The next file, whose samples are words of the pattern: they go on where the file before
 * has ended, but for losses that were added.  Its metadata must have these gaps, and no
 * other.
 */
void gaps_check(struct gaps *gaps, const char *data, const char *meta);

#endif /* GUEST_GAPS_H */
