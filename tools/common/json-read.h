/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads JSON that nobody vouches for: by jansson, which gets a bound for its memory. */
#ifndef FPGABUF_COMMON_JSON_READ_H
#define FPGABUF_COMMON_JSON_READ_H

#include <jansson.h>
#include <stddef.h>

/*
 * Returns an object or an array, or NULL, with the place and the cause in @why.
 * Refused are also names that are there twice, whole numbers that need more than 63
 * bits and a sign, other numbers that are too large, %JSON_PARSER_MAX_DEPTH objects and
 * arrays within each other, and what needs far more memory than it has bytes.
 */
json_t *json_read(const char *text, size_t len, char *why, size_t room);

#endif /* FPGABUF_COMMON_JSON_READ_H */
