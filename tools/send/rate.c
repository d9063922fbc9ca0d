// SPDX-License-Identifier: GPL-2.0-only
#include "common/clock.h"
#include "send/rate.h"

/*
 * How much a late loop may catch up, so that the average rate is right.  It does not
 * catch up all that it missed while a peer was slow.
 */
#define MAX_CREDIT_NS	(100 * NS_PER_MS)

/* Thirty years are long enough, and fit into the clock. */
#define MAX_WAIT_NS	1e18

int64_t rate_wait_ns(const struct rate *rate, int64_t now_ns)
{
	if (!rate->bytes_per_s || rate->free_ns <= now_ns)
		return 0;
	return rate->free_ns - now_ns;
}

void rate_use(struct rate *rate, uint64_t bytes, int64_t now_ns)
{
	double ns;

	if (!rate->bytes_per_s)
		return;
	ns = (double)bytes * NS_PER_SEC / rate->bytes_per_s;
	if (rate->free_ns < now_ns - MAX_CREDIT_NS)
		rate->free_ns = now_ns - MAX_CREDIT_NS;
	rate->free_ns += ns < MAX_WAIT_NS ? ns : MAX_WAIT_NS;
}
