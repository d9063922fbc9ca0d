// SPDX-License-Identifier: LGPL-2.1-or-later
/* The header before each capture in a framed stream. */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <fpgabuf/fpgabuf.h>

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

_Static_assert(sizeof(struct header) == FPGABUF_FRAME_HEADER_SIZE,
	       "the header has no padding");

void fpgabuf_frame_encode(const struct fpgabuf_frame *frame, void *bytes)
{
	struct header h = {
		.version = htole16(VERSION),
		.header_size = htole16(FPGABUF_FRAME_HEADER_SIZE),
		.flags = htole32(frame->flags),
		.sequence = htole64(frame->sequence),
		.timestamp_ns = htole64(frame->timestamp_ns),
		.length = htole64(frame->length),
		.skipped = htole64(frame->skipped),
	};

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(bytes, &h, sizeof(h));
}

/* An end is no capture, and has no bytes. */
static int check(const struct fpgabuf_frame *frame)
{
	if (frame->header_size < FPGABUF_FRAME_HEADER_SIZE ||
	    frame->header_size > FPGABUF_FRAME_HEADER_MAX)
		return -EBADMSG;
	if (frame->flags & ~FPGABUF_FRAME_FLAGS)
		return -EBADMSG;
	if (frame->flags & FPGABUF_FRAME_END && frame->length)
		return -EBADMSG;
	return 0;
}

int fpgabuf_frame_decode(const void *bytes, struct fpgabuf_frame *frame)
{
	struct fpgabuf_frame f;
	struct header h;
	int err;

	memcpy(&h, bytes, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) || h.reserved)
		return -EBADMSG;
	if (le16toh(h.version) != VERSION)
		return -EPROTONOSUPPORT;
	f = (struct fpgabuf_frame){
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
