// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <time.h>

#include "common/clock.h"

int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int clock_left_ms(int64_t deadline_ns)
{
	int64_t left = deadline_ns - clock_ns();

	if (left <= 0)
		return 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left < INT_MAX ? left : INT_MAX;
}
