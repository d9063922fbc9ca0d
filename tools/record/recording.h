/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of a recording, one after the other
 *
 * A file that is full is cut, synced and closed while the next one is written already.
 */
#ifndef FPGABUF_RECORD_RECORDING_H
#define FPGABUF_RECORD_RECORDING_H

#include <stdbool.h>

#include "record/options.h"
#include "record/writer.h"

struct recording;

/**
 * struct recording_state - for reports
 * @name: the file that is written, or the last one
 * @files: how many there were
 * @removed: how many of these were removed for --max-disk
 * @disk: what the disk did
 * @async: the kernel writes while the program goes on
 * @registered: from memory that is registered with it
 */
struct recording_state {
	const char *name;
	unsigned int files;
	unsigned int removed;
	struct writer_counts disk;
	bool async;
	bool registered;
};

/* Opens the first file, for what the source has; NULL after a message. */
struct recording *recording_open(const struct record_options *options,
				 const struct source *source);

/* Can it take a capture?  Too much may wait for the disk. */
bool recording_ready(const struct recording *recording);

/* Writes a capture: 0, or -1 after a message. */
int recording_put(struct recording *recording,
		  const struct fpgabuf_capture *capture,
		  const struct note *note);

/* The next capture that needs its memory no more; false: none at the moment. */
bool recording_next(struct recording *recording, struct fpgabuf_capture *capture);

/* Does what is due: 0, or -1 after a message.  It is due at recording_due_ns(). */
int recording_tick(struct recording *recording);
int64_t recording_due_ns(const struct recording *recording);

/* For poll(): captures that are written, and syncs; each may be -1. */
int recording_fd(const struct recording *recording);
int recording_sync_fd(const struct recording *recording);

/* A write has failed, a message has said why. */
bool recording_failed(const struct recording *recording);

/* Waits for a capture that is written. */
void recording_wait(struct recording *recording);

/*
 * All captures are back: cuts, syncs and closes the files.  If nothing came, and
 * @discard, no trace is left.  0, or -1 after a message.
 */
int recording_finish(struct recording *recording, bool discard);
void recording_free(struct recording *recording);

void recording_look(const struct recording *recording,
		    struct recording_state *state);

#endif /* FPGABUF_RECORD_RECORDING_H */
