/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_RECORD_OPTIONS_H
#define FPGABUF_RECORD_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/sigmf.h"
#include "common/source.h"
#include "record/rule.h"

/* Most regions, and bytes of one */
#define MAX_REGIONS	1024
#define MAX_REGION_SIZE	((uint64_t)4 << 30)

/* Regions that the FPGA needs besides those that are kept before a trigger */
#define REGIONS_BESIDES	3

/* Most rules */
#define MAX_RULES	16

/**
 * struct record_options - the command line
 * @device: path of the device to capture from
 * @share: socket of an fpgabuf-share to get captures from instead, or NULL
 * @replay: a recording to get them from instead, or NULL
 * @region_size: bytes of a region, 0 for the usual
 * @regions: number of regions; with @share the most that are held at once, 0 for
 *	what the server gives
 * @bytes: bytes to record, or %UNLIMITED
 * @captures: captures to record, or %UNLIMITED
 * @duration_s: seconds to capture, or %UNLIMITED
 * @triggered: only windows around triggers are recorded
 * @before: captures of a window before the one with the trigger
 * @after: captures of a window behind it
 * @windows: end after so many windows, or 0
 * @rules: numbers that are a trigger
 * @rule_count: how many rules there are
 * @fifo: where commands come from, or NULL
 * @output: pattern of the names of the files, see output-name.h
 * @name: where @output is
 * @overwrite: the contents of files may be lost
 * @sync_ns: most time until data are on the disk, or 0
 * @rotate_size: most bytes of a file, or 0
 * @rotate_ns: how long a file is written, or 0
 * @max_disk: most bytes of all files, or 0
 * @metadata: write metadata as SigMF has them
 * @sigmf: with @metadata: what the samples are
 * @profile: a file that says so, too, or NULL
 * @stats_ns: time between statistics, or 0
 * @stats_file: where they go for Prometheus, or NULL
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is not a terminal
 * @quiet: no progress, no summary for people
 * @verbose: report each capture and each file
 */
struct record_options {
	const char *device;
	const char *share;
	const char *replay;
	uint64_t region_size;
	uint64_t regions;
	uint64_t bytes;
	uint64_t captures;
	uint64_t duration_s;
	bool triggered;
	uint64_t before;
	uint64_t after;
	uint64_t windows;
	struct rule rules[MAX_RULES];
	unsigned int rule_count;
	const char *fifo;
	const char *output;
	char name[PATH_MAX];
	bool overwrite;
	int64_t sync_ns;
	uint64_t rotate_size;
	int64_t rotate_ns;
	uint64_t max_disk;
	bool metadata;
	struct sigmf_setup sigmf;
	const char *profile;
	int64_t stats_ns;
	const char *stats_file;
	bool json;
	bool progress;
	bool quiet;
	bool verbose;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int record_options_parse(int argc, char **argv, struct record_options *options);

#endif /* FPGABUF_RECORD_OPTIONS_H */
