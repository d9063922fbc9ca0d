// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/frame.h"

#define VERSION	1

static const uint8_t magic[4] = { 'F', 'P', 'G', 'F' };

/* As it is on the wire; little-endian. */
struct header {
	uint8_t magic[4];
	uint16_t version;
	uint16_t header_size;
	uint32_t flags;
	uint32_t reserved;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint64_t length;
	uint64_t skipped;
};

_Static_assert(sizeof(struct header) == FRAME_HEADER_SIZE,
	       "the header has no padding");

static void encode(const struct frame *frame, uint16_t size, uint8_t *bytes)
{
	struct header h = {
		.version = htole16(VERSION),
		.header_size = htole16(size),
		.flags = htole32(frame->flags),
		.sequence = htole64(frame->sequence),
		.timestamp_ns = htole64(frame->timestamp_ns),
		.length = htole64(frame->length),
		.skipped = htole64(frame->skipped),
	};

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(bytes, &h, sizeof(h));
}

void frame_encode(const struct frame *frame, uint8_t bytes[FRAME_HEADER_SIZE])
{
	encode(frame, FRAME_HEADER_SIZE, bytes);
}

void frame_encode_long(const struct frame *frame, uint64_t requests,
		       uint8_t bytes[FRAME_LONG_SIZE])
{
	uint64_t field = htole64(requests);

	encode(frame, FRAME_LONG_SIZE, bytes);
	memcpy(bytes + FRAME_HEADER_SIZE, &field, sizeof(field));
}

uint64_t frame_requests(const uint8_t *bytes, size_t size)
{
	uint64_t field;

	if (size < FRAME_LONG_SIZE)
		return 0;
	memcpy(&field, bytes + FRAME_HEADER_SIZE, sizeof(field));
	return le64toh(field);
}

/* An end is no capture, and has no bytes. */
static int check(const struct frame *frame)
{
	if (frame->header_size < FRAME_HEADER_SIZE ||
	    frame->header_size > FRAME_HEADER_MAX)
		return -EBADMSG;
	if (frame->flags & ~FRAME_FLAGS)
		return -EBADMSG;
	if (frame->flags & FRAME_END && frame->length)
		return -EBADMSG;
	return 0;
}

int frame_decode(const uint8_t bytes[FRAME_HEADER_SIZE], struct frame *frame)
{
	struct frame f;
	struct header h;
	int err;

	memcpy(&h, bytes, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) || h.reserved)
		return -EBADMSG;
	if (le16toh(h.version) != VERSION)
		return -EPROTONOSUPPORT;
	f = (struct frame){
		.header_size = le16toh(h.header_size),
		.flags = le32toh(h.flags),
		.sequence = le64toh(h.sequence),
		.timestamp_ns = le64toh(h.timestamp_ns),
		.length = le64toh(h.length),
		.skipped = le64toh(h.skipped),
	};
	err = check(&f);
	if (!err)
		*frame = f;
	return err;
}
