/* SPDX-License-Identifier: GPL-2.0-only */
/* What time the timestamps of a framed stream stand for, in a summary. */
#ifndef FPGABUF_COMMON_FRAME_CLOCK_H
#define FPGABUF_COMMON_FRAME_CLOCK_H

#include <fpgabuf/fpgabuf.h>

#include "common/json.h"

void json_clock(struct json *json, const struct fpgabuf_frame_clock *clock);

#endif /* FPGABUF_COMMON_FRAME_CLOCK_H */
