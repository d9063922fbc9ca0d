// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "recv/sink.h"

struct sink *sink_new(const struct recv_options *options,
		      unsigned int connection, bool *exists)
{
	*exists = false;
	if (options->output)
		return sink_file_new(options, connection, exists);
	return sink_discard_new();
}

uint8_t *sink_room(struct sink *sink, size_t *len)
{
	return sink->ops->room(sink, len);
}

int sink_commit(struct sink *sink, size_t len)
{
	return sink->ops->commit(sink, len);
}

ssize_t sink_append(struct sink *sink, const uint8_t *data, size_t len)
{
	size_t room, done = 0;
	uint8_t *at;

	while (done < len) {
		at = sink_room(sink, &room);
		if (!room)
			break;
		if (room > len - done)
			room = len - done;
		memcpy(at, data + done, room);
		if (sink_commit(sink, room))
			return -1;
		done += room;
	}
	return done;
}

int sink_cut(struct sink *sink, uint64_t next)
{
	return sink->ops->cut ? sink->ops->cut(sink, next) : 0;
}

int sink_describe(struct sink *sink, const struct sigmf_piece *piece)
{
	return sink->ops->describe ? sink->ops->describe(sink, piece) : 0;
}

int sink_count(struct sink *sink, const struct hw_count *count)
{
	return sink->ops->count ? sink->ops->count(sink, count) : 0;
}

bool sink_waits(const struct sink *sink)
{
	return sink->ops->waits && sink->ops->waits(sink);
}

int sink_fd(const struct sink *sink)
{
	return sink->ops->fd ? sink->ops->fd(sink) : -1;
}

int sink_push(struct sink *sink)
{
	return sink->ops->push ? sink->ops->push(sink) : 0;
}

int sink_tick(struct sink *sink)
{
	return sink->ops->tick ? sink->ops->tick(sink) : 0;
}

int64_t sink_due_ns(const struct sink *sink)
{
	return sink->ops->due_ns ? sink->ops->due_ns(sink) : 0;
}

int sink_finish(struct sink *sink)
{
	return sink->ops->finish ? sink->ops->finish(sink) : 0;
}

void sink_discard(struct sink *sink)
{
	if (sink->ops->discard)
		sink->ops->discard(sink);
}

void sink_free(struct sink *sink)
{
	if (sink)
		sink->ops->free(sink);
}
