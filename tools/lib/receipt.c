// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the receiver of a framed stream sends back. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lib/frame.h"

#define VERSION	1

#define REQUEST_RECEIPT	0x1U

static const uint8_t magic[4] = { 'F', 'P', 'G', 'R' };

/* As it is on the wire; little-endian. */
struct wire {
	uint8_t magic[4];
	uint16_t version;
	uint16_t size;
	uint32_t status;
	uint32_t reserved;
	uint64_t captures;
	uint64_t bytes;
};

_Static_assert(sizeof(struct wire) == FPGABUF_FRAME_RECEIPT_SIZE,
	       "the receipt has no padding");

void fpgabuf_frame_ask_receipt(void *header)
{
	fpgabuf_frame_put_size(header, FPGABUF_FRAME_ASK_SIZE);
	fpgabuf_frame_put(header, FPGABUF_FRAME_REQUESTS_AT, REQUEST_RECEIPT);
}

int fpgabuf_frame_asks_receipt(const void *header, size_t size)
{
	if (size < FPGABUF_FRAME_ASK_SIZE)
		return 0;
	return fpgabuf_frame_get(header, FPGABUF_FRAME_REQUESTS_AT) &
	       REQUEST_RECEIPT;
}

void fpgabuf_frame_encode_receipt(const struct fpgabuf_frame_receipt *receipt,
				  void *bytes)
{
	struct wire w = {
		.version = htole16(VERSION),
		.size = htole16(FPGABUF_FRAME_RECEIPT_SIZE),
		.status = htole32(receipt->status),
		.captures = htole64(receipt->captures),
		.bytes = htole64(receipt->bytes),
	};

	memcpy(w.magic, magic, sizeof(magic));
	memcpy(bytes, &w, sizeof(w));
}

int fpgabuf_frame_decode_receipt(const void *bytes,
				 struct fpgabuf_frame_receipt *receipt)
{
	struct wire w;

	memcpy(&w, bytes, sizeof(w));
	if (memcmp(w.magic, magic, sizeof(magic)) ||
	    le16toh(w.version) != VERSION ||
	    le16toh(w.size) != FPGABUF_FRAME_RECEIPT_SIZE || w.reserved ||
	    le32toh(w.status) > FPGABUF_FRAME_FAILED)
		return -EBADMSG;
	*receipt = (struct fpgabuf_frame_receipt){
		.status = le32toh(w.status),
		.captures = le64toh(w.captures),
		.bytes = le64toh(w.bytes),
	};
	return 0;
}
