/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file with statistics, for the textfile collector of Prometheus' node_exporter
 *
 * A reader sees the old statistics or the new ones, and never a part: the file is
 * written beside and then renamed.  If that fails there is a message, and the program
 * goes on as if nothing had happened.
 */
#ifndef FPGABUF_COMMON_STATS_FILE_H
#define FPGABUF_COMMON_STATS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/metrics.h"

/* Seconds between two writings, unless --stats says it */
#define STATS_FILE_S	10

/**
 * struct stats_file - the file
 * @path: its name, or NULL if no file is wanted
 * @program: the name of the program in the statistics
 * @put: writes the statistics
 * @of: what they are of
 * @period_ns: how often
 * @due_ns: when the next time is, or 0
 * @told: the failure has been reported
 */
struct stats_file {
	const char *path;
	const char *program;
	void (*put)(struct metrics *metrics, const void *of);
	const void *of;
	int64_t period_ns;
	int64_t due_ns;
	bool told;
};

/*
 * Writes it for the first time.  @path, @program, @put and @of are set; @period_ns is 0
 * for the usual.
 */
void stats_file_start(struct stats_file *file, int64_t period_ns);

/* Writes it if it is due, at @due_ns. */
void stats_file_turn(struct stats_file *file);

/* Writes it for the last time. */
void stats_file_end(struct stats_file *file);

#endif /* FPGABUF_COMMON_STATS_FILE_H */
