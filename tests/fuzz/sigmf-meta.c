// SPDX-License-Identifier: GPL-2.0-only
/* sigmf_meta_parse(): a recording that can be replayed, or a reason that can be printed */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/sigmf-meta.h"
#include "fuzz.h"

static void check_recording(const struct sigmf_recording *r)
{
	size_t i;

	CHECK(r->sample_size && *r->datatype);
	CHECK(r->count && !r->stretches[0].offset);
	for (i = 1; i < r->count; i++)
		CHECK(r->stretches[i].offset >= r->stretches[i - 1].offset);
	for (i = 0; i < r->count; i++) {
		CHECK(r->stretches[i].offset <= INT64_MAX);
		CHECK(!(r->stretches[i].offset % r->sample_size));
		CHECK(r->stretches[i].start_ns >= 0);
	}
}

static void check_reason(const char *why)
{
	CHECK(*why && strlen(why) < SIGMF_META_WHY);
	for (; *why; why++)
		CHECK(!iscntrl((unsigned char)*why));
}

static bool parses(const char *text, size_t len)
{
	struct sigmf_recording r = { .count = 0 };
	char why[SIGMF_META_WHY] = "";
	const int err = sigmf_meta_parse(text, len, &r, why);

	if (err)
		check_reason(why);
	else
		check_recording(&r);
	sigmf_read_free(&r);
	return !err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 3);
	bool good;

	/* Nothing behind it is looked at. */
	memcpy(copy, data, size);
	copy = realloc(copy, size ? size : 1);
	good = parses(copy, size);
	copy = realloc(copy, size + 3);
	memmove(copy + 1, copy, size);
	copy[0] = ' ';
	copy[size + 1] = '\n';
	CHECK(parses(copy, size + 2) == good);
	copy[size + 1] = ']';
	CHECK(!good || !parses(copy, size + 2));
	free(copy);
	return 0;
}
