// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "scope/svg.h"

#define PAGE_WIDTH  900U
#define PAGE_HEIGHT 670U
#define LINE_HEIGHT 16U

/* Labels on an axis, at most */
#define LABELS_ACROSS 10U
#define LABELS_DOWN   8U

static const char *const colours[] = {
	"#1f5fbf", "#d9541e", "#2e8b3d", "#8a3fa0", "#a8841a", "#c0305a",
};

#define COLOURS (sizeof(colours) / sizeof(colours[0]))

/**
 * struct sheet - a panel that is being drawn
 * @panel: what it shows
 * @top: where it begins
 * @out: where it goes
 */
struct sheet {
	const struct panel *panel;
	double top;
	FILE *out;
};

static double across(const struct sheet *s, double x)
{
	return SVG_LEFT + axis_place(&s->panel->x, x) * SVG_WIDTH;
}

static double down(const struct sheet *s, double y)
{
	const double place = axis_place(&s->panel->y, y);

	return s->top + (1 - fmin(fmax(place, 0), 1)) * SVG_HEIGHT;
}

static void print_escaped(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void print_line(const struct sheet *s, double x0, double y0, double x1,
		       double y1)
{
	fprintf(s->out,
		"<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"#ddd\"/>\n",
		x0, y0, x1, y1);
}

static void print_x(const struct sheet *s)
{
	const struct axis *x = &s->panel->x;
	const double step = axis_step(x, LABELS_ACROSS);
	const double bottom = s->top + SVG_HEIGHT;
	char label[AXIS_LABEL];
	double at;

	for (at = axis_first(x, step); at <= x->to + step * 1e-6; at += step) {
		axis_label(x, at, label);
		print_line(s, across(s, at), s->top, across(s, at), bottom);
		fprintf(s->out,
			"<text class=\"x\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"middle\">%s</text>\n",
			across(s, at), bottom + LINE_HEIGHT, label);
	}
	axis_unit(x, label);
	fprintf(s->out,
		"<text class=\"x-unit\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"end\">%s</text>\n",
		SVG_LEFT + SVG_WIDTH, bottom + 2.0 * LINE_HEIGHT, label);
}

static void print_y(const struct sheet *s)
{
	const struct axis *y = &s->panel->y;
	const double step = axis_step(y, LABELS_DOWN);
	char label[AXIS_LABEL];
	double at;

	for (at = axis_first(y, step); at <= y->to + step * 1e-6; at += step) {
		axis_label(y, at, label);
		print_line(s, SVG_LEFT, down(s, at), SVG_LEFT + SVG_WIDTH,
			   down(s, at));
		fprintf(s->out,
			"<text class=\"y\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"end\">%s</text>\n",
			SVG_LEFT - 6, down(s, at) + 4, label);
	}
	fprintf(s->out,
		"<text class=\"y-unit\" x=\"%.2f\" y=\"%.2f\">%s</text>\n",
		SVG_LEFT, s->top - 6, y->unit);
}

static void print_point(const struct sheet *s, double index, double value)
{
	const struct panel *p = s->panel;

	fprintf(s->out, "%.2f,%.2f ", across(s, p->x.from + index * p->step),
		down(s, value));
}

/* The least and the largest of some values stand for all of them. */
static void print_extremes(const struct sheet *s, const struct curve *c,
			   size_t from, size_t to)
{
	double min = INFINITY, max = -INFINITY;
	size_t i;

	for (i = from; i < to; i++) {
		min = fmin(min, c->values[i * c->stride]);
		max = fmax(max, c->values[i * c->stride]);
	}
	print_point(s, from, min);
	print_point(s, from, max);
}

/* A stretch without a gap */
static void print_stretch(const struct sheet *s, const struct curve *c,
			  size_t from, size_t to)
{
	const bool all = c->count <= SVG_MAX_POINTS;
	const size_t step = all ? 1 : c->count / (SVG_MAX_POINTS / 2);
	size_t i;

	fprintf(s->out,
		"<polyline class=\"curve\" fill=\"none\" stroke=\"%s\" points=\"",
		colours[c->colour % COLOURS]);
	for (i = from; i < to; i += step)
		if (all)
			print_point(s, i, c->values[i * c->stride]);
		else
			print_extremes(s, c, i, to - i < step ? to : i + step);
	fputs("\"/>\n", s->out);
}

static void print_curve(const struct sheet *s, const struct curve *c)
{
	const struct panel *p = s->panel;
	size_t from = 0, i;

	for (i = 0; i < p->mark_count; i++) {
		print_stretch(s, c, from, p->marks[i]);
		from = p->marks[i];
	}
	print_stretch(s, c, from, c->count);
}

static void print_marks(const struct sheet *s)
{
	const struct panel *p = s->panel;
	size_t i;

	for (i = 0; i < p->mark_count; i++) {
		const double x =
			across(s, p->x.from + (p->marks[i] - 0.5) * p->step);

		fprintf(s->out,
			"<line class=\"gap\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"red\" stroke-dasharray=\"4 3\"><title>gap</title></line>\n",
			x, s->top, x, s->top + SVG_HEIGHT);
	}
}

static void print_panel(const struct panel *panel, double top, FILE *out)
{
	const struct sheet s = { .panel = panel, .top = top, .out = out };
	unsigned int i;

	print_x(&s);
	print_y(&s);
	fprintf(out,
		"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" stroke=\"#666\"/>\n",
		SVG_LEFT, top, SVG_WIDTH, SVG_HEIGHT);
	for (i = 0; i < panel->count; i++)
		print_curve(&s, &panel->curves[i]);
	print_marks(&s);
}

static void print_summary(const struct figure *f, unsigned int channel,
			  FILE *out)
{
	char text[512];

	figure_summary(f, channel, text, sizeof(text));
	fprintf(out, "<text x=\"%.2f\" y=\"%u\">", SVG_LEFT,
		PAGE_HEIGHT + channel * LINE_HEIGHT);
	print_escaped(text, out);
	fputs("</text>\n", out);
}

void svg_print(const struct figure *figure, FILE *out)
{
	const unsigned int channels = figure->look->form.channels;
	const unsigned int height = PAGE_HEIGHT + channels * LINE_HEIGHT;
	char title[512];
	unsigned int i;

	figure_title(figure, title, sizeof(title));
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		"<text x=\"%.2f\" y=\"18\" font-size=\"14\">",
		PAGE_WIDTH, height, PAGE_WIDTH, height, SVG_LEFT);
	print_escaped(title, out);
	fputs("</text>\n", out);
	print_panel(&figure->samples, SVG_SAMPLES_TOP, out);
	if (figure->levels.count)
		print_panel(&figure->levels, SVG_LEVELS_TOP, out);
	for (i = 0; i < channels; i++)
		print_summary(figure, i, out);
	fputs("</svg>\n", out);
}
