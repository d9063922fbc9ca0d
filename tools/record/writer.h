/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes captures to files, from the memory that the FPGA has written to
 *
 * What is not a whole block goes through the page cache: the beginning and the end of
 * a capture that does not begin or end with a block of the file.
 */
#ifndef FPGABUF_RECORD_WRITER_H
#define FPGABUF_RECORD_WRITER_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/source.h"
#include "record/note.h"
#include "record/target.h"

/**
 * struct written - a capture that needs its memory no more
 * @target: its file
 * @capture: the capture
 * @note: as it was given
 * @offset: where in the file it begins
 * @ok: it is wholly in the file
 */
struct written {
	struct target *target;
	struct fpgabuf_capture capture;
	struct note note;
	uint64_t offset;
	bool ok;
};

/**
 * struct writer_counts - what the disk did
 * @bytes: bytes written
 * @direct: how many of these went past the page cache
 * @waiting: captures that are not written yet
 * @most_waiting: the most at once
 * @longest_ns: the longest time from giving a capture to its end
 */
struct writer_counts {
	uint64_t bytes;
	uint64_t direct;
	unsigned int waiting;
	unsigned int most_waiting;
	int64_t longest_ns;
};

struct writer;

/*
 * For captures of this source, whose memory is registered with the disk if that can be.
 * NULL after a message.
 */
struct writer *writer_new(const struct source *source, bool verbose);
void writer_free(struct writer *writer);

/* Writes a capture behind what the file has. */
void writer_put(struct writer *writer, struct target *target,
		const struct fpgabuf_capture *capture, const struct note *note);

/*
 * The next capture that is done; false if no capture is done now.  A write that
 * fails prints why, and those behind it are not ok either.
 */
bool writer_next(struct writer *writer, struct written *written);

/* Waits until something is done. */
void writer_wait(struct writer *writer);

/* For poll(), or -1 */
int writer_fd(const struct writer *writer);

bool writer_failed(const struct writer *writer);
bool writer_is_async(const struct writer *writer);
bool writer_is_registered(const struct writer *writer);
void writer_count(const struct writer *writer, struct writer_counts *counts);

#endif /* FPGABUF_RECORD_WRITER_H */
