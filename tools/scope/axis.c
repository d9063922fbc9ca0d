// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "scope/axis.h"

double axis_round_up(double value)
{
	double power, times;

	if (!(value > 0))
		return 1;
	power = pow(10, floor(log10(value)));
	times = value / power;
	/* What is a hair above is rounding. */
	if (times <= 1 + 1e-9)
		return power;
	if (times <= 2 + 1e-9)
		return 2 * power;
	return (times <= 5 + 1e-9 ? 5 : 10) * power;
}

double axis_step(const struct axis *axis, unsigned int most)
{
	return axis_round_up((axis->to - axis->from) / (most ? most : 1));
}

double axis_first(const struct axis *axis, double step)
{
	return ceil(axis->from / step - 1e-9) * step;
}

double axis_place(const struct axis *axis, double value)
{
	return (value - axis->from) / (axis->to - axis->from);
}

static const struct {
	const char *name;
	double factor;
} prefixes[] = {
	{ "T", 1e12 }, { "G", 1e9 },  { "M", 1e6 },  { "k", 1e3 },   { "", 1 },
	{ "m", 1e-3 }, { "u", 1e-6 }, { "n", 1e-9 }, { "p", 1e-12 },
};

#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

/* The prefix of all labels: that of the largest value */
static size_t prefix_of(const struct axis *axis)
{
	const double most = fmax(fabs(axis->from), fabs(axis->to));
	size_t i = 0;

	while (i + 1 < PREFIXES && most < prefixes[i].factor)
		i++;
	return i;
}

void axis_label(const struct axis *axis, double value, char *label)
{
	const double factor =
		axis->scaled ? prefixes[prefix_of(axis)].factor : 1;
	const double span = axis->to - axis->from;

	/* A sum of steps may miss 0 by a hair. */
	if (fabs(value) < span * 1e-9)
		value = 0;
	snprintf(label, AXIS_LABEL, "%.6g", value / factor);
}

void axis_unit(const struct axis *axis, char *unit)
{
	snprintf(unit, AXIS_LABEL, "%s%s",
		 axis->scaled ? prefixes[prefix_of(axis)].name : "",
		 axis->unit);
}
