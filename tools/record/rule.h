/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rule for the numbers in a capture: a type, a comparison and a value, such as
 * i16_le>1000
 */
#ifndef FPGABUF_RECORD_RULE_H
#define FPGABUF_RECORD_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/number.h"

/* For parse_wants(): what a rule looks like */
#define RULE_FORM \
	"a type such as i16_le, one of > < >= <= == !=, and a number: i16_le>1000"

enum rule_comparison {
	RULE_GREATER, RULE_LESS, RULE_AT_LEAST, RULE_AT_MOST, RULE_EQUAL,
	RULE_OTHER,
};

/**
 * struct rule - the rule
 * @text: as it was given
 * @type: of the numbers
 * @comparison: how numbers are compared
 * @value: with what
 */
struct rule {
	const char *text;
	struct number_type type;
	enum rule_comparison comparison;
	double value;
};

/* The text stays yours, and must stay.  0 or -EINVAL */
int rule_parse(const char *text, struct rule *rule);

/*
 * Where in the @len bytes the first number begins that is as the rule says, or @len.
 * What is no whole number at the end is not looked at.
 */
size_t rule_find(const struct rule *rule, const void *data, size_t len);

#endif /* FPGABUF_RECORD_RULE_H */
