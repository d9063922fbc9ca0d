// SPDX-License-Identifier: GPL-2.0-only
/* parse_size(), parse_number(), parse_ms(): nothing but what is documented, and exactly */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/size.h"
#include "fuzz.h"

#define UNTOUCHED	UINT64_C(0x5a5a5a5a5a5a5a5a)

/* The form alone, by another way than the parser's; the length of the digits. */
static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

static bool is_size(const char *text)
{
	size_t n = digits(text);

	return n && (!text[n] || (strchr("kKmMgGtT", text[n]) && !text[n + 1]));
}

/* A size has several names: with each suffix that divides it. */
static void check_names(uint64_t size)
{
	static const char suffixes[] = "KMGT";
	char text[32];
	uint64_t again;
	int i;

	snprintf(text, sizeof(text), "%" PRIu64, size);
	CHECK(!parse_size(text, &again) && again == size);
	CHECK(!parse_number(text, size, size, &again) && again == size);
	for (i = 0; i < 4 && !(size & ((UINT64_C(1) << 10 * (i + 1)) - 1));
	     i++) {
		snprintf(text, sizeof(text), "%" PRIu64 "%c",
			 size >> 10 * (i + 1), suffixes[i]);
		CHECK(!parse_size(text, &again) && again == size);
		text[strlen(text) - 1] = tolower(suffixes[i]);
		CHECK(!parse_size(text, &again) && again == size);
	}
}

/* What a text of that form means, in numbers that hold it; false: too much. */
static bool meaning(const char *text, uint64_t *size)
{
	static const char suffixes[] = "kmgt";
	unsigned __int128 value = 0;
	const char *at;

	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (*text - '0');
		if (value > UINT64_MAX)
			return false;
	}
	at = *text ? strchr(suffixes, tolower((unsigned char)*text)) : NULL;
	if (at)
		value <<= 10 * (at - suffixes + 1);
	*size = value;
	return value <= UINT64_MAX;
}

static void check_size(const char *text)
{
	uint64_t size = UNTOUCHED, wanted;
	bool fits = meaning(text, &wanted);
	int err = parse_size(text, &size);

	/* Too many digits are out of range before what follows is looked at. */
	if (is_size(text))
		CHECK(err == (fits ? 0 : -ERANGE));
	else
		CHECK(err == -EINVAL || (err == -ERANGE && !fits));
	if (err) {
		CHECK(size == UNTOUCHED);
		return;
	}
	CHECK(size == wanted);
	check_names(size);
}

static void check_number(const char *text)
{
	uint64_t value = UNTOUCHED, any;
	int err = parse_number(text, 10, 1000, &value);
	int form = parse_number(text, 0, UINT64_MAX, &any);

	if (err)
		CHECK(value == UNTOUCHED);
	else
		CHECK(value >= 10 && value <= 1000 && value == any);
	if (!form && any >= 10 && any <= 1000)
		CHECK(!err);
	if (form == -EINVAL)
		CHECK(err == -EINVAL);
	if (!form)
		CHECK(digits(text) == strlen(text));
}

static void check_ms(const char *text)
{
	uint64_t us = UNTOUCHED, again;
	int err = parse_ms(text, UINT64_C(5000000), &us);
	char name[40];

	if (err) {
		CHECK(us == UNTOUCHED && (err == -EINVAL || err == -ERANGE));
		return;
	}
	CHECK(us <= UINT64_C(5000000));
	CHECK(strspn(text, "0123456789.") == strlen(text));
	snprintf(name, sizeof(name), "%" PRIu64 ".%03u", us / 1000,
		 (unsigned int)(us % 1000));
	CHECK(!parse_ms(name, us, &again) && again == us);
	CHECK(!us || parse_ms(name, us - 1, &again) == -ERANGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_string(data, size);

	check_size(text);
	check_number(text);
	check_ms(text);
	free(text);
	return 0;
}
