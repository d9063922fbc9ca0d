/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers in samples, of the types that SigMF has */
#ifndef FPGABUF_COMMON_NUMBER_H
#define FPGABUF_COMMON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct number_type - a type such as i16_le
 * @kind: 'f', 'i' or 'u'
 * @size: bytes of a number
 * @big: it is big-endian
 */
struct number_type {
	char kind;
	unsigned int size;
	bool big;
};

/* The type with this name, which has @len characters; 0 or -EINVAL */
int number_parse(const char *name, size_t len, struct number_type *type);

/* Every number of every type is one that a double has. */
void number_decode(const struct number_type *type, const void *from,
		   double *to, size_t count);

#endif /* FPGABUF_COMMON_NUMBER_H */
