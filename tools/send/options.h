/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SEND_OPTIONS_H
#define FPGABUF_SEND_OPTIONS_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/endpoint.h"
#include "common/source.h"

/* Regions, if nobody says how many */
#define SEND_REGIONS	8

/* Most regions: a sender holds a header and the bytes of each, and an end. */
#define MAX_REGIONS	(FPGABUF_SENDER_MAX_DEPTH / 2 - 1)

/* No engine of the library: by a pipe, from a device that is a stream */
#define ENGINE_SPLICE	((enum fpgabuf_engine)-1)

/* Nor is this: to an fpgabuf-recv --rdma */
#define ENGINE_RDMA	((enum fpgabuf_engine)-2)

/* Most peers at once. */
#define MAX_PEERS	64

/**
 * struct send_options - the command line
 * @device: path of the device to capture from
 * @share: socket of an fpgabuf-share to get captures from instead, or NULL
 * @replay: a recording to send instead, or NULL
 * @fd: dma-buf to send instead, or -1
 * @peers: where to send
 * @peer_count: how many there are
 * @region_size: bytes of a region, 0 for the usual
 * @regions: number of regions; with @share the most that are held at once, 0 for
 *	what the server gives
 * @bytes: bytes to send, or %UNLIMITED
 * @captures: captures to send, or %UNLIMITED
 * @duration_s: seconds to capture, or %UNLIMITED
 * @rate: bytes a second, or 0 for no limit
 * @engine: how to send
 * @framed: send a header before each capture
 * @drop: leave out captures for a peer that is too slow
 * @reconnect: attempts to connect again to a peer that was lost
 * @keepalive_s: seconds of silence before the peer is probed; 0 = never
 * @timeout_ms: patience with a peer that makes no progress
 * @stats_s: seconds between statistics, or 0
 * @stats_file: where they go for Prometheus, or NULL
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is not a terminal
 * @quiet: no progress, no summary for people
 * @verbose: report each step
 */
struct send_options {
	const char *device;
	const char *share;
	const char *replay;
	int fd;
	struct endpoint peers[MAX_PEERS];
	unsigned int peer_count;
	uint64_t region_size;
	uint64_t regions;
	uint64_t bytes;
	uint64_t captures;
	uint64_t duration_s;
	uint64_t rate;
	enum fpgabuf_engine engine;
	bool framed;
	bool drop;
	unsigned int reconnect;
	unsigned int keepalive_s;
	int timeout_ms;
	uint64_t stats_s;
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
int send_options_parse(int argc, char **argv, struct send_options *options);

/* What of it engine splice cannot do, or NULL */
const char *options_not_spliced(const struct send_options *options);

const char *engine_name(enum fpgabuf_engine engine);

#endif /* FPGABUF_SEND_OPTIONS_H */
