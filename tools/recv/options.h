/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_RECV_OPTIONS_H
#define FPGABUF_RECV_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/endpoint.h"
#include "common/sigmf.h"

/* No length was given. */
#define ANY_LENGTH	UINT64_MAX

/**
 * struct recv_options - the command line
 * @listen: where to listen
 * @output: pattern of the names of the files to write, see output-name.h; it has
 *	the numbers that are needed to tell them from each other.  Or "-" for
 *	stdout, or NULL to discard
 * @name: where @output is
 * @overwrite: the contents of files may be lost
 * @sync_ns: most time until data are on the disk, or 0
 * @stats_ns: time between statistics, or 0
 * @stats_file: where they go for Prometheus, or NULL
 * @keepalive_s: seconds of silence before a peer is probed; 0 = never
 * @port_alone: no host was given
 * @port_file: file that gets the port number, or NULL
 * @connections: how many to accept; 0 = until a signal comes
 * @bytes: bytes of samples that each must have, or %ANY_LENGTH
 * @timeout_ms: patience for the connection and between bytes; -1 = for ever
 * @rotate_size: most bytes of a file, or 0
 * @rotate_ns: how long a file is written, or 0
 * @rdma: listen for RDMA
 * @framed: the stream is framed
 * @keep_frames: write the headers, too
 * @metadata: write metadata as SigMF has them
 * @sigmf: with @metadata: what the samples are
 * @profile: a file that says so, too, or NULL
 * @verify: check the pattern of the simulated FPGA
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is not a terminal
 * @quiet: no progress, no summary for people
 */
struct recv_options {
	struct endpoint listen;
	const char *output;
	char name[PATH_MAX];
	bool overwrite;
	int64_t sync_ns;
	int64_t stats_ns;
	const char *stats_file;
	int keepalive_s;
	bool port_alone;
	const char *port_file;
	unsigned int connections;
	uint64_t bytes;
	int timeout_ms;
	uint64_t rotate_size;
	int64_t rotate_ns;
	bool rdma;
	bool framed;
	bool keep_frames;
	bool metadata;
	struct sigmf_setup sigmf;
	const char *profile;
	bool verify;
	bool json;
	bool progress;
	bool quiet;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int recv_options_parse(int argc, char **argv, struct recv_options *options);

#endif /* FPGABUF_RECV_OPTIONS_H */
