/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_COMMON_CLOCK_H
#define FPGABUF_COMMON_CLOCK_H

#include <stdint.h>

#define NS_PER_MS	1000000LL
#define NS_PER_SEC	1000000000LL

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t clock_ns(void);

/* Milliseconds from now to @deadline_ns for poll(): rounded up, 0 if past. */
int clock_left_ms(int64_t deadline_ns);

#endif /* FPGABUF_COMMON_CLOCK_H */
