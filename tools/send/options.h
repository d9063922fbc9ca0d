/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SEND_OPTIONS_H
#define FPGABUF_SEND_OPTIONS_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/endpoint.h"

/* No limit, for a number of bytes or captures. */
#define UNLIMITED	UINT64_MAX

/**
 * struct send_options - the command line
 * @device: path of the device
 * @peer: where to send
 * @region_size: bytes of a region
 * @regions: number of regions
 * @bytes: bytes to send, or %UNLIMITED
 * @captures: captures to send, or %UNLIMITED
 * @engine: how to send
 * @timeout_ms: patience with a peer that makes no progress
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is no terminal
 * @quiet: no progress, no summary for people
 * @verbose: say what is going on
 */
struct send_options {
	const char *device;
	struct endpoint peer;
	uint64_t region_size;
	uint64_t regions;
	uint64_t bytes;
	uint64_t captures;
	enum fpgabuf_engine engine;
	int timeout_ms;
	bool json;
	bool progress;
	bool quiet;
	bool verbose;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if all has
 * been done (--help) or said (bad usage) already.
 */
int send_options_parse(int argc, char **argv, struct send_options *options);

const char *engine_name(enum fpgabuf_engine engine);

#endif /* FPGABUF_SEND_OPTIONS_H */
