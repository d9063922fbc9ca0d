// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of fpgabuf-share, as either end reads them: what was understood
 * can be written again, and is the same bytes
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "lib/wire.h"

/* What either end relies on without looking again */
static void check_values(const struct fpgabuf_wire_message *m)
{
	switch (m->type) {
	case FPGABUF_WIRE_HELLO:
		CHECK(m->hello.oldest && m->hello.oldest <= m->hello.newest);
		break;
	case FPGABUF_WIRE_RELEASE:
		CHECK(m->release.index < FPGABUF_WIRE_MAX_REGIONS);
		break;
	case FPGABUF_WIRE_WELCOME:
		CHECK(m->welcome.regions &&
		      m->welcome.regions <= FPGABUF_WIRE_MAX_REGIONS);
		CHECK(m->welcome.credits &&
		      m->welcome.credits <= m->welcome.regions);
		CHECK(m->welcome.alignment && m->welcome.region_size);
		CHECK(memchr(m->welcome.device, 0, sizeof(m->welcome.device)));
		break;
	case FPGABUF_WIRE_REGION:
		CHECK(m->region.index < FPGABUF_WIRE_MAX_REGIONS);
		CHECK(m->region.size);
		break;
	case FPGABUF_WIRE_CAPTURE:
		CHECK(m->capture.index < FPGABUF_WIRE_MAX_REGIONS);
		CHECK(m->capture.bytes && m->capture.error <= 0);
		CHECK(-m->capture.error >= 0);
		break;
	case FPGABUF_WIRE_END:
		CHECK(m->end.reason && m->end.reason <= FPGABUF_WIRE_LATE);
		break;
	default:
		CHECK(false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fpgabuf_wire_message message;
	uint8_t again[FPGABUF_WIRE_MAX_SIZE];
	/* A copy, so that a byte too far is out of bounds */
	uint8_t *exact = malloc(size + !size);
	int err;

	CHECK(exact);
	if (size)
		memcpy(exact, data, size);
	err = fpgabuf_wire_decode(exact, size, &message);
	if (err) {
		CHECK(err == -EPROTO);
	} else {
		check_values(&message);
		CHECK(fpgabuf_wire_encode(&message, again) == size);
		CHECK(!memcmp(again, data, size));
	}
	free(exact);
	return 0;
}
