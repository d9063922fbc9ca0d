/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One JSON object on one line: flat, except for arrays of flat objects
 *
 * Names are constants of the tools and are written as they are; values of
 * strings may hold any bytes.  What is UTF-8 stays so; any other byte above ASCII
 * becomes the Latin-1 character of that number, since JSON has to be valid.
 */
#ifndef FPGABUF_COMMON_JSON_H
#define FPGABUF_COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Arrays and items that can be open at once. */
#define JSON_DEPTH	8

/**
 * struct json - an object that is being written
 * @out: where it goes
 * @depth: arrays and items that are open
 * @count: fields or items so far, of the object and of each that is open
 */
struct json {
	FILE *out;
	unsigned int depth;
	unsigned int count[JSON_DEPTH + 1];
};

void json_begin(struct json *json, FILE *out);
void json_quoted(struct json *json, const char *name, const char *value);
void json_number(struct json *json, const char *name, uint64_t value);
void json_signed(struct json *json, const char *name, int64_t value);
void json_decimal(struct json *json, const char *name, double value);

/* For a number of any size: 12 digits */
void json_float(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);

/*
 * Between the first two and the last two, fields belong to an item, which may
 * have arrays of its own.
 */
void json_array_begin(struct json *json, const char *name);
void json_item_begin(struct json *json);
void json_item_end(struct json *json);
void json_array_end(struct json *json);

/* Ends the object and the line. */
void json_end(struct json *json);

/* What stands between the quotes of a string, for JSON of another form */
void json_text(FILE *out, const char *text);

/* Has this program printed an object? */
bool json_printed(void);

#endif /* FPGABUF_COMMON_JSON_H */
