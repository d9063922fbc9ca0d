/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The results of a tool: its summary, and reports while it runs
 *
 * Each is made in memory, and written as a whole, so that a slow reader does not
 * delay a capture.
 */
#ifndef FPGABUF_COMMON_RESULTS_H
#define FPGABUF_COMMON_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Sets another output than standard output.  Call it before the first result. */
void results_to(int fd);

/* Returns the stream to print a result to.  There is one result at a time. */
FILE *results_begin(void);

/*
 * The result is complete.  With @may_drop it is dropped if too many earlier ones wait
 * to be read.
 */
void results_end(bool may_drop);

/* How many were dropped. */
uint64_t results_dropped(void);

/* The descriptor to poll for POLLOUT, or -1: nothing waits to be written. */
int results_fd(void);

/* Writes as much as it can without waiting. */
void results_push(void);

/*
 * Writes the rest.  After a signal at @sigfd, if that is not -1, or with @hurry, it
 * does not wait for a stalled reader.  Returns 0, or -1 after a message that says why
 * it could not write everything.
 */
int results_finish(int sigfd, bool hurry);

#endif /* FPGABUF_COMMON_RESULTS_H */
