// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf_frame_decode(): takes what it can write again, and nothing else */
#include <errno.h>
#include <string.h>

#include <fpgabuf/fpgabuf.h>
#include "fuzz.h"

static void check_good(const uint8_t bytes[FPGABUF_FRAME_HEADER_SIZE],
		       const struct fpgabuf_frame *frame)
{
	uint8_t again[FPGABUF_FRAME_HEADER_SIZE];

	CHECK(frame->header_size >= FPGABUF_FRAME_HEADER_SIZE);
	CHECK(frame->header_size <= FPGABUF_FRAME_HEADER_MAX);
	CHECK(!(frame->flags & FPGABUF_FRAME_END) || !frame->length);
	fpgabuf_frame_encode(frame, again);
	/* What is written has the size of this version. */
	memcpy(again + 6, bytes + 6, 2);
	CHECK(!memcmp(again, bytes, sizeof(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[FPGABUF_FRAME_HEADER_SIZE] = { 'F', 'P', 'G', 'F', 1, 0, 48 };
	struct fpgabuf_frame frame = { .flags = 0x5a5a5a5a };
	int err;

	/* Nobody guesses a magic number: every other input need not. */
	if (size % 2)
		memcpy(bytes + 4, data, size < 44 ? size : 44);
	else
		memcpy(bytes, data, size < 48 ? size : 48);
	err = fpgabuf_frame_decode(bytes, &frame);
	if (!err) {
		check_good(bytes, &frame);
	} else {
		CHECK(err == -EBADMSG || err == -EPROTONOSUPPORT);
		CHECK(frame.flags == 0x5a5a5a5a);
	}
	return 0;
}
