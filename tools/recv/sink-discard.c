// SPDX-License-Identifier: GPL-2.0-only
/* Takes everything, and keeps nothing. */
#include <stdlib.h>

#include "common/message.h"
#include "recv/sink.h"

#define BUFFER_SIZE	((size_t)1 << 20)

struct sink_discard {
	struct sink sink;
	uint8_t buffer[BUFFER_SIZE];
};

static uint8_t *discard_room(struct sink *sink, size_t *len)
{
	*len = BUFFER_SIZE;
	return ((struct sink_discard *)sink)->buffer;
}

static int discard_commit(struct sink *sink, size_t len)
{
	(void)sink;
	(void)len;
	return 0;
}

static void discard_free(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops discard_ops = {
	.room = discard_room,
	.commit = discard_commit,
	.free = discard_free,
};

struct sink *sink_discard_new(void)
{
	struct sink_discard *new = malloc(sizeof(*new));

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->sink = (struct sink){ .ops = &discard_ops };
	return &new->sink;
}
