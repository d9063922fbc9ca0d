// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/progress.h"

#define QUIET_START_NS	(2 * NS_PER_SEC)

void progress_start(struct progress *p, uint64_t total, bool force, bool quiet)
{
	int64_t now = clock_ns();

	*p = (struct progress){
		.enabled = !quiet && (force || isatty(STDERR_FILENO)),
		.total = total,
		.start_ns = now,
		.next_ns = now + QUIET_START_NS,
	};
}

double mb_per_s(uint64_t bytes, double seconds)
{
	return seconds > 0 ? bytes / seconds / 1e6 : 0;
}

void progress_update(struct progress *p, uint64_t bytes)
{
	char line[96], share[32] = "";
	int64_t now;
	double rate;

	if (!p->enabled)
		return;
	now = clock_ns();
	if (now < p->next_ns)
		return;
	p->next_ns = now + PROGRESS_PERIOD_MS * NS_PER_MS;
	p->shown = true;
	rate = mb_per_s(bytes, (double)(now - p->start_ns) / NS_PER_SEC);
	if (p->total)
		snprintf(share, sizeof(share), ", %.0f %%",
			 100.0 * bytes / p->total);
	snprintf(line, sizeof(line), "\r%.1f MB, %.1f MB/s%s\033[K",
		 bytes / 1e6, rate, share);
	message_show(line);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		message_show("\r\033[K");
	p->shown = false;
}
