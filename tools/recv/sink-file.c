// SPDX-License-Identifier: GPL-2.0-only
/* Files, one after the other: the next when one is large or old enough. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/output-name.h"
#include "common/sigmf.h"
#include "recv/outfile.h"
#include "recv/sink.h"

/**
 * struct sink_file - the files of a stream
 * @sink: what others see
 * @options: the command line
 * @connection: number of the connection
 * @file: the one that is written
 * @sigmf: its metadata, or NULL
 * @opened_ns: since when
 * @before: bytes in the files before it
 */
struct sink_file {
	struct sink sink;
	const struct recv_options *options;
	unsigned int connection;
	struct outfile file;
	struct sigmf *sigmf;
	int64_t opened_ns;
	uint64_t before;
};

static struct sink_file *of(struct sink *sink)
{
	return (struct sink_file *)sink;
}

/* Space is reserved only for samples: the number of headers is not known. */
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

static int open_metadata(struct sink_file *s)
{
	if (!s->options->metadata)
		return 0;
	s->sigmf = sigmf_open(s->file.name, &s->options->sigmf);
	if (s->sigmf)
		return 0;
	outfile_discard(&s->file);
	return -1;
}

static int close_metadata(struct sink_file *s, bool discard)
{
	struct sigmf *sigmf = s->sigmf;

	s->sigmf = NULL;
	return sigmf ? sigmf_close(sigmf, discard) : 0;
}

static int close_file(struct sink_file *s)
{
	int err = outfile_close(&s->file);

	return close_metadata(s, false) || err ? -1 : 0;
}

static int open_next(struct sink_file *s)
{
	int err;

	s->before += s->file.written;
	s->file.written = 0;
	if (output_name(s->file.name, sizeof(s->file.name), s->options->output,
			s->connection, s->sink.files + 1, time(NULL))) {
		message("the name of the output is too long");
		return -1;
	}
	if (s->options->metadata && !s->options->overwrite &&
	    sigmf_exists(s->file.name))
		return -EEXIST;
	err = outfile_open(&s->file, expected(s), s->options->overwrite);
	if (!err)
		err = open_metadata(s);
	if (err)
		return err;
	s->sink.files++;
	s->opened_ns = clock_ns();
	return 0;
}

static void update(struct sink_file *s)
{
	s->sink.written = s->before + s->file.written;
	s->sink.direct_written = s->file.direct_written;
	s->sink.moved_ns = s->file.moved_ns;
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

/* A capture that is larger than the limit gets a file of its own. */
static bool is_full(const struct sink_file *s, uint64_t next)
{
	const struct recv_options *o = s->options;
	int64_t age = clock_ns() - s->opened_ns;

	/* No reader waits for a second FIFO. */
	if (!size(s) || !s->file.regular)
		return false;
	if (o->rotate_ns && age >= o->rotate_ns)
		return true;
	return o->rotate_size && (size(s) >= o->rotate_size ||
				  next > o->rotate_size - size(s));
}

static void explain_exists(const struct sink_file *s)
{
	char meta[PATH_MAX];

	sigmf_meta_name(s->file.name, meta);
	message("%s exists, and is not overwritten",
		s->options->metadata && sigmf_exists(s->file.name) ?
			meta : s->file.name);
	remedy("name another file, put the time into the name with %%t, or use --overwrite");
}

static int file_cut(struct sink *sink, uint64_t next)
{
	struct sink_file *s = of(sink);
	int err;

	if (!is_full(s, next))
		return 0;
	err = close_file(s);
	update(s);
	if (!err)
		err = open_next(s);
	if (err == -EEXIST)
		explain_exists(s);
	return err ? -1 : 0;
}

static int file_describe(struct sink *sink, const struct sigmf_piece *piece)
{
	struct sigmf_piece here = *piece;

	if (!of(sink)->sigmf)
		return 0;
	here.offset = size(of(sink));
	return sigmf_add(of(sink)->sigmf, &here);
}

static int file_count(struct sink *sink, const struct hw_count *count)
{
	return of(sink)->sigmf ? sigmf_count(of(sink)->sigmf, count) : 0;
}

static int file_push(struct sink *sink)
{
	int err = outfile_push(&of(sink)->file);

	update(of(sink));
	return err;
}

static int file_tick(struct sink *sink)
{
	struct sink_file *s = of(sink);
	int err = outfile_tick(&s->file, s->options->sync_ns);

	update(s);
	if (!err && s->sigmf)
		err = sigmf_tick(s->sigmf, s->file.written + s->file.tail);
	return err;
}

static bool file_waits(const struct sink *sink)
{
	return outfile_waits(&((const struct sink_file *)sink)->file);
}

static int file_fd(const struct sink *sink)
{
	return ((const struct sink_file *)sink)->file.out.fd;
}

static int64_t file_due_ns(const struct sink *sink)
{
	const struct sink_file *s = (const struct sink_file *)sink;
	const int64_t due = outfile_due_ns(&s->file, s->options->sync_ns);
	const int64_t meta = s->sigmf ? sigmf_due_ns(s->sigmf) : 0;

	return !due || (meta && meta < due) ? meta : due;
}

static int file_finish(struct sink *sink)
{
	int err;

	if (!of(sink)->file.opened)
		return 0;
	err = close_file(of(sink));
	update(of(sink));
	return err;
}

static void file_discard(struct sink *sink)
{
	close_metadata(of(sink), true);
	outfile_discard(&of(sink)->file);
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
	.describe = file_describe,
	.count = file_count,
	.push = file_push,
	.tick = file_tick,
	.waits = file_waits,
	.fd = file_fd,
	.due_ns = file_due_ns,
	.finish = file_finish,
	.discard = file_discard,
	.free = file_free,
};

static int open_first(struct sink_file *s)
{
	if (outfile_init(&s->file))
		return -1;
	s->sink.name = s->file.name;
	if (strcmp(s->options->output, "-"))
		return open_next(s);
	outfile_open_stdout(&s->file);
	s->sink.files = 1;
	return 0;
}

struct sink *sink_file_new(const struct recv_options *options,
			   unsigned int connection, bool *exists)
{
	struct sink_file *new = calloc(1, sizeof(*new));
	int err;

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->sink.ops = &file_ops;
	new->options = options;
	new->connection = connection;
	err = open_first(new);
	if (!err)
		return &new->sink;
	*exists = err == -EEXIST;
	/* The next number will do. */
	if (*exists && options->connections)
		explain_exists(new);
	file_free(&new->sink);
	return NULL;
}
