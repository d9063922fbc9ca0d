/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SHOW_OPTIONS_H
#define FPGABUF_SHOW_OPTIONS_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "show/format.h"

/* No limit, for a number of pictures. */
#define UNLIMITED	UINT64_MAX

/**
 * struct show_options - the command line
 * @device: path of the capture device
 * @card: path of the DRM device, or NULL for the first that has a screen
 * @connector: name or number of a connector, or NULL for the first connected
 * @format: of the pixels
 * @width: of the picture in pixels, or 0 for the preferred mode
 * @height: the same for its lines; 0 if @width is
 * @stride: bytes from line to line, or 0 for no bytes between them
 * @pictures: pictures to show, or %UNLIMITED
 * @duration_ms: how long to show them, or -1 until a signal
 * @timeout_ms: patience with an FPGA that sends no picture
 * @json: print the summary as JSON
 * @quiet: errors only
 * @verbose: report each step
 */
struct show_options {
	const char *device;
	const char *card;
	const char *connector;
	const struct pixel_format *format;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint64_t pictures;
	int duration_ms;
	int timeout_ms;
	bool json;
	bool quiet;
	bool verbose;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int show_options_parse(int argc, char **argv, struct show_options *options);

#endif /* FPGABUF_SHOW_OPTIONS_H */
