/* SPDX-License-Identifier: GPL-2.0-only */
/* The pattern of the simulated FPGA: 64-bit little-endian 0, 1, 2, ... */
#ifndef FPGABUF_RECV_PATTERN_H
#define FPGABUF_RECV_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The byte of the stream at @offset. */
static inline uint8_t pattern_byte(uint64_t offset)
{
	return (offset / 8) >> (offset % 8 * 8);
}

/*
 * Compares @len bytes that stand at @offset of the stream.  Returns the index
 * of the first one that differs, or @len.
 */
size_t pattern_check(const uint8_t *data, size_t len, uint64_t offset);

#endif /* FPGABUF_RECV_PATTERN_H */
