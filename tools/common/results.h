/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a tool has found out: its summary, and reports while it runs
 *
 * They are made in memory, so that whoever reads them too slowly, or not at all,
 * does not hold up a capture; and are written whole.
 */
#ifndef FPGABUF_COMMON_RESULTS_H
#define FPGABUF_COMMON_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* They go to standard output unless this says otherwise, before the first. */
void results_to(int fd);

/* Where to print one.  There is one at a time. */
FILE *results_begin(void);

/*
 * It is complete.  With @may_drop it is dropped when too many before it have not
 * been read.
 */
void results_end(bool may_drop);

/* How many were dropped. */
uint64_t results_dropped(void);

/* What to poll for POLLOUT, or -1: nothing waits to be written. */
int results_fd(void);

/* Writes what can be written without waiting. */
void results_push(void);

/*
 * Writes what is left.  A signal at @sigfd, if that is not -1, means that there is
 * no time for a reader that has stalled, as does @hurry.  Returns 0, or -1 after
 * having said why not all could be written.
 */
int results_finish(int sigfd, bool hurry);

#endif /* FPGABUF_COMMON_RESULTS_H */
