/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads JSON from memory, piece by piece
 *
 * The first thing that is not as it should be makes all further calls return false, and
 * is where @at then stands.
 */
#ifndef FPGABUF_COMMON_JSON_READ_H
#define FPGABUF_COMMON_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects and arrays within each other */
#define JSON_READ_DEPTH	64

/* Names that are longer are cut. */
#define JSON_READ_NAME	64

/**
 * struct json_read - a text that is being read
 * @begin: its beginning
 * @at: the next character
 * @end: its end
 * @bad: it is no JSON, or not what was wanted
 * @depth: objects and arrays that are open
 * @some: of each: it has had a member
 * @name: of the member at hand
 */
struct json_read {
	const char *begin;
	const char *at;
	const char *end;
	bool bad;
	unsigned int depth;
	bool some[JSON_READ_DEPTH + 1];
	char name[JSON_READ_NAME];
};

void json_read_begin(struct json_read *json, const char *text, size_t len);

/* Nothing is left, and all was well. */
bool json_read_end(struct json_read *json);

/*
 * json_read_object() opens an object.  json_read_member() then reads the name of the
 * next member, and returns false behind the last one.  Read or skip each value.
 */
bool json_read_object(struct json_read *json);
bool json_read_member(struct json_read *json);

/* The same for an array; its items have no names. */
bool json_read_array(struct json_read *json);
bool json_read_item(struct json_read *json);

/* Values; a text that has no room is bad. */
bool json_read_text(struct json_read *json, char *text, size_t room);
bool json_read_number(struct json_read *json, double *value);
bool json_read_whole(struct json_read *json, uint64_t *value);
bool json_read_bool(struct json_read *json, bool *value);
bool json_read_skip(struct json_read *json);

#endif /* FPGABUF_COMMON_JSON_READ_H */
