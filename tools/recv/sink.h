/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a stream goes: to files, to standard output, or nowhere. */
#ifndef FPGABUF_RECV_SINK_H
#define FPGABUF_RECV_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recv/options.h"

struct sink;

/**
 * struct sink_ops - what a kind of sink does; see the calls below
 */
struct sink_ops {
	uint8_t *(*room)(struct sink *sink, size_t *len);
	int (*commit)(struct sink *sink, size_t len);
	int (*cut)(struct sink *sink, uint64_t next);
	int (*finish)(struct sink *sink);
	void (*free)(struct sink *sink);
};

/**
 * struct sink - any of them
 * @ops: what it does
 * @name: the file that is written, or NULL
 * @files: files that were opened
 * @written: bytes that are in them
 * @direct_written: bytes of those that went past the page cache
 */
struct sink {
	const struct sink_ops *ops;
	const char *name;
	unsigned int files;
	uint64_t written;
	uint64_t direct_written;
};

/* What fails says why, and returns -1 or NULL; 0 is success. */

/* The sink that the options ask for, of the connection with that number. */
struct sink *sink_new(const struct recv_options *options,
		      unsigned int connection);

/* The kinds; @connection is counted from 1. */
struct sink *sink_discard_new(void);
struct sink *sink_file_new(const struct recv_options *options,
			   unsigned int connection);

/*
 * Where the next bytes go, and the most there may be of them, 1 or more.  They
 * count when they are committed.
 */
uint8_t *sink_room(struct sink *sink, size_t *len);
int sink_commit(struct sink *sink, size_t len);

/* The same for bytes that are somewhere else. */
int sink_append(struct sink *sink, const uint8_t *data, size_t len);

/*
 * The stream may go on in another file here; @next bytes follow that belong
 * together.
 */
int sink_cut(struct sink *sink, uint64_t next);

/* All has come: writes what is left.  Call it once. */
int sink_finish(struct sink *sink);
void sink_free(struct sink *sink);

#endif /* FPGABUF_RECV_SINK_H */
