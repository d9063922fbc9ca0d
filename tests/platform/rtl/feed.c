// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream that is a file.
 */
#include "bench.h"
#include "feed.h"

bool feed_beat(void *arg, struct pins *pins)
{
	struct feed *feed = arg;
	uint8_t bytes[8] = { 0 };
	unsigned int i, count = feed->beat_bytes;

	if (!feed->left)
		return false;
	if (feed->left < count)
		count = feed->left;
	if (fread(bytes, 1, count, feed->file) != count)
		bench_fail("the file ends before its time");
	feed->left -= count;
	pins->tdata = 0;
	for (i = 0; i < count; i++)
		pins->tdata |= (uint64_t)bytes[i] << 8 * i;
	pins->tkeep = (1U << count) - 1;
	pins->tlast = !feed->left;
	return true;
}
