/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fields after the common part of the header of a framed stream.  Not exported by the
 * shared library.
 */
#ifndef FPGABUF_LIB_FRAME_H
#define FPGABUF_LIB_FRAME_H

#include <endian.h>
#include <string.h>

#include <fpgabuf/fpgabuf.h>

/* Where a header has its size, and the fields */
#define FPGABUF_FRAME_SIZE_AT		6
#define FPGABUF_FRAME_REQUESTS_AT	48
#define FPGABUF_FRAME_UTC_AT		56
#define FPGABUF_FRAME_TAI_AT		64

/* A header that has more fields is longer; receivers may skip them. */
static inline void fpgabuf_frame_put_size(void *header, uint16_t size)
{
	size = htole16(size);
	memcpy((uint8_t *)header + FPGABUF_FRAME_SIZE_AT, &size, sizeof(size));
}

static inline void fpgabuf_frame_put(void *header, size_t at, uint64_t value)
{
	value = htole64(value);
	memcpy((uint8_t *)header + at, &value, sizeof(value));
}

static inline uint64_t fpgabuf_frame_get(const void *header, size_t at)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)header + at, sizeof(value));
	return le64toh(value);
}

#endif /* FPGABUF_LIB_FRAME_H */
