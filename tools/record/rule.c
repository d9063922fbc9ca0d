// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/sigmf.h"
#include "record/rule.h"

/* So many numbers are decoded at once: they stay in the cache. */
#define BLOCK	512U

/* The longest name of a type */
#define MAX_TYPE	8

static const struct {
	const char *text;
	enum rule_comparison comparison;
} comparisons[] = {
	/* The longer ones first */
	{ ">=", RULE_AT_LEAST }, { "<=", RULE_AT_MOST }, { "==", RULE_EQUAL },
	{ "!=", RULE_OTHER }, { ">", RULE_GREATER }, { "<", RULE_LESS },
};

#define COMPARISONS	(sizeof(comparisons) / sizeof(comparisons[0]))

static int parse_type(const char *text, size_t len, struct rule *rule)
{
	char name[MAX_TYPE + 2] = "r";

	if (len > MAX_TYPE)
		return -EINVAL;
	memcpy(name + 1, text, len);
	rule->size = sigmf_sample_size(name);
	if (!rule->size)
		return -EINVAL;
	rule->kind = *text;
	rule->big = text[len - 2] == 'b';
	return 0;
}

static int parse_value(const char *text, struct rule *rule)
{
	char *end;

	rule->value = strtod(text, &end);
	return end == text || *end || !isfinite(rule->value) ? -EINVAL : 0;
}

int rule_parse(const char *text, struct rule *rule)
{
	const size_t len = strcspn(text, "<>=!");
	size_t i;

	rule->text = text;
	if (parse_type(text, len, rule))
		return -EINVAL;
	text += len;
	for (i = 0; i < COMPARISONS; i++) {
		const char *sign = comparisons[i].text;

		if (strncmp(text, sign, strlen(sign)))
			continue;
		rule->comparison = comparisons[i].comparison;
		return parse_value(text + strlen(sign), rule);
	}
	return -EINVAL;
}

/* Every number of every type is one that a double has. */
static void decode_8(const struct rule *r, const uint8_t *from, double *to,
		     size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		to[i] = r->kind == 'i' ? (int8_t)from[i] : from[i];
}

static void decode_16(const struct rule *r, const uint8_t *from, double *to,
		      size_t count)
{
	uint16_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		bits = r->big ? be16toh(bits) : le16toh(bits);
		to[i] = r->kind == 'i' ? (int16_t)bits : bits;
	}
}

static double number_of(char kind, uint32_t bits)
{
	float number;

	if (kind == 'i')
		return (int32_t)bits;
	if (kind == 'u')
		return bits;
	memcpy(&number, &bits, sizeof(number));
	return number;
}

static void decode_32(const struct rule *r, const uint8_t *from, double *to,
		      size_t count)
{
	uint32_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		to[i] = number_of(r->kind,
				  r->big ? be32toh(bits) : le32toh(bits));
	}
}

static void decode_64(const struct rule *r, const uint8_t *from, double *to,
		      size_t count)
{
	uint64_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		bits = r->big ? be64toh(bits) : le64toh(bits);
		memcpy(&to[i], &bits, sizeof(bits));
	}
}

static void decode(const struct rule *r, const uint8_t *from, double *to,
		   size_t count)
{
	switch (r->size) {
	case 1:
		return decode_8(r, from, to, count);
	case 2:
		return decode_16(r, from, to, count);
	case 4:
		return decode_32(r, from, to, count);
	default:
		return decode_64(r, from, to, count);
	}
}

static bool holds(const struct rule *r, double number)
{
	switch (r->comparison) {
	case RULE_GREATER:
		return number > r->value;
	case RULE_LESS:
		return number < r->value;
	case RULE_AT_LEAST:
		return number >= r->value;
	case RULE_AT_MOST:
		return number <= r->value;
	case RULE_EQUAL:
		return number == r->value;
	default:
		return number != r->value;
	}
}

/* Which one it is, or @count */
static size_t find_in(const struct rule *r, const double *numbers,
		      size_t count)
{
	size_t i = 0;

	while (i < count && !holds(r, numbers[i]))
		i++;
	return i;
}

size_t rule_find(const struct rule *rule, const void *data, size_t len)
{
	const size_t numbers = len / rule->size;
	double block[BLOCK];
	size_t done = 0, count, at;

	while (done < numbers) {
		count = numbers - done < BLOCK ? numbers - done : BLOCK;
		decode(rule, (const uint8_t *)data + done * rule->size, block,
		       count);
		at = find_in(rule, block, count);
		if (at < count)
			return (done + at) * rule->size;
		done += count;
	}
	return len;
}
