// SPDX-License-Identifier: GPL-2.0-only
#include "common/frame-clock.h"

void json_clock(struct json *json, const struct fpgabuf_frame_clock *clock)
{
	json_signed(json, "utc_offset_ns", clock->utc_ns);
	json_signed(json, "tai_offset_ns", clock->tai_ns);
}
