// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>

#include <fftw3.h>

#include "common/message.h"
#include "scope/spectrum.h"

/* So many lines on each side of 0 are those of the mean, because of the window. */
#define LINES_OF_MEAN 4U

/**
 * struct transform - what is transformed, and how
 * @look: samples
 * @channel: of these
 * @points: so many at once
 * @weights: the window
 * @sum: of the weights
 * @in: samples, weighted
 * @out: their spectrum
 * @plan: from @in to @out
 * @power: sum of the power of each line, from frequency 0 on
 */
struct transform {
	const struct look *look;
	unsigned int channel;
	unsigned int points;
	double *weights;
	double sum;
	fftw_complex *in;
	fftw_complex *out;
	fftw_plan plan;
	double *power;
};

/* Where the stretch that begins at the gap number @gap - 1 ends */
static size_t stretch_end(const struct look *look, size_t gap)
{
	return gap < look->gap_count ? look->gaps[gap] : look->count;
}

static size_t stretch_begin(const struct look *look, size_t gap)
{
	return gap ? look->gaps[gap - 1] : 0;
}

static unsigned int choose_points(const struct look *look, unsigned int most)
{
	size_t i, len, longest = 0;

	for (i = 0; i <= look->gap_count; i++) {
		len = stretch_end(look, i) - stretch_begin(look, i);
		if (len > longest)
			longest = len;
	}
	if (longest < SPECTRUM_MIN_POINTS)
		return 0;
	return longest < most ? longest : most;
}

static double weight_at(double turn)
{
	return 0.35875 - 0.48829 * cos(turn) + 0.14128 * cos(2 * turn) -
	       0.01168 * cos(3 * turn);
}

static void make_window(struct transform *t)
{
	unsigned int i;

	for (i = 0; i < t->points; i++) {
		t->weights[i] = weight_at(2 * M_PI * i / t->points);
		t->sum += t->weights[i];
	}
}

static void close_transform(struct transform *t)
{
	if (t->plan)
		fftw_destroy_plan(t->plan);
	fftw_free(t->in);
	fftw_free(t->out);
	free(t->weights);
	free(t->power);
}

static int open_transform(struct transform *t)
{
	t->weights = calloc(t->points, sizeof(*t->weights));
	t->power = calloc(t->points, sizeof(*t->power));
	t->in = fftw_alloc_complex(t->points);
	t->out = fftw_alloc_complex(t->points);
	if (t->weights && t->power && t->in && t->out)
		t->plan = fftw_plan_dft_1d(t->points, t->in, t->out,
					   FFTW_FORWARD, FFTW_ESTIMATE);
	if (t->plan) {
		make_window(t);
		return 0;
	}
	close_transform(t);
	message("out of memory");
	remedy("use fewer --points");
	return -1;
}

static void transform(struct transform *t, size_t begin)
{
	const struct look_form *form = &t->look->form;
	const double middle = look_middle(form);
	const unsigned int number = t->channel * (form->complex ? 2 : 1);
	unsigned int i;

	for (i = 0; i < t->points; i++) {
		const size_t at = begin + i;

		t->in[i][0] = t->weights[i] *
			      (look_value(t->look, at, number) - middle);
		t->in[i][1] =
			form->complex
				? t->weights[i] *
					  (look_value(t->look, at, number + 1) -
					   middle)
				: 0;
	}
	fftw_execute(t->plan);
	for (i = 0; i < t->points; i++)
		t->power[i] += t->out[i][0] * t->out[i][0] +
			       t->out[i][1] * t->out[i][1];
}

static void transform_all(struct transform *t, struct spectrum *s)
{
	size_t gap, at;

	for (gap = 0; gap <= t->look->gap_count; gap++)
		for (at = stretch_begin(t->look, gap);
		     at + t->points <= stretch_end(t->look, gap);
		     at += t->points) {
			transform(t, at);
			s->stretches++;
		}
}

/* A real sine has half of its amplitude at its frequency, and half at the negative. */
static double level_of(const struct transform *t, const struct spectrum *s,
		       unsigned int line)
{
	const bool both =
		!t->look->form.complex && line && 2 * line != t->points;
	const double scale = t->sum * look_full_scale(&t->look->form);
	const double power = t->power[line] / s->stretches / (scale * scale);

	return fmax(10 * log10(both ? 4 * power : power), SPECTRUM_FLOOR_DB);
}

/* Of complex samples the negative frequencies come first. */
static void set_levels(const struct transform *t, struct spectrum *s)
{
	const unsigned int negative = t->look->form.complex ? t->points / 2 : 0;
	unsigned int i;

	s->first = -(double)negative / t->points;
	for (i = 0; i < s->lines; i++)
		s->db[i] =
			level_of(t, s, (t->points - negative + i) % t->points);
}

static double frequency_of(const struct spectrum *s, double line)
{
	return s->first + line / s->points;
}

static bool is_of_mean(const struct spectrum *s, unsigned int line)
{
	return fabs(frequency_of(s, line)) * s->points < LINES_OF_MEAN + 0.5;
}

/* By a parabola through the levels of three lines: that is nearly what a line looks like. */
static void place_peak(struct spectrum *s, unsigned int line)
{
	double left, right, curve, shift = 0;

	s->has_peak = true;
	s->peak_db = s->db[line];
	if (line && line + 1 < s->lines) {
		left = s->db[line - 1];
		right = s->db[line + 1];
		curve = left - 2 * s->db[line] + right;
		if (curve < 0)
			shift = (left - right) / (2 * curve);
		s->peak_db -= (left - right) * shift / 4;
	}
	s->peak = frequency_of(s, line + shift);
}

static void find_peak(struct spectrum *s)
{
	unsigned int i, best = s->lines;

	for (i = 0; i < s->lines; i++)
		if (!is_of_mean(s, i) && s->db[i] > SPECTRUM_FLOOR_DB &&
		    (best == s->lines || s->db[i] > s->db[best]))
			best = i;
	if (best < s->lines)
		place_peak(s, best);
}

int spectrum_make(const struct look *look, unsigned int channel,
		  unsigned int points, struct spectrum *spectrum)
{
	struct transform t = { .look = look, .channel = channel };
	struct spectrum *s = spectrum;

	*s = (struct spectrum){ .points = choose_points(look, points) };
	if (!s->points)
		return 0;
	t.points = s->points;
	if (open_transform(&t))
		return -1;
	s->lines = look->form.complex ? s->points : s->points / 2 + 1;
	s->db = calloc(s->lines, sizeof(*s->db));
	if (s->db) {
		transform_all(&t, s);
		set_levels(&t, s);
		find_peak(s);
	} else {
		message("out of memory");
	}
	close_transform(&t);
	return s->db ? 0 : -1;
}

void spectrum_free(struct spectrum *spectrum)
{
	free(spectrum->db);
	spectrum->db = NULL;
}
