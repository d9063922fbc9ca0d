// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "recv/checker.h"
#include "recv/pattern.h"

void checker_start(struct checker *c)
{
	*c = (struct checker){ 0 };
}

void checker_break(struct checker *c, uint64_t at_least, bool first)
{
	c->position += c->head_len + at_least;
	/* Too little has come since the break before to know more. */
	c->anywhere = first || (c->lost && c->anywhere);
	c->lost = true;
	c->head_len = 0;
}

/* The head is that part of the pattern whose first whole number is at @skip. */
static bool go_on(struct checker *c, unsigned int skip)
{
	uint64_t position, word;

	memcpy(&word, c->head + skip, sizeof(word));
	position = le64toh(word) * 8 - skip;
	if (!c->anywhere && position < c->position)
		return false;
	if (pattern_check(c->head, CHECKER_HEAD, position) < CHECKER_HEAD)
		return false;
	c->position = position + CHECKER_HEAD;
	return true;
}

/* An FPGA loses whole samples: how the numbers are aligned stays the same. */
static bool find_position(struct checker *c)
{
	unsigned int i;

	if (!c->anywhere)
		return go_on(c, -c->position % 8);
	for (i = 0; i < 8; i++)
		if (go_on(c, i))
			return true;
	return false;
}

/* Collects the head; the number of bytes used, or -1 if they are no pattern. */
static ssize_t check_head(struct checker *c, const uint8_t *data, size_t len)
{
	size_t used = CHECKER_HEAD - c->head_len;

	if (used > len)
		used = len;
	memcpy(c->head + c->head_len, data, used);
	c->head_len += used;
	if (c->head_len < CHECKER_HEAD)
		return used;
	if (!find_position(c))
		return -1;
	c->head_len = 0;
	c->lost = false;
	return used;
}

size_t checker_check(struct checker *c, const uint8_t *data, size_t len)
{
	ssize_t used = 0;
	size_t good;

	if (c->lost)
		used = check_head(c, data, len);
	if (used < 0)
		return 0;
	good = pattern_check(data + used, len - used, c->position);
	c->position += good;
	return used + good;
}
