/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers on the command line. */
#ifndef FPGABUF_COMMON_SIZE_H
#define FPGABUF_COMMON_SIZE_H

#include <stdint.h>

/*
 * Reads a number of bytes: decimal digits and at most one of K, M, G, T (in
 * either case), meaning powers of 1024.  -EINVAL: not of this form; -ERANGE:
 * does not fit.
 */
int parse_size(const char *text, uint64_t *size);

/* Reads a plain decimal number from @min to @max.  Errors as parse_size(). */
int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Reads milliseconds, with up to three digits behind a point, up to @max_us
 * microseconds.  Errors as parse_size().
 */
int parse_ms(const char *text, uint64_t max_us, uint64_t *us);

#endif /* FPGABUF_COMMON_SIZE_H */
