// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "recv/pattern.h"

/* Compares byte by byte, from @i to @end at most. */
static size_t check_bytes(const uint8_t *data, size_t i, size_t end,
			  uint64_t offset)
{
	while (i < end && data[i] == pattern_byte(offset + i))
		i++;
	return i;
}

size_t pattern_check(const uint8_t *data, size_t len, uint64_t offset)
{
	size_t head = -offset % 8;
	uint64_t word;
	size_t i;

	if (head > len)
		head = len;
	i = check_bytes(data, 0, head, offset);
	if (i < head)
		return i;
	for (; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		if (le64toh(word) != (offset + i) / 8)
			break;
	}
	return check_bytes(data, i, len, offset);
}
