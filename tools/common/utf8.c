// SPDX-License-Identifier: GPL-2.0-only
#include "common/utf8.h"

/* Bits of a character that has @bytes in UTF-8, in the first of them */
static unsigned int first_bits(unsigned char c, size_t bytes)
{
	return c & (0x7f >> bytes);
}

size_t utf8_length(const char *at)
{
	/* The first character of each length: a smaller one must be encoded shorter. */
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = *at;
	size_t bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	unsigned int value = first_bits(c, bytes);
	size_t i;

	if (c < 0xc0 || c >= 0xf8)
		return 0;
	for (i = 1; i < bytes; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[bytes] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	return bytes;
}
