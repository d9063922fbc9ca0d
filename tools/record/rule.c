// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record/rule.h"

/* So many numbers are decoded at once: they stay in the cache. */
#define BLOCK 512U

static const struct {
	const char *text;
	enum rule_comparison comparison;
} comparisons[] = {
	/* The longer ones first */
	{">=", RULE_AT_LEAST}, {"<=", RULE_AT_MOST}, {"==", RULE_EQUAL},
	{"!=", RULE_OTHER},    {">", RULE_GREATER},  {"<", RULE_LESS},
};

#define COMPARISONS (sizeof(comparisons) / sizeof(comparisons[0]))

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
	if (number_parse(text, len, &rule->type))
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
static size_t find_in(const struct rule *r, const double *numbers, size_t count)
{
	size_t i = 0;

	while (i < count && !holds(r, numbers[i]))
		i++;
	return i;
}

size_t rule_find(const struct rule *rule, const void *data, size_t len)
{
	const unsigned int size = rule->type.size;
	const size_t numbers = len / size;
	double block[BLOCK];
	size_t done = 0, count, at;

	while (done < numbers) {
		count = numbers - done < BLOCK ? numbers - done : BLOCK;
		number_decode(&rule->type, (const uint8_t *)data + done * size,
			      block, count);
		at = find_in(rule, block, count);
		if (at < count)
			return (done + at) * size;
		done += count;
	}
	return len;
}
