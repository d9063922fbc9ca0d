/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to report that something does not come
 *
 * The first report comes after 2 s.  If it comes after all, and stalls again, the
 * next report comes after twice as long: the pauses may be normal.
 */
#ifndef FPGABUF_COMMON_STALL_H
#define FPGABUF_COMMON_STALL_H

#include <stdbool.h>
#include <stdint.h>

/* The remedy when a device captures nothing */
#define STALL_OF_FPGA \
	"is the FPGA sending?  A capture ends when its region is full, or a packet does; `fpgabuf-info --watch` and `dmesg` show what the driver sees"

/**
 * struct stall - waiting for one thing; zeroed in the beginning
 * @since_ns: when the wait began, or 0: nothing is waited for
 * @patience_ns: time until the report, or 0 for the usual one
 * @told: the report was made
 */
struct stall {
	int64_t since_ns;
	int64_t patience_ns;
	bool told;
};

/* The program waits: is it time to report it?  True once for each wait. */
bool stall_waits(struct stall *stall);

/* The wait is over. */
void stall_over(struct stall *stall);

/* When to call stall_waits() again, or 0. */
int64_t stall_due_ns(const struct stall *stall);

/* Reports that captures of @name do not come, with the remedy @look_at. */
void stall_explain(const struct stall *stall, const char *name,
		   const char *look_at);

#endif /* FPGABUF_COMMON_STALL_H */
