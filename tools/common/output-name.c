// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "common/output-name.h"

int output_name_numbers(const char *pattern, struct output_numbers *numbers)
{
	*numbers = (struct output_numbers){ 0 };
	for (; *pattern; pattern++) {
		if (*pattern != '%')
			continue;
		switch (*++pattern) {
		case '%':
			break;
		case 'c':
			numbers->connection = true;
			break;
		case 'n':
			numbers->file = true;
			break;
		case 't':
			numbers->time = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return 0;
}

/* The text for the character after a %. */
static int expand(char *at, size_t room, char what, unsigned int connection,
		  unsigned int file, time_t time)
{
	char text[OUTPUT_TIME_SIZE];
	struct tm utc;

	switch (what) {
	case 'c':
		return snprintf(at, room, "%u", connection);
	case 'n':
		return snprintf(at, room, "%06u", file);
	case 't':
		gmtime_r(&time, &utc);
		strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
		return snprintf(at, room, "%s", text);
	default:
		return snprintf(at, room, "%c", what);
	}
}

int output_name(char *name, size_t size, const char *pattern,
		unsigned int connection, unsigned int file, time_t time)
{
	size_t len = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '%')
			len += expand(name + len, size - len, *++pattern,
				      connection, file, time);
		else
			len += snprintf(name + len, size - len, "%c", *pattern);
		if (len >= size)
			return -ENAMETOOLONG;
	}
	return 0;
}
