/* SPDX-License-Identifier: GPL-2.0-only */
/* What every tool does first, and last. */
#ifndef FPGABUF_COMMON_START_H
#define FPGABUF_COMMON_START_H

/*
 * To be called before anything else.  No file may get the number of a standard
 * stream that was closed, and what cannot be written is an error that is told, not
 * a signal that kills.
 */
void tool_start(void);

/*
 * With --json there is always an object: if @code tells of a failure, and none was
 * printed, it is printed here, with what was said first.  Returns the exit code.
 */
int tool_end(int argc, char **argv, int code);

#endif /* FPGABUF_COMMON_START_H */
