/* SPDX-License-Identifier: GPL-2.0-only */
/* A limit of bytes per second. */
#ifndef FPGABUF_SEND_RATE_H
#define FPGABUF_SEND_RATE_H

#include <stdint.h>

/**
 * struct rate - a limit and how far it has been used
 * @bytes_per_s: the limit; 0 = none
 * @free_ns: when the next bytes may go
 */
struct rate {
	uint64_t bytes_per_s;
	int64_t free_ns;
};

/* Nanoseconds to wait before more may go; 0 = none. */
int64_t rate_wait_ns(const struct rate *rate, int64_t now_ns);

/* @bytes go at @now_ns. */
void rate_use(struct rate *rate, uint64_t bytes, int64_t now_ns);

#endif /* FPGABUF_SEND_RATE_H */
