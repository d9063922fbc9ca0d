/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are complete, of which the oldest may have to go. */
#ifndef FPGABUF_RECORD_KEPT_H
#define FPGABUF_RECORD_KEPT_H

#include <stdbool.h>
#include <stdint.h>

struct kept_file;

/**
 * struct kept - the files, zeroed in the beginning
 * @first: the oldest
 * @last: the newest
 * @bytes: bytes of all of them
 * @sigmf: each has metadata
 * @removed: how many were removed
 */
struct kept {
	struct kept_file *first;
	struct kept_file *last;
	uint64_t bytes;
	bool sigmf;
	unsigned int removed;
};

/* A file is complete: 0, or -1 after a message. */
int kept_add(struct kept *kept, const char *name, uint64_t bytes);

/* Removes the oldest file.  Returns false if no file is left. */
bool kept_remove_oldest(struct kept *kept);

void kept_free(struct kept *kept);

#endif /* FPGABUF_RECORD_KEPT_H */
