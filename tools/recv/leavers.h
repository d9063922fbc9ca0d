/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leavers: connections that were closed, whose peers have not seen that yet
 *
 * Nobody waits for them: they are looked at when something has come, and forgotten when
 * they are gone, or have had time enough.
 */
#ifndef FPGABUF_RECV_LEAVERS_H
#define FPGABUF_RECV_LEAVERS_H

#include <poll.h>
#include <stdint.h>

#include "recv/inlet.h"

#define MOST_LEAVERS	64

/**
 * struct leaver - a connection that was closed
 * @inlet: the connection
 * @due_ns: when to forget it
 */
struct leaver {
	struct inlet inlet;
	int64_t due_ns;
};

/**
 * struct leavers - all of them
 * @list: the oldest first
 * @count: how many there are
 */
struct leavers {
	struct leaver list[MOST_LEAVERS];
	unsigned int count;
};

/* Adds a connection that was closed, unless it is gone already. */
void leavers_add(struct leavers *leavers, const struct inlet *inlet);

/* Fills in what to poll: one for each. */
void leavers_fill(const struct leavers *leavers, struct pollfd *polls);

/* When to look at them although nothing has come, or 0. */
int64_t leavers_due_ns(const struct leavers *leavers);

/* Looks at them, and forgets those that need no more time. */
void leavers_look(struct leavers *leavers);

/* Waits for all of them. */
void leavers_wait(struct leavers *leavers);

#endif /* FPGABUF_RECV_LEAVERS_H */
