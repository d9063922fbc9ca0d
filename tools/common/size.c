// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/size.h"

#define SIZE_FORM	"bytes, such as 65536, 64K, 1M or 2G"

static char wanted[160];

void parse_wants(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
}

const char *parse_wanted(void)
{
	return wanted;
}

/* The largest numbers often stand for something else: none of us counts so far. */
static void want_range(const char *form, uint64_t min, uint64_t max)
{
	if (max >= UINT64_MAX - 1)
		parse_wants("%s, at least %" PRIu64, form, min);
	else
		parse_wants("%s, from %" PRIu64 " to %" PRIu64, form, min, max);
}

/* strtoull() alone would take signs and blanks as well. */
static int parse_digits(const char *text, char **end, uint64_t *value)
{
	unsigned long long v;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, end, 10);
	if (errno)
		return -errno;
	*value = v;
	return 0;
}

/* The power of two that a suffix means, or a negative errno. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "kmgt";
	const char *at;

	if (!*suffix)
		return 0;
	at = strchr(letters, tolower((unsigned char)*suffix));
	if (!at || suffix[1])
		return -EINVAL;
	return 10 * (at - letters + 1);
}

int parse_size(const char *text, uint64_t *size)
{
	uint64_t value;
	char *suffix;
	int err, shift;

	parse_wants(SIZE_FORM);
	err = parse_digits(text, &suffix, &value);
	if (err)
		return err;
	shift = suffix_shift(suffix);
	if (shift < 0)
		return shift;
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*size = value << shift;
	return 0;
}

int parse_size_within(const char *text, uint64_t min, uint64_t max,
		      uint64_t *size)
{
	uint64_t value;
	int err = parse_size(text, &value);

	want_range(SIZE_FORM, min, max);
	if (err)
		return err;
	if (value < min || value > max)
		return -ERANGE;
	*size = value;
	return 0;
}

int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t v;
	char *end;
	int err;

	want_range("a whole number", min, max);
	err = parse_digits(text, &end, &v);
	if (err)
		return err;
	if (*end)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

/* Up to three digits after the point: microseconds, or -EINVAL */
static int parse_thousandths(const char *text, uint64_t *value)
{
	uint64_t v = 0;
	int digits;

	for (digits = 0; isdigit((unsigned char)*text) && digits < 3; digits++)
		v = v * 10 + (*text++ - '0');
	if (*text || !digits)
		return -EINVAL;
	for (; digits < 3; digits++)
		v *= 10;
	*value = v;
	return 0;
}

int parse_ms(const char *text, uint64_t max_us, uint64_t *us)
{
	uint64_t ms, fraction = 0;
	char *end;
	int err;

	parse_wants("milliseconds, such as 20 or 0.125, up to %" PRIu64,
		    max_us / 1000);
	err = parse_digits(text, &end, &ms);
	if (!err && *end)
		err = *end == '.' ? parse_thousandths(end + 1, &fraction) :
				    -EINVAL;
	if (err)
		return err;
	if (ms > max_us / 1000 || ms * 1000 + fraction > max_us)
		return -ERANGE;
	*us = ms * 1000 + fraction;
	return 0;
}

int parse_seconds(const char *text, uint64_t max, int64_t *ns)
{
	uint64_t seconds;
	int err = parse_number(text, 1, max, &seconds);

	if (!err)
		*ns = seconds * NS_PER_SEC;
	return err;
}

int parse_path(const char *text, const char **path)
{
	parse_wants("a path");
	if (!*text)
		return -EINVAL;
	*path = text;
	return 0;
}
