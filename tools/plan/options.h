/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_PLAN_OPTIONS_H
#define FPGABUF_PLAN_OPTIONS_H

#include <stdbool.h>

#include "plan/plan.h"

/**
 * struct plan_options - the command line
 * @stream: the stream that needs regions
 * @usual_region: no --region-size was given
 * @device: path of a device whose limits count, or NULL
 * @json: print JSON
 */
struct plan_options {
	struct stream stream;
	bool usual_region;
	const char *device;
	bool json;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int plan_options_parse(int argc, char **argv, struct plan_options *options);

#endif /* FPGABUF_PLAN_OPTIONS_H */
