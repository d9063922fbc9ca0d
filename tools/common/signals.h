/* SPDX-License-Identifier: GPL-2.0-only */
/* The signals that ask a program to end, as a descriptor for poll(). */
#ifndef FPGABUF_COMMON_SIGNALS_H
#define FPGABUF_COMMON_SIGNALS_H

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, except a SIGHUP that is ignored, as by nohup.
 * Returns a non-blocking signalfd for them, or -1 after a message.
 */
int signals_open(void);

/* Lets them end the program again; the descriptor stays open. */
void signals_unblock(void);

#endif /* FPGABUF_COMMON_SIGNALS_H */
