/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of output files: %c is the number of the connection, %n the number of the
 * file, with at least six digits, %t the time (UTC) when it is opened, such as
 * 20261130T061500Z; %% is %
 */
#ifndef FPGABUF_COMMON_OUTPUT_NAME_H
#define FPGABUF_COMMON_OUTPUT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/**
 * struct output_numbers - which numbers a name has
 * @connection: it has %c
 * @file: it has %n
 * @time: it has %t
 */
struct output_numbers {
	bool connection;
	bool file;
	bool time;
};

/* Room for the time as it stands for %t, the NUL included. */
#define OUTPUT_TIME_SIZE	24

/* Looks for them.  -EINVAL: another character follows a %. */
int output_name_numbers(const char *pattern, struct output_numbers *numbers);

/* Writes the name with its numbers.  -ENAMETOOLONG: longer than @size. */
int output_name(char *name, size_t size, const char *pattern,
		unsigned int connection, unsigned int file, time_t time);

#endif /* FPGABUF_COMMON_OUTPUT_NAME_H */
