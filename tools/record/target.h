/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One file of a recording
 *
 * It is open twice: past the page cache, if the file system can do that, for whole
 * blocks, and as usual for the rest.
 *
 * Space is reserved behind its end, so the size does not say it.  Nothing that was in
 * the file is touched before the first bytes are there.
 */
#ifndef FPGABUF_RECORD_TARGET_H
#define FPGABUF_RECORD_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* A write past the page cache begins and ends at a multiple of it. */
#define TARGET_BLOCK	4096U

/* And in memory, for any disk and any kernel */
#define TARGET_MEMORY	512U

/**
 * struct target - the file
 * @name: its name
 * @fd: the file, through the page cache
 * @direct: the file, past the page cache, or -1
 * @refuses: the file system has refused a write past the page cache
 * @made: it did not exist before
 * @emptied: its old contents are gone
 * @size: bytes that were given to it
 * @done: bytes of whole captures that are written
 * @limit: it does not get larger, or 0: that is not known
 * @reserved: the space up to here was asked for
 * @unsynced_ns: since when something is written that may not be on the disk, or 0
 */
struct target {
	char name[PATH_MAX];
	int fd;
	int direct;
	bool refuses;
	bool made;
	bool emptied;
	uint64_t size;
	uint64_t done;
	uint64_t limit;
	uint64_t reserved;
	int64_t unsynced_ns;
};

/*
 * Opens @target->name.  -EEXIST: it would have to be overwritten, no message was
 * printed; -1 after a message.
 */
int target_open(struct target *target, bool overwrite);

/* Reserves space for @bytes in all: 0, or -1 after a message. */
int target_reserve(struct target *target, uint64_t bytes);

/* There will be so many bytes more: makes room, empties it the first time. */
int target_expect(struct target *target, uint64_t bytes);

/* Cuts it behind the last whole capture, and gives reserved space back. */
int target_trim(struct target *target);

/* Closes it; a file that was made, and got nothing, is removed with @discard. */
int target_close(struct target *target, bool discard);

/* Says why it could not be written. */
void target_explain(const struct target *target, int err);

#endif /* FPGABUF_RECORD_TARGET_H */
