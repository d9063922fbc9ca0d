/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SCOPE_AXIS_H
#define FPGABUF_SCOPE_AXIS_H

#include <stdbool.h>

/* Room for a label */
#define AXIS_LABEL 32

/**
 * struct axis - an axis
 * @from: its first value
 * @to: its last one, which is larger
 * @unit: of the values, such as "Hz"
 * @scaled: large and small values have a prefix, as kHz
 */
struct axis {
	double from;
	double to;
	const char *unit;
	bool scaled;
};

/* 1, 2 or 5 times a power of 10: so that @most steps or fewer cover the axis */
double axis_step(const struct axis *axis, unsigned int most);

/* The least value of that kind that is not less; 1 for 0 */
double axis_round_up(double value);

/* The first multiple of a step on the axis */
double axis_first(const struct axis *axis, double step);

/* Where a value is: 0 at the beginning, 1 at the end */
double axis_place(const struct axis *axis, double value);

/* A value as a label without its unit; @unit gets that, with the prefix. */
void axis_label(const struct axis *axis, double value, char *label);
void axis_unit(const struct axis *axis, char *unit);

#endif /* FPGABUF_SCOPE_AXIS_H */
