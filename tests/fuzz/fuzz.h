/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share
 *
 * Each is one file with LLVMFuzzerTestOneInput(), linked with what it tests.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the input: libFuzzer keeps the one that breaks it. */
#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			abort();					\
	} while (0)

/**
 * struct input - bytes that have not been used yet
 * @data: the next one
 * @left: how many there are
 */
struct input {
	const uint8_t *data;
	size_t left;
};

/* The next @size bytes (8 at most) as a number; 0s after the end. */
uint64_t input_number(struct input *in, size_t size);

/* The input as a string of its own, to be freed; it ends at the first NUL. */
char *input_string(const uint8_t *data, size_t size);

#define MAX_ARGUMENTS	24

/**
 * struct arguments - a command line
 * @argc: how many
 * @argv: the words, and NULL
 */
struct arguments {
	int argc;
	char *argv[MAX_ARGUMENTS + 2];
};

/* Each line is a word, behind a name of the program; to be freed. */
void arguments_parse(struct arguments *arguments, const uint8_t *data,
		     size_t size);
void arguments_add(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Does one of them begin with that option? */
bool arguments_name(const struct arguments *arguments, const char *option);
void arguments_free(struct arguments *arguments);

#endif /* FUZZ_H */
