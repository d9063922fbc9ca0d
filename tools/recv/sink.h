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
 * struct sink_ops - what a kind of sink does; see the calls below.  What is NULL has
 *	nothing to do.
 */
struct sink_ops {
	uint8_t *(*room)(struct sink *sink, size_t *len);
	int (*commit)(struct sink *sink, size_t len);
	int (*cut)(struct sink *sink, uint64_t next);
	int (*push)(struct sink *sink);
	int (*tick)(struct sink *sink);
	bool (*waits)(const struct sink *sink);
	int (*fd)(const struct sink *sink);
	int64_t (*due_ns)(const struct sink *sink);
	int (*finish)(struct sink *sink);
	void (*discard)(struct sink *sink);
	void (*free)(struct sink *sink);
};

/**
 * struct sink - any of them
 * @ops: what it does
 * @name: the file that is written, or NULL
 * @files: files that were opened
 * @written: bytes that are in them
 * @direct_written: bytes of those that went past the page cache
 * @moved_ns: when a reader last took something, if sink_waits()
 */
struct sink {
	const struct sink_ops *ops;
	const char *name;
	unsigned int files;
	uint64_t written;
	uint64_t direct_written;
	int64_t moved_ns;
};

/* What fails says why, and returns -1 or NULL; 0 is success. */

/*
 * The sink that the options ask for, of the connection with that number.  If its
 * file would have to be overwritten, *@exists is set, and that is not said.
 */
struct sink *sink_new(const struct recv_options *options,
		      unsigned int connection, bool *exists);

/* The kinds; @connection is counted from 1. */
struct sink *sink_discard_new(void);
struct sink *sink_file_new(const struct recv_options *options,
			   unsigned int connection, bool *exists);

/*
 * Where the next bytes go, and the most there may be of them; 0: see sink_waits().
 * They count when they are committed.
 */
uint8_t *sink_room(struct sink *sink, size_t *len);
int sink_commit(struct sink *sink, size_t len);

/* The same for bytes that are somewhere else: -1, or how many there was room for. */
ssize_t sink_append(struct sink *sink, const uint8_t *data, size_t len);

/*
 * The stream may go on in another file here; @next bytes follow that belong
 * together.
 */
int sink_cut(struct sink *sink, uint64_t next);

/*
 * Is there something that a reader has to take first?  Then sink_fd() is to be
 * polled for POLLOUT unless it is -1, and sink_push() called.
 */
bool sink_waits(const struct sink *sink);
int sink_fd(const struct sink *sink);
int sink_push(struct sink *sink);

/* To be called at sink_due_ns(), unless that is 0, or later. */
int sink_tick(struct sink *sink);
int64_t sink_due_ns(const struct sink *sink);

/* All has come: when this returns, it is where it should be. */
int sink_finish(struct sink *sink);

/* Nothing has come, and nothing will: as if it had not been. */
void sink_discard(struct sink *sink);
void sink_free(struct sink *sink);

#endif /* FPGABUF_RECV_SINK_H */
