// SPDX-License-Identifier: GPL-2.0-only
/* look_add(): samples are the same, whatever captures they come in */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "scope/look.h"

#define WANTED	300

static void add(struct look *look, const uint8_t *data, size_t size,
		size_t piece)
{
	size_t at, n;

	for (at = 0; at < size && !look_full(look); at += n) {
		n = size - at < piece ? size - at : piece;
		CHECK(!look_add(look, data + at, n, false));
	}
}

static void check_same(const struct look *one, const struct look *other)
{
	const size_t numbers = look_numbers(&one->form);
	size_t i;

	CHECK(one->count == other->count);
	CHECK(one->unusable == other->unusable);
	for (i = 0; i < one->count * numbers; i++) {
		CHECK(fabs(one->values[i]) <= 1e30);
		CHECK(one->values[i] == other->values[i]);
	}
}

static void check_gaps(const struct look *look)
{
	size_t i, last = 0;

	for (i = 0; i < look->gap_count; i++) {
		CHECK(look->gaps[i] > last || !last);
		CHECK(look->gaps[i] && look->gaps[i] <= look->count);
		last = look->gaps[i];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char * const types[] = {
		"ri8", "cu8", "ri16_le", "cu16_be", "rf32_le", "cf64_be",
	};
	struct input in = { data, size };
	const char *type = types[input_number(&in, 1) % 6];
	const unsigned int channels = 1 + input_number(&in, 1) % 16;
	const size_t piece = 1 + input_number(&in, 1);
	struct look whole, pieces;
	struct look_form form;

	CHECK(!look_parse(type, channels, &form));
	look_init(&whole, &form, WANTED);
	look_init(&pieces, &form, WANTED);
	add(&whole, in.data, in.left, in.left);
	add(&pieces, in.data, in.left, piece);
	CHECK(whole.count <= WANTED);
	CHECK(look_full(&whole) ||
	      whole.count == in.left / look_sample_size(&form));
	check_same(&whole, &pieces);
	look_clear(&pieces);
	while (in.left && !look_full(&pieces)) {
		const bool gap = input_number(&in, 1) & 1;
		const size_t n = in.left < piece ? in.left : piece;

		CHECK(!look_add(&pieces, in.data, n, gap));
		in.data += n;
		in.left -= n;
	}
	check_gaps(&pieces);
	look_free(&whole);
	look_free(&pieces);
	return 0;
}
