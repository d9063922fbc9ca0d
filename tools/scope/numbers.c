// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "scope/numbers.h"

void numbers_of(const struct look *look, unsigned int number,
		struct numbers *numbers)
{
	double sum = 0, squares = 0;
	size_t i;

	numbers->min = INFINITY;
	numbers->max = -INFINITY;
	for (i = 0; i < look->count; i++) {
		const double value = look_value(look, i, number);

		numbers->min = fmin(numbers->min, value);
		numbers->max = fmax(numbers->max, value);
		sum += value;
		squares += value * value;
	}
	numbers->mean = sum / look->count;
	numbers->rms = sqrt(squares / look->count);
}
