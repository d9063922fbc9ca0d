// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "common/utf8.h"
#include "scope/canvas.h"
#include "scope/picture.h"

/* Columns to the left of the dots: a label, a blank, and the axis */
#define MARGIN 11U

/* Most channels with a line of their own below the picture */
#define MAX_SUMMARIES 4U

/* Columns and rows from one label to the next, at least */
#define LABEL_COLUMNS 14U
#define LABEL_ROWS    2U

/**
 * struct drawing - a panel that is being drawn
 * @panel: what it shows
 * @canvas: the dots
 * @setup: what it looks like
 * @out: where it goes
 */
struct drawing {
	const struct panel *panel;
	struct canvas canvas;
	const struct picture_setup *setup;
	FILE *out;
};

static double value_at(const struct curve *curve, size_t i)
{
	return curve->values[i * curve->stride];
}

static int dot_across(const struct drawing *d, double x)
{
	return lround(axis_place(&d->panel->x, x) *
		      (canvas_width(&d->canvas) - 1));
}

static int dot_down(const struct drawing *d, double y)
{
	return lround((1 - axis_place(&d->panel->y, y)) *
		      (canvas_height(&d->canvas) - 1));
}

static bool is_mark(const struct panel *p, size_t at)
{
	size_t i;

	for (i = 0; i < p->mark_count; i++)
		if (p->marks[i] == at)
			return true;
	return false;
}

/* There is a column for each value: a line leads to the next one, but not over a gap. */
static void draw_line(struct drawing *d, const struct curve *curve)
{
	const struct panel *p = d->panel;
	size_t i;

	for (i = 0; i < curve->count; i++) {
		const size_t from = i && !is_mark(p, i) ? i - 1 : i;

		canvas_line(&d->canvas,
			    dot_across(d, p->x.from + from * p->step),
			    dot_down(d, value_at(curve, from)),
			    dot_across(d, p->x.from + i * p->step),
			    dot_down(d, value_at(curve, i)), curve->colour);
	}
}

/* A column has several values, and shows how far they reach, from the one before on. */
static void draw_column(struct drawing *d, const struct curve *curve,
			unsigned int column)
{
	const unsigned int width = canvas_width(&d->canvas);
	const size_t end = (uint64_t)(column + 1) * curve->count / width;
	size_t i = (uint64_t)column * curve->count / width;
	double min, max;

	i -= !!i;
	min = max = value_at(curve, i);
	for (; i < end; i++) {
		min = fmin(min, value_at(curve, i));
		max = fmax(max, value_at(curve, i));
	}
	canvas_line(&d->canvas, column, dot_down(d, max), column,
		    dot_down(d, min), curve->colour);
}

static void draw_curve(struct drawing *d, const struct curve *curve)
{
	const unsigned int width = canvas_width(&d->canvas);
	unsigned int i;

	if (curve->count <= width) {
		draw_line(d, curve);
		return;
	}
	for (i = 0; i < width; i++)
		draw_column(d, curve, i);
}

/* Is a label in this row?  Then it is the number. */
static bool label_of(const struct drawing *d, unsigned int row, double step,
		     double *value)
{
	const unsigned int down = canvas_height(&d->canvas) / d->canvas.rows;
	const struct axis *y = &d->panel->y;
	double at;

	for (at = axis_first(y, step); at <= y->to + step * 1e-6; at += step)
		if (dot_down(d, at) / down == row) {
			*value = at;
			return true;
		}
	return false;
}

static void print_rows(const struct drawing *d)
{
	const char *plain = d->setup->ascii ? "|" : "\u2502";
	const char *tick = d->setup->ascii ? "+" : "\u2524";
	const double step =
		axis_step(&d->panel->y, d->canvas.rows / LABEL_ROWS);
	char label[AXIS_LABEL];
	unsigned int row;
	double value;

	for (row = 0; row < d->canvas.rows; row++) {
		const bool has = label_of(d, row, step, &value);

		*label = '\0';
		if (has)
			axis_label(&d->panel->y, value, label);
		fprintf(d->out, "%*.*s%s", MARGIN - 1, MARGIN - 1, label,
			has ? tick : plain);
		canvas_print(&d->canvas, row, d->setup->coloured, d->out);
		fputs(d->setup->end, d->out);
	}
}

