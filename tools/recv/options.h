/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_RECV_OPTIONS_H
#define FPGABUF_RECV_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/endpoint.h"

/* No length was given. */
#define ANY_LENGTH	UINT64_MAX

/**
 * struct recv_options - the command line
 * @listen: where to listen
 * @output: file to write, "-" for stdout, or NULL to discard
 * @port_file: file that gets the port number, or NULL
 * @bytes: bytes the stream must have, or %ANY_LENGTH
 * @timeout_ms: patience for the connection and between bytes; -1 = for ever
 * @verify: check the pattern of the simulated FPGA
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is no terminal
 * @quiet: no progress, no summary for people
 */
struct recv_options {
	struct endpoint listen;
	const char *output;
	const char *port_file;
	uint64_t bytes;
	int timeout_ms;
	bool verify;
	bool json;
	bool progress;
	bool quiet;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if all has
 * been done (--help) or said (bad usage) already.
 */
int recv_options_parse(int argc, char **argv, struct recv_options *options);

#endif /* FPGABUF_RECV_OPTIONS_H */
