/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_UIO_OPTIONS_H
#define FPGABUF_UIO_OPTIONS_H

#include <stdbool.h>

#include "uio/window.h"

/**
 * struct uio_options - the command line
 * @master: file or name of a description
 * @channel: node of fpgabuf-user, or NULL for the first
 * @place: where the registers are
 * @poll_us: between two looks at the registers; 0: as the interrupts need it
 * @assume_quiet: the master was reset
 * @check: only read the description
 * @json: print JSON
 */
struct uio_options {
	const char *master;
	const char *channel;
	struct window_place place;
	uint64_t poll_us;
	bool assume_quiet, check, json;
};

/* Returns -1, or the exit code to end with at once. */
int uio_options_parse(int argc, char **argv, struct uio_options *options);

#endif /* FPGABUF_UIO_OPTIONS_H */
