/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is waited for and does not come: when to say so
 *
 * After 2 s.  What comes after all, and stalls again, is given twice as long each
 * time: it may be its way.
 */
#ifndef FPGABUF_COMMON_STALL_H
#define FPGABUF_COMMON_STALL_H

#include <stdbool.h>
#include <stdint.h>

/* What to look at when a device captures nothing */
#define STALL_OF_FPGA \
	"is the FPGA sending?  A capture ends when its region is full, or a packet does; `fpgabuf-info --watch` and `dmesg` show what the driver sees"

/**
 * struct stall - of one thing; zeroed in the beginning
 * @since_ns: since when it is waited for, or 0: it is not
 * @patience_ns: how long that may take, or 0 for the usual
 * @told: it has been said
 */
struct stall {
	int64_t since_ns;
	int64_t patience_ns;
	bool told;
};

/* It is waited for: is it time to say so?  It is once each time. */
bool stall_waits(struct stall *stall);

/* It has come, or is not waited for any more. */
void stall_over(struct stall *stall);

/* When to call stall_waits() again, or 0. */
int64_t stall_due_ns(const struct stall *stall);

/* Says that captures of @name do not come, and what to look at. */
void stall_explain(const struct stall *stall, const char *name,
		   const char *look_at);

#endif /* FPGABUF_COMMON_STALL_H */
