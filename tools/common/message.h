/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools say to people: one line on stderr that begins with the name of
 * the program, and if there is one, the remedy on a second line.
 *
 * Nobody who does not read them stops a capture: what stderr does not take at once
 * waits, and is dropped when it is too much.
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

/* What is wrong, and what is to be known. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void inform(const char *format, ...) __attribute__((format(printf, 1, 2)));
void remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what is no line of its own, such as progress: dropped rather than waiting. */
void message_show(const char *text);

/* What message() said first, and last, without a newline; "" if nothing was wrong. */
const char *message_first(void);
const char *message_last(void);

/* The program ends: gives what waits a last chance, which is a short one. */
void message_end(void);

#endif /* FPGABUF_COMMON_MESSAGE_H */
