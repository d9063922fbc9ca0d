/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal that pictures are shown in, one at the same place as the other */
#ifndef FPGABUF_SCOPE_TERMINAL_H
#define FPGABUF_SCOPE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>
#include <termios.h>

/**
 * struct terminal - the terminal
 * @resized: signalfd of SIGWINCH, or -1
 * @keys: where keys come from, or -1
 * @before: how that was
 * @shown: there is a picture
 */
struct terminal {
	int resized;
	int keys;
	struct termios before;
	bool shown;
};

/* There is none to open. */
void terminal_init(struct terminal *terminal);

/* Is standard output one? */
bool terminal_is_there(void);

/* Can it show Braille letters? */
bool terminal_has_utf8(void);

/* The size of standard output, or 80 x 24 */
void terminal_size(unsigned int *columns, unsigned int *rows);

/* Keys come one by one, and are not shown.  0, or -1 after a message */
int terminal_open(struct terminal *terminal);

/* All is as before. */
void terminal_close(struct terminal *terminal);

/* Has its size changed since the last call? */
bool terminal_was_resized(const struct terminal *terminal);

/* Keys were pressed: among them the one that ends the program? */
bool terminal_asks_end(const struct terminal *terminal);

/* Around each picture, whose lines end with TERMINAL_END */
#define TERMINAL_END "\033[K\n"
void terminal_begin(struct terminal *terminal, FILE *out);
void terminal_end(FILE *out);

/* The cursor comes back, below the last picture. */
void terminal_leave(struct terminal *terminal, FILE *out);

#endif /* FPGABUF_SCOPE_TERMINAL_H */
