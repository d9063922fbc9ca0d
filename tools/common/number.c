// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/number.h"
#include "common/sigmf.h"

/* The longest name of a type */
#define MAX_TYPE 8

int number_parse(const char *name, size_t len, struct number_type *type)
{
	char real[MAX_TYPE + 2] = "r";

	if (len > MAX_TYPE)
		return -EINVAL;
	memcpy(real + 1, name, len);
	type->size = sigmf_sample_size(real);
	if (!type->size)
		return -EINVAL;
	type->kind = *name;
	type->big = name[len - 2] == 'b';
	return 0;
}

static void decode_8(const struct number_type *t, const uint8_t *from,
		     double *to, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		to[i] = t->kind == 'i' ? (int8_t)from[i] : from[i];
}

static void decode_16(const struct number_type *t, const uint8_t *from,
		      double *to, size_t count)
{
	uint16_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		bits = t->big ? be16toh(bits) : le16toh(bits);
		to[i] = t->kind == 'i' ? (int16_t)bits : bits;
	}
}

static double number_of(char kind, uint32_t bits)
{
	float number;

	if (kind == 'i')
		return (int32_t)bits;
	if (kind == 'u')
		return bits;
	memcpy(&number, &bits, sizeof(number));
	return number;
}

static void decode_32(const struct number_type *t, const uint8_t *from,
		      double *to, size_t count)
{
	uint32_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		to[i] = number_of(t->kind,
				  t->big ? be32toh(bits) : le32toh(bits));
	}
}

static void decode_64(const struct number_type *t, const uint8_t *from,
		      double *to, size_t count)
{
	uint64_t bits;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
		bits = t->big ? be64toh(bits) : le64toh(bits);
		memcpy(&to[i], &bits, sizeof(bits));
	}
}

void number_decode(const struct number_type *type, const void *from, double *to,
		   size_t count)
{
	switch (type->size) {
	case 1:
		return decode_8(type, from, to, count);
	case 2:
		return decode_16(type, from, to, count);
	case 4:
		return decode_32(type, from, to, count);
	default:
		return decode_64(type, from, to, count);
	}
}
