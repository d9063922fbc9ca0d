/* SPDX-License-Identifier: GPL-2.0-only */
/* What a plan needs of this machine, and whether it has that */
#ifndef FPGABUF_PLAN_LIMITS_H
#define FPGABUF_PLAN_LIMITS_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "plan/options.h"

/* No limit at all */
#define NO_LIMIT	UINT64_MAX

#define MAX_LIMITS	8

/**
 * struct limit - one of them
 * @name: what people call it
 * @need: the plan needs so much, in bytes if nothing else is said
 * @have: there is so much, or %NO_LIMIT
 * @remedy: what to do if that is too little
 */
struct limit {
	const char *name;
	uint64_t need;
	uint64_t have;
	char remedy[160];
};

/**
 * struct limits - all of them
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

/* What a device is.  0, or a negative errno after having said why not. */
int limits_device(const char *path, struct fpgabuf_info *info);

/*
 * Looks at those of the kernel below @proc, normally "/proc", of this process, and
 * of a device if there is one.  0, or a negative errno after having said what could
 * not be read.
 */
int limits_read(struct limits *limits, const struct stream *stream,
		const struct plan *plan, const char *proc,
		const struct fpgabuf_info *device);

#endif /* FPGABUF_PLAN_LIMITS_H */
