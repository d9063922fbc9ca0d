/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The samples of one picture, copied from the captures so that these can go back at once
 *
 * A sample has a number for each part of each channel: one of a real channel, two of a
 * complex one.
 */
#ifndef FPGABUF_SCOPE_LOOK_H
#define FPGABUF_SCOPE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/number.h"

#define LOOK_MAX_CHANNELS 16U

/* Bytes of the largest sample: complex numbers of 64 bits */
#define LOOK_MAX_SAMPLE (LOOK_MAX_CHANNELS * 2 * 8)

/**
 * struct look_form - what the samples are
 * @type: of a number
 * @channels: how many of them take turns
 * @complex: each of these has two numbers
 */
struct look_form {
	struct number_type type;
	unsigned int channels;
	bool complex;
};

/**
 * struct look - the samples
 * @form: what they are
 * @wanted: so many are wanted
 * @count: so many have come
 * @values: their numbers
 * @room: for so many samples
 * @gaps: in order: samples are missing before these
 * @gap_count: how many gaps there are
 * @gap_room: room for so many
 * @begun: it has a capture
 * @gap_before: samples are missing before the first
 * @unusable: numbers that are none, or too large; they are taken for 0
 * @rest: the beginning of a sample that goes on in the next capture
 * @rest_len: how long that is
 */
struct look {
	struct look_form form;
	size_t wanted;
	size_t count;
	double *values;
	size_t room;
	size_t *gaps;
	size_t gap_count;
	size_t gap_room;
	bool begun;
	bool gap_before;
	uint64_t unusable;
	uint8_t rest[LOOK_MAX_SAMPLE];
	size_t rest_len;
};

/* The form of @channels channels of a type of SigMF; 0 or -EINVAL */
int look_parse(const char *datatype, unsigned int channels,
	       struct look_form *form);

/* Bytes of a sample, and its numbers */
size_t look_sample_size(const struct look_form *form);
unsigned int look_numbers(const struct look_form *form);

/* The largest number, and the one in the middle */
double look_full_scale(const struct look_form *form);
double look_middle(const struct look_form *form);

void look_init(struct look *look, const struct look_form *form, size_t wanted);
void look_free(struct look *look);

/* Begins anew; the memory stays. */
void look_clear(struct look *look);

/*
 * Bytes of a capture: the first ones, or those that follow.  @gap: samples are missing
 * before them.  0, or -1 after a message.
 */
int look_add(struct look *look, const void *data, size_t len, bool gap);

bool look_full(const struct look *look);

/* One number of a sample */
double look_value(const struct look *look, size_t sample, unsigned int number);

#endif /* FPGABUF_SCOPE_LOOK_H */
