// SPDX-License-Identifier: GPL-2.0-only
/* hw_time_parse(), hw_word_add(), hw_clock_next(): the same in pieces as at once */
#include <string.h>

#include "common/hw-time.h"
#include "fuzz.h"

/* The counter of a capture, in pieces of every size */
static bool find(const struct hw_time *time, const uint8_t *data, size_t size,
		 size_t piece, struct hw_word *word)
{
	bool found = false;
	size_t at, n;

	word->have = 0;
	for (at = 0; at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		if (hw_word_add(time, word, at, data + at, n)) {
			CHECK(!found);
			found = true;
		}
	}
	CHECK(found == (time->offset + time->type.size <= size));
	return found;
}

static void check_words(const struct hw_time *time, const uint8_t *data,
			size_t size)
{
	struct hw_word whole, pieces;
	size_t piece;

	if (!find(time, data, size, size, &whole))
		return;
	CHECK(!memcmp(whole.bytes, data + time->offset, time->type.size));
	for (piece = 1; piece < 10; piece++) {
		CHECK(find(time, data, size, piece, &pieces));
		CHECK(!memcmp(whole.bytes, pieces.bytes, time->type.size));
	}
}

static void check_clock(const struct hw_time *time, struct input *in)
{
	struct hw_clock clock = {
		.time = time,
		.sample_rate = input_number(in, 8) % 1000000000001,
		.sample_size = 1 + input_number(in, 1) % 16,
	};
	uint64_t captures = 0;

	while (in->left) {
		struct hw_word word = { .have = time->type.size };
		const uint64_t value = input_number(in, 8);
		const struct hw_capture capture = {
			.bytes = input_number(in, 5),
			.end_ns = input_number(in, 8) >> 1,
			.gap = value & 1,
			.word = value & 2 ? NULL : &word,
		};
		struct hw_count count;

		memcpy(word.bytes, &value, sizeof(value));
		hw_clock_next(&clock, &capture, &count);
		captures++;
		CHECK(count.known == !!capture.word);
		CHECK(count.known || !count.counted);
		CHECK(count.counted || (!count.untold && !count.missing));
		CHECK(!count.untold || !capture.gap);
	}
	CHECK(clock.untold + clock.empty + clock.unfit <= captures);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_string(data, size);
	const size_t used = strlen(text) + 1;
	struct input in = { data + used, size - used };
	struct hw_time time;

	if (!hw_time_parse(text, &time)) {
		CHECK(time.offset <= HW_TIME_MAX_OFFSET);
		CHECK(time.rate <= HW_TIME_MAX_RATE);
		CHECK(time.type.size == 4 || time.type.size == 8);
		if (used < size) {
			check_words(&time, in.data, in.left);
			check_clock(&time, &in);
		}
	}
	free(text);
	return 0;
}
