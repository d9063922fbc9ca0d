// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/sigmf.h"
#include "record/kept.h"

/**
 * struct kept_file - a file
 * @next: the next newer one
 * @bytes: bytes in it
 * @name: its name
 */
struct kept_file {
	struct kept_file *next;
	uint64_t bytes;
	char name[];
};

int kept_add(struct kept *kept, const char *name, uint64_t bytes)
{
	struct kept_file *new = malloc(sizeof(*new) + strlen(name) + 1);

	if (!new) {
		message("out of memory");
		return -1;
	}
	new->next = NULL;
	new->bytes = bytes;
	strcpy(new->name, name);
	if (kept->last)
		kept->last->next = new;
	else
		kept->first = new;
	kept->last = new;
	kept->bytes += bytes;
	return 0;
}

/* Forgets the oldest. */
static void forget(struct kept *kept)
{
	struct kept_file *file = kept->first;

	kept->first = file->next;
	if (!kept->first)
		kept->last = NULL;
	kept->bytes -= file->bytes;
	free(file);
}

/* Another program may have taken it away. */
static bool take_away(const char *name)
{
	if (!unlink(name))
		return true;
	if (errno != ENOENT)
		message("cannot remove %s: %s", name, strerror(errno));
	return false;
}

bool kept_remove_oldest(struct kept *kept)
{
	char meta[PATH_MAX];

	if (!kept->first)
		return false;
	if (kept->sigmf) {
		sigmf_meta_name(kept->first->name, meta);
		take_away(meta);
	}
	if (take_away(kept->first->name))
		kept->removed++;
	forget(kept);
	return true;
}

void kept_free(struct kept *kept)
{
	while (kept->first)
		forget(kept);
}
