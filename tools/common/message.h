/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools say to people: one line on stderr that begins with the name of
 * the program, and if there is one, the remedy on a second line.
 */
#ifndef FPGABUF_COMMON_MESSAGE_H
#define FPGABUF_COMMON_MESSAGE_H

/* Exit codes of the tools. */
#define EXIT_OK		0
#define EXIT_FAILED	1
#define EXIT_USAGE	2

#define FPGABUF_TOOLS_VERSION	"0.1"

void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* FPGABUF_COMMON_MESSAGE_H */
