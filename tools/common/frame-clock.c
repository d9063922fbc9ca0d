// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/frame-clock.h"

/* Where a header has its size, the requests, and the fields */
#define SIZE_OFFSET	6
#define REQUESTS_OFFSET	48
#define UTC_OFFSET	56
#define TAI_OFFSET	64

static int64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* The moment is the middle between what was read before and after. */
static int64_t ahead_ns(clockid_t clock)
{
	int64_t before = clock_ns(), there = now_ns(clock);

	return there - before - (clock_ns() - before) / 2;
}

struct frame_clock frame_clock_now(void)
{
	return (struct frame_clock){
		.utc_ns = ahead_ns(CLOCK_REALTIME),
		.tai_ns = ahead_ns(CLOCK_TAI),
	};
}

static void put(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static int64_t get(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

void frame_clock_put(const struct frame_clock *clock,
		     uint8_t header[FRAME_CLOCK_SIZE])
{
	const uint16_t size = htole16(FRAME_CLOCK_SIZE);

	memcpy(header + SIZE_OFFSET, &size, sizeof(size));
	put(header + REQUESTS_OFFSET, 0);
	put(header + UTC_OFFSET, clock->utc_ns);
	put(header + TAI_OFFSET, clock->tai_ns);
}

bool frame_clock_get(const uint8_t *header, size_t size,
		     struct frame_clock *clock)
{
	if (size < FRAME_CLOCK_SIZE)
		return false;
	clock->utc_ns = get(header + UTC_OFFSET);
	clock->tai_ns = get(header + TAI_OFFSET);
	return true;
}

void json_clock(struct json *json, const struct frame_clock *clock)
{
	json_signed(json, "utc_offset_ns", clock->utc_ns);
	json_signed(json, "tai_offset_ns", clock->tai_ns);
}
