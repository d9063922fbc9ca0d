/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One file that is written from its beginning to its end
 *
 * Where the file system can do that, past the page cache: the samples of an
 * FPGA would only drive out of it what is of use there.  Whole blocks are
 * written then, each when it is full, and the tail in the usual way.
 */
#ifndef FPGABUF_RECV_OUTFILE_H
#define FPGABUF_RECV_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct outfile - the file
 * @fd: its descriptor
 * @name: what it is called
 * @regular: it is a regular file
 * @direct: it is written past the page cache
 * @reserved: space for it was reserved
 * @buffer: OUTFILE_BUFFER bytes, aligned
 * @fill: bytes of @buffer that are to be written
 * @written: bytes that are in the file
 * @direct_written: bytes that went past the page cache, in all that were opened
 */
struct outfile {
	int fd;
	char name[PATH_MAX];
	bool regular;
	bool direct;
	bool reserved;
	uint8_t *buffer;
	size_t fill;
	uint64_t written;
	uint64_t direct_written;
};

/* What fails says why, and returns -1; 0 is success. */

/* Makes the buffer.  For standard output name it so and set @fd. */
int outfile_init(struct outfile *file);
void outfile_free(struct outfile *file);

/* Opens @file->name, and reserves space for @bytes unless they are 0. */
int outfile_open(struct outfile *file, uint64_t bytes);

/* Where the next bytes go, and how many there is room for: 1 at least. */
uint8_t *outfile_room(struct outfile *file, size_t *len);

/* So many bytes have been put there. */
int outfile_commit(struct outfile *file, size_t len);

/* Writes what is left, gives back space that is not needed, and closes it. */
int outfile_close(struct outfile *file);

#endif /* FPGABUF_RECV_OUTFILE_H */
