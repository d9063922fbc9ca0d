/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics as Prometheus reads them: its text format
 *
 * Each family has a name, a sentence, a type, and one sample or several that differ in a
 * label.  All samples have the label of the whole.
 */
#ifndef FPGABUF_COMMON_METRICS_H
#define FPGABUF_COMMON_METRICS_H

#include <stdint.h>
#include <stdio.h>

/**
 * struct metrics - statistics that are being written
 * @out: where they go
 * @program: the name of the program, such as "send"; each family begins with it
 * @name: tells programs of the same kind apart: a label of each sample
 * @family: the family at hand
 */
struct metrics {
	FILE *out;
	const char *program;
	const char *name;
	const char *family;
};

/* A family of a single number.  A counter never goes down, and ends with _total. */
void metrics_counter(struct metrics *metrics, const char *family,
		     const char *help, uint64_t value);
void metrics_gauge(struct metrics *metrics, const char *family,
		   const char *help, double value);

/*
 * A family of counters, and its samples: of each thing of the kind @label, which is
 * called @which and has a number of its own, as two may have the same name.
 */
void metrics_counters(struct metrics *metrics, const char *family,
		      const char *help);
void metrics_sample(struct metrics *metrics, const char *label,
		    const char *which, unsigned int number, uint64_t value);

#endif /* FPGABUF_COMMON_METRICS_H */
