/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of output files: %c is the number of the connection, %n that of the
 * file, with six digits at least; %% is %
 */
#ifndef FPGABUF_RECV_OUTPUT_NAME_H
#define FPGABUF_RECV_OUTPUT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct output_numbers - which numbers a name has
 * @connection: it has %c
 * @file: it has %n
 */
struct output_numbers {
	bool connection;
	bool file;
};

/* Looks for them.  -EINVAL: something else stands behind a %. */
int output_name_numbers(const char *pattern, struct output_numbers *numbers);

/* Writes the name with its numbers.  -ENAMETOOLONG: longer than @size. */
int output_name(char *name, size_t size, const char *pattern,
		unsigned int connection, unsigned int file);

#endif /* FPGABUF_RECV_OUTPUT_NAME_H */
