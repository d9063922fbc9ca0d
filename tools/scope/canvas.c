// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "common/message.h"
#include "scope/canvas.h"

int canvas_make(struct canvas *canvas, unsigned int columns, unsigned int rows,
		bool ascii)
{
	*canvas = (struct canvas){
		.cells = calloc((size_t)columns * rows, sizeof(*canvas->cells)),
		.columns = columns,
		.rows = rows,
		.ascii = ascii,
	};
	if (canvas->cells)
		return 0;
	message("out of memory");
	return -1;
}

void canvas_free(struct canvas *canvas)
{
	free(canvas->cells);
	canvas->cells = NULL;
}

static unsigned int dots_across(const struct canvas *c)
{
	return c->ascii ? 1 : 2;
}

static unsigned int dots_down(const struct canvas *c)
{
	return c->ascii ? 2 : 4;
}

unsigned int canvas_width(const struct canvas *canvas)
{
	return canvas->columns * dots_across(canvas);
}

unsigned int canvas_height(const struct canvas *canvas)
{
	return canvas->rows * dots_down(canvas);
}

/* As Unicode numbers them: the lowest row was added later. */
static uint8_t braille_dot(unsigned int x, unsigned int y)
{
	if (y == 3)
		return 0x40 << x;
	return (x ? 0x08 : 0x01) << y;
}

static void set_dot(struct canvas *c, int x, int y, unsigned int colour)
{
	const unsigned int across = dots_across(c), down = dots_down(c);
	struct canvas_cell *cell;

	if (x < 0 || y < 0 || x >= (int)canvas_width(c) ||
	    y >= (int)canvas_height(c))
		return;
	cell = &c->cells[y / down * c->columns + x / across];
	cell->dots |=
		c->ascii ? 1 << y % down : braille_dot(x % across, y % down);
	cell->colour = colour;
}

/* No part of a line that is seen is farther away. */
static int clamp(int value, int most)
{
	return value < -most ? -most : value > 2 * most ? 2 * most : value;
}

void canvas_line(struct canvas *canvas, int x0, int y0, int x1, int y1,
		 unsigned int colour)
{
	const int height = canvas_height(canvas);
	int dx, dy, steps, i;

	y0 = clamp(y0, height);
	y1 = clamp(y1, height);
	dx = x1 - x0;
	dy = y1 - y0;
	steps = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
	for (i = 0; i <= steps; i++)
		set_dot(canvas, x0 + (steps ? dx * i / steps : 0),
			y0 + (steps ? dy * i / steps : 0), colour);
}

static void print_cell(const struct canvas *c, const struct canvas_cell *cell,
		       FILE *out)
{
	static const char ascii[] = { ' ', '\'', '.', ':' };

	if (c->ascii)
		fputc(ascii[cell->dots], out);
	else if (!cell->dots)
		fputc(' ', out);
	else
		/* U+2800 and up */
		fprintf(out, "\xe2%c%c", 0xa0 | cell->dots >> 6,
			0x80 | (cell->dots & 0x3f));
}

void canvas_print(const struct canvas *canvas, unsigned int row, bool coloured,
		  FILE *out)
{
	static const unsigned char colours[] = { 33, 36, 32, 35, 34, 31 };
	const struct canvas_cell *cell =
		&canvas->cells[(size_t)row * canvas->columns];
	unsigned int i, colour = 0, wanted;

	for (i = 0; i < canvas->columns; i++, cell++) {
		wanted = cell->dots && coloured
				 ? colours[cell->colour % sizeof(colours)]
				 : colour;
		if (wanted != colour)
			fprintf(out, "\033[%um", wanted);
		colour = wanted;
		print_cell(canvas, cell, out);
	}
	if (colour)
		fputs("\033[m", out);
}