static void put_label(char *line, unsigned int width, double middle,
		      const char *label, unsigned int *used)
{
	const unsigned int len = strlen(label);
	const double begin = middle - (len - 1) / 2.0;
	unsigned int at = begin > 0 ? lround(begin) : 0;

	if (at < *used || at + len > width)
		return;
	memcpy(line + at, label, len);
	*used = at + len + 1;
}

static void put_marks(const struct drawing *d, char *line)
{
	const struct panel *p = d->panel;
	size_t i;

	for (i = 0; i < p->mark_count; i++) {
		const double x = p->x.from + (p->marks[i] - 0.5) * p->step;

		line[MARGIN + lround(axis_place(&p->x, x) *
				     (d->canvas.columns - 1))] = '^';
	}
}

/* The unit stands to the right, so labels end before it. */
static void print_axis(const struct drawing *d)
{
	const struct axis *x = &d->panel->x;
	const double step = axis_step(x, d->canvas.columns / LABEL_COLUMNS);
	const unsigned int width = d->setup->columns;
	char line[PICTURE_MAX + 1], label[AXIS_LABEL], unit[AXIS_LABEL];
	unsigned int used = 0, len;
	double at;

	axis_unit(x, unit);
	len = strlen(unit);
	memset(line, ' ', width);
	line[width] = '\0';
	for (at = axis_first(x, step); at <= x->to + step * 1e-6; at += step) {
		axis_label(x, at, label);
		put_label(line, width - len - 1,
			  MARGIN + axis_place(x, at) * (d->canvas.columns - 1),
			  label, &used);
	}
	memcpy(line + width - len, unit, len);
	put_marks(d, line);
	fprintf(d->out, "%s%s", line, d->setup->end);
}

static int print_panel(const struct panel *panel,
		       const struct picture_setup *setup, unsigned int rows,
		       FILE *out)
{
	struct drawing d = { .panel = panel, .setup = setup, .out = out };
	unsigned int i;

	if (canvas_make(&d.canvas, setup->columns - MARGIN, rows, setup->ascii))
		return -1;
	for (i = 0; i < panel->count; i++)
		draw_curve(&d, &panel->curves[i]);
	print_rows(&d);
	print_axis(&d);
	canvas_free(&d.canvas);
	return 0;
}

/* As much of it as there are columns */
static void print_text(const char *text, const struct picture_setup *setup,
		       FILE *out)
{
	unsigned int used;
	size_t len;

	for (used = 0; used < setup->columns && *text; used++) {
		len = utf8_length(text);
		len = len ? len : 1;
		fwrite(text, 1, len, out);
		text += len;
	}
	fputs(setup->end, out);
}

static unsigned int summaries(const struct figure *f)
{
	const unsigned int channels = f->look->form.channels;

	return channels < MAX_SUMMARIES ? channels : MAX_SUMMARIES;
}

/* Title, status, and the two axes have a row each. */
int picture_print(const struct figure *figure,
		  const struct picture_setup *setup, const char *status,
		  FILE *out)
{
	const unsigned int rows = setup->rows - 4 - summaries(figure);
	const unsigned int upper = rows / 2;
	char text[512];
	unsigned int i;

	figure_title(figure, text, sizeof(text));
	print_text(text, setup, out);
	if (print_panel(&figure->samples, setup, upper, out))
		return -1;
	if (figure->levels.count &&
	    print_panel(&figure->levels, setup, rows - upper, out))
		return -1;
	for (i = 0; i < summaries(figure); i++) {
		figure_summary(figure, i, text, sizeof(text));
		print_text(text, setup, out);
	}
	print_text(status, setup, out);
	return 0;
}
