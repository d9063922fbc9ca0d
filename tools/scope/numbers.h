/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SCOPE_NUMBERS_H
#define FPGABUF_SCOPE_NUMBERS_H

#include "scope/look.h"

/* struct numbers - one part of a channel, over all samples of a look */
struct numbers {
	double min;
	double max;
	double mean;
	double rms;
};

/* @number: which one of a sample; the look has a sample. */
void numbers_of(const struct look *look, unsigned int number,
		struct numbers *numbers);

#endif /* FPGABUF_SCOPE_NUMBERS_H */
