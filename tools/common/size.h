/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers on the command line
 *
 * What fails leaves behind what would have been right, for usage_bad_value().
 */
#ifndef FPGABUF_COMMON_SIZE_H
#define FPGABUF_COMMON_SIZE_H

#include <stdint.h>

/*
 * Reads a number of bytes: decimal digits and at most one of K, M, G, T (in
 * either case), meaning powers of 1024.  -EINVAL: not of this form; -ERANGE:
 * does not fit.
 */
int parse_size(const char *text, uint64_t *size);

/* The same, from @min to @max bytes: -ERANGE if it is not. */
int parse_size_within(const char *text, uint64_t min, uint64_t max,
		      uint64_t *size);

/* Reads a plain decimal number from @min to @max.  Errors as parse_size(). */
int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Reads milliseconds, with up to three digits behind a point, up to @max_us
 * microseconds.  Errors as parse_size().
 */
int parse_ms(const char *text, uint64_t max_us, uint64_t *us);

/* For parsers of other things: says what is right, before they fail. */
void parse_wants(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the parser that was called last wants. */
const char *parse_wanted(void);

#endif /* FPGABUF_COMMON_SIZE_H */
