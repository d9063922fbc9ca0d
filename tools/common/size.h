/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and paths on the command line
 *
 * A parser that fails leaves a description of valid values for usage_bad_value().
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
 * Reads milliseconds, with up to three digits after the point, up to @max_us
 * microseconds.  Errors as parse_size().
 */
int parse_ms(const char *text, uint64_t max_us, uint64_t *us);

/* Reads whole seconds from 1 to @max, as nanoseconds.  Errors as parse_size(). */
int parse_seconds(const char *text, uint64_t max, int64_t *ns);

/* Takes a path, which is not empty: -EINVAL if it is.  It stays yours. */
int parse_path(const char *text, const char **path);

/* For other parsers: describes valid values, before they fail. */
void parse_wants(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The description of valid values from the last parser. */
const char *parse_wanted(void);

#endif /* FPGABUF_COMMON_SIZE_H */
