/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools say to people: one line on stderr that begins with the name of
 * the program, and if there is one, the remedy on a second line.
 *
 * A reader that stalls does not stop a capture: messages that stderr does not take
 * at once wait, and are dropped when there are too many.
 */
#ifndef FPGABUF_COMMON_MESSAGE_H
#define FPGABUF_COMMON_MESSAGE_H

#include <fpgabuf/fpgabuf.h>

/* Exit codes of the tools. */
#define EXIT_OK		0
#define EXIT_FAILED	1
#define EXIT_USAGE	2

/* The tools are of the version of the library. */
#define FPGABUF_TOOLS_VERSION	FPGABUF_VERSION

/* An error, a note, and the remedy for the line before. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void inform(const char *format, ...) __attribute__((format(printf, 1, 2)));
void remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For text that is not a message, such as progress: dropped rather than waiting. */
void message_show(const char *text);

/* The first and the last text of message(), without a newline; "" if there is none. */
const char *message_first(void);
const char *message_last(void);

/* The program ends: waits for a moment, so that the last messages are written. */
void message_end(void);

#endif /* FPGABUF_COMMON_MESSAGE_H */
