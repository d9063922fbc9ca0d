/* SPDX-License-Identifier: GPL-2.0-only */
/* The first and the last step of every tool. */
#ifndef FPGABUF_COMMON_START_H
#define FPGABUF_COMMON_START_H

/*
 * Call it before anything else.  It keeps files from getting the number of a closed
 * standard stream, and SIGPIPE from killing the program.
 */
void tool_start(void);

/*
 * With --json there is always an object: if @code is a failure, and no object was
 * printed, it prints one with the first message.  Returns the exit code.
 */
int tool_end(int argc, char **argv, int code);

#endif /* FPGABUF_COMMON_START_H */
