/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_INFO_OPTIONS_H
#define FPGABUF_INFO_OPTIONS_H

#include <stdbool.h>

/**
 * struct info_options - the command line
 * @devices: device nodes to look at
 * @device_count: how many; 0 = all there are
 * @watch_s: seconds between two looks, or 0 for one look
 * @json: print JSON
 */
struct info_options {
	char **devices;
	unsigned int device_count;
	unsigned int watch_s;
	bool json;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int info_options_parse(int argc, char **argv, struct info_options *options);

#endif /* FPGABUF_INFO_OPTIONS_H */
