// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pattern with breaks: what is right passes, what is wrong does not
 *
 * The input is a list of steps: so many bytes of the pattern; a break that skips
 * some numbers of it; one byte that is wrong, which ends it.
 */
#include <string.h>

#include "fuzz.h"
#include "recv/checker.h"
#include "recv/pattern.h"

#define MOST	200

static size_t check(struct checker *c, uint64_t position, size_t len,
		    size_t wrong)
{
	uint8_t *data = malloc(len);
	size_t good, i;

	CHECK(data || !len);
	for (i = 0; i < len; i++)
		data[i] = pattern_byte(position + i);
	if (wrong < len)
		data[wrong] ^= 0x10;
	good = checker_check(c, data, len);
	CHECK(good <= len);
	free(data);
	return good;
}

/* After a break the first bytes are looked at together. */
static void check_wrong(struct checker *c, uint64_t position, size_t len,
			size_t wrong)
{
	bool known = !c->lost;
	size_t good = check(c, position, len, wrong);

	if (known && wrong < len)
		CHECK(good == wrong);
	else if (wrong >= len)
		CHECK(good == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	uint64_t position = 0, skip;
	struct checker c;
	size_t len;

	checker_start(&c);
	if (input_number(&in, 1) & 1) {
		position = input_number(&in, 7);
		checker_break(&c, 0, true);
	}
	while (in.left) {
		switch (input_number(&in, 1) % 4) {
		case 0:
			skip = 8 * input_number(&in, 3);
			position += skip;
			checker_break(&c, skip / 16 * 8, false);
			break;
		case 1:
			len = input_number(&in, 1) % MOST;
			check_wrong(&c, position, len, input_number(&in, 1));
			return 0;
		default:
			len = input_number(&in, 1) % MOST;
			CHECK(check(&c, position, len, len) == len);
			position += len;
		}
		if (!c.lost)
			CHECK(c.position == position);
	}
	return 0;
}
