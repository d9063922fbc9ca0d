// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "common/receipt.h"

#define VERSION	1

/* Where the header of a frame has its size, and where the field is */
#define SIZE_OFFSET	6
#define FIELD_OFFSET	48

#define FIELD_RECEIPT	0x1U

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

_Static_assert(sizeof(struct wire) == RECEIPT_SIZE,
	       "the receipt has no padding");

void receipt_ask(uint8_t header[RECEIPT_ASK_SIZE])
{
	const uint16_t size = htole16(RECEIPT_ASK_SIZE);
	const uint64_t field = htole64(FIELD_RECEIPT);

	memcpy(header + SIZE_OFFSET, &size, sizeof(size));
	memcpy(header + FIELD_OFFSET, &field, sizeof(field));
}

bool receipt_is_asked(const uint8_t *header, size_t size)
{
	uint64_t field;

	if (size < RECEIPT_ASK_SIZE)
		return false;
	memcpy(&field, header + FIELD_OFFSET, sizeof(field));
	return le64toh(field) & FIELD_RECEIPT;
}

void receipt_encode(const struct receipt *r, uint8_t bytes[RECEIPT_SIZE])
{
	struct wire w = {
		.version = htole16(VERSION),
		.size = htole16(RECEIPT_SIZE),
		.status = htole32(r->status),
		.captures = htole64(r->captures),
		.bytes = htole64(r->bytes),
	};

	memcpy(w.magic, magic, sizeof(magic));
	memcpy(bytes, &w, sizeof(w));
}

int receipt_decode(const uint8_t bytes[RECEIPT_SIZE], struct receipt *receipt)
{
	struct wire w;

	memcpy(&w, bytes, sizeof(w));
	if (memcmp(w.magic, magic, sizeof(magic)) ||
	    le16toh(w.version) != VERSION || le16toh(w.size) != RECEIPT_SIZE ||
	    w.reserved || le32toh(w.status) > RECEIPT_FAILED)
		return -EBADMSG;
	*receipt = (struct receipt){
		.status = le32toh(w.status),
		.captures = le64toh(w.captures),
		.bytes = le64toh(w.bytes),
	};
	return 0;
}
