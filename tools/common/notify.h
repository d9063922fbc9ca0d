/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tells a service manager how it goes: the protocol of sd_notify(3)
 *
 * A line in a datagram is all of it, and without NOTIFY_SOCKET there is nobody to
 * tell.  So no library is needed, and no error is one of the program.
 */
#ifndef FPGABUF_COMMON_NOTIFY_H
#define FPGABUF_COMMON_NOTIFY_H

/* It does now what it was started for; @format says what that is, for people. */
void notify_ready(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* How it goes, for people. */
void notify_status(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* It was told to end, and does. */
void notify_stopping(void);

#endif /* FPGABUF_COMMON_NOTIFY_H */
