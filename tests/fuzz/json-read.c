// SPDX-License-Identifier: GPL-2.0-only
/* json_read_*(): what is JSON stays it with blanks around it, and nothing else is read */
#include <stdio.h>
#include <string.h>

#include "common/json-read.h"
#include "fuzz.h"

static bool is_json(const char *text, size_t len)
{
	struct json_read j;
	bool good;

	json_read_begin(&j, text, len);
	good = json_read_skip(&j);
	CHECK(j.at >= text && j.at <= text + len);
	CHECK(good == !j.bad);
	CHECK(!good || !j.depth);
	return good && json_read_end(&j);
}

/* Every value, by the call for its kind */
static void read_values(struct json_read *j)
{
	char text[32];
	uint64_t whole;

	if (!json_read_object(j))
		return;
	while (json_read_member(j)) {
		CHECK(strlen(j->name) < JSON_READ_NAME);
		if (!strcmp(j->name, "text")) {
			if (json_read_text(j, text, sizeof(text)))
				CHECK(strlen(text) < sizeof(text));
		} else if (!strcmp(j->name, "whole")) {
			json_read_whole(j, &whole);
		} else {
			json_read_skip(j);
		}
	}
	CHECK(j->at >= j->begin && j->at <= j->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 3);
	struct json_read j;
	bool good;

	/* Nothing behind it is looked at. */
	memcpy(copy, data, size);
	copy = realloc(copy, size ? size : 1);
	good = is_json(copy, size);
	json_read_begin(&j, copy, size);
	read_values(&j);
	copy = realloc(copy, size + 3);
	memmove(copy + 1, copy, size);
	copy[0] = ' ';
	copy[size + 1] = '\n';
	CHECK(is_json(copy, size + 2) == good);
	copy[size + 1] = ']';
	CHECK(!good || !is_json(copy, size + 2));
	free(copy);
	return 0;
}
