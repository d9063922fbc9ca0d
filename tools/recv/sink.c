// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "recv/sink.h"

struct sink *sink_new(const struct recv_options *options,
		      unsigned int connection)
{
	if (options->output)
		return sink_file_new(options, connection);
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

int sink_append(struct sink *sink, const uint8_t *data, size_t len)
{
	size_t room;
	uint8_t *at;

	while (len) {
		at = sink_room(sink, &room);
		if (room > len)
			room = len;
		memcpy(at, data, room);
		if (sink_commit(sink, room))
			return -1;
		data += room;
		len -= room;
	}
	return 0;
}

int sink_cut(struct sink *sink, uint64_t next)
{
	return sink->ops->cut ? sink->ops->cut(sink, next) : 0;
}

int sink_finish(struct sink *sink)
{
	return sink->ops->finish ? sink->ops->finish(sink) : 0;
}

void sink_free(struct sink *sink)
{
	if (sink)
		sink->ops->free(sink);
}
