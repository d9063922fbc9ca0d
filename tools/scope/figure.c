// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "scope/figure.h"

/* The levels that a picture has at least, and what its upper end is a multiple of */
#define RANGE_DB 140
#define STEP_DB	 20

double figure_frequency(const struct figure *f, double cycles)
{
	if (!f->setup->rate)
		return cycles;
	return cycles * f->setup->rate +
	       (f->look->form.complex ? f->setup->centre : 0);
}

/* The axis has the same place in the next picture, unless the samples change much. */
static void set_values(struct figure *f)
{
	const unsigned int numbers = look_numbers(&f->look->form);
	struct panel *p = &f->samples;
	double most = 0;
	unsigned int i;

	for (i = 0; i < numbers; i++) {
		most = fmax(most, fmax(f->numbers[i].max, -f->numbers[i].min));
		p->curves[i] = (struct curve){
			.values = f->look->values + i,
			.stride = numbers,
			.count = f->look->count,
			.colour = i,
		};
	}
	p->count = numbers;
	p->y.to = axis_round_up(most);
	p->y.from = f->look->form.type.kind == 'u' ? 0 : -p->y.to;
	p->y.unit = "";
}

static void set_times(struct figure *f)
{
	struct panel *p = &f->samples;
	const double rate = f->setup->rate;

	p->step = rate ? 1 / rate : 1;
	p->x.to = f->look->count > 1 ? (f->look->count - 1) * p->step : p->step;
	p->x.unit = rate ? "s" : "samples";
	p->x.scaled = rate;
	p->marks = f->look->gaps;
	p->mark_count = f->look->gap_count;
}

static void set_frequencies(struct figure *f)
{
	const struct spectrum *s = f->spectra;
	struct panel *p = &f->levels;
	const double last = s->first + (s->lines - 1.0) / s->points;

	p->x.from = figure_frequency(f, s->first);
	p->x.to = figure_frequency(f, last);
	p->x.unit = f->setup->rate ? "Hz" : "cycles per sample";
	p->x.scaled = f->setup->rate;
	p->step = (p->x.to - p->x.from) / (s->lines - 1);
}

static void set_levels(struct figure *f)
{
	struct panel *p = &f->levels;
	double most = 0;
	unsigned int i, line;

	for (i = 0; i < f->look->form.channels; i++) {
		const struct spectrum *s = &f->spectra[i];

		for (line = 0; line < s->lines; line++)
			most = fmax(most, s->db[line]);
		p->curves[i] = (struct curve){
			.values = s->db,
			.stride = 1,
			.count = s->lines,
			.colour = i * look_numbers(&f->look->form) /
				  f->look->form.channels,
		};
	}
	p->count = f->look->form.channels;
	/* A hair above is rounding. */
	p->y.to = ceil(most / STEP_DB - 0.01) * STEP_DB;
	p->y.from = p->y.to - RANGE_DB;
	p->y.unit = "dBFS";
}

int figure_make(struct figure *figure, const struct figure_setup *setup,
		const struct look *look)
{
	struct figure *f = figure;
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->setup = setup;
	f->look = look;
	for (i = 0; i < look_numbers(&look->form); i++)
		numbers_of(look, i, &f->numbers[i]);
	for (i = 0; i < look->form.channels; i++)
		if (spectrum_make(look, i, setup->points, &f->spectra[i])) {
			figure_free(f);
			return -1;
		}
	set_values(f);
	set_times(f);
	if (!f->spectra->points)
		return 0;
	set_frequencies(f);
	set_levels(f);
	return 0;
}

void figure_free(struct figure *figure)
{
	unsigned int i;

	for (i = 0; i < LOOK_MAX_CHANNELS; i++)
		spectrum_free(&figure->spectra[i]);
}

/* What a terminal or a reader of XML may take for something else is a question mark. */
static void clean(char *text)
{
	size_t len;

	while (*text) {
		len = utf8_length(text);
		if (!len && ((unsigned char)*text < ' ' || *text & 0x80 ||
			     *text == 0x7f))
			*text = '?';
		text += len ? len : 1;
	}
}

static int print_rate(const struct figure *f, char *text, size_t room)
{
	const struct axis axis = {
		.to = f->setup->rate, .unit = "S/s", .scaled = true };
	char label[AXIS_LABEL], unit[AXIS_LABEL];

	if (!f->setup->rate)
		return 0;
	axis_label(&axis, f->setup->rate, label);
	axis_unit(&axis, unit);
	return snprintf(text, room, ", %s %s", label, unit);
}

void figure_title(const struct figure *f, char *text, size_t room)
{
	const struct look *look = f->look;
	char rate[2 * AXIS_LABEL + 8] = "", channels[32] = "", gaps[96] = "";

	print_rate(f, rate, sizeof(rate));
	if (look->form.channels > 1)
		snprintf(channels, sizeof(channels), " of %u channels",
			 look->form.channels);
	if (look->gap_before || look->gap_count)
		snprintf(gaps, sizeof(gaps), ", %zu gaps%s", look->gap_count,
			 look->gap_before ? " and one before it" : "");
	snprintf(text, room, "%s: %zu samples %s%s%s%s", f->setup->name,
		 look->count, f->setup->datatype, channels, rate, gaps);
	clean(text);
}

/* Nothing if there is no peak */
static void print_peak(const struct figure *f, const struct spectrum *s,
		       char *text, size_t room)
{
	const double at = figure_frequency(f, s->peak);
	const struct axis axis = {
		.to = fabs(at),
		.unit = f->levels.x.unit,
		.scaled = f->levels.x.scaled,
	};
	char label[AXIS_LABEL], unit[AXIS_LABEL];

	*text = '\0';
	if (!s->has_peak)
		return;
	axis_label(&axis, at, label);
	axis_unit(&axis, unit);
	snprintf(text, room, "peak %.1f dBFS at %s %s; ", s->peak_db, label,
		 unit);
}

static void print_part(const struct numbers *n, const char *name, char *text,
		       size_t room)
{
	snprintf(text, room, "%s%.5g to %.5g, rms %.5g", name, n->min, n->max,
		 n->rms);
}

void figure_summary(const struct figure *f, unsigned int channel, char *text,
		    size_t room)
{
	const bool complex = f->look->form.complex;
	const struct numbers *n = &f->numbers[channel * (complex ? 2 : 1)];
	char peak[160], real[96], imaginary[96] = "";

	print_peak(f, &f->spectra[channel], peak, sizeof(peak));
	print_part(n, complex ? "I " : "", real, sizeof(real));
	if (complex)
		print_part(n + 1, "; Q ", imaginary, sizeof(imaginary));
	snprintf(text, room, "%u: %s%s%s", channel, peak, real, imaginary);
}
