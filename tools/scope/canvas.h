/* SPDX-License-Identifier: GPL-2.0-only */
/* Dots that are drawn with letters: 2 x 4 in a Braille letter, or 1 x 2 in ASCII */
#ifndef FPGABUF_SCOPE_CANVAS_H
#define FPGABUF_SCOPE_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* struct canvas_cell - a letter: its dots as bits, and the colour of the last one */
struct canvas_cell {
	uint8_t dots;
	uint8_t colour;
};

/**
 * struct canvas - the letters
 * @cells: row by row
 * @columns: letters in a row
 * @rows: rows
 * @ascii: without Braille letters
 */
struct canvas {
	struct canvas_cell *cells;
	unsigned int columns;
	unsigned int rows;
	bool ascii;
};

/* 0, or -1 after a message */
int canvas_make(struct canvas *canvas, unsigned int columns, unsigned int rows,
		bool ascii);
void canvas_free(struct canvas *canvas);

/* How many dots there are */
unsigned int canvas_width(const struct canvas *canvas);
unsigned int canvas_height(const struct canvas *canvas);

/* From the upper left corner; what is outside is not drawn. */
void canvas_line(struct canvas *canvas, int x0, int y0, int x1, int y1,
		 unsigned int colour);

/* A row; with @coloured in the colours of a terminal, of which there are 6 */
void canvas_print(const struct canvas *canvas, unsigned int row, bool coloured,
		  FILE *out);

#endif /* FPGABUF_SCOPE_CANVAS_H */
