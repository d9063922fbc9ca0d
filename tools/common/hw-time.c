// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/hw-time.h"
#include "common/size.h"

/* The longest of the three parts */
#define MAX_PART	24

/* Copies a part up to a colon or the end, and returns what is behind it; or NULL */
static const char *next_part(const char *text, char *part)
{
	const size_t len = strcspn(text, ":");

	if (len >= MAX_PART)
		return NULL;
	memcpy(part, text, len);
	part[len] = '\0';
	return text + len + (text[len] == ':');
}

/* SigMF has no samples of 64 bits that are whole numbers. */
static int parse_counter(const char *name, struct number_type *type)
{
	static const struct {
		const char *name;
		struct number_type type;
	} types[] = {
		{ "u32_le", { 'u', 4, false } },
		{ "u32_be", { 'u', 4, true } },
		{ "u64_le", { 'u', 8, false } },
		{ "u64_be", { 'u', 8, true } },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name)) {
			*type = types[i].type;
			return 0;
		}
	return -EINVAL;
}

static int parse_rate(const char *text, struct hw_time *time)
{
	return parse_number(text, 1, HW_TIME_MAX_RATE, &time->rate) ? -EINVAL :
								      0;
}

int hw_time_parse(const char *text, struct hw_time *time)
{
	struct hw_time new = { .rate = 0 };
	char offset[MAX_PART], type[MAX_PART];
	const char *rest = next_part(text, offset);
	int err = rest ? 0 : -EINVAL;

	if (!err)
		rest = next_part(rest, type);
	if (!rest || parse_number(offset, 0, HW_TIME_MAX_OFFSET, &new.offset) ||
	    parse_counter(type, &new.type))
		err = -EINVAL;
	/* A colon with nothing behind it is no rate. */
	else if (*rest || rest[-1] == ':')
		err = parse_rate(rest, &new);
	if (!err)
		*time = new;
	parse_wants(HW_TIME_FORM);
	return err;
}

bool hw_time_is_there(const struct hw_time *time)
{
	return time->type.size;
}

bool hw_word_add(const struct hw_time *time, struct hw_word *word, uint64_t at,
		 const void *data, size_t len)
{
	const size_t size = time->type.size;
	const uint64_t wanted = time->offset + word->have;
	size_t n = size - word->have;

	if (!n || wanted < at || wanted - at >= len)
		return false;
	if (n > len - (wanted - at))
		n = len - (wanted - at);
	memcpy(word->bytes + word->have, (const char *)data + (wanted - at), n);
	word->have += n;
	return word->have == size;
}

static uint64_t value_of(const struct number_type *type,
			 const struct hw_word *word)
{
	uint64_t wide;
	uint32_t narrow;

	if (type->size == sizeof(narrow)) {
		memcpy(&narrow, word->bytes, sizeof(narrow));
		return type->big ? be32toh(narrow) : le32toh(narrow);
	}
	memcpy(&wide, word->bytes, sizeof(wide));
	return type->big ? be64toh(wide) : le64toh(wide);
}

/*
 * A counter of 32 bits may have begun anew several times while nothing came: the time
 * when captures were complete tells how often.
 */
static uint64_t ticks_between(const struct hw_clock *c,
			      const struct hw_capture *now, uint64_t ticks)
{
	const uint64_t turn = (uint64_t)1 << 32;
	const double samples =
		((double)c->last.bytes - (double)now->bytes) / c->sample_size;
	uint64_t delta = ticks - c->last_ticks;
	double seconds, turns;

	if (c->time->type.size == 8)
		return delta;
	delta = (uint32_t)delta;
	if (!now->end_ns || !c->last.end_ns)
		return delta;
	seconds = (double)(now->end_ns - c->last.end_ns) / NS_PER_SEC +
		  samples / c->sample_rate;
	turns = (seconds * c->time->rate - delta) / turn + 0.5;
	return turns > 0 && turns < turn ? delta + (uint64_t)turns * turn :
					   delta;
}

/* Samples in so many ticks: false if there are too many for a number */
static bool samples_in(const struct hw_clock *c, uint64_t ticks, int64_t *samples)
{
	const uint64_t rate = c->time->rate, seconds = ticks / rate;
	const double rest = (double)(ticks % rate) * c->sample_rate / rate + 0.5;

	if (seconds > INT64_MAX / 2 / c->sample_rate)
		return false;
	*samples = seconds * c->sample_rate + (int64_t)rest;
	return true;
}

/* If a tick does not take whole samples, or samples whole ticks, both are rounded. */
static int64_t tolerance(const struct hw_clock *c)
{
	return c->time->rate % c->sample_rate ?
	       1 + c->sample_rate / c->time->rate : 0;
}

/* From the beginning of the capture before to that of this one */
static void compare(struct hw_clock *c, const struct hw_capture *now,
		    struct hw_count *count)
{
	const int64_t had = c->last.bytes / c->sample_size;
	int64_t samples, missing;

	if (!samples_in(c, ticks_between(c, now, count->ticks), &samples) ||
	    samples - had < -tolerance(c)) {
		c->unfit++;
		return;
	}
	missing = samples - had > tolerance(c) ? samples - had : 0;
	count->counted = true;
	count->missing = missing;
	count->untold = missing && !now->gap;
	c->missing += missing;
	c->untold += count->untold;
	c->empty += now->gap && !missing;
}

void hw_clock_next(struct hw_clock *clock, const struct hw_capture *capture,
		   struct hw_count *count)
{
	struct hw_clock *c = clock;

	*count = (struct hw_count){ .known = capture->word };
	if (count->known)
		count->ticks = value_of(&c->time->type, capture->word);
	if (count->known && c->has_last && c->time->rate && c->sample_rate)
		compare(c, capture, count);
	c->has_last = count->known;
	c->last = *capture;
	c->last.word = NULL;
	c->last_ticks = count->ticks;
}

void json_hw_clock(struct json *json, const struct hw_clock *clock)
{
	if (!clock->time || !hw_time_is_there(clock->time))
		return;
	json_number(json, "hw_missing_samples", clock->missing);
	json_number(json, "hw_gaps_untold", clock->untold);
	json_number(json, "hw_gaps_empty", clock->empty);
	json_number(json, "hw_unfit", clock->unfit);
}
