/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink of a stream: files, standard output, or nothing. */
#ifndef FPGABUF_RECV_SINK_H
#define FPGABUF_RECV_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recv/options.h"

struct sink;

/**
 * struct sink_ops - functions of a kind of sink; see the calls below.  NULL: nothing
 *	to do.
 */
struct sink_ops {
	uint8_t *(*room)(struct sink *sink, size_t *len);
	int (*commit)(struct sink *sink, size_t len);
	int (*cut)(struct sink *sink, uint64_t next);
	int (*describe)(struct sink *sink, const struct sigmf_piece *piece);
	int (*count)(struct sink *sink, const struct hw_count *count);
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
 * struct sink - a sink of any kind
 * @ops: its functions
 * @name: the file that is written, or NULL
 * @files: number of files that were opened
 * @written: bytes in these files
 * @direct_written: how many of these went past the page cache
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

/* A function that fails prints why, and returns -1 or NULL; 0 is success. */

/*
 * The sink that the options ask for, for the connection with this number.  If its
 * file would have to be overwritten, it sets *@exists, and prints no message.
 */
struct sink *sink_new(const struct recv_options *options,
		      unsigned int connection, bool *exists);

/* The kinds; @connection is counted from 1. */
struct sink *sink_discard_new(void);
struct sink *sink_file_new(const struct recv_options *options,
			   unsigned int connection, bool *exists);

/*
 * Room for the next bytes, and its size; 0: see sink_waits().  The bytes count when
 * they are committed.
 */
uint8_t *sink_room(struct sink *sink, size_t *len);
int sink_commit(struct sink *sink, size_t len);

/* The same for bytes that are somewhere else: -1, or how many there was room for. */
ssize_t sink_append(struct sink *sink, const uint8_t *data, size_t len);

/*
 * The stream may go on in another file here; the next @next bytes must be in one
 * file.
 */
int sink_cut(struct sink *sink, uint64_t next);

/* What comes next is a capture; the offset of @piece is set by the sink. */
int sink_describe(struct sink *sink, const struct sigmf_piece *piece);

/* What the counter in that capture says */
int sink_count(struct sink *sink, const struct hw_count *count);

/*
 * Must a reader take something first?  Then poll sink_fd() for POLLOUT unless it is
 * -1, and call sink_push().
 */
bool sink_waits(const struct sink *sink);
int sink_fd(const struct sink *sink);
int sink_push(struct sink *sink);

/* Call it at sink_due_ns(), unless that is 0, or later. */
int sink_tick(struct sink *sink);
int64_t sink_due_ns(const struct sink *sink);

/* The stream has ended: stores all data before it returns. */
int sink_finish(struct sink *sink);

/* The stream will not come: removes all traces of the sink. */
void sink_discard(struct sink *sink);
void sink_free(struct sink *sink);

#endif /* FPGABUF_RECV_SINK_H */
