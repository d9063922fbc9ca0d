// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern_check(): finds the first wrong byte of a stream, however it begins
 *
 * The input is an offset, a length, and bytes to spoil.  Spoiling one twice may
 * heal it.
 */
#include "fuzz.h"
#include "recv/pattern.h"

/* The counter in the plainest way, from its definition. */
static uint8_t right_byte(uint64_t at)
{
	uint64_t counter = at >> 3;
	unsigned int i;

	for (i = 0; i < (at & 7); i++)
		counter /= 256;
	return counter % 256;
}

static size_t first_wrong(const uint8_t *bytes, size_t len, uint64_t offset)
{
	size_t i;

	for (i = 0; i < len && bytes[i] == right_byte(offset + i); i++)
		;
	return i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	uint64_t offset = input_number(&in, 8);
	size_t len = input_number(&in, 2) % 600;
	/* Not aligned, and of just that size for the address sanitizer. */
	size_t skip = input_number(&in, 1) % 8;
	uint8_t *block = malloc(skip + len), *bytes = block + skip;
	size_t i;

	CHECK(block || !(skip + len));
	for (i = 0; i < len; i++)
		bytes[i] = right_byte(offset + i);
	while (in.left && len) {
		size_t at = input_number(&in, 2) % len;

		bytes[at] ^= input_number(&in, 1);
	}
	CHECK(pattern_check(bytes, len, offset) ==
	      first_wrong(bytes, len, offset));
	free(block);
	return 0;
}
