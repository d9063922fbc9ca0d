/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports the state to a service manager: the protocol of sd_notify(3)
 *
 * The protocol is a line in a datagram, so no library is needed.  Without
 * NOTIFY_SOCKET nothing is sent, and errors are ignored.
 */
#ifndef FPGABUF_COMMON_NOTIFY_H
#define FPGABUF_COMMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* The program is ready; @format says for people what it does now. */
void notify_ready(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The state, as a text for people. */
void notify_status(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * The watchdog of the service manager, if it wants one, from notify_ready() on: it
 * kills a program that is silent for too long.  Call notify_watch() in each turn of the
 * main loop, at notify_watch_ns() at the latest, which is 0 if there is no watchdog.
 *
 * @waits: the turn has slept, and there is nothing to do but wait for others.  @done:
 * a number that changes with all that is done.  If neither is so for a while, the loop
 * hangs, although it turns, and the manager does not hear from it.
 */
int64_t notify_watch_ns(void);
void notify_watch(bool waits, uint64_t done);

/* The program ends, because a signal told it to. */
void notify_stopping(void);

#endif /* FPGABUF_COMMON_NOTIFY_H */
