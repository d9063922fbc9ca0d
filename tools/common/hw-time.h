/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A counter of the FPGA, which is a number at the same place in each capture: it tells
 * how much is missing before a capture
 */
#ifndef FPGABUF_COMMON_HW_TIME_H
#define FPGABUF_COMMON_HW_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"
#include "common/number.h"

/* For parse_wants(): what describes a counter */
#define HW_TIME_FORM \
	"OFFSET:TYPE or OFFSET:TYPE:RATE: bytes before the counter, u32_le, u32_be, u64_le or u64_be, and ticks a second; such as 0:u64_le:100000000"

/* Most bytes before it, and ticks a second */
#define HW_TIME_MAX_OFFSET	((uint64_t)1 << 32)
#define HW_TIME_MAX_RATE	1000000000000ULL

/**
 * struct hw_time - where the counter is
 * @offset: bytes from the beginning of a capture
 * @type: u32 or u64; its size is 0 if the samples have no counter
 * @rate: ticks a second, or 0: not known
 */
struct hw_time {
	uint64_t offset;
	struct number_type type;
	uint64_t rate;
};

/* 0 or -EINVAL */
int hw_time_parse(const char *text, struct hw_time *time);

bool hw_time_is_there(const struct hw_time *time);

/* struct hw_word - the bytes of the counter that have come */
struct hw_word {
	uint8_t bytes[8];
	size_t have;
};

/*
 * Bytes of a capture have come, from place @at on, in order.  True if the counter is
 * complete with them.
 */
bool hw_word_add(const struct hw_time *time, struct hw_word *word, uint64_t at,
		 const void *data, size_t len);

/**
 * struct hw_capture - a capture
 * @bytes: how many it has
 * @end_ns: when it was complete, by any clock; or 0: not known
 * @gap: the driver says that samples may be missing before it
 * @word: its counter, or NULL: it is too short
 */
struct hw_capture {
	uint64_t bytes;
	int64_t end_ns;
	bool gap;
	const struct hw_word *word;
};

/**
 * struct hw_count - what the counter says of a capture
 * @known: there is one
 * @ticks: its value
 * @counted: @missing is known
 * @missing: samples that are missing before the capture
 * @untold: some are missing, and the driver does not say so
 */
struct hw_count {
	bool known;
	uint64_t ticks;
	bool counted;
	uint64_t missing;
	bool untold;
};

/**
 * struct hw_clock - the counter, from one capture to the next
 * @time: where it is
 * @sample_rate: samples a second, or 0: not known
 * @sample_size: bytes of a sample
 * @last: the capture before; valid if @has_last
 * @last_ticks: its counter
 * @has_last: that is known
 * @missing: samples that are missing in all
 * @untold: gaps of which the driver does not know
 * @empty: gaps that the driver tells of, and in which nothing is missing
 * @unfit: captures whose counter is lower than the samples before it allow
 */
struct hw_clock {
	const struct hw_time *time;
	uint64_t sample_rate;
	unsigned int sample_size;
	struct hw_capture last;
	uint64_t last_ticks;
	bool has_last;
	uint64_t missing;
	uint64_t untold;
	uint64_t empty;
	uint64_t unfit;
};

/* The next capture: what its counter says */
void hw_clock_next(struct hw_clock *clock, const struct hw_capture *capture,
		   struct hw_count *count);

/* The counts, in a summary */
void json_hw_clock(struct json *json, const struct hw_clock *clock);

#endif /* FPGABUF_COMMON_HW_TIME_H */
