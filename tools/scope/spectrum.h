/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The spectrum of a channel: the mean power of all stretches without a gap
 *
 * The window is one of Blackman and Harris, with four terms: what is 5 lines or more
 * away from a line gets less than -92 dB of it.  The level is in dB of full scale: a
 * real sine, or a complex one, whose peak is the full scale has 0 dB.
 */
#ifndef FPGABUF_SCOPE_SPECTRUM_H
#define FPGABUF_SCOPE_SPECTRUM_H

#include "scope/look.h"

#define SPECTRUM_MIN_POINTS 16U
#define SPECTRUM_MAX_POINTS (1U << 20)

/* The level of nothing */
#define SPECTRUM_FLOOR_DB -300.0

/**
 * struct spectrum - levels
 * @points: samples that are transformed at once, or 0: too few came without a gap
 * @stretches: how often that was done
 * @db: levels of @lines lines, in the order of their frequencies
 * @lines: how many there are
 * @first: frequency of the first, in cycles per sample; they are 1 / @points apart
 * @has_peak: some line but those around 0 has a level
 * @peak: its frequency, in cycles per sample, between two lines
 * @peak_db: its level
 */
struct spectrum {
	unsigned int points;
	size_t stretches;
	double *db;
	unsigned int lines;
	double first;
	bool has_peak;
	double peak;
	double peak_db;
};

/* @points: at most so many samples at once.  0, or -1 after a message */
int spectrum_make(const struct look *look, unsigned int channel,
		  unsigned int points, struct spectrum *spectrum);
void spectrum_free(struct spectrum *spectrum);

#endif /* FPGABUF_SCOPE_SPECTRUM_H */
