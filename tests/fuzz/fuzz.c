// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

uint64_t input_number(struct input *in, size_t size)
{
	uint64_t number = 0;

	while (size-- && in->left) {
		number = number << 8 | *in->data++;
		in->left--;
	}
	return number;
}

char *input_string(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	CHECK(text);
	return text;
}

void arguments_add(struct arguments *arguments, const char *format, ...)
{
	va_list args;

	CHECK(arguments->argc <= MAX_ARGUMENTS);
	va_start(args, format);
	CHECK(vasprintf(&arguments->argv[arguments->argc++], format,
			args) >= 0);
	va_end(args);
	arguments->argv[arguments->argc] = NULL;
}

void arguments_parse(struct arguments *arguments, const uint8_t *data,
		     size_t size)
{
	char *text = input_string(data, size), *rest = text, *word;

	arguments->argc = 0;
	arguments_add(arguments, "fuzz");
	while (arguments->argc <= MAX_ARGUMENTS &&
	       (word = strsep(&rest, "\n")))
		if (rest || *word)
			arguments_add(arguments, "%s", word);
	free(text);
}

bool arguments_name(const struct arguments *arguments, const char *option)
{
	int i;

	for (i = 1; i < arguments->argc; i++) {
		if (!strcmp(arguments->argv[i], "--"))
			return false;
		if (!strncmp(arguments->argv[i], option, strlen(option)))
			return true;
	}
	return false;
}

void arguments_free(struct arguments *arguments)
{
	while (arguments->argc)
		free(arguments->argv[--arguments->argc]);
}
