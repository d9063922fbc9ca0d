// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "common/frame.h"

/* Where the header says how long it is */
#define SIZE_OFFSET	6

void frame_encode_long(const struct fpgabuf_frame *frame, uint64_t requests,
		       uint8_t bytes[FRAME_LONG_SIZE])
{
	uint16_t size = htole16(FRAME_LONG_SIZE);
	uint64_t field = htole64(requests);

	fpgabuf_frame_encode(frame, bytes);
	memcpy(bytes + SIZE_OFFSET, &size, sizeof(size));
	memcpy(bytes + FPGABUF_FRAME_HEADER_SIZE, &field, sizeof(field));
}

uint64_t frame_requests(const uint8_t *bytes, size_t size)
{
	uint64_t field;

	if (size < FRAME_LONG_SIZE)
		return 0;
	memcpy(&field, bytes + FPGABUF_FRAME_HEADER_SIZE, sizeof(field));
	return le64toh(field);
}
