/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports the state to a service manager: the protocol of sd_notify(3)
 *
 * The protocol is a line in a datagram, so no library is needed.  Without
 * NOTIFY_SOCKET nothing is sent, and errors are ignored.
 */
#ifndef FPGABUF_COMMON_NOTIFY_H
#define FPGABUF_COMMON_NOTIFY_H

/* The program is ready; @format says for people what it does now. */
void notify_ready(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The state, as a text for people. */
void notify_status(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The program ends, because a signal told it to. */
void notify_stopping(void);

#endif /* FPGABUF_COMMON_NOTIFY_H */
