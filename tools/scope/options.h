/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SCOPE_OPTIONS_H
#define FPGABUF_SCOPE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/sigmf.h"
#include "common/source.h"

/**
 * struct scope_options - the command line
 * @device: path of the device to capture from
 * @share: socket of an fpgabuf-share to get captures from instead, or NULL
 * @replay: a recording to get them from instead, or NULL
 * @raw: a file of samples to get them from instead, or NULL
 * @region_size: bytes of a region, 0 for the usual
 * @regions: number of regions; with @share the most that are held at once, 0 for
 *	what the server gives
 * @pictures: end after so many, or %UNLIMITED
 * @every: look at one capture in so many
 * @samples: of each channel in a picture
 * @points: most samples that are transformed at once
 * @channels: how many take turns
 * @sigmf: what the samples are
 * @profile: a file that says so, too, or NULL
 * @svg: a file for the last picture, or NULL
 * @overwrite: that may exist
 * @ascii: no Braille letters
 * @json: print numbers, and no pictures
 * @quiet: no summary for people
 * @verbose: report what is unusual
 */
struct scope_options {
	const char *device;
	const char *share;
	const char *replay;
	const char *raw;
	uint64_t region_size;
	uint64_t regions;
	uint64_t pictures;
	uint64_t every;
	uint64_t samples;
	uint64_t points;
	uint64_t channels;
	struct sigmf_setup sigmf;
	const char *profile;
	const char *svg;
	bool overwrite;
	bool ascii;
	bool json;
	bool quiet;
	bool verbose;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int scope_options_parse(int argc, char **argv, struct scope_options *options);

#endif /* FPGABUF_SCOPE_OPTIONS_H */
