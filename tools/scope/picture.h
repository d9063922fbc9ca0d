/* SPDX-License-Identifier: GPL-2.0-only */
/* A figure as text */
#ifndef FPGABUF_SCOPE_PICTURE_H
#define FPGABUF_SCOPE_PICTURE_H

#include <stdio.h>

#include "scope/figure.h"

/* Smaller ones have no room for it, and larger ones no use. */
#define PICTURE_MIN_COLUMNS 40U
#define PICTURE_MIN_ROWS    12U
#define PICTURE_MAX	    1000U

/**
 * struct picture_setup - what it looks like
 * @columns: its width
 * @rows: its height
 * @ascii: without Braille letters
 * @coloured: with the colours of a terminal
 * @end: of each line
 */
struct picture_setup {
	unsigned int columns;
	unsigned int rows;
	bool ascii;
	bool coloured;
	const char *end;
};

/* @status: the last line.  0, or -1 after a message */
int picture_print(const struct figure *figure,
		  const struct picture_setup *setup, const char *status,
		  FILE *out);

#endif /* FPGABUF_SCOPE_PICTURE_H */
