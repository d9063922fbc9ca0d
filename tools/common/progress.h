/* SPDX-License-Identifier: GPL-2.0-only */
/* A progress line on stderr, for transfers that take longer than 2 s. */
#ifndef FPGABUF_COMMON_PROGRESS_H
#define FPGABUF_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How often a caller that waits should come back, in milliseconds. */
#define PROGRESS_PERIOD_MS	500

/**
 * struct progress - state of the line
 * @enabled: may show anything at all
 * @total: bytes to come, or 0 if that is not known
 * @start_ns: when the transfer began
 * @next_ns: when to write the line again
 * @shown: the line stands on the terminal
 */
struct progress {
	bool enabled;
	uint64_t total;
	int64_t start_ns;
	int64_t next_ns;
	bool shown;
};

/* @force: also when stderr is not a terminal. */
void progress_start(struct progress *p, uint64_t total, bool force, bool quiet);
void progress_update(struct progress *p, uint64_t bytes);

/* Removes the line, so that other output can follow. */
void progress_end(struct progress *p);

/* Megabytes (10^6) a second. */
double mb_per_s(uint64_t bytes, double seconds);

#endif /* FPGABUF_COMMON_PROGRESS_H */
