// SPDX-License-Identifier: GPL-2.0-only
/* Files, one after the other: the next when one is large or old enough. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/outfile.h"
#include "recv/output-name.h"
#include "recv/sink.h"

/**
 * struct sink_file - the files of a stream
 * @sink: what others see
 * @options: the command line
 * @connection: number of the connection
 * @file: the one that is written
 * @opened_ns: since when
 * @before: bytes in the files before it
 */
struct sink_file {
	struct sink sink;
	const struct recv_options *options;
	unsigned int connection;
	struct outfile file;
	int64_t opened_ns;
	uint64_t before;
};

static struct sink_file *of(struct sink *sink)
{
	return (struct sink_file *)sink;
}

/* Only what is a file's own is known beforehand; headers may come on top. */
static uint64_t expected(const struct sink_file *s)
{
	uint64_t bytes = s->options->bytes;

	if (bytes == ANY_LENGTH)
		return 0;
	bytes -= s->before < bytes ? s->before : bytes;
	if (s->options->rotate_size && bytes > s->options->rotate_size)
		return s->options->rotate_size;
	return bytes;
}

static int open_next(struct sink_file *s)
{
	s->before += s->file.written;
	s->file.written = 0;
	if (output_name(s->file.name, sizeof(s->file.name), s->options->output,
			s->connection, s->sink.files + 1)) {
		message("the name of the output is too long");
		return -1;
	}
	if (outfile_open(&s->file, expected(s)))
		return -1;
	s->sink.files++;
	s->opened_ns = clock_ns();
	return 0;
}

static void update(struct sink_file *s)
{
	s->sink.written = s->before + s->file.written;
	s->sink.direct_written = s->file.direct_written;
}

static uint64_t size(const struct sink_file *s)
{
	return s->file.written + s->file.fill;
}

/* A raw stream may be cut anywhere, and is, where the file is full. */
static uint8_t *file_room(struct sink *sink, size_t *len)
{
	const struct recv_options *o = of(sink)->options;
	uint8_t *at = outfile_room(&of(sink)->file, len);
	uint64_t left;

	if (o->rotate_size && !o->framed) {
		left = o->rotate_size - size(of(sink));
		if (*len > left)
			*len = left;
	}
	return at;
}

static int file_commit(struct sink *sink, size_t len)
{
	int err = outfile_commit(&of(sink)->file, len);

	update(of(sink));
	return err;
}

/* A capture that is larger than a file may be is one of its own. */
static bool is_full(const struct sink_file *s, uint64_t next)
{
	const struct recv_options *o = s->options;
	int64_t age = clock_ns() - s->opened_ns;

	if (!size(s))
		return false;
	if (o->rotate_ns && age >= o->rotate_ns)
		return true;
	return o->rotate_size && (size(s) >= o->rotate_size ||
				  next > o->rotate_size - size(s));
}

static int file_cut(struct sink *sink, uint64_t next)
{
	struct sink_file *s = of(sink);
	int err;

	if (!is_full(s, next))
		return 0;
	err = outfile_close(&s->file);
	update(s);
	return err ? -1 : open_next(s);
}

static int file_finish(struct sink *sink)
{
	int err;

	if (of(sink)->file.fd < 0)
		return 0;
	err = outfile_close(&of(sink)->file);
	update(of(sink));
	return err;
}

static void file_free(struct sink *sink)
{
	outfile_free(&of(sink)->file);
	free(sink);
}

static const struct sink_ops file_ops = {
	.room = file_room,
	.commit = file_commit,
	.cut = file_cut,
	.finish = file_finish,
	.free = file_free,
};

static int open_first(struct sink_file *s)
{
	if (outfile_init(&s->file))
		return -1;
	s->sink.name = s->file.name;
	if (strcmp(s->options->output, "-"))
		return open_next(s);
	strcpy(s->file.name, "stdout");
	s->file.fd = STDOUT_FILENO;
	s->sink.files = 1;
	return 0;
}

struct sink *sink_file_new(const struct recv_options *options,
			   unsigned int connection)
{
	struct sink_file *new = calloc(1, sizeof(*new));

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->sink.ops = &file_ops;
	new->options = options;
	new->connection = connection;
	if (!open_first(new))
		return &new->sink;
	file_free(&new->sink);
	return NULL;
}
