// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/sigmf.h"
#include "scope/look.h"

/* Larger numbers are no samples, and their squares have no place in a double. */
#define MOST 1e30

int look_parse(const char *datatype, unsigned int channels,
	       struct look_form *form)
{
	if (!sigmf_sample_size(datatype))
		return -EINVAL;
	form->channels = channels;
	form->complex = *datatype == 'c';
	return number_parse(datatype + 1, strlen(datatype + 1), &form->type);
}

unsigned int look_numbers(const struct look_form *form)
{
	return form->channels * (form->complex ? 2 : 1);
}

size_t look_sample_size(const struct look_form *form)
{
	return (size_t)look_numbers(form) * form->type.size;
}

double look_full_scale(const struct look_form *form)
{
	return form->type.kind == 'f' ? 1 : ldexp(1, 8 * form->type.size - 1);
}

double look_middle(const struct look_form *form)
{
	return form->type.kind == 'u' ? look_full_scale(form) : 0;
}

void look_init(struct look *look, const struct look_form *form, size_t wanted)
{
	*look = (struct look){ .form = *form, .wanted = wanted };
}

void look_free(struct look *look)
{
	free(look->values);
	free(look->gaps);
	look->values = NULL;
	look->gaps = NULL;
}

void look_clear(struct look *look)
{
	look->count = 0;
	look->gap_count = 0;
	look->begun = false;
	look->gap_before = false;
	look->unusable = 0;
	look->rest_len = 0;
}

bool look_full(const struct look *look)
{
	return look->count >= look->wanted;
}

double look_value(const struct look *look, size_t sample, unsigned int number)
{
	return look->values[sample * look_numbers(&look->form) + number];
}

/* At least so many items, or NULL after a message */
static void *more_room(void *items, size_t size, size_t *room, size_t count)
{
	size_t more = *room ? *room : 256;
	void *new;

	while (more < count)
		more *= 2;
	new = reallocarray(items, more, size);
	if (!new) {
		message("out of memory");
		remedy("use fewer --samples");
		return NULL;
	}
	*room = more;
	return new;
}

static int make_room(struct look *look, size_t samples)
{
	const size_t size = look_numbers(&look->form) * sizeof(double);
	void *values;

	if (look->count + samples <= look->room)
		return 0;
	values = more_room(look->values, size, &look->room,
			   look->count + samples);
	if (!values)
		return -1;
	look->values = values;
	return 0;
}

static void check_values(struct look *look, double *values, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		/* This is false for what is no number. */
		if (fabs(values[i]) <= MOST)
			continue;
		values[i] = 0;
		look->unusable++;
	}
}

static int add_samples(struct look *look, const void *data, size_t samples)
{
	const unsigned int numbers = look_numbers(&look->form);
	double *values;

	if (samples > look->wanted - look->count)
		samples = look->wanted - look->count;
	if (!samples)
		return 0;
	if (make_room(look, samples))
		return -1;
	values = look->values + look->count * numbers;
	number_decode(&look->form.type, data, values, samples * numbers);
	check_values(look, values, samples * numbers);
	look->count += samples;
	return 0;
}

static int note_gap(struct look *look)
{
	size_t *gaps;

	look->rest_len = 0;
	if (!look->count) {
		look->gap_before = true;
		return 0;
	}
	/* A capture without a whole sample may have had one there. */
	if (look->gap_count && look->gaps[look->gap_count - 1] == look->count)
		return 0;
	if (look->gap_count == look->gap_room) {
		gaps = more_room(look->gaps, sizeof(*gaps), &look->gap_room,
				 look->gap_count + 1);
		if (!gaps)
			return -1;
		look->gaps = gaps;
	}
	look->gaps[look->gap_count++] = look->count;
	return 0;
}

/* Bytes that complete the sample that has begun, or as many of them as have come */
static int add_rest(struct look *look, const uint8_t *data, size_t len,
		    size_t *used)
{
	const size_t size = look_sample_size(&look->form);

	*used = size - look->rest_len;
	if (*used > len)
		*used = len;
	memcpy(look->rest + look->rest_len, data, *used);
	look->rest_len += *used;
	if (look->rest_len < size)
		return 0;
	look->rest_len = 0;
	return add_samples(look, look->rest, 1);
}

int look_add(struct look *look, const void *data, size_t len, bool gap)
{
	const size_t size = look_sample_size(&look->form);
	const uint8_t *at = data;
	size_t used = 0;

	if (gap && note_gap(look))
		return -1;
	look->begun = true;
	if (look->rest_len && add_rest(look, at, len, &used))
		return -1;
	at += used;
	len -= used;
	if (add_samples(look, at, len / size))
		return -1;
	if (len % size)
		return add_rest(look, at + len / size * size, len % size,
				&used);
	return 0;
}
