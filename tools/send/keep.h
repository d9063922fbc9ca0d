/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last regions of a stream of known length
 *
 * The driver captures into a region again as soon as nobody has a page of it.  When as
 * many bytes are to come as the regions hold, each region that was read is kept, by a
 * reference to one of its bytes in a pipe.  So no more is captured than was asked for,
 * and what comes next stays with the FPGA.
 */
#ifndef FPGABUF_SEND_KEEP_H
#define FPGABUF_SEND_KEEP_H

#include <stddef.h>
#include <stdint.h>

/* Most regions: bytes in a pipe as large as one can be made without privileges */
#define KEEP_MOST	256

/**
 * struct keep - regions that are kept
 * @pipe: the bytes, or -1
 * @from: position from which on regions are kept
 * @region_size: bytes of a region
 */
struct keep {
	int pipe[2];
	uint64_t from;
	uint64_t region_size;
};

/* For a stream of @bytes, which may be UINT64_MAX.  0, or -errno. */
int keep_open(struct keep *keep, uint64_t bytes, uint64_t region_size,
	      unsigned int regions);
void keep_close(struct keep *keep);

/* How much may be read at @position, of @size */
size_t keep_limit(const struct keep *keep, uint64_t position, size_t size);

/* So much was read, and the last of it is what @pipe has. */
void keep_read(struct keep *keep, uint64_t position, int pipe);

#endif /* FPGABUF_SEND_KEEP_H */
