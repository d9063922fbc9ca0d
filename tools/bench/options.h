/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_BENCH_OPTIONS_H
#define FPGABUF_BENCH_OPTIONS_H

#include <stdbool.h>

#include "bench/plan.h"

/**
 * struct bench_options - the command line
 * @plan: how many regions does a stream need?
 * @stream: that stream
 * @usual_region: nobody said how large a region is to be
 * @device: path of a device whose limits count, or NULL
 * @json: print JSON
 */
struct bench_options {
	bool plan;
	struct stream stream;
	bool usual_region;
	const char *device;
	bool json;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if all has
 * been done (--help) or said (bad usage) already.
 */
int bench_options_parse(int argc, char **argv, struct bench_options *options);

#endif /* FPGABUF_BENCH_OPTIONS_H */
