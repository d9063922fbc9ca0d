/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a picture shows, for a terminal and for a file alike: the samples above, and their
 * spectrum below
 */
#ifndef FPGABUF_SCOPE_FIGURE_H
#define FPGABUF_SCOPE_FIGURE_H

#include "scope/axis.h"
#include "scope/look.h"
#include "scope/numbers.h"
#include "scope/spectrum.h"

#define FIGURE_MAX_CURVES (2 * LOOK_MAX_CHANNELS)

/**
 * struct curve - values at equal distances, from the first value of the axis on
 * @values: the first of them
 * @stride: how far it is to the next
 * @count: how many there are
 * @colour: its number
 */
struct curve {
	const double *values;
	size_t stride;
	size_t count;
	unsigned int colour;
};

/**
 * struct panel - curves between axes
 * @x: to the right
 * @step: distance of the values there
 * @y: upwards
 * @curves: the curves
 * @count: how many there are
 * @marks: gaps: before these values; or NULL
 * @mark_count: how many gaps there are
 */
struct panel {
	struct axis x;
	double step;
	struct axis y;
	struct curve curves[FIGURE_MAX_CURVES];
	unsigned int count;
	const size_t *marks;
	size_t mark_count;
};

/**
 * struct figure_setup - what is known besides the samples
 * @name: where they come from
 * @datatype: as SigMF has it
 * @rate: samples a second, or 0: not known
 * @centre: of complex samples: the frequency in Hz that is 0 in them
 * @points: at most so many samples are transformed at once
 */
struct figure_setup {
	const char *name;
	const char *datatype;
	double rate;
	double centre;
	unsigned int points;
};

/**
 * struct figure - the figure
 * @setup: as it was given
 * @look: the samples
 * @numbers: of each number of a sample
 * @spectra: of each channel
 * @samples: the upper panel
 * @levels: the lower one, without curves if there are no spectra
 */
struct figure {
	const struct figure_setup *setup;
	const struct look *look;
	struct numbers numbers[FIGURE_MAX_CURVES];
	struct spectrum spectra[LOOK_MAX_CHANNELS];
	struct panel samples;
	struct panel levels;
};

/* All of it stays yours, and must stay.  The look has a sample. 0, or -1 after a message */
int figure_make(struct figure *figure, const struct figure_setup *setup,
		const struct look *look);
void figure_free(struct figure *figure);

/* The frequency of a peak, in Hz, or in cycles per sample if the rate is not known */
double figure_frequency(const struct figure *figure, double cycles);

/* What stands above: where the samples come from, and what they are */
void figure_title(const struct figure *figure, char *text, size_t room);

/* And below: a channel in numbers */
void figure_summary(const struct figure *figure, unsigned int channel,
		    char *text, size_t room);

#endif /* FPGABUF_SCOPE_FIGURE_H */
