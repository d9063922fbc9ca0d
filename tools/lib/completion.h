/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which zero-copy sends are still in flight, and for whom
 *
 * The kernel numbers the MSG_ZEROCOPY sends of a socket that accepted at least
 * one byte, from 0, as u32 that wraps.  It reports completed ones as ranges,
 * which may cover many sends and come in any order.
 */
#ifndef FPGABUF_LIB_COMPLETION_H
#define FPGABUF_LIB_COMPLETION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct fpgabuf_tracker - the ids in flight
 * @owner: for each id, at id modulo the capacity, the counter of its owner;
 *	NULL = completed
 * @mask: capacity - 1
 * @first: oldest id that has not completed
 * @next: id of the next send
 * @outstanding: ids that have not completed
 */
struct fpgabuf_tracker {
	unsigned int **owner;
	uint32_t mask;
	uint32_t first;
	uint32_t next;
	uint32_t outstanding;
};

/* @capacity is a power of two; @start is the id of the first send. */
int fpgabuf_tracker_init(struct fpgabuf_tracker *t, uint32_t capacity,
			 uint32_t start);
void fpgabuf_tracker_exit(struct fpgabuf_tracker *t);

/* No further id can be issued before one completes. */
bool fpgabuf_tracker_full(const struct fpgabuf_tracker *t);

/*
 * Gives the next id to the owner of @pending.  This counter goes up now, and down when
 * the id completes.  The tracker must not be full.
 */
void fpgabuf_tracker_issue(struct fpgabuf_tracker *t, unsigned int *pending);

/*
 * Completes the ids @lo to @hi, both included.  -EPROTO: one of them is not in
 * flight; then none is completed.
 */
int fpgabuf_tracker_complete(struct fpgabuf_tracker *t, uint32_t lo,
			     uint32_t hi);

#endif /* FPGABUF_LIB_COMPLETION_H */
