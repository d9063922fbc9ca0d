/* SPDX-License-Identifier: GPL-2.0-only */
/* The limits of this machine, compared with the needs of a plan */
#ifndef FPGABUF_PLAN_LIMITS_H
#define FPGABUF_PLAN_LIMITS_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/memlock.h"
#include "plan/options.h"

/* No limit at all */
#define NO_LIMIT	MEMLOCK_NO_LIMIT

#define MAX_LIMITS	8

/**
 * struct limit - a limit
 * @name: its name, for people
 * @need: the value that the plan needs, in bytes unless the name says otherwise
 * @have: the value of this machine, or %NO_LIMIT
 * @remedy: what to do if that is too low
 */
struct limit {
	const char *name;
	uint64_t need;
	uint64_t have;
	char remedy[160];
};

/**
 * struct limits - all limits
 * @count: how many
 * @limit: the first ones are set
 */
struct limits {
	unsigned int count;
	struct limit limit[MAX_LIMITS];
};

static inline bool limit_ok(const struct limit *limit)
{
	return limit->need <= limit->have;
}

bool limits_ok(const struct limits *limits);

/* Reads INFO of a device.  0, or a negative errno after a message. */
int limits_device(const char *path, struct fpgabuf_info *info);

/*
 * Reads the limits of the kernel below @proc, normally "/proc", of this process, and
 * of a device if there is one.  0, or a negative errno after a message.
 */
int limits_read(struct limits *limits, const struct stream *stream,
		const struct plan *plan, const char *proc,
		const struct fpgabuf_info *device);

#endif /* FPGABUF_PLAN_LIMITS_H */
