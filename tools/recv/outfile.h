/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One file that is written from its beginning to its end
 *
 * If the file system can do it, the file is written past the page cache, because
 * samples would only evict useful pages.  Then only whole blocks are written, each
 * when it is full or has waited for a while, and the tail in the usual way.
 *
 * A file that exists is not touched unless the options say so, and then not before
 * there is something to write.  A FIFO takes only as much as its reader reads; the
 * rest waits here.
 */
#ifndef FPGABUF_RECV_OUTFILE_H
#define FPGABUF_RECV_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/output.h"

/**
 * struct outfile - the file
 * @out: where it is written; its descriptor is -1 before there is a reader
 * @name: its name
 * @opened: outfile_close() must be called
 * @made: it did not exist before
 * @regular: it is a regular file
 * @disk: or a block device
 * @direct: it is written past the page cache
 * @reserved: space for it was reserved
 * @emptied: its old contents are gone
 * @buffer: OUTFILE_BUFFER bytes, aligned
 * @start: the first byte of @buffer that is to be written
 * @fill: how many bytes are to be written
 * @tail: how many of these are in the file already, in the page cache
 * @since_ns: since when @fill is more than @tail
 * @unsynced_ns: since when something is written that may not be on the disk, or 0
 * @moved_ns: when the reader last took something, or when it fell behind
 * @told: the stalled reader was reported
 * @written: bytes that are in the file
 * @direct_written: bytes that went past the page cache, in all that were opened
 */
struct outfile {
	struct output out;
	char name[PATH_MAX];
	bool opened;
	bool made;
	bool regular;
	bool disk;
	bool direct;
	bool reserved;
	bool emptied;
	uint8_t *buffer;
	size_t start;
	size_t fill;
	size_t tail;
	int64_t since_ns;
	int64_t unsynced_ns;
	int64_t moved_ns;
	bool told;
	uint64_t written;
	uint64_t direct_written;
};

/* A function that fails prints why, and returns -1; 0 is success. */

/* Makes the buffer. */
int outfile_init(struct outfile *file);
void outfile_free(struct outfile *file);

/*
 * Opens @file->name, and reserves space for @bytes unless they are 0.  -EEXIST: it
 * would have to be overwritten; no message was printed.
 */
int outfile_open(struct outfile *file, uint64_t bytes, bool overwrite);

/* Standard output. */
void outfile_open_stdout(struct outfile *file);

/* Undoes the open, because the file is not needed. */
void outfile_discard(struct outfile *file);

/* Where the next bytes go, and how many there is room for; 0: see outfile_push(). */
uint8_t *outfile_room(struct outfile *file, size_t *len);

/* Commits bytes that were written there. */
int outfile_commit(struct outfile *file, size_t len);

/* Must a reader take something first? */
bool outfile_waits(const struct outfile *file);

/* Writes as much as the reader takes now. */
int outfile_push(struct outfile *file);

/*
 * Writes data that have waited for FLUSH_NS, and syncs the file every @sync_ns,
 * unless that is 0.
 */
int outfile_tick(struct outfile *file, int64_t sync_ns);

/* When outfile_tick() or outfile_push() has something to do, or 0. */
int64_t outfile_due_ns(const struct outfile *file, int64_t sync_ns);

/*
 * Writes the rest, gives back space that is not needed, syncs and closes the file.
 * Data that the reader has not taken are lost, and a message says so.
 */
int outfile_close(struct outfile *file);

#endif /* FPGABUF_RECV_OUTFILE_H */
